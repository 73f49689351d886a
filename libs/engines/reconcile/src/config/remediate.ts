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
import { canonicalConfig } from './canonical-config.js';
import type { FactNode } from './fact-node.js';
import type { Dialect, SectionPath } from './dialect.js';
import { eosDialect } from './eos-dialect.js';
import { descend, factsOf, isWhollyOurs, type Level, type Step, surplus } from './level.js';
import { isHeldByOthers, listShrinks, listSteps } from './list-lines.js';
import { RemediationError, refuseForeignClaim, refuseUnsendable, siblingWithKey } from './refusals.js';
import { removedNeighbors, withoutRemovedNeighbors } from './removed-neighbors.js';

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
export function remediate({ running, previous, desired }: ThreeWay, dialect: Dialect = eosDialect): string[] {
  const root: Level = {
    dialect,
    path: [],
    running: canonicalConfig(dialect, running),
    previous: canonicalConfig(dialect, ...(typeof previous === 'string' ? [previous] : previous)),
    desired: canonicalConfig(dialect, desired),
  };
  return [...inModes(dialect, [...removals(root)].reverse()), ...inModes(dialect, additions(root))];
}

interface DetachedLine {
  readonly header: string;
  readonly line: string;
}

/** Lines that stay, but have to be out of the way while a section goes. */
function detachedLines({ dialect, path, running, desired }: Level, gone: readonly FactNode[]): readonly DetachedLine[] {
  if (path.length > 0) return [];
  return gone.flatMap(({ text }) =>
    dialect.dependants(text).flatMap(({ section, line: pattern }) => {
      const [now, wanted] = [running?.children.get(section), desired?.children.get(section)];
      const staying = factsOf(now).filter((fact) => pattern.test(fact.text) && wanted?.children.has(fact.text) === true);
      return staying.map((fact) => ({ header: section, line: fact.text }));
    }),
  );
}

function withoutDetachedLines(level: Level): Level {
  const { running } = level;
  const gone = surplus(level).filter((fact) => isRemovedHere(level, fact));
  const detached = running === undefined ? [] : detachedLines(level, gone);
  if (running === undefined || detached.length === 0) return level;
  const without = (section: FactNode): FactNode => ({
    ...section,
    children: new Map([...section.children].filter(([line]) => !detached.some((one) => one.header === section.text && one.line === line))),
  });
  return { ...level, running: { ...running, children: new Map([...running.children].map(([text, section]) => [text, without(section)])) } };
}

/** In the order in which things were made; the caller turns it round. */
function removals(level: Level): readonly Step[] {
  const { dialect, path, running, previous, desired } = level;
  const gone = inOrder(level, surplus(level)).filter((fact) => isRemovedHere(level, fact));
  const isGone = new Set(gone.map((fact) => fact.text));
  const lines = dialect.joinFacts(gone.map((fact) => fact.text)).map((text): Step => ({ path, command: dialect.negate(path, text) }));
  const isReplaced = (fact: FactNode): boolean => dialect.isReplacedWhole(path, fact.text) && desired?.children.has(fact.text) === true;
  const below = inOrder(level, factsOf(running))
    .filter((fact) => !isGone.has(fact.text) && previous?.children.has(fact.text) === true && !isReplaced(fact))
    .flatMap((fact) => removals(descend(level, fact.text)));
  const neighbors = removedNeighbors(level);
  const detached = detachedLines(level, gone).map(
    ({ header, line }): Step => ({ path: [header], command: dialect.negate([header], line) }),
  );
  return [
    ...neighbors.steps,
    ...sortedByRank(
      level,
      [...lines, ...listShrinks(level), ...below, ...detached].filter((step) => !neighbors.covers(step)),
    ),
  ];
}

/** Lists shrink in `listSteps`, defaults have nothing to go back to, and a new value replaces the old one by itself. */
function isRemovedHere(level: Level, fact: FactNode): boolean {
  const { dialect, path } = level;
  if (dialect.listMember(path, fact.text) !== undefined || dialect.isPrintedDefault(path, fact.text)) return false;
  const isReplaced = fact.children.size === 0 && factsOf(level.desired).some((wanted) => wanted.key === fact.key);
  return !(isReplaced && !dialect.mustGoFirst(fact.text)) && isWhollyOurs(descend(level, fact.text));
}

