/**
 * BGP neighbors of which every line goes. Taking the lines away one by one leaves an empty neighbor behind (and, in the
 * IPv4 family, a printed `no neighbor … activate`); `no neighbor X` takes it all, its address families included.
 */
import type { FactNode } from './fact-node.js';
import type { SectionPath } from './dialect.js';
import { factsOf, type Level, type Step } from './level.js';

export interface RemovedNeighbors {
  readonly steps: readonly Step[];
  /** True for a removal that `steps` make needless. */
  covers(step: Step): boolean;
}

const NEIGHBOR = /\bneighbor (\S+)(?: |$)/;

export function removedNeighbors(level: Level): RemovedNeighbors {
  const { path } = level;
  if (!isBgp(path)) return { steps: [], covers: () => false };
  const lines = neighborLines(level.running);
  const previous = new Set(neighborLines(level.previous).map(identity));
  const desired = new Set(neighborLines(level.desired).map(({ neighbor }) => neighbor));
  const foreign = new Set(lines.filter((line) => !previous.has(identity(line))).map(({ neighbor }) => neighbor));
  const gone = [...new Set(lines.map(({ neighbor }) => neighbor))].filter((neighbor) => !desired.has(neighbor) && !foreign.has(neighbor));
  const isGroup = (name: string): boolean => level.running?.children.has(`neighbor ${name} peer group`) === true;
  return {
    steps: gone.map((name) => ({ path, command: `no neighbor ${name}${isGroup(name) ? ' peer group' : ''}` })),
    covers: (step) => gone.includes(NEIGHBOR.exec(step.command)?.[1] ?? '') && path.every((header, i) => step.path[i] === header),
  };
}

const isBgp = (path: SectionPath): boolean =>
  /^router bgp /.test(path[0] ?? '') && (path.length === 1 || (path.length === 2 && /^vrf /.test(path[1] as string)));

interface NeighborLine {
  readonly neighbor: string;
  readonly family: string;
  readonly text: string;
}

const identity = ({ family, text }: NeighborLine): string => `${family}/${text}`;

function neighborLines(section: FactNode | undefined): readonly NeighborLine[] {
  const families = factsOf(section).filter((fact) => /^address-family /.test(fact.text));
  return [{ text: '', children: section?.children ?? new Map<string, FactNode>() }, ...families].flatMap((family) =>
    [...family.children.keys()].flatMap((text) => {
      const neighbor = NEIGHBOR.exec(text)?.[1];
      return neighbor === undefined || neighbor === 'default' || neighbor === 'interface' ? [] : [{ neighbor, family: family.text, text }];
    }),
  );
}
