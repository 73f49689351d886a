/**
 * Every fault at every request of a push, and any few of them together. Whatever happens, the switch ends with the old configuration or with
 * the new one, never between; nobody says DONE over an old one; what a colleague typed is not lost by our commit; and after the next
 * execution no session of ours is left. `TRAME_FAULT_RUNS` and `TRAME_FAULT_SEED` make the random part longer and repeat it.
 */
import fc from 'fast-check';
import { type Accident, disturb, type Judgement, type Outcome, undisturbed } from '../contract/eos-disturbed-push.js';
import { isRealSwitch } from '../contract/eos-switch.js';

const EACH: readonly Accident[] = [
  'unplug',
  'hang',
  'hang-after',
  'bad-gateway',
  'reset-before',
  'reset-after',
  'truncated-json',
  'reboot-before',
  'reboot-after',
  'timer-expires',
  'colleague-commits',
  'hand-edit',
];
const ANY: readonly Accident[] = [...EACH, 'tls-error', 'reset-in-body', 'slow', 'unavailable', 'other-certificate'];
/** Before and after the timer moved in the sessions, and before and after the mappings became lists. */
const RELEASES = ['4.25.5M', '4.31.2F', '4.32.1F', '4.36.0F'] as const;
const RUNS = Number(process.env['TRAME_FAULT_RUNS'] ?? 40);
const SEED = Number(process.env['TRAME_FAULT_SEED'] ?? Date.now() % 1_000_000);

async function inParallel<T>(jobs: readonly (() => Promise<T>)[], width: number): Promise<readonly T[]> {
  const results: T[] = [];
  const waiting = [...jobs];
  const work = async (): Promise<void> => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) results.push(await job());
  };
  await Promise.all(Array.from({ length: width }, work));
  return results;
}

const counted = (judgements: readonly Judgement[], outcome: Outcome): number =>
  judgements.filter((judgement) => judgement.outcome === outcome).length;

const summary = (judgements: readonly Judgement[]): string =>
  (['DONE', 'REVERTED', 'UNPROVEN', 'NOT_STARTED'] as const).map((outcome) => `${outcome} ${counted(judgements, outcome)}`).join(', ');

describe.skipIf(isRealSwitch)('a push that is disturbed', () => {
  it('once, anywhere, ends with the old configuration or the new one, and says which', async () => {
    const release = '4.32.1F';
    const { requests, ...configurations } = await undisturbed(release);
    const jobs = EACH.flatMap((accident) =>
      Array.from({ length: requests }, (_, boundary) => () => disturb(release, configurations, [{ accident, boundary }], 1_500)),
    );
    const judgements = await inParallel(jobs, 12);
    expect(judgements.flatMap(({ complaint }) => complaint ?? [])).toEqual([]);
    expect(judgements.filter(({ wasHit }) => !wasHit)).toEqual([]);
    console.log(`${judgements.length} pushes of ${requests} requests, each with one fault: ${summary(judgements)}`);
    // A fault that happens once is overcome most of the time; a proof fails only where nothing can be proved.
    expect(counted(judgements, 'DONE')).toBeGreaterThan(judgements.length / 2);
    expect(counted(judgements, 'UNPROVEN')).toBeLessThan(judgements.length / 10);
  }, 120_000);

  it('several times, in any release, ends so too', async () => {
    const known = new Map(await Promise.all(RELEASES.map(async (release) => [release, await undisturbed(release)] as const)));
    const push = fc.record({
      release: fc.constantFrom(...RELEASES),
      disturbances: fc.uniqueArray(fc.record({ accident: fc.constantFrom(...ANY), boundary: fc.nat(20) }), {
        minLength: 1,
        maxLength: 4,
        selector: ({ boundary }) => boundary,
      }),
    });
    // Sampled and not asserted by the library: pushes wait most of their time, and many can wait together.
    const jobs = fc.sample(push, { numRuns: RUNS, seed: SEED }).map(({ release, disturbances }) => () => {
      const configurations = known.get(release);
      if (configurations === undefined) throw new Error(`nothing is known of ${release}`);
      return disturb(release, configurations, disturbances, 400);
    });
    const judgements = await inParallel(jobs, 12);
    console.log(`seed ${SEED}: ${summary(judgements)}`);
    expect(judgements.flatMap(({ complaint }) => complaint ?? [])).toEqual([]);
  }, 900_000);
});
