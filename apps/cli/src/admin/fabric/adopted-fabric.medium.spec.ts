// A fabric that runs, from the files of its devices into the database: what Trame would write afterwards means the same to each device.
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { INestApplicationContext } from '@nestjs/common';
import { FabricService } from '#contexts/fabric';
import type { FabricSnapshot } from '#engines/intent';
import type { FabricId } from '#engines/kernel';
import { differencesOf, onboard } from '#engines/onboarding';
import { handBuiltFabricInFull } from '#engines/onboarding/testing';
import { Database, loadConfig, systemScope } from '#platform';
import { createTestDatabase } from '../../../../../test/support/database.js';
import { withContexts } from '../../contexts.js';
import { writeFabric } from '../import-config/write-fabric.js';
import { loadDocument, readDocument } from './load-document.js';

const KEY = Buffer.alloc(32, 3).toString('base64');
const SCOPE = systemScope('spec');

let directory: string;
beforeEach(() => (directory = fs.mkdtempSync(path.join(tmpdir(), 'trame-adopted-'))));
afterEach(() => fs.rmSync(directory, { recursive: true }));

/** With what a person fills in. */
function written(snapshot: FabricSnapshot): { readonly file: string; readonly notCarried: readonly string[] } {
  const management = new Map(snapshot.devices.map(({ slug }, index) => [slug as string, { address: `192.0.2.${index + 1}` }]));
  const { document, notCarried } = writeFabric(snapshot, { slug: 'blog', site: 'par1', tenant: 'acme', management });
  fs.writeFileSync(path.join(directory, 'secret'), 'a secret');
  const filled = JSON.stringify(document)
    .replaceAll(/"FILL IN: the file[^"]*"/g, '"secret"')
    .replaceAll(/"FILL IN: [^"]*"/g, '"trame"');
  const file = path.join(directory, 'fabric.json');
  fs.writeFileSync(file, filled);
  return { file, notCarried };
}

async function withDatabase(work: (app: INestApplicationContext) => Promise<void>): Promise<void> {
  const { url, drop } = await createTestDatabase();
  try {
    await withContexts(loadConfig({ DATABASE_URL: url, TRAME_KEK: KEY, TRAME_TOKEN_PEPPER: KEY, LOG_LEVEL: 'silent' }), work);
  } finally {
    await drop();
  }
}

const stored = (app: INestApplicationContext, fabricId: FabricId): Promise<FabricSnapshot> =>
  app.get(Database).inTransaction(SCOPE, (tx) => app.get(FabricService, { strict: false }).snapshot(tx, fabricId), {
    isolation: 'REPEATABLE READ',
  });

describe('a fabric that was built by hand', () => {
  it('comes into the database with its numbers, and nothing of it would be another for its devices', async () => {
    const files = handBuiltFabricInFull();
    const { snapshot } = onboard(files);
    const { file, notCarried } = written(snapshot);
    expect(notCarried).toEqual([]);
    await withDatabase(async (app) => {
      const { fabricId, findings, isKept } = await loadDocument(app, readDocument(file), { file, isTrial: false });
      expect({ isKept, errors: findings.filter(({ severity }) => severity === 'ERROR') }).toEqual({ isKept: true, errors: [] });
      expect(differencesOf(await stored(app, fabricId), files)).toEqual([]);
    });
  });
});
