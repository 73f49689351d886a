/**
 * Rows of Open vSwitch as facts. What no fact can hold stays what it is on the host, where no transaction of ours touches it, and is named
 * here with the reason; guests' ports are the hypervisor's and are only listed.
 */
import type {
  OpenVswitchFacts,
  OvsBridgeFacts,
  OvsBondFacts,
  OvsManager,
  OvsMirrorFacts,
  OvsPortFacts,
  OvsSflowFacts,
} from '#engines/intent';
import { compareNatural, DeviceName, Ip, VlanId } from '#engines/kernel';
import { isGuestPort, nameOf, type OvsDump, type OvsRow, OvsState, parseOvsDump, valuesOf } from '#engines/reconcile';
import { readInterface } from './read-interface.js';
import { keptColumns, type OvsKept } from './kept-columns.js';

export type { OvsKept } from './kept-columns.js';

export interface OvsRead {
  readonly facts: OpenVswitchFacts;
  readonly guests: readonly { readonly bridge: string; readonly port: string }[];
  readonly kept: readonly OvsKept[];
}

/**
 * @param text what `ovs-vsctl` printed when it was given OVS_DUMP. Addresses are not in the database: internal ports come without.
 * @param managedBy who makes the rows at boot: whether there are stanzas is known to whoever reads interfaces(5).
 * @throws DomainError INVALID_VALUE when the text is no complete dump.
 */
export function readOpenVswitch(text: string, managedBy: OvsManager = 'OVSDB'): OvsRead {
  return readOvsRows(parseOvsDump(text), managedBy);
}

export function readOvsRows(dump: OvsDump, managedBy: OvsManager): OvsRead {
  const reader = new RowReader(new OvsState(dump));
  const bridges = dump.Bridge.flatMap((row) => reader.bridge(row) ?? []).sort((a, b) => compareNatural(a.name, b.name));
  return { facts: { managedBy, bridges }, guests: reader.guests, kept: reader.kept };
}

class RowReader {
  readonly kept: OvsKept[] = [];
  readonly guests: { bridge: string; port: string }[] = [];

  constructor(private readonly state: OvsState) {}

  bridge(row: OvsRow): OvsBridgeFacts | null {
    const name = nameOf(row);
    const bridge = deviceName(name);
    if (bridge === null) return this.keep('Bridge', row, 'NAME');
    this.kept.push(...keptColumns('Bridge', row));
    const sflow = this.state.sflowOf(row);
    return {
      name: bridge,
      datapath: text(row, 'datapath_type') === 'netdev' ? 'netdev' : 'system',
      failMode: text(row, 'fail_mode') as OvsBridgeFacts['failMode'],
      hasRstp: valuesOf(row, 'rstp_enable')[0] === true,
      ports: sorted(this.state.portsOf(name).flatMap((port) => this.port(name, port) ?? [])),
      mirrors: sorted(this.state.mirrorsOf(row).flatMap((mirror) => this.mirror(mirror) ?? [])),
      sflow: sflow && this.sflow(name, sflow),
    };
  }

  private port(bridge: string, row: OvsRow): OvsPortFacts | null {
    const name = nameOf(row);
    if (isGuestPort(name)) {
      this.guests.push({ bridge, port: name });
      return null;
    }
    const port = deviceName(name);
    const parts = this.state.interfacesOf(name);
    const interfaces = parts.flatMap((part) => readInterface(part) ?? []);
    if (port === null) return this.keep('Port', row, 'NAME');
    if (interfaces.length < parts.length || interfaces.length === 0) return this.keep('Port', row, 'INTERFACE');
    this.kept.push(...keptColumns('Port', row), ...parts.flatMap((part) => keptColumns('Interface', part)));
    return {
      name: port,
      vlanMode: text(row, 'vlan_mode') as OvsPortFacts['vlanMode'],
      tag: numbers(row, 'tag')[0] ?? null,
      trunks: numbers(row, 'trunks'),
      cvlans: numbers(row, 'cvlans'),
      outerTag: text(row, 'other_config:qinq-ethtype') as OvsPortFacts['outerTag'],
      isProtected: valuesOf(row, 'protected')[0] === true,
      interfaces: sorted(interfaces),
      bond: interfaces.length > 1 || text(row, 'lacp') !== null ? bondOf(row) : null,
    };
  }

