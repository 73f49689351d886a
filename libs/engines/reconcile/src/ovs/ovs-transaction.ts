/**
 * The one call of ovs-vsctl that leads from what a host has to what it shall have. Open vSwitch takes all of it or nothing, so the order of
 * commands is for people only. Three-way, like all that is ours beside what is not: taken away is what we once wanted and want no more;
 * a row or a column that we never named stays, above all the ports of guests.
 */
import { compareNatural, DomainError } from '#engines/kernel';
import { isGuestPort } from './guest-port.js';
import { canonicalValue, equalValues, ownColumns, type OvsColumns, type OvsTable, type OvsValue } from './ovs-columns.js';
import { ovsArguments, type OvsAssignment, type OvsCommand, type OvsTerm } from './ovs-command.js';
import { nameOf, type OvsDump, type OvsRow, referencesOf, valuesOf } from './ovs-dump.js';
import type { OvsBridgeRow, OvsMirrorRow, OvsPortRow, OvsRows } from './ovs-rows.js';
import { OvsState } from './ovs-state.js';

export interface OvsTransaction {
  /** Arguments of `ovs-vsctl`; empty when nothing is to be done. */
  readonly argv: readonly string[];
  /** Bridges that are not wanted any more and stay, because somebody else's ports are in them. */
  readonly heldBridges: readonly { readonly bridge: string; readonly ports: readonly string[] }[];
  /** Mirrors of ports that are not there: they are completed by the next transaction after the guest has started. */
  readonly waitingMirrors: readonly { readonly mirror: string; readonly port: string }[];
}

export interface OvsThreeWay {
  /** What the host was last told; null when it was never told anything, and then nothing is taken away. */
  readonly previous: OvsRows | null;
  readonly desired: OvsRows;
  readonly current: OvsDump;
}

/** @throws DomainError IN_USE when a port or interface that is wanted belongs to a bridge or port that was never ours. */
export function ovsTransaction(input: OvsThreeWay): OvsTransaction {
  return new Transaction(input).result();
}

class Transaction {
  private readonly state: OvsState;
  private readonly creates: OvsCommand[] = [];
  private readonly changes: OvsCommand[] = [];
  private readonly held: { bridge: string; ports: readonly string[] }[] = [];
  private readonly waiting: { mirror: string; port: string }[] = [];
  private readonly wantedPorts: ReadonlyMap<string, string>;
  private readonly previousPorts: ReadonlyMap<string, string>;
  /** UUID or `@id` of the ports that are there afterwards, as far as they are ours. */
  private readonly portIds = new Map<string, string>();

  constructor(private readonly input: OvsThreeWay) {
    this.state = new OvsState(input.current);
    this.wantedPorts = bridgeByPort(input.desired);
    this.previousPorts = bridgeByPort(input.previous);
  }

  result(): OvsTransaction {
    const bridges = [...this.input.desired.bridges].sort((a, b) => compareNatural(a.name, b.name));
    for (const bridge of bridges) this.ports(bridge);
    for (const bridge of bridges) this.bridge(bridge);
    for (const bridge of this.input.previous?.bridges ?? []) this.leftovers(bridge);
    this.vlanLimit();
    return { argv: ovsArguments([...this.creates, ...this.changes]), heldBridges: this.held, waitingMirrors: this.waiting };
  }

  private bridge(wanted: OvsBridgeRow): void {
    const row = this.state.bridges.get(wanted.name);
    const ports = wanted.ports.map(({ name }) => this.portIds.get(name) as string);
    if (!row) {
      const mirrors = wanted.mirrors.map((mirror) => this.create('Mirror', this.mirrorColumns(mirror)));
      const id = this.create('Bridge', [
        ['name', [wanted.name]],
        ...assignments('Bridge', wanted.columns),
        ['ports', ports.map((port) => ({ row: port }))],
        ...(mirrors.length > 0 ? [['mirrors', mirrors.map((mirror) => ({ row: mirror }))] as const] : []),
        ...(wanted.sflow ? [['sflow', [{ row: this.create('sFlow', assignments('sFlow', wanted.sflow)) }]] as const] : []),
      ]);
      this.changes.push({ verb: 'add', table: 'Open_vSwitch', record: '.', column: 'bridges', terms: [{ row: id }] });
      return;
    }
    this.change('Bridge', row, wanted.columns);
    const there = new Set(referencesOf(row, 'ports'));
    this.refer(
      'add',
      wanted.name,
      'ports',
      ports.filter((port) => !there.has(port)),
    );
    for (const mirror of wanted.mirrors) this.mirror(row, mirror);
    this.sflow(row, wanted.sflow);
  }

