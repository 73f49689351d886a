// Random sequences of names, of what others do in a zone, of workers that die, answers that are lost and databases that are restored, with runs in between.
import fc from 'fast-check';
import { type Given, NamesRoom, ZONE } from '../support/names-room.js';
import { expectSeeds, seedsOr } from './allocation/model-seeds.js';

const NAMED = ['name', 'unname', 'share', 'theyDelete', 'theyReplace', 'theyLeave', 'restoreName'] as const;
type Trouble = 'DIES_BEFORE' | 'DIES_AFTER' | 'NO_ANSWER' | 'AWAY' | 'LATE';
/** `at` is one of the labels, modulo. */
type Step =
  | { readonly step: (typeof NAMED)[number]; readonly at: number }
  /** Every n-th row is lost. */
  | { readonly step: 'loseRows'; readonly oneOf: number }
  /** Every second name is given up at once. */
  | { readonly step: 'halve' }
  /** What nobody waited for any more is there now. */
  | { readonly step: 'arrive' }
  | { readonly step: 'decide' }
  | { readonly step: 'later' }
  | { readonly step: 'run'; readonly trouble: Trouble | null };
interface Sequence {
  /** Nobody else writes into the zone, and nothing arrives late: then nothing is missing there, whoever dies. */
  readonly isAlone: boolean;
  readonly steps: readonly Step[];
}

const THEIRS = '192.0.2.66';
const SEEDS = seedsOr('2');
const LABELS = Array.from({ length: 8 }, (_, n) => `host${n + 1}`);
const at = fc.nat({ max: LABELS.length - 1 });
const of = (...steps: readonly (typeof NAMED)[number][]) => fc.record({ step: fc.constantFrom(...steps), at });
const run = fc.record({
  step: fc.constant('run' as const),
  trouble: fc.option(fc.constantFrom<Trouble>('DIES_BEFORE', 'DIES_AFTER', 'NO_ANSWER', 'AWAY', 'LATE'), { freq: 2 }),
});
const sequences: fc.Arbitrary<Sequence> = fc.record({
  isAlone: fc.boolean(),
  steps: fc.array(
    fc.oneof(
      { weight: 5, arbitrary: of('name') },
      { weight: 4, arbitrary: of('unname') },
      { weight: 4, arbitrary: of('share') },
      { weight: 3, arbitrary: of('restoreName') },
      { weight: 2, arbitrary: of('theyDelete', 'theyReplace', 'theyLeave') },
      { weight: 2, arbitrary: fc.record({ step: fc.constant('loseRows' as const), oneOf: fc.integer({ min: 1, max: 3 }) }) },
      {
        weight: 4,
        arbitrary: fc.record({ step: fc.constantFrom('arrive' as const, 'decide' as const, 'later' as const, 'halve' as const) }),
      },
      { weight: 8, arbitrary: run },
    ),
    { minLength: 15, maxLength: 25 },
  ),
}) as fc.Arbitrary<Sequence>;

let room: NamesRoom;
let hosts: Given[];
/** What was sent and is not there yet. */
let late: (() => Promise<void>)[] = [];
let isAlone = true;

beforeAll(async () => {
  room = await NamesRoom.open();
  hosts = await room.name(...LABELS);
});
afterAll(() => room.close());

const wanted = async (): Promise<string[]> => {
  const rows = await room.sql<{ name: string }>(
    'SELECT DISTINCT name FROM ip_address, unnest(dns_aliases || dns_name) AS name WHERE name LIKE $1 ORDER BY 1',
    [`host%.${ZONE}`],
  );
  return rows.map(({ name }) => name.split('.')[0] ?? '');
};
const call = (label: string, name: string | null) =>
  room.sql('UPDATE ip_address SET dns_name = $2 WHERE id = $1', [hosts[LABELS.indexOf(label)]?.id, name]);
/** The host is also called as two others, or no more: their sets have a record more or less. */
async function share(label: string): Promise<void> {
  const host = hosts[LABELS.indexOf(label)] as Given;
  const [row] = await room.sql<{ isCalled: boolean; shares: boolean }>(
    'SELECT dns_name IS NOT NULL AS "isCalled", dns_aliases IS NOT NULL AS shares FROM ip_address WHERE id = $1',
    [host.id],
  );
  if (row?.isCalled) await room.alsoCalled(host, ...(row.shares ? [] : LABELS.slice(0, 2).filter((other) => other !== label)));
}
const die = () => room.sql(`UPDATE lease SET fence = fence + 1, until = clock_timestamp() WHERE resource = 'sync:' || $1`, [room.targetId]);

