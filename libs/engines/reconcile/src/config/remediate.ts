/**
 * Three-way merge of device configuration: what we want, what we wanted before, what is there → the commands to send.
 *
 *   desired, not running                → add
 *   previous and running, not desired   → remove
 *   running only                        → foreign: stays, byte for byte
 *
 * Removals come first and inside out, additions outside in: no command meets something that still refers to what it
 * takes away, or refers itself to something that does not exist yet.
 */
import { canonicalConfig, type FactNode } from './canonical-config.js';
import {
  isAddress,
  isHardware,
  isPrintedDefault,
  isUnprintedDefault,
  joinFacts,
  keyOf,
  listMember,
  mustGoFirst,
  negate,
  opensMode,
  type SectionPath,
  sectionRank,
} from './eos-dialect.js';
import { descend, factsOf, isWhollyOurs, type Level, type Step, surplus } from './level.js';
import { listSteps } from './list-lines.js';
import { RemediationError, refuseForeignClaim, refuseUnsendable, siblingWithKey } from './refusals.js';
import { removedNeighbors } from './removed-neighbors.js';

export interface ThreeWay {
  /** `show running-config` of the device. */
  readonly running: string;
  /** Everything that we may have put there: the last confirmed lines and those of attempts whose end is unknown. */
  readonly previous: string | readonly string[];
  readonly desired: string;
}

/**
 * @returns EOS commands in order, starting and ending in global configuration mode; empty when nothing is to be done.
 * @throws RemediationError LINE_NOT_SENDABLE for a desired line that is no single configuration command,
 * FOREIGN_LINE_TAKEN where a mapping, an RD or a port's VLAN that we want is set otherwise by somebody else,
 * FOREIGN_LINES_IN_ORDERED_SECTION where replacing an access list or a route map would drop a stranger's lines.
 */
export function remediate({ running, previous, desired }: ThreeWay): string[] {
  const root: Level = {
    path: [],
    running: canonicalConfig(running),
    previous: canonicalConfig(...(typeof previous === 'string' ? [previous] : previous)),
    desired: canonicalConfig(desired),
  };
  return [...inModes([...removals(root)].reverse()), ...inModes(additions(root))];
}

/** In the order in which things were made; the caller turns it round. */
function removals(level: Level): readonly Step[] {
  const { path, running, previous, desired } = level;
  const gone = inOrder(path, surplus(level)).filter((fact) => isRemovedHere(level, fact));
  const isGone = new Set(gone.map((fact) => fact.text));
  const lines = joinFacts(gone.map((fact) => fact.text)).map((text): Step => ({ path, command: negate(text) }));
  const below = inOrder(path, factsOf(running))
    .filter(
      (fact) =>
        !isGone.has(fact.text) && previous?.children.has(fact.text) === true && !(fact.isOrdered && desired?.children.has(fact.text)),
    )
    .flatMap((fact) => removals(descend(level, fact.text)));
  const neighbors = removedNeighbors(level);
  return [
    ...neighbors.steps,
    ...sortedByRank(
      path,
      [...lines, ...below].filter((step) => !neighbors.covers(step)),
    ),
  ];
}

/** Lists shrink in `listSteps`, defaults have nothing to go back to, and a new value replaces the old one by itself. */
function isRemovedHere(level: Level, fact: FactNode): boolean {
  if (listMember(fact.text) !== undefined || isPrintedDefault(fact.text)) return false;
  const isReplaced = fact.children.size === 0 && factsOf(level.desired).some((wanted) => keyOf(wanted.text) === keyOf(fact.text));
  return !(isReplaced && !mustGoFirst(fact.text)) && isWhollyOurs(descend(level, fact.text));
}

function additions(level: Level): readonly Step[] {
  const { path, desired } = level;
  const wanted = inOrder(path, factsOf(desired));
  for (const fact of wanted) refuseUnsendable(path, fact);
  const isSection = (fact: FactNode): boolean => fact.children.size > 0 || opensMode(path, fact.text);
  const missing = wanted.filter((fact) => !isSection(fact) && isMissing(level, fact));
  for (const fact of missing) refuseForeignClaim(level, fact);
  const commands = joinFacts(missing.map((fact) => fact.text)).map((text) => desired?.children.get(text)?.command ?? text);
  const lines = vrfFirst(level, commands).map((command): Step => ({ path, command }));
  const left = surplus(level).filter((fact) => fact.children.size > 0 && !isWhollyOurs(descend(level, fact.text)));
  const below = inOrder(path, [...wanted.filter(isSection), ...left]).flatMap((fact) => sectionAdditions(level, fact));
  return sortedByRank(path, [...lines, ...listSteps(level), ...below]);
}