function additions(asItWas: Level): readonly Step[] {
  const level = withoutRemovedNeighbors(withoutDetachedLines(asItWas));
  const { dialect, path, desired } = level;
  const wanted = inOrder(level, factsOf(desired));
  for (const fact of wanted) refuseUnsendable(path, fact);
  const isSection = (fact: FactNode): boolean => fact.children.size > 0 || dialect.opensMode(path, fact.text);
  const missing = wanted.filter((fact) => !isSection(fact) && isMissing(level, fact) && !isHeldByOthers(level, fact.text));
  for (const fact of missing) refuseForeignClaim(level, fact);
  const commands = dialect.joinFacts(missing.map((fact) => fact.text)).map((text) => desired?.children.get(text)?.command ?? text);
  const lines = vrfFirst(level, commands).map((command): Step => ({ path, command }));
  const left = surplus(level).filter((fact) => fact.children.size > 0 && !isWhollyOurs(descend(level, fact.text)));
  const below = inOrder(level, [...wanted.filter(isSection), ...left]).flatMap((fact) => sectionAdditions(level, fact));
  return sortedByRank(level, [...lines, ...listSteps(level), ...below]);
}

function sectionAdditions(level: Level, fact: FactNode): readonly Step[] {
  const below = descend(level, fact.text);
  if (below.running === undefined) {
    const opening: Step = { path: below.path, command: '' };
    return [...(level.dialect.isHardware(level.path, fact.text) ? [] : [opening]), ...additions(below)];
  }
  return level.dialect.isReplacedWhole(level.path, fact.text) && below.desired !== undefined
    ? replaceOrdered(level, below)
    : additions(below);
}

function isMissing({ dialect, path, running }: Level, fact: FactNode): boolean {
  if (dialect.listMember(path, fact.text) !== undefined || running?.children.has(fact.text) === true) return false;
  return !dialect.isUnprintedDefault(path, fact.text) || siblingWithKey(running, fact) !== undefined;
}

/** Moving an interface to another VRF wipes its addresses, those of strangers too: `vrf` first, then all of them again. */
function vrfFirst({ dialect, path, running, previous, desired }: Level, commands: readonly string[]): readonly string[] {
  const isVrf = (line: string): boolean => /^vrf /.test(line);
  const isLeaving = factsOf(running).some(
    (fact) => isVrf(fact.text) && previous?.children.has(fact.text) && !desired?.children.has(fact.text),
  );
  const isInterface = path.length === 1 && /^interface /.test(path[0] as string);
  if (!isInterface || !(isLeaving || commands.some(isVrf))) return commands;
  const isAddress = (line: string): boolean => dialect.isWipedByVrf(path, line);
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
  if (isSame(level.dialect.isOrdered(level.path, below.path.at(-1) as string), now, wanted)) return [];
  const stranger = now.find((text) => below.previous?.children.has(text) !== true && !wanted.includes(text));
  const header = below.path.at(-1) as string;
  if (stranger !== undefined) {
    throw new RemediationError('FOREIGN_LINES_IN_ORDERED_SECTION', `${header} would lose a line of somebody else: ${stranger}`, {
      section: header,
      line: stranger,
    });
  }
  return [
    { path: level.path, command: level.dialect.negate(level.path, header) },
    { path: below.path, command: '' },
    ...additions({ ...below, running: undefined, previous: undefined }),
  ];
}

/** Lines with numbers of their own stand anywhere: what counts is the number. */
function isSame(isOrdered: boolean, now: readonly string[], wanted: readonly string[]): boolean {
  const text = (lines: readonly string[]): string => (isOrdered ? lines : [...lines].sort()).join('\n');
  return text(now) === text(wanted);
}

function inOrder({ dialect, path }: Level, facts: readonly FactNode[]): readonly FactNode[] {
  return [...facts].sort((a, b) => dialect.rank(path, a.text) - dialect.rank(path, b.text));
}

/** A step belongs where its section stands, whether it is about the section or about a line in it. */
function sortedByRank({ dialect, path }: Level, steps: readonly Step[]): readonly Step[] {
  const rank = (step: Step): number => dialect.rank(path, step.path[path.length] ?? step.command.replace(/^no /, ''));
  return [...steps].sort((a, b) => rank(a) - rank(b));
}

/** Adds the headers that lead to each command, and an `exit` for each mode left: a word means what its mode makes of it. */
function inModes(dialect: Dialect, steps: readonly Step[]): string[] {
  const commands: string[] = [];
  let at: SectionPath = [];
  const goTo = (path: SectionPath): void => {
    let common = 0;
    while (common < at.length && at[common] === path[common]) common += 1;
    for (let depth = at.length; depth > common; depth -= 1) commands.push(dialect.leave(at.slice(0, depth)));
    commands.push(...path.slice(common));
    at = path;
  };
  for (const { path, command } of steps) {
    goTo(path);
    if (command !== '') commands.push(command);
  }
  goTo([]);
  return commands;
}
