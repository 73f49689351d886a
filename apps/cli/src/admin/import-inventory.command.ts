/** What stands in the inventory of a connector, taken over; a worker does it, this asks for it and says what came of it. */
import type { INestApplicationContext } from '@nestjs/common';
import { type Command, Option } from 'commander';
import { AddressingService } from '#contexts/addressing';
import { FabricService } from '#contexts/fabric';
import { ImportDesk, type ImportState, type SpaceRule } from '#contexts/sync';
import { TenancyService } from '#contexts/tenancy';
import { type AddressSpaceId, invalidValue } from '#engines/kernel';
import { Database, loadConfig, systemScope, type Tx } from '#platform';
import { integer, type Output, print, withOutput } from '../commands/output.js';
import { withContexts } from '../contexts.js';
import { localEnvironment } from '../local-settings.js';
import { printable } from '../printable.js';

const SCOPE = systemScope('import');
const LOOK_AGAIN_MS = 500;
const NOTES_AT_ONCE = 500;
/** As long as somebody who asks for an address waits for it in any case. */
const PLAN_SECONDS = 8;

type Note = Omit<Awaited<ReturnType<ImportDesk['notTaken']>>[number], 'seq'>;

export interface ImportInventoryOptions {
  readonly connector: string;
  readonly space?: readonly string[];
  readonly tenant?: string;
  readonly pools: 'make' | 'report';
  readonly write?: boolean;
  readonly planSeconds?: number;
}

export function addImportInventory(kind: Command): void {
  withOutput(kind.command('inventory'))
    .description(
      'tenants, VRFs, networks, prefixes and addresses that the inventory of a connector has: what would be taken, and with --write they are; a worker does it, and may be left alone with it',
    )
    .requiredOption('--connector <slug>', 'of which system; nothing is written there')
    .option('--write', 'take them; without it nothing is written here')
    .option(
      '--space <space...>',
      'address space of all prefixes, needed where there are several; vrf:NAME=SPACE, tenant:SLUG=SPACE and global=SPACE (in no VRF) say where others go',
    )
    .option('--tenant <slug>', 'who gets what has no tenant there; without it that is not taken')
    .addOption(
      new Option('--pools <how>', 'of a prefix that is in no pool: make a pool of the container around it, or report it')
        .choices(['make', 'report'])
        .default('make'),
    )
    .option(
      '--plan-seconds <n>',
      `how long finding out may hold up others (the same pools, every connector, the event streams), 1 to 300; ${PLAN_SECONDS}`,
      integer,
    )
    .addHelpText(
      'after',
      '\nExample:\n  trame import inventory --connector netbox --space customers "vrf:Blue prod=blue" --tenant leftovers',
    )
    .action(async (options: ImportInventoryOptions & Output) => {
      const outcome = await withContexts(loadConfig(localEnvironment()), (app) =>
        importInventory(app, options, (line) => console.error(printable(line))),
      );
      print(options, outcome, linesOf(outcome));
      if (outcome.error !== null) process.exitCode = 1;
    });
}

export interface ImportOutcome extends Pick<ImportState, 'counts' | 'error'> {
  readonly import: string;
  readonly isPlan: boolean;
  readonly notes: readonly Note[];
}