  private mirror(row: OvsRow): OvsMirrorFacts | null {
    const ports = (column: string): DeviceName[] => this.state.namesAt(row, column).flatMap((name) => deviceName(name) ?? []);
    const [outputPort = null] = ports('output_port');
    const outputVlan = numbers(row, 'output_vlan')[0] ?? null;
    if (!/^[A-Za-z0-9_.-]{1,63}$/.test(nameOf(row))) return this.keep('Mirror', row, 'NAME');
    if ((outputPort === null) === (outputVlan === null)) return this.keep('Mirror', row, 'OUTPUT');
    if ([outputVlan, ...numbers(row, 'select_vlan')].some((vlan) => vlan !== null && (vlan < 1 || vlan > 4094)))
      return this.keep('Mirror', row, 'VLAN');
    this.kept.push(...keptColumns('Mirror', row));
    return {
      name: nameOf(row),
      selectAll: valuesOf(row, 'select_all')[0] === true,
      selectSource: ports('select_src_port').sort(compareNatural),
      selectDestination: ports('select_dst_port').sort(compareNatural),
      selectVlans: numbers(row, 'select_vlan').map((vlan) => VlanId.parse(vlan)),
      outputPort,
      outputVlan: outputVlan === null ? null : VlanId.parse(outputVlan),
    };
  }

  private sflow(bridge: string, row: OvsRow): OvsSflowFacts | null {
    const targets = valuesOf(row, 'targets').map(String).sort(compareNatural);
    const agent = text(row, 'agent');
    const known = agent === null ? null : (deviceName(agent) ?? address(agent));
    if (!targets.every(isCollector) || (agent !== null && known === null)) {
      this.kept.push({ table: 'sFlow', row: bridge, column: agent !== null && known === null ? 'agent' : 'targets', reason: 'VALUE' });
      return null;
    }
    this.kept.push(...keptColumns('sFlow', row).map((kept) => ({ ...kept, row: bridge })));
    const number = (column: string): number | null => numbers(row, column)[0] ?? null;
    return { agent: known, targets, header: number('header'), sampling: number('sampling'), polling: number('polling') };
  }

  private keep(table: OvsKept['table'], row: OvsRow, reason: OvsKept['reason']): null {
    this.kept.push({ table, row: nameOf(row), column: null, reason });
    return null;
  }
}

function bondOf(row: OvsRow): OvsBondFacts {
  return {
    mode: (text(row, 'bond_mode') ?? 'active-backup') as OvsBondFacts['mode'],
    lacp: (text(row, 'lacp') ?? 'off') as OvsBondFacts['lacp'],
    lacpTime: text(row, 'other_config:lacp-time') as OvsBondFacts['lacpTime'],
  };
}

const isCollector = (target: string): boolean => /^(?:[0-9.]+|\[[0-9a-f:]+\]):[0-9]{1,5}$/.test(target);

function text(row: OvsRow, column: string): string | null {
  const value = valuesOf(row, column)[0];
  return typeof value === 'string' && value !== '' ? value : null;
}

const numbers = (row: OvsRow, column: string): readonly number[] =>
  valuesOf(row, column)
    .filter((value): value is number => typeof value === 'number')
    .sort((a, b) => a - b);

const sorted = <T extends { readonly name: string }>(list: readonly T[]): T[] => [...list].sort((a, b) => compareNatural(a.name, b.name));

const deviceName = (value: string): DeviceName | null =>
  /^[A-Za-z0-9_.][A-Za-z0-9_.-]{0,14}$/.test(value) ? DeviceName.parse(value) : null;

function address(value: string): Ip | null {
  return /^[0-9.]{7,15}$|^[0-9a-f:]*:[0-9a-f:]*$/.test(value) ? Ip.parse(value) : null;
}
