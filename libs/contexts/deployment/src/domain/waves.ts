/** Who is pushed to when: computed when the plan is made, so that the executor has nothing left to choose. */
import { compareNatural } from '#engines/kernel';
import type { Strategy } from './strategy.js';

export interface WaveMember {
  readonly slug: string;
  readonly isSwitch: boolean;
  /** Others depend on it: it is not the first of its kind to go. */
  readonly isReflector: boolean;
  readonly redundancy: readonly string[];
}

export interface Place {
  /** 0 is the canary; between two waves the rollout soaks. */
  readonly wave: number;
  /** Within the wave; the devices of a step are pushed to side by side. */
  readonly step: number;
}

/**
 * Never two members of a redundancy group in one step, and never both kinds: what comes is on all switches before the first host asks for it,
 * what goes has left all hosts before the first switch forgets it.
 * @param first SWITCHES where networks come, HOSTS otherwise.
 */
export function assignWaves(
  members: readonly WaveMember[],
  strategy: Pick<Strategy, 'canary' | 'percents' | 'minWave'>,
  first: 'SWITCHES' | 'HOSTS',
): ReadonlyMap<string, Place> {
  const isLate = (member: WaveMember): number => (member.isSwitch === (first === 'SWITCHES') ? 0 : 1);
  const inOrder = [...members].sort(
    (a, b) => isLate(a) - isLate(b) || Number(a.isReflector) - Number(b.isReflector) || compareNatural(a.slug, b.slug),
  );
  const places = new Map<string, Place>();
  let begin = 0;
  for (const [wave, end] of waveEnds(members.length, strategy).entries()) {
    for (const [step, slugs] of stepsOf(inOrder.slice(begin, end)).entries()) for (const slug of slugs) places.set(slug, { wave, step });
    begin = end;
  }
  return places;
}

/** Number of devices that are done when each wave has ended. */
export function waveEnds(count: number, { canary, percents, minWave }: Pick<Strategy, 'canary' | 'percents' | 'minWave'>): number[] {
  const ends: number[] = [];
  let end = 0;
  const add = (next: number): void => {
    end = Math.min(count, next);
    ends.push(end);
  };
  if (count > 0) add(canary);
  for (const percent of [...percents, 100]) {
    const share = Math.ceil((count * percent) / 100);
    if (end >= count || share <= end) continue;
    const next = Math.max(end + minWave, share);
    add(count - next < minWave ? count : next); // A rest that is too small for a wave goes with this one.
  }
  return ends;
}

function stepsOf(wave: readonly WaveMember[]): string[][] {
  const steps: { readonly slugs: string[]; readonly groups: Set<string>; readonly isSwitch: boolean }[] = [];
  for (const { slug, redundancy, isSwitch } of wave) {
    let step = steps.find((candidate) => candidate.isSwitch === isSwitch && !redundancy.some((group) => candidate.groups.has(group)));
    if (!step) steps.push((step = { slugs: [], groups: new Set(), isSwitch }));
    step.slugs.push(slug);
    for (const group of redundancy) step.groups.add(group);
  }
  return steps.map(({ slugs }) => slugs);
}
