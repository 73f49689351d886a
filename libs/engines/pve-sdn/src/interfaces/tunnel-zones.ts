/** Zones over VXLAN: with static peers, and with EVPN. */
import type { Vnet } from '../model/sdn-config.js';
import { familyOf, isSameIp } from '../model/written.js';
import type { EvpnZone, VxlanZone } from '../model/zone.js';
import { type LocalAddress, tunnelEnd } from '../node/local-address.js';
import { nodeLoopback } from '../node/node-controllers.js';
import { invalidValue } from '#engines/kernel';
import { subnetOptions } from './subnet-options.js';
import { aliasOption, BRIDGE_TAIL, mtuOption, vlanAware, type ZoneContext } from './zone-context.js';

/** IPv4 underlay: Ethernet 14, IP 20, UDP 8, VXLAN 8. Proxmox takes off the same for IPv6, which needs 20 more. */
const TUNNEL_OVERHEAD = 50;
const DEFAULT_MTU = 1500;

/** Worse than any route that there may be; the number is the one that the kernel's documentation of VRFs recommends. */
const LAST_RESORT = 4_278_198_272;

export function vxlanZone(context: ZoneContext, zone: VxlanZone, vnet: Vnet): void {
  const { stanzas, config, facts, release } = context;
  const { peers, ...local } = tunnelEnd(config, facts, zone.underlay, null, release === '9.2');
  const mtu = mtuOption(zone.mtu ?? tunnelMtu(context, local));
  const remotes = peers.filter((peer) => local.address === null || !isSameIp(peer, local.address));
  stanzas.claim(
    `vxlan_${vnet.id}`,
    `vxlan-id ${vnet.tag}`,
    remotes.map((peer) => `vxlan_remoteip ${peer}`),
    zone.vxlanPort !== null && `vxlan-port ${zone.vxlanPort}`,
    mtu,
  );
  stanzas.claim(vnet.id, `bridge_ports vxlan_${vnet.id}`, BRIDGE_TAIL, vlanAware(vnet), mtu, aliasOption(vnet));
}

export function evpnZone(context: ZoneContext, zone: EvpnZone, vnet: Vnet): void {
  const { stanzas, config, facts, release, subnets } = context;
  const controller = config.controllers.find(({ id }) => id === zone.controller);
  if (controller?.type !== 'evpn') throw invalidValue(`zone ${zone.id}: controller`, zone.controller, 'an evpn controller');
  const local = tunnelEnd(config, facts, controller.underlay, nodeLoopback(config, facts.name), release === '9.2');
  const mtu = zone.mtu ?? tunnelMtu(context, local);
  const isExit = zone.exitNodes.includes(facts.name);
  const vrf = `vrf_${zone.id}`;
  const tunnel = (vni: number) => [
    `vxlan-id ${vni}`,
    local.address !== null && `vxlan-local-tunnelip ${local.address}`,
    zone.vxlanPort !== null && `vxlan-port ${zone.vxlanPort}`,
    'bridge-learning off',
    !zone.disableArpNdSuppression && 'bridge-arp-nd-suppress on',
    `mtu ${mtu}`,
  ];
  const { addresses, forwarding } = subnetOptions(vnet, subnets, facts, { routesHosts: false, translates: isExit });
  stanzas.claim(`vxlan_${vnet.id}`, tunnel(vnet.tag ?? 0));
  stanzas.claim(
    vnet.id,
    addresses,
    zone.anycastMac !== null && `hwaddress ${zone.anycastMac}`,
    `bridge_ports vxlan_${vnet.id}`,
    BRIDGE_TAIL,
    `mtu ${mtu}`,
    aliasOption(vnet),
    forwarding,
    subnets.length > 0 && 'arp-accept on',
    `vrf ${vrf}`,
  );
  stanzas.claim(vrf, 'vrf-table auto', `post-up ip route ${isExit ? 'del' : 'add'} vrf ${vrf} unreachable default metric ${LAST_RESORT}`);
  stanzas.claim(`vrfvx_${zone.id}`, tunnel(zone.l3vni));
  stanzas.claim(`vrfbr_${zone.id}`, `bridge-ports vrfvx_${zone.id}`, BRIDGE_TAIL, `mtu ${mtu}`, `vrf ${vrf}`);
  if (isExit && zone.exitNodesLocalRouting) localRouting(context, zone, mtu + TUNNEL_OVERHEAD);
}

/** A pair of veths from the main table into the VRF. The addresses are the same for every zone, as Proxmox has them. */
function localRouting({ stanzas, subnets }: ZoneContext, zone: EvpnZone, mtu: number): void {
  const [outer, inner] = [`xvrf_${zone.id}`, `xvrfp_${zone.id}`];
  const hasIp6 = subnets.some(({ prefix }) => familyOf(prefix.address) === 6);
  const ends = (host: 1 | 2) => ['link-type veth', `address 10.255.255.${host}/30`, hasIp6 && `address fe80::${host}/126`];
  stanzas.claim(outer, ends(1), `veth-peer-name ${inner}`, `mtu ${mtu}`);
  stanzas.claim(inner, ends(2), `veth-peer-name ${outer}`, `vrf vrf_${zone.id}`, `mtu ${mtu}`);
}

function tunnelMtu({ facts }: ZoneContext, { device }: LocalAddress): number {
  const mtu = device === null ? null : (facts.interfaces.get(device)?.mtu ?? null);
  return (mtu ?? DEFAULT_MTU) - TUNNEL_OVERHEAD;
}
