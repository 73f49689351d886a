/**
 * Open vSwitch in interfaces(5): what makes the rows at boot. ifupdown2 has add-ons of its own for the words of Open vSwitch's hook for classic
 * ifupdown, and differs in what it reads before and what it clears. A live host is changed by a transaction, so nothing here clears.
 */
import type { OpenVswitchFacts, OvsBridgeFacts, OvsInterfaceFacts, OvsPortFacts } from '#engines/intent';
import { block, lines, type Part } from '../text.js';
import {
  bondColumns,
  filled,
  interfaceColumns,
  looksInside,
  mirrorColumns,
  sflowColumns,
  tunnelOptions,
  VLAN_LIMIT,
  vlanColumns,
} from './ovs-rows.js';
import { assignment, type Reader, type Value } from './quoting.js';

/** ifupdown2 reads all of a host's addresses in one stanza; classic ifupdown has one stanza for each, and says the words of Open vSwitch once. */
export type Flavour = 'IFUPDOWN2' | 'IFUPDOWN';

/** Without it, `ifreload` takes the ports of guests out of the bridge: they are not in `ovs_ports`. */
const GUEST_PORTS = '^(tap|fwln|fwpr|veth|vnet)[0-9]+.*$';
const STEP = 4;

export function ovsStanzas(flavour: Flavour, { bridges }: OpenVswitchFacts): string[][] {
  return bridges.flatMap((bridge) => {
    const ports = bridge.ports.filter(({ name }) => name !== bridge.name);
    const stanzas = ports.filter((port) => hasStanza(flavour, port));
    // Mirrors name ports, so they are made when the last of them is there.
    const mirrors = mirrorCommands(flavour, bridge);
    const made = stanzas.map((port, i) => portStanza(flavour, bridge, port, i === stanzas.length - 1 ? mirrors : []));
    const commands = ports.filter((port) => !stanzas.includes(port)).map((port) => portCommand(bridge, port));
    return [bridgeStanza(flavour, bridge, ports, [...commands, ...(stanzas.length === 0 ? mirrors : [])]), ...made.flat()];
  });
}

/**
 * ifupdown2 has words for tunnels and patches, but no device of the kernel bears their name: `ifquery --check` says fail of such a stanza for
 * ever (measured, 3.0.0). There the stanza of the bridge makes them.
 */
const hasStanza = (flavour: Flavour, { interfaces }: OvsPortFacts): boolean =>
  flavour === 'IFUPDOWN' || interfaces.every(({ type }) => type === 'system' || type === 'internal');

function portCommand(bridge: OvsBridgeFacts, port: OvsPortFacts): string {
  const [part] = port.interfaces;
  return [
    `--may-exist add-port ${bridge.name} ${port.name}`,
    ...set('IFUPDOWN2', 'Port', port.name, filled(vlanColumns(port))),
    ...(part ? set('IFUPDOWN2', 'Interface', part.name, filled(interfaceColumns(part))) : []),
  ].join(' -- ');
}

/** Addresses of internal ports alone, where the database makes the ports. Both kinds of ifupdown read it. */
export function addressStanzas({ bridges }: OpenVswitchFacts): string[][] {
  return bridges
    .flatMap(({ ports }) => ports.flatMap(({ interfaces }) => interfaces))
    .flatMap((part) =>
      part.type === 'internal' && part.addresses.length > 0 ? [stanza('IFUPDOWN', [`auto ${part.name}`], part, [])] : [],
    );
}

function bridgeStanza(flavour: Flavour, bridge: OvsBridgeFacts, ports: readonly OvsPortFacts[], more: readonly string[]): string[] {
  const own = bridge.ports.find(({ name }) => name === bridge.name);
  const [local] = own?.interfaces ?? [];
  const columns = filled({
    datapath_type: bridge.datapath === 'system' ? null : bridge.datapath,
    fail_mode: bridge.failMode === 'standalone' ? null : bridge.failMode,
    rstp_enable: bridge.hasRstp || null,
  });
  const commands = [
    ...set(flavour, 'Bridge', bridge.name, columns),
    ...(looksInside(bridge) ? set(flavour, 'Open_vSwitch', '.', { [VLAN_LIMIT]: '0' }) : []),
    ...(own ? set(flavour, 'Port', own.name, filled(vlanColumns(own))) : []),
    ...(local?.type === 'internal' ? set(flavour, 'Interface', local.name, filled({ mtu_request: local.mtu })) : []),
    ...(bridge.sflow
      ? [`--id=@s create sFlow ${assigned(extraReader(flavour), filled(sflowColumns(bridge.sflow)))} -- set Bridge ${bridge.name} sflow=@s`]
      : []),
    ...more,
  ];
  const heads = flavour === 'IFUPDOWN2' ? [`auto ${bridge.name}`] : [`auto ${bridge.name}`, `allow-ovs ${bridge.name}`];
  return stanza(flavour, heads, local?.type === 'internal' ? local : { name: bridge.name }, [
    'ovs_type OVSBridge',
    ports.length > 0 && `ovs_ports ${ports.map(({ name }) => name).join(' ')}`,
    flavour === 'IFUPDOWN2' && `ovs-ports-condone-regex ${GUEST_PORTS}`,
    extra(flavour, commands),
  ]);
}

