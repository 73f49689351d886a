/** Zones on a bridge of the node: simple (no uplink), VLAN, and QinQ. */
import { invalidValue } from '#engines/kernel';
import type { Vnet } from '../model/sdn-config.js';
import type { QinqZone, SimpleZone, VlanZone } from '../model/zone.js';
import { interfaceName } from './stanzas.js';
import { subnetOptions } from './subnet-options.js';
import { aliasOption, BRIDGE_TAIL, bridgeOf, mtuOption, vlanAware, type ZoneContext } from './zone-context.js';

export function simpleZone(context: ZoneContext, zone: SimpleZone, vnet: Vnet): void {
  const { stanzas, facts, subnets } = context;
  const { addresses, forwarding } = subnetOptions(vnet, subnets, facts, { routesHosts: true, translates: true });
  stanzas.claim(
    vnet.id,
    addresses,
    vnet.mac !== null && `hwaddress ${vnet.mac}`,
    'bridge_ports none',
    BRIDGE_TAIL,
    vlanAware(vnet),
    mtuOption(zone.mtu),
    aliasOption(vnet),
    forwarding,
  );
}

export function vlanZone(context: ZoneContext, zone: VlanZone, vnet: Vnet): void {
  context.stanzas.claim(
    vnet.id,
    `bridge_ports ${vlanUplink(context, zone, vnet)}`,
    BRIDGE_TAIL,
    vlanAware(vnet),
    mtuOption(zone.mtu),
    aliasOption(vnet),
  );
}

/** @returns the port of the vnet's bridge that carries its VLAN. */
function vlanUplink(context: ZoneContext, zone: VlanZone, vnet: Vnet): string {
  const { stanzas } = context;
  const { kind, ports } = bridgeOf(context, zone);
  const [near, far] = [`ln_${vnet.id}`, `pr_${vnet.id}`];
  if (kind !== 'ovs') refuseSharedVlan(context, zone, vnet);
  if (kind === 'vlan-aware') return interfaceName(`${zone.bridge}.${vnet.tag}`);
  if (kind === 'ovs') {
    const tag = vnet.vlanAware ? `vlan_mode=dot1q-tunnel other_config:qinq-ethtype=802.1q tag=${vnet.tag}` : `tag=${vnet.tag}`;
    stanzas.claim(near, 'ovs_type OVSIntPort', `ovs_bridge ${zone.bridge}`, mtuOption(zone.mtu, 'ovs_mtu'), `ovs_options ${tag}`);
    stanzas.append(zone.bridge, `ovs_ports ${near}`);
    return near;
  }
  const mtu = mtuOption(zone.mtu);
  stanzas.claim(near, 'link-type veth', `veth-peer-name ${far}`, mtu);
  stanzas.claim(far, 'link-type veth', `veth-peer-name ${near}`, mtu);
  const members = [...ports.map((port) => ` ${interfaceName(`${port}.${vnet.tag}`)}`), ` ${far}`];
  stanzas.claim(`${zone.bridge}v${vnet.tag}`, `bridge_ports ${members.join('')}`, BRIDGE_TAIL, mtu); // two blanks, as Proxmox has them
  return near;
}

/** A VLAN of a Linux bridge is one interface, which one vnet can have; Proxmox lets another zone ask for it again, and nothing works. */
function refuseSharedVlan({ config, facts }: ZoneContext, zone: VlanZone, vnet: Vnet): void {
  const isBeside = (other: Vnet): boolean => {
    const theirs = config.zones.find(({ id }) => id === other.zone);
    return theirs?.type === 'vlan' && theirs.bridge === zone.bridge && (theirs.nodes === null || theirs.nodes.includes(facts.name));
  };
  const before = config.vnets.find((other) => other.id < vnet.id && other.tag === vnet.tag && isBeside(other));
  if (before) throw invalidValue(`vnet ${vnet.id}: tag`, vnet.tag, `a VLAN of its own on ${zone.bridge}: vnet ${before.id} has this one`);
}

export function qinqZone(context: ZoneContext, zone: QinqZone, vnet: Vnet): void {
  const { stanzas } = context;
  const [near, far] = [`ln_${zone.id}`, `pr_${zone.id}`];
  const uplink = qinqUplink(context, zone);
  stanzas.claim(near, 'link-type veth', `veth-peer-name ${far}`);
  stanzas.claim(far, 'link-type veth', `veth-peer-name ${near}`);
  stanzas.claim(
    `z_${zone.id}`,
    mtuOption(zone.mtu),
    'bridge-stp off',
    `bridge-ports ${uplink} ${near}`,
    'bridge-fd 0',
    'bridge-vlan-aware yes',
    'bridge-vids 2-4094',
  );
  const port = vnet.tag === null ? far : interfaceName(`z_${zone.id}.${vnet.tag}`);
  stanzas.claim(vnet.id, `bridge_ports ${port}`, BRIDGE_TAIL, vlanAware(vnet), mtuOption(zone.mtu), aliasOption(vnet));
}

/** @returns the port of the zone's bridge that carries its service VLAN. */
function qinqUplink(context: ZoneContext, zone: QinqZone): string {
  const { stanzas } = context;
  const { kind, ports } = bridgeOf(context, zone);
  const { bridge, serviceTag, vlanProtocol } = zone;
  const service = `sv_${zone.id}`;
  if (kind === 'ovs') {
    const options = `vlan_mode=dot1q-tunnel tag=${serviceTag} other_config:qinq-ethtype=${vlanProtocol ?? '802.1q'}`;
    stanzas.claim(service, 'ovs_type OVSIntPort', `ovs_bridge ${bridge}`, mtuOption(zone.mtu, 'ovs_mtu'), `ovs_options ${options}`);
    stanzas.appendWord(bridge, 'ovs_ports', service);
    return service;
  }
  if (kind === 'vlan-aware') {
    const port = interfaceName(`${bridge}.${serviceTag}`);
    if (vlanProtocol !== null) {
      stanzas.claim(bridge, `bridge-vlan-protocol ${vlanProtocol}`);
      stanzas.claim(port, `vlan-protocol ${vlanProtocol}`);
    }
    return port;
  }
  const [device] = ports; // only the first: a second uplink of a plain bridge carries no QinQ
  stanzas.claim(
    service,
    device !== undefined && `vlan-raw-device ${device}`,
    `vlan-id ${serviceTag}`,
    vlanProtocol !== null && `vlan-protocol ${vlanProtocol}`,
  );
  return service;
}
