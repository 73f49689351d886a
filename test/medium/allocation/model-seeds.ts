import fc from 'fast-check';

/** Seeds of `npm test`; `TRAME_MODEL_SEEDS=5000` or `5001-10000` for a longer look, `TRAME_MODEL_SEED=17` for one of them again. */
export const SEEDS: readonly number[] = seedsOr('20');

/** @param few of `npm test`, where a sequence takes long. */
export function seedsOr(few: string): readonly number[] {
  return seeds(process.env['TRAME_MODEL_SEED'], process.env['TRAME_MODEL_SEEDS'] ?? few);
}

function seeds(one: string | undefined, several: string): number[] {
  if (one !== undefined) return [Number(one)];
  const [first, last] = several.includes('-') ? several.split('-').map(Number) : [1, Number(several)];
  return Array.from({ length: (last as number) - (first as number) + 1 }, (_, n) => (first as number) + n);
}

/** Beside each other, as callers are: they share the database, the processes' batches and nothing else. */
const LANES = 4;
const SHRINK_WITHIN_MS = 40_000;
/** Of a test over `SEEDS`. */
export const SEEDS_WITHIN_MS = SHRINK_WITHIN_MS + 20_000 + SEEDS.length * 500;

interface Steps {
  readonly steps: readonly unknown[];
}
type Play<Sequence> = (sequence: Sequence) => Promise<void>;

/**
 * Plays the sequence of each seed. @param sequences what a seed stands for. @param of which seeds.
 * @throws Error of the lowest seed that fails, with the shortest sequence that was found to fail and how to play it again.
 */
export async function expectSeeds<Sequence extends Steps>(
  sequences: fc.Arbitrary<Sequence>,
  play: Play<Sequence>,
  of: readonly number[] = SEEDS,
): Promise<void> {
  const left = [...of];
  const failures: { readonly seed: number; readonly sequence: Sequence; readonly error: unknown }[] = [];
  const lane = async (): Promise<void> => {
    for (let seed = left.shift(); seed !== undefined && failures.length === 0; seed = left.shift()) {
      const [sequence] = fc.sample(sequences, { seed, numRuns: 1, unbiased: true }) as [Sequence];
      const error = await failure(play, sequence);
      if (error !== undefined) failures.push({ seed, sequence, error });
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  const [first] = failures.sort((a, b) => a.seed - b.seed);
  if (!first) return;
  const { sequence, error } = await shortest(play, first);
  const steps = sequence.steps.map((step) => `  ${JSON.stringify(step)}`).join('\n');
  const text = `TRAME_MODEL_SEED=${first.seed} plays it again, ${first.sequence.steps.length} steps; of these ${sequence.steps.length} fail as well:
${JSON.stringify({ ...sequence, steps: undefined })}\n${steps}\n${error instanceof Error ? error.stack : String(error)}`;
  throw new Error(text, { cause: error });
}

const failure = <Sequence>(play: Play<Sequence>, sequence: Sequence): Promise<unknown> =>
  play(sequence).then(
    () => undefined,
    (error: unknown) => error,
  );

/** Leaves out halves, quarters, … and at last single steps, as long as what is left fails. */
async function shortest<Sequence extends Steps>(
  play: Play<Sequence>,
  failed: { readonly sequence: Sequence; readonly error: unknown },
): Promise<{ sequence: Sequence; error: unknown }> {
  let { sequence, error } = failed;
  const until = performance.now() + SHRINK_WITHIN_MS;
  for (let size = sequence.steps.length >> 1; size >= 1; size >>= 1)
    for (let at = sequence.steps.length - size; at >= 0 && performance.now() < until; at -= size) {
      const shorter = { ...sequence, steps: sequence.steps.filter((_, n) => n < at || n >= at + size) };
      const again = await failure(play, shorter);
      if (again !== undefined) [sequence, error] = [shorter, again];
    }
  return { sequence, error };
}
