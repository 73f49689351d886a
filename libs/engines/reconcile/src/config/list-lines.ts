/** Lines that hold a list (allowed VLANs of a trunk, flood VTEPs): merged member by member, sent as one command. */
import type { FactNode } from './fact-node.js';
import type { Dialect } from './dialect.js';
import { factsOf, type Level, type Step } from './level.js';

/** The members of others are sent again together with ours: EOS replaces the list. */
export function listSteps(level: Level): readonly Step[] {
  return listsTouched(level).flatMap((command): readonly Step[] => {
    const [now, before, wanted] = [level.running, level.previous, level.desired].map((section) =>
      membersOf(level.dialect, section, command),
    ) as [string[], string[], string[]];
    const kept = now.filter((member) => wanted.includes(member) || !before.includes(member));
    const final = [...kept, ...wanted.filter((member) => !kept.includes(member))];
    if (final.length === now.length && kept.length === now.length) return [];
    return [
      {
        path: level.path,
        command: final.length === 0 ? level.dialect.negate(level.path, command) : level.dialect.listCommand(command, final),
      },
    ];
  });
}

/** Commands of the lists in which we have, or want, a member. */
function listsTouched({ dialect, previous, desired }: Level): readonly string[] {
  const members = [...factsOf(previous), ...factsOf(desired)].flatMap((fact) => dialect.listMember(fact.text) ?? []);
  return [...new Set(members.map(({ command }) => command))];
}

function membersOf(dialect: Dialect, section: FactNode | undefined, command: string): readonly string[] {
  return factsOf(section).flatMap((fact) => {
    const found = dialect.listMember(fact.text);
    return found?.command === command ? [found.member] : [];
  });
}
