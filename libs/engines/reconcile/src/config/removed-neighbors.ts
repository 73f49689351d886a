/**
 * BGP neighbors of which every line goes. Taking the lines away one by one leaves an empty neighbor behind (and, in the
 * IPv4 family, a printed `no neighbor … activate`); `no neighbor X` takes it all, its address families included.
 * In FRR a neighbor that changes its group, or what its AS number is said by, goes as well and is made again.
 */
import type { SectionPath } from './dialect.js';
import type { FactNode } from './fact-node.js';
import { factsOf, type Level, type Step } from './level.js';

export interface RemovedNeighbors {
  readonly steps: readonly Step[];
  /** True for a removal that `steps` make needless. */
  covers(step: Step): boolean;
}

const NEIGHBOR = /\bneighbor (\S+)(?: |$)/;

/** In the order in which things were made: groups before their members. */
export function removedNeighbors(level: Level): RemovedNeighbors {
  const { dialect, path } = level;
  const gone = goneNeighbors(level);
  const removals = gone.map((name) => dialect.peer(ownLines(level.running), name));
  return {
    steps: [...removals.filter(({ isGroup }) => isGroup), ...removals.filter(({ isGroup }) => !isGroup)].map(({ command }) => ({
      path,
      command,
    })),
    covers: (step) => gone.includes(NEIGHBOR.exec(step.command)?.[1] ?? '') && path.every((header, i) => step.path[i] === header),
  };
}

/** The same level as it is after those removals. */
export function withoutRemovedNeighbors(level: Level): Level {
  const gone = goneNeighbors(level);
  const { running } = level;
  if (gone.length === 0 || running === undefined) return level;
  const isGone = (fact: FactNode): boolean => gone.includes(NEIGHBOR.exec(fact.text)?.[1] ?? '');
  const without = (section: FactNode): FactNode => ({
    ...section,
    children: new Map(
      factsOf(section)
        .filter((fact) => !isGone(fact))
        .map((fact) => [fact.text, isFamily(fact) ? without(fact) : fact]),
    ),
  });
  return { ...level, running: without(running) };
}

function goneNeighbors(level: Level): readonly string[] {
  if (!isBgp(level.path)) return [];
  const lines = neighborLines(level.running);
  const previous = new Set(neighborLines(level.previous).map(identity));
  const desired = new Set(neighborLines(level.desired).map(({ neighbor }) => neighbor));
  const foreign = new Set(lines.filter((line) => !previous.has(identity(line))).map(({ neighbor }) => neighbor));
  const all = [...new Set(lines.map(({ neighbor }) => neighbor))].filter((neighbor) => !foreign.has(neighbor));
  const gone = all.filter((neighbor) => !desired.has(neighbor) || isMadeOtherwise(level, neighbor));
  const members = gone.map((group) => `peer-group ${group}`);
  return all.filter((neighbor) => gone.includes(neighbor) || madeBy(level, neighbor).some((words) => members.includes(words)));
}

const madeBy = ({ dialect, running }: Level, name: string): readonly string[] => dialect.peer(ownLines(running), name).madeBy;

function isMadeOtherwise(level: Level, name: string): boolean {
  return madeBy(level, name).join() !== madeBy({ ...level, running: level.desired }, name).join();
}

const ownLines = (section: FactNode | undefined): readonly string[] => factsOf(section).map(({ text }) => text);

const isBgp = (path: SectionPath): boolean =>
  /^router bgp /.test(path[0] ?? '') && (path.length === 1 || (path.length === 2 && /^vrf /.test(path[1] as string)));

const isFamily = (fact: FactNode): boolean => /^address-family /.test(fact.text);

interface NeighborLine {
  readonly neighbor: string;
  readonly family: string;
  readonly text: string;
}

const identity = ({ family, text }: NeighborLine): string => `${family}/${text}`;

function neighborLines(section: FactNode | undefined): readonly NeighborLine[] {
  const families = factsOf(section).filter(isFamily);
  return [{ text: '', children: section?.children ?? new Map<string, FactNode>() }, ...families].flatMap((family) =>
    [...family.children.keys()].flatMap((text) => {
      const neighbor = NEIGHBOR.exec(text)?.[1];
      return neighbor === undefined || neighbor === 'default' || neighbor === 'interface' ? [] : [{ neighbor, family: family.text, text }];
    }),
  );
}