function portStanza(flavour: Flavour, bridge: OvsBridgeFacts, port: OvsPortFacts, mirrors: readonly string[]): string[][] {
  const [part] = port.interfaces;
  if (!part) return [];
  const isBond = port.interfaces.length > 1;
  const reader = flavour === 'IFUPDOWN2' ? 'SHELL' : 'WORDS';
  const options = filled({ ...vlanColumns(port), ...bondColumns(port) });
  const mtus = port.interfaces.flatMap((one) =>
    one.type === 'system' || one.type === 'internal' ? set(flavour, 'Interface', one.name, filled({ mtu_request: one.mtu })) : [],
  );
  const members =
    isBond && flavour === 'IFUPDOWN2' ? port.interfaces.map(({ name }) => lines(`auto ${name}`, `iface ${name} inet manual`)) : [];
  const heads = [flavour === 'IFUPDOWN2' ? `auto ${port.name}` : `allow-${bridge.name} ${port.name}`];
  return [
    ...members,
    stanza(flavour, heads, isBond || part.type !== 'internal' ? { name: port.name } : part, [
      `ovs_bridge ${bridge.name}`,
      isBond ? ['ovs_type OVSBond', `ovs_bonds ${port.interfaces.map(({ name }) => name).join(' ')}`] : kind(reader, part),
      Object.keys(options).length > 0 && `ovs_options ${assigned(reader, options)}`,
      extra(flavour, [...mtus, ...mirrors]),
    ]),
  ];
}

function kind(reader: Reader, part: OvsInterfaceFacts): Part {
  switch (part.type) {
    case 'system':
      return 'ovs_type OVSPort';
    case 'internal':
      return 'ovs_type OVSIntPort';
    case 'patch':
      return ['ovs_type OVSPatchPort', `ovs_patch_peer ${part.peer}`];
    case 'vxlan':
      return ['ovs_type OVSTunnel', 'ovs_tunnel_type vxlan', `ovs_tunnel_options ${assigned(reader, filled(tunnelOptions(part)))}`];
  }
}

function mirrorCommands(flavour: Flavour, { name, mirrors }: OvsBridgeFacts): readonly string[] {
  if (mirrors.length === 0) return [];
  const ports = [
    ...new Set(mirrors.flatMap((mirror) => [...mirror.selectSource, ...mirror.selectDestination, mirror.outputPort ?? []].flat())),
  ];
  const id = (port: string): string => `@p${ports.findIndex((one) => one === port)}`;
  const made = mirrors.map((mirror, i) => {
    const columns = filled({
      ...mirrorColumns(mirror),
      select_src_port: mirror.selectSource.map(id),
      select_dst_port: mirror.selectDestination.map(id),
      output_port: mirror.outputPort && id(mirror.outputPort),
    });
    return `--id=@m${i} create Mirror ${assigned(extraReader(flavour), columns)}`;
  });
  const all = [
    ...ports.map((port) => `--id=${id(port)} get Port ${port}`),
    ...made,
    `set Bridge ${name} mirrors=${mirrors.map((_, i) => `@m${i}`).join(',')}`,
  ];
  return [all.join(' -- ')];
}

const extraReader = (flavour: Flavour): Reader => (flavour === 'IFUPDOWN2' ? 'SHELL' : 'EVAL');

const assigned = (reader: Reader, columns: Readonly<Record<string, unknown>>): string =>
  Object.entries(columns)
    .map(([column, value]) => assignment(reader, column, value as Value))
    .join(' ');

function set(flavour: Flavour, table: string, record: string, columns: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(columns).length === 0 ? [] : [`set ${table} ${record} ${assigned(extraReader(flavour), columns)}`];
}

/** Classic ifupdown refuses the same word twice in a stanza. */
function extra(flavour: Flavour, commands: readonly string[]): Part {
  if (commands.length === 0) return null;
  return flavour === 'IFUPDOWN2' ? commands.map((command) => `ovs_extra ${command}`) : `ovs_extra ${commands.join(' -- ')}`;
}

type Addressed = Pick<Extract<OvsInterfaceFacts, { type: 'internal' }>, 'name'> &
  Partial<Pick<Extract<OvsInterfaceFacts, { type: 'internal' }>, 'addresses' | 'gateway'>>;

function stanza(
  flavour: Flavour,
  heads: readonly string[],
  { name, addresses = [], gateway = null }: Addressed,
  words: readonly Part[],
): string[] {
  const family = (address: string): string => (address.includes(':') ? 'inet6' : 'inet');
  const said = addresses.map(({ address, prefixLength }) => ({ text: `address ${address}/${prefixLength}`, family: family(address) }));
  const way = (of: string, isFirst: boolean): Part => gateway !== null && isFirst && family(gateway) === of && `gateway ${gateway}`;
  const [first, ...rest] = said;
  if (!first) return lines(...heads, block(STEP, `iface ${name} inet manual`, words));
  if (flavour === 'IFUPDOWN2')
    return lines(
      ...heads,
      block(STEP, `iface ${name} inet static`, [said.map(({ text }) => text), gateway !== null && `gateway ${gateway}`, ...words]),
    );
  const isFirst = (at: number): boolean => said.findIndex((one) => one.family === said[at]?.family) === at;
  return lines(
    ...heads,
    block(STEP, `iface ${name} ${first.family} static`, [first.text, way(first.family, true), ...words]),
    ...rest.map((one, i) => block(STEP, `iface ${name} ${one.family} static`, [one.text, way(one.family, isFirst(i + 1))])),
  );
}
