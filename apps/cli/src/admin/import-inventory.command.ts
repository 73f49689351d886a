/** What stands in the inventory of a connector, taken over; a worker does it, this asks for it and says what came of it. */
import type { INestApplicationContext } from '@nestjs/common';
import { type Command, Option } from 'commander';
import { AddressingService, PrefixPoolAdminService } from '#contexts/addressing';
import { FabricService } from '#contexts/fabric';
import { ImportDesk, type ImportState } from '#contexts/sync';
import { TenancyService } from '#contexts/tenancy';
import { type AddressSpaceId, invalidValue } from '#engines/kernel';
import { Database, loadConfig, systemScope, type Tx } from '#platform';
import { withContexts } from '../contexts.js';
import { localEnvironment } from '../local-settings.js';

const SCOPE = systemScope('import');
const LOOK_AGAIN_MS = 500;
const NOTES_AT_ONCE = 500;

export interface ImportInventoryOptions {
  readonly connector: string;
  readonly space?: string;
  readonly tenant?: string;
  readonly pools: 'make' | 'report';
}

export function addImportInventory(kind: Command): void {
  kind
    .command('inventory')
    .description(
      'tenants, VRFs, networks, prefixes and addresses that the inventory of a connector has; a worker does it, and may be left alone with it',
    )
    .requiredOption('--connector <slug>', 'of which system; nothing is written there')
    .option('--space <slug>', 'address space of all prefixes; needed where there are several')
    .option('--tenant <slug>', 'who gets what has no tenant there; without it that is not taken')
    .addOption(
      new Option('--pools <how>', 'of a prefix that is in no pool: make a pool of the container around it, or report it')
        .choices(['make', 'report'])
        .default('make'),
    )
    .action(async (options: ImportInventoryOptions) => {
      const isDone = await withContexts(loadConfig(localEnvironment()), (app) =>
        importInventory(app, options, (line) => console.log(line)),
      );
      if (!isDone) process.exitCode = 1;
    });
}

/** @returns false when it ended early. @throws DomainError NOT_FOUND | INVALID_VALUE | INVALID_STATE. */
export async function importInventory(
  app: INestApplicationContext,
  options: ImportInventoryOptions,
  print: (line: string) => void,
): Promise<boolean> {
  const [desk, db] = [app.get(ImportDesk, { strict: false }), app.get(Database)];
  const targetId = await desk.connector(SCOPE, options.connector);
  const { spaceId, ownerId } = await db.inTransaction(SCOPE, async (tx) => ({
    spaceId: await spaceOf(app, tx, options.space),
    ownerId: options.tenant === undefined ? null : (await app.get(TenancyService, { strict: false }).tenantBySlug(tx, options.tenant)).id,
  }));
  const id = await desk.start(SCOPE, { targetId, spaceId, ownerId, pools: options.pools === 'make' ? 'MAKE' : 'REPORT' });
  print(`import ${id} waits for a worker`);
  const state = await ended(desk, id);
  for (let after: string | null = null; ; ) {
    const notes = await desk.notTaken(SCOPE, id, after, NOTES_AT_ONCE);
    for (const { label, code, reason } of notes) print(`${code ?? 'taken'}  ${label}: ${reason}`);
    after = notes.at(-1)?.seq ?? null;
    if (notes.length < NOTES_AT_ONCE) break;
  }
  for (const [kind, { taken, known, refused }] of Object.entries(state.counts))
    print(`${kind}: ${taken} taken, ${known} known before, ${refused} not taken`);
  if (state.error !== null) print(`it ended early: ${state.error}; run it again, what was taken is known then`);
  return state.error === null;
}

async function ended(desk: ImportDesk, id: string): Promise<ImportState> {
  for (;;) {
    const state = await desk.state(SCOPE, id);
    if (state.finishedAt !== null) return state;
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}

async function spaceOf(app: INestApplicationContext, tx: Tx, slug: string | undefined): Promise<AddressSpaceId> {
  if (slug === undefined) return app.get(PrefixPoolAdminService, { strict: false }).onlySpace(tx);
  const spaces = new Map<string, AddressSpaceId>();
  for (const fabricId of await app.get(FabricService, { strict: false }).fabrics(tx))
    for (const [name, id] of await app.get(AddressingService, { strict: false }).spaces(tx, fabricId)) {
      if (spaces.has(name)) throw invalidValue('address space', name, 'a name that one fabric alone has');
      spaces.set(name, id);
    }
  const id = spaces.get(slug);
  if (id === undefined) throw invalidValue('address space', slug, [...spaces.keys()].join(', ') || 'there is none');
  return id;
}