  private ports(bridge: OvsBridgeRow): void {
    for (const port of bridge.ports) this.portIds.set(port.name, this.port(bridge.name, port));
  }

  private port(bridge: string, wanted: OvsPortRow): string {
    const found = this.state.ports.get(wanted.name);
    if (found && found.bridge !== bridge) this.takeAway(wanted.name, found.bridge, bridge);
    const interfaces = wanted.interfaces.map((part) => this.interface(wanted.name, part));
    if (!found) {
      return this.create('Port', [
        ['name', [wanted.name]],
        ...assignments('Port', wanted.columns),
        ['interfaces', interfaces.map((row) => ({ row }))],
      ]);
    }
    this.change('Port', found.row, wanted.columns);
    const there = new Set(referencesOf(found.row, 'interfaces'));
    if (there.size !== interfaces.length || interfaces.some((id) => !there.has(id))) {
      this.assign('Port', found.row, [['interfaces', interfaces.map((row) => ({ row }))]]);
    }
    return found.row.uuid;
  }

  private takeAway(port: string, from: string, to: string): void {
    const isOurs = this.previousPorts.has(port) || this.input.desired.bridges.some(({ name }) => name === from);
    if (!isOurs || port === from) throw taken(`port ${port}`, `bridge ${from}`, to);
    if (this.state.bridges.has(from)) this.refer('remove', from, 'ports', [this.state.ports.get(port)?.row.uuid as string]);
  }

  /** The row is the same whichever port has it, so that what others configured on the interface comes along. */
  private interface(port: string, { name, columns }: OvsPortRow['interfaces'][number]): string {
    const found = this.state.interfaces.get(name);
    if (!found) return this.create('Interface', [['name', [name]], ...assignments('Interface', columns)]);
    if (found.port !== port && !this.isRewritten(found.port)) throw taken(`interface ${name}`, `port ${found.port}`, port);
    this.change('Interface', found.row, columns);
    return found.row.uuid;
  }

  /** Whether this transaction says which interfaces the port has from now on, or takes it away. */
  private isRewritten(port: string): boolean {
    if (isGuestPort(port)) return false;
    return this.wantedPorts.has(port) || this.previousPorts.get(port) === this.state.ports.get(port)?.bridge;
  }

  private mirror(bridge: OvsRow, wanted: OvsMirrorRow): void {
    const found = this.state.mirrorsOf(bridge).find((row) => nameOf(row) === wanted.name && this.state.isHeldOnce(row));
    if (!found) {
      const id = this.create('Mirror', this.mirrorColumns(wanted));
      this.refer('add', nameOf(bridge), 'mirrors', [id]);
      return;
    }
    this.change('Mirror', found, wanted.columns);
    for (const [column, names] of mirrorPorts(wanted)) {
      const ids = this.present(wanted.name, names);
      const there = referencesOf(found, column);
      if (there.length === ids.length && ids.every((id) => there.includes(id))) continue;
      if (ids.length === 0) this.changes.push({ verb: 'clear', table: 'Mirror', record: found.uuid, columns: [column] });
      else this.assign('Mirror', found, [[column, ids.map((row) => ({ row }))]]);
    }
  }

