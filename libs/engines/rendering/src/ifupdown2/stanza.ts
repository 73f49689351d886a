/** Stanzas of interfaces(5). What several subjects say of one interface is said in one stanza. */
import { compareNatural } from '#engines/kernel';
import { block, lines, type Part } from '../text.js';

const STEP = 4;

export interface Stanza {
  readonly name: string;
  /** `inet loopback`; null = as ifupdown2 finds out. */
  readonly method: string | null;
  readonly body: readonly Part[];
}

export const stanza = (name: string, method: string | null, ...body: readonly Part[]): Stanza => ({ name, method, body });

/** One paragraph for each interface, where it is named first. A line that two subjects want alike stands once. */
export function printStanzas(stanzas: readonly Stanza[]): string[][] {
  const merged = new Map<string, Stanza>();
  for (const one of stanzas) {
    const before = merged.get(one.name);
    merged.set(one.name, before ? { ...before, body: [...before.body, ...one.body] } : one);
  }
  return [...merged.values()].map(({ name, method, body }) => {
    const head = method === null ? `iface ${name}` : `iface ${name} ${method}`;
    return lines(`auto ${name}`, block(STEP, head, [...new Set(lines(...body))]));
  });
}

/** Interfaces that others are made of, and of which nobody says anything: they have to come up, too. */
export function bareMembers(stanzas: readonly Pick<Stanza, 'name'>[], members: readonly string[]): Stanza[] {
  const said = new Set(stanzas.map(({ name }) => name));
  return [...new Set(members)]
    .filter((name) => !said.has(name))
    .sort(compareNatural)
    .map((name) => stanza(name, null));
}
