/**
 * `ovs-vsctl show`, which people keep in notes where there is no dump. It says bridges, ports, VLANs and interfaces, and of a bond no more than its
 * members; mirrors and probes it does not say at all.
 */
import type { OvsManager } from '#engines/intent';
import { DomainError } from '#engines/kernel';
import type { OvsDump, OvsRow } from '#engines/reconcile';
import { type OvsRead, readOvsRows } from './read-openvswitch.js';

type Cell = OvsRow['cells'] extends ReadonlyMap<string, infer C> ? C : never;
interface Section {
  readonly table: 'Bridge' | 'Port' | 'Interface';
  readonly name: string;
  readonly words: Map<string, Cell>;
  readonly parts: Section[];
}

export interface OvsShowRead extends OvsRead {
  /** Bonds whose mode and LACP are not known; in `facts` they have the defaults. */
  readonly unknownBonds: readonly string[];
}

const SECTION = /^\s*(bridge|port|interface)\s+"?([^"\s]+)"?\s*$/i;
const WORD = /^\s*(tag|trunks|type|options|fail_mode|datapath_type)\s*:\s*(.+?)\s*$/i;
/** What the switch says about itself, and nothing of its configuration. */
const REMARK = /^\s*(?:[0-9a-f-]{36}|(?:ovs_version|error|is_connected|status)\s*:.*|(?:controller|manager)\s.*)?$/i;
const CHILD_OF = { Bridge: null, Port: 'Bridge', Interface: 'Port' } as const;

/** @throws DomainError INVALID_VALUE with the first line that `ovs-vsctl show` does not print. */
export function readOvsShow(text: string, managedBy: OvsManager = 'OVSDB'): OvsShowRead {
  const bridges: Section[] = [];
  const open: Section[] = [];
  text.split('\n').forEach((line, i) => {
    const [, kind, name] = SECTION.exec(line) ?? [];
    const [, word, value] = WORD.exec(line) ?? [];
    if (kind !== undefined && name !== undefined) enter(bridges, open, { ...sectionOf(kind), name }, i + 1, line);
    else if (word !== undefined && value !== undefined && open.length > 0)
      open.at(-1)?.words.set(word.toLowerCase(), cell(word.toLowerCase(), value));
    else if (!REMARK.test(line)) throw unreadable(line, i + 1);
  });
  const bonds = bridges.flatMap(({ parts }) => parts.filter((port) => port.parts.length > 1).map(({ name }) => name));
  return { ...readOvsRows(dumpOf(bridges), managedBy), unknownBonds: bonds };
}

const sectionOf = (kind: string): Omit<Section, 'name'> => {
  const table = kind[0]?.toUpperCase() + kind.slice(1).toLowerCase();
  return { table: table as Section['table'], words: new Map(), parts: [] };
};

function enter(bridges: Section[], open: Section[], section: Section, at: number, line: string): void {
  const parent = CHILD_OF[section.table];
  while (open.length > 0 && open.at(-1)?.table !== parent) open.pop();
  const above = open.at(-1);
  if (parent !== null && above === undefined) throw unreadable(line, at);
  (above ? above.parts : bridges).push(section);
  open.push(section);
}

function cell(word: string, value: string): Cell {
  const plain = (text: string): string => text.replace(/^"(.*)"$/, '$1');
  if (word === 'options') {
    const entries = [...value.matchAll(/([\w-]+)=("(?:[^"\\]|\\.)*"|[^,}\s]+)/g)];
    return { map: new Map(entries.map(([, key = '', text = '']) => [key, plain(text)])) };
  }
  const numbers = value.match(/\d+/g) ?? [];
  return { set: word === 'tag' || word === 'trunks' ? numbers.map(Number) : [plain(value)] };
}

function dumpOf(bridges: readonly Section[]): OvsDump {
  const rows: Record<keyof OvsDump, OvsRow[]> = { Bridge: [], Port: [], Interface: [], Mirror: [], sFlow: [], Open_vSwitch: [] };
  const add = ({ table, name, words, parts }: Section): { uuid: string } => {
    const children = parts.map(add);
    const uuid = `${table} ${name}`;
    const held: [string, Cell][] = table === 'Interface' ? [] : [[table === 'Bridge' ? 'ports' : 'interfaces', { set: children }]];
    const type: [string, Cell][] = table === 'Interface' && !words.has('type') ? [['type', { set: [''] }]] : [];
    rows[table].push({ uuid, cells: new Map<string, Cell>([['name', { set: [name] }], ...held, ...type, ...words]) });
    return { uuid };
  };
  for (const bridge of bridges) add(bridge);
  return rows;
}

function unreadable(line: string, number: number): DomainError<'INVALID_VALUE'> {
  const value = line.trim().slice(0, 60);
  const accepted = 'what `ovs-vsctl show` prints: bridges, their ports, their interfaces';
  return new DomainError('INVALID_VALUE', `line ${number} ("${value}") is not ${accepted}`, {
    kind: 'ovs-vsctl show',
    value,
    accepted,
    line: number,
  });
}
