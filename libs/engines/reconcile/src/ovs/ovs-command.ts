/**
 * Commands of ovs-vsctl(8) and their spelling. Its parser takes a value apart at commas, blanks, brackets and colons unless it is a JSON string:
 * so every string that is more than a word is one. What was written is read again by a second statement of that grammar.
 */
import { canonicalJson, DomainError } from '#engines/kernel';
import type { OvsScalar, OvsTable } from './ovs-columns.js';

/** A row: by its UUID, or by the `@id` that a `create` of the same transaction gives it. */
export interface OvsReference {
  readonly row: string;
}
export type OvsTerm = OvsScalar | OvsReference;
export type OvsAssignment = readonly [column: string, terms: readonly OvsTerm[]];

export type OvsCommand =
  | { readonly verb: 'create'; readonly id: string; readonly table: OvsTable; readonly columns: readonly OvsAssignment[] }
  | { readonly verb: 'set'; readonly table: OvsTable | 'Open_vSwitch'; readonly record: string; readonly columns: readonly OvsAssignment[] }
  | { readonly verb: 'clear'; readonly table: OvsTable; readonly record: string; readonly columns: readonly string[] }
  | {
      readonly verb: 'add' | 'remove';
      readonly table: OvsTable | 'Open_vSwitch';
      readonly record: string;
      readonly column: string;
      readonly terms: readonly OvsTerm[];
    };

/** Arguments of one call of `ovs-vsctl`; none where there is nothing to do. @throws DomainError RENDER_ESCAPE when they would be read as something else. */
export function ovsArguments(commands: readonly OvsCommand[]): readonly string[] {
  const written = commands.flatMap((command) => ['--', ...words(command)]);
  const said = canonicalJson(commands.map(flat));
  if (canonicalJson(readArguments(written)) !== said) {
    throw new DomainError('RENDER_ESCAPE', 'refused to hand out a transaction that ovs-vsctl would read as another one', {
      device: 'Open vSwitch',
      path: 'ovs-vsctl',
      line: said.slice(0, 120),
      problem: 'is not what was meant',
    });
  }
  return written;
}

function words(command: OvsCommand): readonly string[] {
  switch (command.verb) {
    case 'create':
      return [`--id=${command.id}`, 'create', command.table, ...command.columns.map(assignment)];
    case 'set':
      return ['set', command.table, command.record, ...command.columns.map(assignment)];
    case 'clear':
      return ['clear', command.table, command.record, ...command.columns];
    default:
      return [command.verb, command.table, command.record, command.column, ...command.terms.map(term)];
  }
}

const assignment = ([column, terms]: OvsAssignment): string => `${column}=${terms.map(term).join(',')}`;

function term(value: OvsTerm): string {
  if (typeof value === 'object') return value.row;
  return typeof value === 'string' && !/^[A-Za-z0-9_.-]+$/.test(value) ? JSON.stringify(value) : String(value);
}

/** Every term as text, because the grammar has no types: the schema gives them. */
type Flat = readonly (string | readonly string[])[];

function flat(command: OvsCommand): Flat {
  const text = (value: OvsTerm): string => (typeof value === 'object' ? value.row : String(value));
  const assigned = (columns: readonly OvsAssignment[]): (string | string[])[] =>
    columns.flatMap(([column, terms]) => [column, terms.map(text)]);
  switch (command.verb) {
    case 'create':
      return [command.verb, command.table, command.id, ...assigned(command.columns)];
    case 'set':
      return [command.verb, command.table, command.record, ...assigned(command.columns)];
    case 'clear':
      return [command.verb, command.table, command.record, [...command.columns]];
    default:
      return [command.verb, command.table, command.record, command.column, command.terms.map(text)];
  }
}

function readArguments(argv: readonly string[]): Flat[] {
  const commands: string[][] = [];
  for (const word of argv) {
    if (word === '--') commands.push([]);
    else commands.at(-1)?.push(word);
  }
  return commands.map((command) => {
    const [first = ''] = command;
    const id = /^--id=(@\w+)$/.exec(first)?.[1];
    const [verb = '', table = '', ...rest] = id === undefined ? command : command.slice(1);
    const record = id ?? rest.shift() ?? '';
    if (verb === 'create' || verb === 'set') return [verb, table, record, ...rest.flatMap(readAssignment)];
    if (verb === 'clear') return [verb, table, record, rest];
    return [verb, table, record, rest.shift() ?? '', rest.flatMap(readTerms)];
  });
}

/** The column ends at the first `=`; a key of a map is a word of ours and holds none. */
function readAssignment(text: string): [string, string[]] {
  const at = text.indexOf('=');
  return [text.slice(0, at), readTerms(text.slice(at + 1))];
}

function readTerms(text: string): string[] {
  const terms: string[] = [];
  const token = /"(?:[^"\\]|\\.)*"|[^",:=[\]{}!<> ]+/y;
  for (let at = 0; at < text.length; at = token.lastIndex + 1) {
    token.lastIndex = at;
    const [found] = token.exec(text) ?? [];
    const next = text[token.lastIndex];
    if (found === undefined || (next !== undefined && next !== ',')) return ['unreadable'];
    terms.push(found.startsWith('"') ? (JSON.parse(found) as string) : found);
  }
  return terms;
}