function sectionAdditions(level: Level, fact: FactNode): readonly Step[] {
  const below = descend(level, fact.text);
  if (below.running === undefined) {
    const opening: Step = { path: below.path, command: '' };
    return [...(isHardware(level.path, fact.text) ? [] : [opening]), ...additions(below)];
  }
  return fact.isOrdered && below.desired !== undefined ? replaceOrdered(level, below) : additions(below);
}

function isMissing({ path, running }: Level, fact: FactNode): boolean {
  if (listMember(fact.text) !== undefined || running?.children.has(fact.text) === true) return false;
  return !isUnprintedDefault(path, fact.text) || siblingWithKey(running, fact.text) !== undefined;
}

/** Moving an interface to another VRF wipes its addresses, those of strangers too: `vrf` first, then all of them again. */
function vrfFirst({ path, running, previous, desired }: Level, commands: readonly string[]): readonly string[] {
  const isVrf = (line: string): boolean => /^vrf /.test(line);
  const isLeaving = factsOf(running).some(
    (fact) => isVrf(fact.text) && previous?.children.has(fact.text) && !desired?.children.has(fact.text),
  );
  const isInterface = path.length === 1 && /^interface /.test(path[0] as string);
  if (!isInterface || !(isLeaving || commands.some(isVrf))) return commands;
  const stays = (fact: FactNode): boolean => desired?.children.has(fact.text) === true || previous?.children.has(fact.text) !== true;
  const wiped = factsOf(running).filter((fact) => isAddress(fact.text) && stays(fact));
  const others = commands.filter((line) => !isVrf(line));
  return [
    ...commands.filter(isVrf),
    ...others.filter((line) => !isAddress(line)),
    ...wiped.map((fact) => fact.command),
    ...others.filter(isAddress),
  ];
}

/** Lines of an access list cannot be inserted in place by their text: the list is taken away and made again. */
function replaceOrdered(level: Level, below: Level): readonly Step[] {
  const [now, wanted] = [factsOf(below.running), factsOf(below.desired)].map((facts) => facts.map((fact) => fact.text)) as [
    string[],
    string[],
  ];
  if (now.join('\n') === wanted.join('\n')) return [];
  const stranger = now.find((text) => below.previous?.children.has(text) !== true && !wanted.includes(text));
  const header = below.path.at(-1) as string;
  if (stranger !== undefined) {
    throw new RemediationError('FOREIGN_LINES_IN_ORDERED_SECTION', `${header} would lose a line of somebody else: ${stranger}`, {
      section: header,
      line: stranger,
    });
  }
  return [
    { path: level.path, command: negate(header) },
    { path: below.path, command: '' },
    ...additions({ ...below, running: undefined, previous: undefined }),
  ];
}

function inOrder(path: SectionPath, facts: readonly FactNode[]): readonly FactNode[] {
  return path.length > 0 ? facts : [...facts].sort((a, b) => sectionRank(a.text) - sectionRank(b.text));
}

/** At the top a step belongs where its section stands, whether it is about the section or about a line in it. */
function sortedByRank(path: SectionPath, steps: readonly Step[]): readonly Step[] {
  const rank = (step: Step): number => sectionRank(step.path[0] ?? step.command.replace(/^no /, ''));
  return path.length > 0 ? steps : [...steps].sort((a, b) => rank(a) - rank(b));
}

/** Adds the headers that lead to each command, and an `exit` for each mode left: a word means what its mode makes of it. */
function inModes(steps: readonly Step[]): string[] {
  const commands: string[] = [];
  let at: SectionPath = [];
  const goTo = (path: SectionPath): void => {
    let common = 0;
    while (common < at.length && at[common] === path[common]) common += 1;
    commands.push(...at.slice(common).map(() => 'exit'), ...path.slice(common));
    at = path;
  };
  for (const { path, command } of steps) {
    goTo(path);
    if (command !== '') commands.push(command);
  }
  goTo([]);
  return commands;
}
