/** The columns of ovs-vswitchd.conf.db(5) that Trame says something about; all others, and keys of maps that are not here, are not ours. */
export type OvsTable = 'Bridge' | 'Port' | 'Interface' | 'Mirror' | 'sFlow';
export type OvsScalar = string | number | boolean;
/** A set has its elements in order; absent is no value at all. */
export type OvsValue = OvsScalar | readonly OvsScalar[];
/** By column; an entry of a map is `column:key`. What is absent has the value that Open vSwitch takes by itself. */
export type OvsColumns = Readonly<Record<string, OvsValue>>;

interface OvsColumn {
  readonly kind: 'string' | 'integer' | 'boolean' | 'integers' | 'strings';
  /** Written out, it means the same as not said. */
  readonly byDefault?: OvsScalar;
}

const OWN_COLUMNS: Readonly<Record<OvsTable, Readonly<Record<string, OvsColumn>>>> = {
  Bridge: {
    datapath_type: { kind: 'string', byDefault: 'system' },
    fail_mode: { kind: 'string', byDefault: 'standalone' },
    rstp_enable: { kind: 'boolean', byDefault: false },
  },
  Port: {
    vlan_mode: { kind: 'string' },
    tag: { kind: 'integer' },
    trunks: { kind: 'integers' },
    cvlans: { kind: 'integers' },
    protected: { kind: 'boolean', byDefault: false },
    bond_mode: { kind: 'string', byDefault: 'active-backup' },
    lacp: { kind: 'string', byDefault: 'off' },
    'other_config:lacp-time': { kind: 'string', byDefault: 'slow' },
    'other_config:qinq-ethtype': { kind: 'string', byDefault: '802.1ad' },
  },
  Interface: {
    type: { kind: 'string', byDefault: 'system' },
    mtu_request: { kind: 'integer' },
    'options:peer': { kind: 'string' },
    'options:key': { kind: 'string' },
    'options:remote_ip': { kind: 'string' },
    'options:local_ip': { kind: 'string' },
    'options:dst_port': { kind: 'string', byDefault: '4789' },
  },
  Mirror: {
    select_all: { kind: 'boolean', byDefault: false },
    select_vlan: { kind: 'integers' },
    output_vlan: { kind: 'integer' },
  },
  sFlow: {
    agent: { kind: 'string' },
    targets: { kind: 'strings' },
    header: { kind: 'integer', byDefault: 128 },
    sampling: { kind: 'integer', byDefault: 400 },
    polling: { kind: 'integer', byDefault: 10 },
  },
};

export const ownColumns = (table: OvsTable): readonly string[] => Object.keys(OWN_COLUMNS[table]);
export const columnOf = (table: OvsTable, name: string): OvsColumn | undefined =>
  Object.hasOwn(OWN_COLUMNS[table], name) ? OWN_COLUMNS[table][name] : undefined;

/** One spelling per meaning: sets in order and without repetition; null where nothing is said, or what would hold anyhow. */
export function canonicalValue(table: OvsTable, column: string, value: OvsValue | undefined): OvsValue | null {
  const kind = columnOf(table, column);
  const elements = [...new Set(value === undefined ? [] : Array.isArray(value) ? (value as readonly OvsScalar[]) : [value as OvsScalar])];
  if (kind?.kind === 'integers' || kind?.kind === 'strings') return elements.length === 0 ? null : elements.sort(byValue);
  const [only] = elements;
  return only === undefined || only === '' || only === kind?.byDefault ? null : only;
}

const byValue = (a: OvsScalar, b: OvsScalar): number => (a < b ? -1 : a > b ? 1 : 0);

export function equalValues(a: OvsValue | null, b: OvsValue | null): boolean {
  return Array.isArray(a) && Array.isArray(b) ? a.length === b.length && a.every((element, i) => element === b[i]) : a === b;
}
