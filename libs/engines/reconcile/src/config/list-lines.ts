/** Lines that hold a list (allowed VLANs of a trunk, flood VTEPs): merged member by member, sent as one command. */
import type { FactNode } from './fact-node.js';
import { factsOf, type Level, type Step } from './level.js';

/** The members of others are sent again together with ours: the device replaces the list. */
export function listSteps(level: Level): readonly Step[] {
  const { dialect, path } = level;
  return listsTouched(level).flatMap(({ command, now, kept, added }): readonly Step[] => {
    const isShrunk = dialect.shrunkList(path, command, now) !== undefined;
    if (added.length === 0 && (isShrunk || kept.length === now.length)) return [];
    const final = [...kept, ...added];
    if (final.length === 0 && level.desired?.children.has(`${command} none`) === true) return [];
    return [{ path, command: final.length === 0 ? dialect.negate(path, command) : dialect.listCommand(command, final) }];
  });
}

/** `… none` says that nobody has a member: it is not said while somebody else has one. */
export function isHeldByOthers(level: Level, text: string): boolean {
  if (!text.endsWith(' none')) return false;
  const command = text.slice(0, -' none'.length);
  const before = new Set(membersOf(level, level.previous, command));
  return membersOf(level, level.running, command).some((member) => !before.has(member));
}

/** Members that have to be free before somebody else has them. */
export function listShrinks(level: Level): readonly Step[] {
  const { dialect, path } = level;
  return listsTouched(level).flatMap(({ command, now, kept }): readonly Step[] => {
    const gone = now.filter((member) => !kept.includes(member));
    const shrunk = gone.length === 0 ? undefined : dialect.shrunkList(path, command, gone);
    return shrunk === undefined ? [] : [{ path, command: shrunk }];
  });
}

interface TouchedList {
  readonly command: string;
  readonly now: readonly string[];
  /** Of them, what is wanted or belongs to others. */
  readonly kept: readonly string[];
  readonly added: readonly string[];
}

/** The lists in which we have, or want, a member. */
function listsTouched(level: Level): readonly TouchedList[] {
  const { dialect, path, previous, desired } = level;
  const members = [...factsOf(previous), ...factsOf(desired)].flatMap((fact) => dialect.listMember(path, fact.text) ?? []);
  return [...new Set(members.map(({ command }) => command))].map((command) => {
    const [now, before, wanted] = [level.running, previous, desired].map((section) => membersOf(level, section, command)) as [
      string[],
      string[],
      string[],
    ];
    const kept = now.filter((member) => wanted.includes(member) || !before.includes(member));
    return { command, now, kept, added: wanted.filter((member) => !kept.includes(member)) };
  });
}

function membersOf({ dialect, path }: Level, section: FactNode | undefined, command: string): readonly string[] {
  return factsOf(section).flatMap((fact) => {
    const found = dialect.listMember(path, fact.text);
    return found?.command === command ? [found.member] : [];
  });
}
