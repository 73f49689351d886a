/** One line of configuration typed into a mode: understood, checked, done. */
import { CommandRefused } from './effect.js';
import { grammar } from './grammar.js';
import { completeWords } from './complete-words.js';
import { expandList } from './number-list.js';
import { type Effect, type Rule, Section, type Verb } from './section.js';
import { isMatch, type Match, type Mismatch } from './syntax.js';

export { CommandRefused };

/** The command is not in the grammar: eAPI code 1002, with the words that EOS uses. */
export class InvalidCommand extends Error {}

/** Modes entered so far, the global one first; `vlan 10,20` enters several sections of one kind at once. */
export type ModeStack = readonly (readonly Section[])[];

export interface Typed {
  readonly verb: Verb;
  readonly words: readonly string[];
}

/**
 * A command that the present mode does not know is tried in the modes above it, and typed there (EOS does so).
 * @param only for files, where indentation says what belongs where.
 * @returns the modes after the command. @throws InvalidCommand | CommandRefused; nothing has changed then.
 */
export function applyCommand(stack: ModeStack, line: string, only?: 'THIS_MODE'): ModeStack {
  const typed = readCommand(line);
  let best: Mismatch = { at: 0, isIncomplete: false };
  for (let depth = stack.length; depth > (only === undefined ? 0 : stack.length - 1); depth -= 1) {
    const modes = stack.slice(0, depth);
    const found = understand(grammar[modeOf(modes)], typed);
    if (!('rule' in found)) {
      if (found.at > best.at || (found.at === best.at && found.isIncomplete)) best = found;
      continue;
    }
    return perform(modes, found.rule, found.match, typed.verb);
  }
  throw new InvalidCommand(explain(typed, best));
}

/** The line with its words complete, as if typed so: what the innermost mode can mean counts. @throws AmbiguousWord */
export function completeLine(stack: ModeStack, line: string): string {
  const typed = readCommand(line);
  for (let depth = stack.length; depth > 0; depth -= 1) {
    const modes = stack.slice(0, depth);
    const syntaxes = grammar[modeOf(modes)].map(({ syntax }) => syntax);
    const words = completeWords(syntaxes, typed.words);
    if (words !== undefined) return [...(typed.verb === 'set' ? [] : [typed.verb]), ...words].join(' ');
  }
  return line;
}

function readCommand(line: string): Typed {
  const words = line.trim().split(/\s+/);
  const first = words[0];
  const isNegated = (first === 'no' || first === 'default') && words.length > 1;
  return isNegated ? { verb: first, words: words.slice(1) } : { verb: 'set', words };
}

/** A stack begins with the global mode, and each mode has been entered for at least one section. */
const here = (stack: ModeStack): Section => stack.at(-1)?.[0] as Section;
const modeOf = (stack: ModeStack): Section['mode'] => here(stack).mode;

function understand(rules: readonly Rule[], { verb, words }: Typed): { rule: Rule; match: Match } | Mismatch {
  let best: Mismatch = { at: 0, isIncomplete: false };
  for (const rule of rules) {
    if (rule.isRemovalOnly && verb === 'set') continue;
    const result = rule.syntax.match(words, verb !== 'set');
    if (isMatch(result)) return { rule, match: result };
    if (result.at > best.at || (result.at === best.at && result.isIncomplete)) best = result;
  }
  return best;
}

function explain({ verb, words }: Typed, { at, isIncomplete }: Mismatch): string {
  const offset = verb === 'set' ? 0 : 1;
  if (isIncomplete && at >= words.length) return `Incomplete command (at token ${words.length - 1 + offset}: '${words.at(-1)}')`;
  return `Invalid input (at token ${at + offset}: '${words[at] ?? words.at(-1)}')`;
}

function perform(stack: ModeStack, rule: Rule, match: Match, verb: Verb): ModeStack {
  const root = stack[0]?.[0] as Section;
  const sections = stack.at(-1) as readonly Section[];
  if (rule.kind === 'section') return performSection(stack, root, rule, match, verb);
  for (const section of sections) {
    if (rule.effect !== undefined) rule.effect({ root, section, match, rule, verb });
    else storeLine(section, rule, match, verb);
  }
  return stack;
}

function performSection(stack: ModeStack, root: Section, rule: Rule, match: Match, verb: Verb): ModeStack {
  const sections = stack.at(-1) as readonly Section[];
  const headers =
    match.words[0] === 'vlan' && sections[0] === root ? expandList(match.words[1] as string).map((vlan) => `vlan ${vlan}`) : [match.text];
  const check: Effect = rule.effect ?? (() => undefined);
  for (const section of sections) check({ root, section, match, rule, verb });
  if (verb === 'set')
    return [...stack, sections.flatMap((section) => headers.map((header) => section.enter(header, rule.enters ?? 'opaque', rule)))];
  for (const section of sections) {
    for (const [header, below] of section.sections) {
      const isMeant = headers.includes(header) || (match.text === match.key && header.startsWith(`${match.key} `));
      if (!isMeant) continue;
      if (verb === 'default' && isHardware(below)) section.sections.set(header, new Section(header, below.mode, below.rule));
      else section.sections.delete(header);
    }
  }
  return stack;
}

const isHardware = ({ mode }: Section): boolean => mode === 'ethernet' || mode === 'management';

function storeLine(section: Section, rule: Rule, match: Match, verb: Verb): void {
  const { key, text } = match;
  const isUnset = verb === 'default' || (rule.kind === 'on' ? verb === 'set' : rule.kind === 'setting' && verb === 'no');
  if (isUnset || (rule.unprinted !== undefined && text.endsWith(rule.unprinted))) section.settings.delete(key);
  else section.settings.set(key, { text: verb === 'no' ? `no ${text}` : text, rule });
}
