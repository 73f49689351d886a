import type { INestApplicationContext } from '@nestjs/common';
import type { Command } from 'commander';
import { AuditService } from '#contexts/events';
import { FabricService, SecretService } from '#contexts/fabric';
import { decodeId, type FabricId } from '#engines/kernel';
import { Database, KeyRotation, loadConfig, Secret, systemScope, type Tx } from '#platform';
import { print, withOutput, type Output } from '../commands/output.js';
import { withContexts } from '../contexts.js';
import { localEnvironment } from '../local-settings.js';
import { readSecret } from '../read-secret.js';

const ACTOR = 'cli';

export function addSecrets(program: Command): void {
  const secrets = program
    .command('secrets')
    .description('secrets that configurations name, credentials of devices, and the key that seals them');
  secrets
    .command('set <name>')
    .description('set @secret:NAME@ to what stands on standard input; devices that have it are pushed to')
    .option('--fabric <id>', 'fab_…; not needed where there is one')
    .action(setSecret);
  withOutput(secrets.command('list').description('which there are; never their values')).action(list);
  secrets
    .command('credential <device>')
    .description('give a device (its slug) the password or private key that stands on standard input; the next connection uses it')
    .option('--username <name>', 'another user name, too')
    .option('--fabric <id>', 'fab_…; needed where several fabrics have a device of that name')
    .action(setCredential);
  secrets
    .command('rotate')
    .description('seal everything under the present TRAME_KEK that is under one of TRAME_KEK_PREVIOUS')
    .action(rotate);
}

async function setSecret(name: string, { fabric }: { fabric?: string }): Promise<void> {
  const value = new Secret(await readSecret());
  const { version } = await inOneTransaction(async (app, tx) => {
    const fabricId = fabric === undefined ? await of(app, FabricService).onlyFabric(tx) : decodeId<FabricId>('fabric', fabric);
    return of(app, SecretService).set(tx, fabricId, name, value);
  });
  console.log(`${name} is set, version ${version}`);
}

async function list(options: Output): Promise<void> {
  const found = await inOneTransaction((app, tx) => of(app, SecretService).list(tx));
  const lines = found.map(
    ({ name, version, setAt, setBy }) => `${name.padEnd(32)} version ${version}, set ${setAt.toISOString()} by ${setBy}`,
  );
  print(options, found, lines.length === 0 ? ['no secret is set'] : lines);
}

async function setCredential(slug: string, { username, fabric }: { username?: string; fabric?: string }): Promise<void> {
  const secret = new Secret(await readSecret());
  const fabricId = fabric === undefined ? null : decodeId<FabricId>('fabric', fabric);
  await inOneTransaction(async (app, tx) => {
    const device = await of(app, FabricService).deviceBySlug(tx, slug, fabricId);
    await of(app, SecretService).setCredential(tx, device.id, { username: username ?? null, secret });
  });
  console.log(`${slug} has another credential; the next connection uses it`);
}

async function rotate(): Promise<void> {
  const config = loadConfig(localEnvironment());
  const { resealed, unreadable } = await withContexts(config, (app) =>
    app.get(KeyRotation).run(ACTOR, async (tx, table, ids) => {
      for (const fabricId of await of(app, FabricService).fabrics(tx))
        await of(app, AuditService).append(tx, {
          tenantId: null,
          action: 'secrets.resealed',
          subjectKind: 'fabric',
          subjectId: fabricId,
          detail: { table, ids },
        });
    }),
  );
  console.log(`${resealed} rows are under the present key now`);
  if (unreadable.length > 0)
    throw new Error(`no key of TRAME_KEK and TRAME_KEK_PREVIOUS opens ${unreadable.join(', ')}: keep the keys before`);
  console.log('nothing is under another key: TRAME_KEK_PREVIOUS may go');
}

const of = <T>(app: INestApplicationContext, service: new (...args: never[]) => T): T => app.get<T>(service, { strict: false });

const inOneTransaction = <T>(work: (app: INestApplicationContext, tx: Tx) => Promise<T>): Promise<T> =>
  withContexts(loadConfig(localEnvironment()), (app) => app.get(Database).inTransaction(systemScope(ACTOR), (tx) => work(app, tx)));
