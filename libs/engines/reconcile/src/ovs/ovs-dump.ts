/** The rows that a host has: one answer of ovs-vsctl, so that all tables are of the same moment. */
import { invalidValue } from '#engines/kernel';
import type { OvsScalar, OvsTable } from './ovs-columns.js';

/** Columns that are read: what Trame writes, what holds rows together, and what others may have configured beside. */
const READ_COLUMNS: Readonly<Record<OvsTable | 'Open_vSwitch', readonly string[]>> = {
  Bridge: words(`name ports mirrors sflow datapath_type fail_mode rstp_enable stp_enable controller netflow ipfix protocols flood_vlans
    mcast_snooping_enable other_config external_ids`),
  Port: words(`name interfaces vlan_mode tag trunks cvlans protected bond_mode lacp bond_updelay bond_downdelay mac qos other_config
    external_ids`),
  Interface: words('name type options mtu_request mac ofport_request ingress_policing_rate other_config external_ids'),
  Mirror: words(`name select_all select_src_port select_dst_port select_vlan output_port output_vlan snaplen external_ids`),
  sFlow: words('agent targets header sampling polling external_ids'),
  Open_vSwitch: words('other_config'),
};
const TABLES = ['Bridge', 'Port', 'Interface', 'Mirror', 'sFlow', 'Open_vSwitch'] as const;

/** Arguments of `ovs-vsctl` that print what `parseOvsDump` reads. */
export const OVS_DUMP: readonly string[] = [
  '--format=json',
  ...TABLES.flatMap((table) => ['--', `--columns=${['_uuid', ...READ_COLUMNS[table]].join(',')}`, 'list', table]),
];

export interface OvsUuid {
  readonly uuid: string;
}
/** A set of one element is that element in the text; here it is always a list. */
export type OvsCell = { readonly set: readonly (OvsScalar | OvsUuid)[] } | { readonly map: ReadonlyMap<string, string> };
export interface OvsRow {
  readonly uuid: string;
  readonly cells: ReadonlyMap<string, OvsCell>;
}
export type OvsDump = Readonly<Record<(typeof TABLES)[number], readonly OvsRow[]>>;

/**
 * @param text what `ovs-vsctl` printed: one JSON document per table, in the order of OVS_DUMP.
 * @throws DomainError INVALID_VALUE: half a dump is no dump.
 */
export function parseOvsDump(text: string): OvsDump {
  const documents = text.split('\n').filter((line) => line.trim() !== '');
  if (documents.length !== TABLES.length)
    throw invalidValue('dump of Open vSwitch', text, `${TABLES.length} tables, one JSON document each`);
  const rows = TABLES.map((table, i) => [table, tableRows(table, documents[i] as string)] as const);
  return Object.fromEntries(rows) as OvsDump;
}

function tableRows(table: (typeof TABLES)[number], text: string): readonly OvsRow[] {
  const refused = invalidValue(`table ${table}`, text, 'what `ovs-vsctl --format=json list` prints, with its columns and _uuid');
  let document: { readonly headings?: unknown; readonly data?: unknown };
  try {
    document = JSON.parse(text) as typeof document;
  } catch {
    throw refused;
  }
  const { headings, data } = document;
  if (!Array.isArray(headings) || !Array.isArray(data) || !READ_COLUMNS[table].every((column) => headings.includes(column))) throw refused;
  return data.map((values: unknown) => {
    if (!Array.isArray(values) || values.length !== headings.length) throw refused;
    const cells = new Map(headings.map((heading: string, i) => [heading, cell(values[i])]));
    const [id] = setOf(cells.get('_uuid'));
    if (typeof id !== 'object') throw refused;
    return { uuid: id.uuid, cells };
  });
}

function cell(value: unknown): OvsCell {
  if (Array.isArray(value) && value[0] === 'map') return { map: new Map(value[1] as [string, string][]) };
  const elements: unknown[] = Array.isArray(value) && value[0] === 'set' ? (value[1] as unknown[]) : [value];
  return { set: elements.map((element) => (Array.isArray(element) ? { uuid: String(element[1]) } : (element as OvsScalar))) };
}

function setOf(found: OvsCell | undefined): readonly (OvsScalar | OvsUuid)[] {
  return found && 'set' in found ? found.set : [];
}

/** Values of a column, or of one entry of a map named `column:key`. */
export function valuesOf({ cells }: OvsRow, column: string): readonly OvsScalar[] {
  const colon = column.indexOf(':');
  if (colon < 0) return setOf(cells.get(column)).filter((value): value is OvsScalar => typeof value !== 'object');
  const found = cells.get(column.slice(0, colon));
  const value = found && 'map' in found ? found.map.get(column.slice(colon + 1)) : undefined;
  return value === undefined ? [] : [value];
}

/** Rows that a column points to. */
export function referencesOf({ cells }: OvsRow, column: string): readonly string[] {
  return setOf(cells.get(column)).flatMap((value) => (typeof value === 'object' ? [value.uuid] : []));
}

export const nameOf = (row: OvsRow): string => String(valuesOf(row, 'name')[0] ?? '');

function words(text: string): readonly string[] {
  return text.split(/\s+/);
}
