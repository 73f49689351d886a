/** The rows that a host shall have: what a renderer wrote, read again and doubted. */
import { DeviceName, invalidValue } from '#engines/kernel';
import { isGuestPort } from './guest-port.js';
import { columnOf, type OvsColumns, type OvsScalar, type OvsTable, type OvsValue } from './ovs-columns.js';

export interface OvsRows {
  readonly bridges: readonly OvsBridgeRow[];
  /** `other_config:vlan-limit` of Open_vSwitch: tags that the switch looks at, 0 = all it can; null: none of our business. */
  readonly vlanLimit: '0' | null;
}
export interface OvsBridgeRow {
  readonly name: string;
  readonly columns: OvsColumns;
  readonly ports: readonly OvsPortRow[];
  readonly mirrors: readonly OvsMirrorRow[];
  readonly sflow: OvsColumns | null;
}
export interface OvsPortRow {
  readonly name: string;
  readonly columns: OvsColumns;
  readonly interfaces: readonly { readonly name: string; readonly columns: OvsColumns }[];
}
export interface OvsMirrorRow {
  readonly name: string;
  readonly columns: OvsColumns;
  /** Names of ports, guests' among them. */
  readonly select_src_port: readonly string[];
  readonly select_dst_port: readonly string[];
  readonly output_port: string | null;
}

const VLAN_LIMIT = 'other_config:vlan-limit';

type Json = Readonly<Record<string, unknown>>;

/**
 * `{"other_config:vlan-limit","bridges":[{"name","ports":[{"name",…,"interfaces":[{"name",…}]}],"mirrors":[…],"sflow":{…}}]}`; columns stand beside the names, and those
 * that are absent have their default. The bridge's own port is added where it is not said.
 * @throws DomainError INVALID_VALUE that names the place and what would have been accepted.
 */
export function parseOvsRows(text: string): OvsRows {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw invalidValue('Open vSwitch rows', text, 'one JSON object with "bridges"');
  }
  const fields = object(document, 'document', ['bridges', VLAN_LIMIT]);
  const limit = fields[VLAN_LIMIT];
  if (limit !== undefined && limit !== '0') throw invalidValue(VLAN_LIMIT, limit, 'the text 0, or nothing');
  const bridges = list(fields['bridges'], 'bridges').map(bridgeRow);
  const ports = bridges.flatMap((bridge) => bridge.ports);
  unique('bridge', bridges);
  unique('port', ports);
  unique(
    'interface',
    ports.flatMap(({ interfaces }) => interfaces),
  );
  return { bridges, vlanLimit: limit ?? null };
}

function bridgeRow(value: unknown): OvsBridgeRow {
  const row = object(value, 'bridge', null);
  const name = interfaceName(row['name']);
  const ports = list(row['ports'] ?? [], `ports of ${name}`).map(portRow);
  const own = ports.find((port) => port.name === name);
  if (own && !(own.interfaces.length === 1 && own.interfaces[0]?.name === name && own.interfaces[0].columns['type'] === 'internal')) {
    throw invalidValue('port', name, 'one internal interface of that name: it is the own port of the bridge');
  }
  return {
    name,
    columns: columns('Bridge', name, row, ['name', 'ports', 'mirrors', 'sflow']),
    ports: own ? ports : [ownPort(name), ...ports],
    mirrors: list(row['mirrors'] ?? [], `mirrors of ${name}`).map(mirrorRow),
    sflow: row['sflow'] === undefined ? null : columns('sFlow', name, object(row['sflow'], `sflow of ${name}`, null), []),
  };
}

const ownPort = (bridge: string): OvsPortRow => ({
  name: bridge,
  columns: {},
  interfaces: [{ name: bridge, columns: { type: 'internal' } }],
});

function portRow(value: unknown): OvsPortRow {
  const row = object(value, 'port', null);
  const name = interfaceName(row['name']);
  if (isGuestPort(name)) throw invalidValue('port', name, 'a port that no hypervisor makes for a guest: those are never ours');
  const interfaces = list(row['interfaces'], `interfaces of ${name}`).map((part) => {
    const fields = object(part, `interface of ${name}`, null);
    const own = interfaceName(fields['name']);
    return { name: own, columns: columns('Interface', own, fields, ['name']) };
  });
  if (interfaces.length === 0) throw invalidValue('port', name, 'a port with at least one interface');
  return { name, columns: columns('Port', name, row, ['name', 'interfaces']), interfaces };
}

function mirrorRow(value: unknown): OvsMirrorRow {
  const row = object(value, 'mirror', null);
  const { name } = row;
  if (typeof name !== 'string' || name === '') throw invalidValue('mirror', name, 'a mirror with a name');
  const names = (field: unknown): string[] => list(field ?? [], `ports of mirror ${name}`).map(interfaceName);
  return {
    name,
    columns: columns('Mirror', name, row, ['name', 'select_src_port', 'select_dst_port', 'output_port']),
    select_src_port: names(row['select_src_port']),
    select_dst_port: names(row['select_dst_port']),
    output_port: row['output_port'] === undefined ? null : interfaceName(row['output_port']),
  };
}

function columns(table: OvsTable, name: string, row: Json, others: readonly string[]): OvsColumns {
  return Object.fromEntries(
    Object.entries(row)
      .filter(([key]) => !others.includes(key))
      .map(([key, value]) => [key, columnValue(table, name, key, value)]),
  );
}

function columnValue(table: OvsTable, name: string, key: string, value: unknown): OvsValue {
  const column = columnOf(table, key);
  if (!column) throw invalidValue(`column of ${table} ${name}`, key, 'a column that Trame writes');
  const isSet = column.kind === 'integers' || column.kind === 'strings';
  const fits = (part: unknown): part is OvsScalar =>
    column.kind === 'boolean'
      ? typeof part === 'boolean'
      : column.kind.startsWith('integer')
        ? Number.isInteger(part)
        : typeof part === 'string' && isText(part);
  if (isSet ? Array.isArray(value) && value.every(fits) : fits(value)) return value as OvsValue;
  throw invalidValue(`${key} of ${table} ${name}`, JSON.stringify(value), isSet ? `a list of ${column.kind}` : `a ${column.kind}`);
}

/** Not empty, on one line, and valid UTF-8: what a JSON string of the database can hold and a person can read. */
const isText = (value: string): boolean => value !== '' && !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(value);

/** A name in front of which a dash stands would be an option of ovs-vsctl. */
function interfaceName(value: unknown): string {
  const name = DeviceName.parse(value);
  if (name.startsWith('-')) throw invalidValue('interface name', name, 'a name that does not begin with a dash');
  return name;
}

function object(value: unknown, what: string, keys: readonly string[] | null): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalidValue(what, value, 'an object');
  const stranger = keys && Object.keys(value).find((key) => !keys.includes(key));
  if (stranger) throw invalidValue(what, stranger, `only ${keys.join(', ')}`);
  return value as Json;
}

function list(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw invalidValue(what, value, 'a list');
  return value;
}

function unique(what: string, rows: readonly { readonly name: string }[]): void {
  const names = new Set<string>();
  for (const { name } of rows) {
    if (names.has(name)) throw invalidValue(what, name, `each ${what} once: a name exists once in a database`);
    names.add(name);
  }
}