  private mirrorColumns(wanted: OvsMirrorRow): readonly OvsAssignment[] {
    const ports = mirrorPorts(wanted).flatMap(([column, names]): OvsAssignment[] => {
      const ids = this.present(wanted.name, names);
      return ids.length === 0 ? [] : [[column, ids.map((row) => ({ row }))]];
    });
    return [['name', [wanted.name]], ...assignments('Mirror', wanted.columns), ...ports];
  }

  private present(mirror: string, names: readonly string[]): readonly string[] {
    return names.flatMap((port) => {
      const isGoing = !this.wantedPorts.has(port) && this.previousPorts.has(port) && !isGuestPort(port);
      const id = this.portIds.get(port) ?? (isGoing ? undefined : this.state.ports.get(port)?.row.uuid);
      if (id === undefined) this.waiting.push({ mirror, port });
      return id ?? [];
    });
  }

  private sflow(bridge: OvsRow, wanted: OvsColumns | null): void {
    if (!wanted) return;
    const found = this.state.sflowOf(bridge);
    if (found && this.state.isHeldOnce(found)) this.change('sFlow', found, wanted);
    else this.assign('Bridge', bridge, [['sflow', [{ row: this.create('sFlow', assignments('sFlow', wanted)) }]]]);
  }

  /** One setting for the whole switch: it is made larger where that is needed, and whoever made it larger himself keeps his number. */
  private vlanLimit(): void {
    const [row] = this.input.current.Open_vSwitch;
    const [limit] = row ? valuesOf(row, 'other_config:vlan-limit') : [];
    const { previous, desired } = this.input;
    if (desired.vlanLimit !== null && (limit === undefined || limit === '1')) {
      this.changes.push({ verb: 'set', table: 'Open_vSwitch', record: '.', columns: [['other_config:vlan-limit', [desired.vlanLimit]]] });
    }
    if (desired.vlanLimit === null && previous?.vlanLimit === limit && limit !== undefined) {
      this.changes.push({ verb: 'remove', table: 'Open_vSwitch', record: '.', column: 'other_config', terms: ['vlan-limit'] });
    }
  }

  /** What we once wanted on a bridge, and want no more. */
  private leftovers(before: OvsBridgeRow): void {
    const row = this.state.bridges.get(before.name);
    if (!row) return;
    const after = this.input.desired.bridges.find(({ name }) => name === before.name);
    const going = this.state
      .portsOf(before.name)
      .filter((port) => this.isLeft(nameOf(port), before) && nameOf(port) !== before.name)
      .map((port) => port.uuid);
    if (!after) {
      const known = new Set([before.name, ...before.ports.map(({ name }) => name)]);
      const strangers = this.state
        .portsOf(before.name)
        .map(nameOf)
        .filter((name) => !known.has(name) || isGuestPort(name));
      if (strangers.length === 0) {
        this.changes.push({ verb: 'remove', table: 'Open_vSwitch', record: '.', column: 'bridges', terms: [{ row: row.uuid }] });
        return;
      }
      this.held.push({ bridge: before.name, ports: strangers.sort(compareNatural) });
    }
    this.refer('remove', before.name, 'ports', going);
    const mirrors = this.state.mirrorsOf(row).filter((mirror) => {
      const named = ({ name }: OvsMirrorRow): boolean => name === nameOf(mirror);
      return before.mirrors.some(named) && !after?.mirrors.some(named);
    });
    this.refer(
      'remove',
      before.name,
      'mirrors',
      mirrors.map(({ uuid }) => uuid),
    );
    if (before.sflow && !after?.sflow && this.state.sflowOf(row)) {
      this.changes.push({ verb: 'clear', table: 'Bridge', record: recordOf(row), columns: ['sflow'] });
    }
  }

  private isLeft(port: string, before: OvsBridgeRow): boolean {
    return !isGuestPort(port) && !this.wantedPorts.has(port) && before.ports.some(({ name }) => name === port);
  }

