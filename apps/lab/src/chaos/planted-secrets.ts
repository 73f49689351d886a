/** Secrets that are planted before a run and looked for after it, in every place where one must not be. */
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeId } from '#engines/kernel';
import { TrameClient } from '../demo/trame-client.js';
import type { DeviceUnderTest } from './device-under-test.js';
import type { World } from './installation.js';

/** What sessions of the fabric say that their password is. */
export const PASSWORD_SECRET = 'overlay.canary';
const SET = `mutation ($input: SetSecretInput!) { setSecret(input: $input) { secret { version } errors { code message } } }`;
const TABLES = `SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
  WHERE table_schema IN ('public', 'bullmq') AND table_type = 'BASE TABLE' ORDER BY 1`;
/** Every page of an installation that a person or a program reads. */
const ANSWERS = [
  '{ secrets { name version setBy } }',
  '{ devices(first: 50) { edges { node { slug progress { stage lastError } } } } }',
  '{ driftReports(first: 50, dirtyOnly: false) { edges { node { device items { section intended observed } } } } }',
];
const PLAN = 'query ($id: ID!) { plan(id: $id) { haltReason devices { device diff error } } }';

export class PlantedSecrets {
  private readonly password = `canary-${randomBytes(9).toString('base64url')}`;

  async plant(client: TrameClient, operatorToken: string): Promise<void> {
    await client.graphql(operatorToken, SET, { input: { name: PASSWORD_SECRET, value: this.password } });
  }

  /** @returns devices that have it, as they write it: it did arrive. */
  arrived(devices: Iterable<DeviceUnderTest>): readonly string[] {
    return [...devices].filter((device) => device.secretsOnIt(this.password).length > 0).map(({ slug }) => slug);
  }

  /** One line per place where it, a credential of a device, or what a device makes of it stands in the open. */
  async leaks({ database, devices, apiUrl, customer: { operatorToken } }: World, directory: string): Promise<string[]> {
    const all = [...devices.values()];
    const client = new TrameClient(apiUrl);
    const needles = new Set([
      this.password,
      ...all.flatMap((device) => device.secretsOnIt(this.password)),
      // Of a private key a line in the middle: the first ones are the same in all of them.
      ...all.map(({ endpoint: { secret } }) => (secret.includes('\n') ? (secret.split('\n')[3] ?? secret) : secret)),
    ]);
    const found: string[] = [];
    // What names it must be found: or the search looks at nothing.
    const [named] = await database.rows<{ n: number }>(`SELECT count(*)::int AS n FROM plan_item t WHERE position($1 IN t::text) > 0`, [
      `@secret:${PASSWORD_SECRET}@`,
    ]);
    if (!named || named.n === 0) found.push('no row of plan_item names the secret: the search finds nothing');
    for (const { name } of await database.rows<{ name: string }>(TABLES)) {
      for (const needle of needles) {
        const [row] = await database.rows<{ n: number }>(`SELECT count(*)::int AS n FROM ${name} t WHERE position($1 IN t::text) > 0`, [
          needle,
        ]);
        if (row && row.n > 0) found.push(`${row.n} rows of ${name}`);
      }
    }
    const look = (where: string, text: string): void => {
      if ([...needles].some((needle) => text.includes(needle))) found.push(where);
    };
    for (const file of readdirSync(directory)) look(`the file ${file}`, readFileSync(join(directory, file), 'utf8'));
    for (const query of ANSWERS) look(`the answer to ${query}`, JSON.stringify(await client.graphql(operatorToken, query)));
    for (const { id } of await database.rows<{ id: string }>('SELECT id FROM plan'))
      look(`the plan ${id}`, JSON.stringify(await client.graphql(operatorToken, PLAN, { id: encodeId('plan', id) })));
    return found;
  }
}
