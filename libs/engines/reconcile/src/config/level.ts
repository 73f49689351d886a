/** The same section in the three configurations of a merge; a side that lacks it is undefined. */
import type { FactNode } from './fact-node.js';
import type { Dialect, SectionPath } from './dialect.js';

export interface Level {
  readonly dialect: Dialect;
  readonly path: SectionPath;
  readonly running: FactNode | undefined;
  readonly previous: FactNode | undefined;
  readonly desired: FactNode | undefined;
}

/** One command in the mode where it belongs; an empty command only opens that mode, which makes the section. */
export interface Step {
  readonly path: SectionPath;
  readonly command: string;
}

export function descend({ dialect, path, running, previous, desired }: Level, text: string): Level {
  return {
    dialect,
    path: [...path, text],
    running: running?.children.get(text),
    previous: previous?.children.get(text),
    desired: desired?.children.get(text),
  };
}

export const factsOf = (section: FactNode | undefined): readonly FactNode[] => [...(section?.children.values() ?? [])];

/** What is there, put there by us, and no longer wanted. */
export function surplus({ running, previous, desired }: Level): readonly FactNode[] {
  return factsOf(running).filter((fact) => previous?.children.has(fact.text) === true && desired?.children.has(fact.text) !== true);
}

/** A section goes as a whole when everything in it is ours, or printed in any case, and it is no piece of hardware. */
export function isWhollyOurs(level: Level): boolean {
  const { dialect, path, running, previous } = level;
  if (running === undefined || previous === undefined) return false;
  if (dialect.isHardware(path.slice(0, -1), path.at(-1) ?? '')) return false;
  return factsOf(running).every((fact) => dialect.isPrintedDefault(path, fact.text) || isWhollyOurs(descend(level, fact.text)));
}