  /** Columns that differ in what they mean; entries of maps one by one. */
  private change(table: OvsTable, row: OvsRow, wanted: OvsColumns): void {
    const different = ownColumns(table).flatMap((column): [string, OvsValue | null][] => {
      const value = canonicalValue(table, column, wanted[column]);
      return equalValues(value, canonicalValue(table, column, valuesOf(row, column))) ? [] : [[column, value]];
    });
    const set = different.flatMap(([column, value]): OvsAssignment[] => (value === null ? [] : [[column, terms(value)]]));
    const gone = different.flatMap(([column, value]) => (value === null ? [column] : []));
    if (set.length > 0) this.assign(table, row, set);
    const columns = gone.filter((column) => !column.includes(':'));
    const record = recordOf(row, table);
    // A column of exactly one value cannot be cleared: it gets its default in words.
    const fixed = columns.filter((column) => FIXED.has(column));
    if (fixed.length > 0)
      this.assign(
        table,
        row,
        fixed.map((column) => [column, [FIXED.get(column) as OvsTerm]]),
      );
    const free = columns.filter((column) => !FIXED.has(column));
    if (free.length > 0) this.changes.push({ verb: 'clear', table, record, columns: free });
    for (const map of new Set(gone.filter((column) => column.includes(':')).map((column) => column.slice(0, column.indexOf(':'))))) {
      const keys = gone.filter((column) => column.startsWith(`${map}:`)).map((column) => column.slice(map.length + 1));
      this.changes.push({ verb: 'remove', table, record, column: map, terms: keys });
    }
  }

  private assign(table: OvsTable, row: OvsRow, columns: readonly OvsAssignment[]): void {
    this.changes.push({ verb: 'set', table, record: recordOf(row, table), columns });
  }

  private refer(verb: 'add' | 'remove', bridge: string, column: string, rows: readonly string[]): void {
    const row = this.state.bridges.get(bridge);
    if (!row || rows.length === 0) return;
    this.changes.push({ verb, table: 'Bridge', record: recordOf(row), column, terms: rows.map((id) => ({ row: id })) });
  }

  private create(table: OvsTable, columns: readonly OvsAssignment[]): string {
    const id = `@${table.toLowerCase()}${this.creates.filter((command) => command.table === table).length + 1}`;
    this.creates.push({ verb: 'create', id, table, columns });
    return id;
  }
}

/** Columns that have a value in every row. */
const FIXED: ReadonlyMap<string, OvsTerm> = new Map<string, OvsTerm>([
  ['datapath_type', ''],
  ['type', ''],
  ['rstp_enable', false],
  ['protected', false],
  ['select_all', false],
]);

/** By name where that is a name and unique, because people read transactions before they approve them. */
function recordOf(row: OvsRow, table: OvsTable = 'Bridge'): string {
  const name = nameOf(row);
  return table !== 'Mirror' && table !== 'sFlow' && /^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name) ? name : row.uuid;
}

function assignments(table: OvsTable, columns: OvsColumns): readonly OvsAssignment[] {
  return ownColumns(table).flatMap((column): OvsAssignment[] => {
    const value = canonicalValue(table, column, columns[column]);
    return value === null ? [] : [[column, terms(value)]];
  });
}

const terms = (value: OvsValue): readonly OvsTerm[] => (Array.isArray(value) ? (value as readonly OvsTerm[]) : [value as OvsTerm]);

const mirrorPorts = (mirror: OvsMirrorRow): readonly (readonly [string, readonly string[]])[] => [
  ['select_src_port', mirror.select_src_port],
  ['select_dst_port', mirror.select_dst_port],
  ['output_port', mirror.output_port === null ? [] : [mirror.output_port]],
];

function bridgeByPort(rows: OvsRows | null): ReadonlyMap<string, string> {
  return new Map((rows?.bridges ?? []).flatMap(({ name, ports }) => ports.map((port) => [port.name, name] as const)));
}

function taken(what: string, owner: string, wanted: string): DomainError<'IN_USE'> {
  const message = `${what} is wanted in ${wanted}, but it is in ${owner}, which Trame does not manage: take it out there first`;
  return new DomainError('IN_USE', message, { object: what, usedBy: [owner] });
}