function trouble(kind: Trouble | null): void {
  room.around = async (write) => {
    if (kind === 'LATE') late.push(write);
    if (kind === 'DIES_AFTER' || kind === 'NO_ANSWER') await write();
    if (kind === 'DIES_BEFORE' || kind === 'DIES_AFTER') await die();
    if (kind !== null) throw new Error(kind);
    await write();
  };
}

/** A run, and what none may do, whatever becomes of it. */
async function look(kind: Trouble | null): Promise<void> {
  const [served, foreign, rows, wish] = [
    await room.served(),
    await room.others(),
    new Set(await room.remembered()),
    new Set(await wanted()),
  ];
  trouble(kind);
  await room.run().catch((error: unknown) => {
    if (!(kind?.startsWith('DIES') ?? false)) throw error;
  });
  room.around = (write) => write();
  const now = new Set(await room.served());
  const strange = served.filter((label) => !rows.has(label) && !wish.has(label));
  expect({ strange: strange.filter((label) => now.has(label)), foreign: await room.others() }).toEqual({ strange, foreign });
  if (isAlone) expect((await room.lastRun()).guards.filter((guard) => /missing|nothing is there/.test(guard))).toEqual([]);
}

async function decide(): Promise<void> {
  const waiting = await room.lastRun();
  if (waiting.state === 'BLOCKED_BY_GUARD')
    await room.approve(waiting).catch((error: unknown) => expect(error).toMatchObject({ code: 'PLAN_STALE' }));
}
const later = () => room.sql(`UPDATE dns_published SET sent_at = sent_at - interval '1 hour'`);

async function take(step: Step): Promise<void> {
  if ('at' in step) return name(step.step, LABELS[step.at] as string);
  if (step.step === 'run') return look(step.trouble);
  if (step.step === 'decide') return decide();
  if (step.step === 'later') await later();
  else if (step.step === 'arrive') await (isAlone ? undefined : late.shift()?.());
  else if (step.step === 'halve') for (const label of LABELS.filter((_, n) => n % 2 === 0)) await call(label, null);
  else await room.sql('DELETE FROM dns_published WHERE ascii(substr(key, 5, 1)) % $1 = 0', [step.oneOf]);
}

async function name(step: (typeof NAMED)[number], label: string): Promise<void> {
  if (step === 'share') return share(label);
  if (step === 'restoreName') await room.forgetRow(label);
  if (step === 'name' || step === 'unname' || step === 'restoreName')
    return void (await call(label, step === 'name' ? `${label}.${ZONE}` : null));
  if (isAlone) return;
  if (step === 'theyReplace') return room.write({ [label]: [THEIRS] }, null);
  const isTheirs = label in (await room.others());
  if (isTheirs === (step === 'theyLeave')) await room.write({ [label]: [] });
}

async function play({ steps, ...sequence }: Sequence): Promise<void> {
  [late, isAlone] = [[], sequence.isAlone];
  for (const label of LABELS) await call(label, `${label}.${ZONE}`);
  await look(null);
  for (const step of steps) await take(step);
  if (!isAlone) for (const write of late) await write();
  await later();
  for (let looks = 0; looks < 4; looks++) {
    await room.run();
    await decide();
  }
  const theirs = await room.others();
  expect(Object.values(theirs).flat()).toEqual(Object.keys(theirs).map(() => THEIRS)); // What has no mark nobody of us wrote.
  const ours = (await wanted()).filter((label) => !(label in theirs));
  expect({ served: await room.served(), remembered: await room.remembered() }).toEqual({ served: ours, remembered: ours });
  for (const label of LABELS) await call(label, null);
  await room.write(Object.fromEntries(LABELS.map((label) => [label, []])));
  await room.sql('DELETE FROM dns_published');
  await room.run();
}

it(`nothing is deleted that is not remembered, and a zone comes to rest with what is wanted, in ${SEEDS.length} random sequences`, {
  timeout: 60_000 + SEEDS.length * 5000,
}, () => {
  let turn: Promise<void> = Promise.resolve();
  const alone = (sequence: Sequence): Promise<void> => {
    const mine = turn.then(() => play(sequence));
    turn = mine.catch(() => undefined);
    return mine;
  };
  return expectSeeds(sequences, alone, SEEDS);
});