/** @param tell what is going on meanwhile. @throws DomainError NOT_FOUND | INVALID_VALUE | INVALID_STATE. */
export async function importInventory(
  app: INestApplicationContext,
  { connector, space, tenant, pools, write = false, planSeconds = PLAN_SECONDS }: ImportInventoryOptions,
  tell: (line: string) => void,
): Promise<ImportOutcome> {
  const [desk, db] = [app.get(ImportDesk, { strict: false }), app.get(Database)];
  const targetId = await desk.connector(SCOPE, connector);
  const { places, ownerId } = await db.inTransaction(SCOPE, async (tx) => ({
    places: await placesOf(app, tx, space ?? []),
    ownerId: tenant === undefined ? null : (await app.get(TenancyService, { strict: false }).tenantBySlug(tx, tenant)).id,
  }));
  const wanted = { targetId, ...places, ownerId, pools: pools === 'make' ? 'MAKE' : 'REPORT' } as const;
  const id = await desk.start(SCOPE, { ...wanted, planSeconds: write ? null : planSeconds });
  tell(`${write ? 'import' : 'plan of an import'} ${id} waits for a worker`);
  const { counts, error } = await ended(desk, id);
  const notes: Note[] = [];
  for (let after: string | null = null; ; ) {
    const page = await desk.notTaken(SCOPE, id, after, NOTES_AT_ONCE);
    notes.push(...page.map(({ kind, remoteId, label, code, reason }) => ({ kind, remoteId, label, code, reason })));
    after = page.at(-1)?.seq ?? null;
    if (page.length < NOTES_AT_ONCE) break;
  }
  return { import: id, isPlan: !write, counts, error, notes };
}

export function linesOf({ isPlan, counts, error, notes }: ImportOutcome): string[] {
  const taken = isPlan ? 'would be taken' : 'taken';
  const sum = ([kind, of]: [string, { taken: number; known: number; refused: number }]): string =>
    `${kind}: ${of.taken} ${taken}, ${of.known} known before, ${of.refused} not taken`;
  return [
    ...notes.map(({ kind, label, code, reason }) => `${code ?? taken}  ${kind} ${label}${reason === '' ? '' : `: ${reason}`}`),
    ...Object.entries(counts).map(sum),
    ...(error === null
      ? []
      : [isPlan ? `it is not all: ${error}` : `it ended early: ${error}; run it again, what was taken is known then`]),
    ...(isPlan ? ['nothing was written: --write takes what would be taken'] : []),
  ];
}

async function ended(desk: ImportDesk, id: string): Promise<ImportState> {
  for (;;) {
    const state = await desk.state(SCOPE, id);
    if (state.finishedAt !== null) return state;
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}

/** Of all spaces the names, where each is of one fabric alone. */
async function placesOf(
  app: INestApplicationContext,
  tx: Tx,
  said: readonly string[],
): Promise<{ spaceId: AddressSpaceId; elsewhere: SpaceRule[] }> {
  const spaces = new Map<string, AddressSpaceId>();
  for (const fabricId of await app.get(FabricService, { strict: false }).fabrics(tx))
    for (const [name, id] of await app.get(AddressingService, { strict: false }).spaces(tx, fabricId)) {
      if (spaces.has(name) && said.length > 0) throw invalidValue('address space', name, 'a name that one fabric alone has');
      spaces.set(name, id);
    }
  const idOf = (slug: string): AddressSpaceId => {
    const id = spaces.get(slug);
    if (id === undefined) throw invalidValue('address space', slug, [...spaces.keys()].join(', ') || 'there is none');
    return id;
  };
  const rules = said.map((text) => {
    const [, kind, name = '', slug = ''] = /^(?:(vrf|tenant):(.+)|global)=([^=]+)$/.exec(text) ?? [];
    if (slug === '') return { plain: text };
    return { rule: { whose: kind === undefined ? 'GLOBAL' : kind === 'vrf' ? 'VRF' : 'TENANT', name, spaceId: idOf(slug) } as const };
  });
  const plain = rules.flatMap((of) => of.plain ?? []);
  if (plain.length > 1 || plain.some((text) => text.includes('=')))
    throw invalidValue('space', plain.join(' '), 'one SPACE for all others, and vrf:NAME=SPACE, tenant:SLUG=SPACE or global=SPACE');
  if (plain.length === 0 && spaces.size !== 1) throw invalidValue('space', '', `one of ${[...spaces.keys()].join(', ')}`);
  return { spaceId: idOf(plain[0] ?? [...spaces.keys()].join()), elsewhere: rules.flatMap((of) => of.rule ?? []) };
}
