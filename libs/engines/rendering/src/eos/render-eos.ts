/** The lines of an EOS running-config that Trame owns, in the order in which EOS 4.34 prints its sections. */
import type { BgpIntent, BgpNeighborIntent, DeviceIntent, EdgePortIntent, L2VniIntent, VrfIntent } from '#engines/intent';
import { compareNatural } from '#engines/kernel';
import { deviceLabel } from '../device-label.js';
import { block, lines } from '../text.js';
import { vrfPrefixes } from '../vrf-prefixes.js';
import { LOOPBACK, sourceInterface } from './source-interface.js';

const STEP = 3;

export function renderEos(intent: DeviceIntent): string[] {
  const ports = [
    ...intent.underlayPorts.map((port) => ({ name: port.port as string, text: underlayPort(port) })),
    ...intent.edgePorts.map((port) => ({ name: port.port as string, text: edgePort(port) })),
  ].sort((a, b) => compareNatural(a.name, b.name));
  return sections([
    ...byVlan(intent.l2vnis).map((network) => block(STEP, `vlan ${network.vlan}`, `name ${vlanName(network)}`)),
    ...intent.vrfs.map((vrf) => [`vrf instance ${vrf.name}`]),
    ...ports.map(({ text }) => text),
    intent.vtep ? block(STEP, `interface ${LOOPBACK}`, [loopbackAddress(intent.vtep.address)]) : [],
    ...byVlan(intent.l2vnis)
      .filter(({ gateways }) => gateways.length > 0)
      .map(svi),
    vxlan(intent),
    intent.vrfs.length > 0 ? [`ip virtual-router mac-address ${intent.anycastGatewayMac}`] : [],
    intent.bgp ? lines('ip routing', ...intent.vrfs.map((vrf) => `ip routing vrf ${vrf.name}`)) : [],
    intent.bgp ? routerBgp(intent, intent.bgp) : [],
  ]);
}

function underlayPort({ port, address, prefixLength, mtu, description }: DeviceIntent['underlayPorts'][number]): string[] {
  const label = description === null ? '' : deviceLabel(description);
  return block(STEP, `interface ${port}`, [
    label !== '' && `description ${label}`,
    mtu !== null && `mtu ${mtu}`,
    'no switchport',
    `${address.includes(':') ? 'ipv6' : 'ip'} address ${address}/${prefixLength}`,
  ]);
}

function edgePort({ port, members }: EdgePortIntent): string[] {
  const untagged = members.find(({ tagging }) => tagging === 'UNTAGGED');
  const tagged = members.filter(({ tagging }) => tagging === 'TAGGED').map(({ vlan }) => Number(vlan));
  if (tagged.length === 0) return block(STEP, `interface ${port}`, [`switchport access vlan ${untagged?.vlan}`]);
  const allowed = [...tagged, ...(untagged ? [Number(untagged.vlan)] : [])].sort((a, b) => a - b);
  return block(STEP, `interface ${port}`, [
    untagged !== undefined && `switchport trunk native vlan ${untagged.vlan}`,
    `switchport trunk allowed vlan ${vlanList(allowed)}`,
    'switchport mode trunk',
  ]);
}

/** `10,20,30-32`, as EOS prints it. */
function vlanList(vlans: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const vlan of vlans) {
    const last = ranges.at(-1);
    if (last && vlan === last[1] + 1) last[1] = vlan;
    else ranges.push([vlan, vlan]);
  }
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
}

function svi(network: L2VniIntent): string[] {
  const label = deviceLabel(network.networkName);
  return block(STEP, `interface Vlan${network.vlan}`, [
    label !== '' && `description ${label}`,
    `mtu ${network.mtu}`,
    `vrf ${network.vrf}`, // before the addresses: a change of VRF erases them
    ...network.gateways.map(
      ({ address, prefixLength }) => `${address.includes(':') ? 'ipv6' : 'ip'} address virtual ${address}/${prefixLength}`,
    ),
  ]);
}

function vxlan(intent: DeviceIntent): string[] {
  if (!intent.vtep) return [];
  return block(STEP, 'interface Vxlan1', [
    `vxlan source-interface ${LOOPBACK}`,
    `vxlan udp-port ${intent.vtep.udpPort}`,
    intent.vtep.address.includes(':') && 'vxlan encapsulation ipv6',
    ...byVlan(intent.l2vnis).map(({ vlan, vni }) => `vxlan vlan ${vlan} vni ${vni}`),
    ...intent.vrfs.map(({ name, l3vni }) => `vxlan vrf ${name} vni ${l3vni}`),
  ]);
}

function routerBgp(intent: DeviceIntent, bgp: BgpIntent): string[] {
  const macVrfs = [...intent.l2vnis].sort((a, b) => (String(a.vlan) < String(b.vlan) ? -1 : 1)); // EOS sorts them as strings
  return block(STEP, `router bgp ${bgp.asn}`, [
    `router-id ${bgp.routerId}`,
    'no bgp default ipv4-unicast',
    ...bgp.neighbors.map((neighbor) => neighborLines(intent, neighbor)),
    ...macVrfs.map((network) => ['!', macVrf(network)]),
    addressFamily(
      'evpn',
      bgp.neighbors.filter(({ families }) => families.includes('L2VPN_EVPN')),
      [],
    ),
    unicast(bgp, '4'),
    unicast(bgp, '6'),
    ...intent.vrfs.map((vrf) => ['!', vrfBgp(intent, bgp, vrf)]),
  ]);
}

function neighborLines(intent: DeviceIntent, neighbor: BgpNeighborIntent): string[] {
  const { address } = neighbor;
  return lines(
    `neighbor ${address} remote-as ${neighbor.remoteAsn}`,
    neighbor.nextHopSelf && `neighbor ${address} next-hop-self`,
    `neighbor ${address} update-source ${sourceInterface(intent, neighbor.updateSource)}`,
    `neighbor ${address} description ${neighbor.description}`,
    neighbor.routeReflectorClient && `neighbor ${address} route-reflector-client`,
    `neighbor ${address} timers ${neighbor.keepaliveSeconds} ${neighbor.holdSeconds}`,
    `neighbor ${address} send-community extended`, // route targets are extended communities
  );
}

function macVrf({ vlan, rd, importTargets, exportTargets }: L2VniIntent): string[] {
  return block(STEP, `vlan ${vlan}`, [`rd ${rd}`, ...targets(importTargets, exportTargets, ''), 'redistribute learned']);
}

/** `both` where a target is imported and exported, as EOS prints it. */
function targets(imported: readonly string[], exported: readonly string[], family: string): string[] {
  const both = imported.filter((target) => exported.includes(target));
  return family === ''
    ? [
        ...both.map((target) => `route-target both ${target}`),
        ...imported.filter((target) => !both.includes(target)).map((target) => `route-target import ${target}`),
        ...exported.filter((target) => !both.includes(target)).map((target) => `route-target export ${target}`),
      ]
    : [
        ...imported.map((target) => `route-target import ${family} ${target}`),
        ...exported.map((target) => `route-target export ${family} ${target}`),
      ];
}

function unicast(bgp: BgpIntent, family: '4' | '6'): string[] {
  const name = family === '4' ? 'IPV4_UNICAST' : 'IPV6_UNICAST';
  const own = bgp.originate.filter((prefix) => prefix.includes(':') === (family === '6'));
  return addressFamily(
    `ipv${family}`,
    bgp.neighbors.filter(({ families }) => families.includes(name)),
    own.map((prefix) => `network ${prefix}`),
  );
}

function addressFamily(name: string, active: readonly BgpNeighborIntent[], rest: readonly string[]): string[] {
  if (active.length === 0) return [];
  return lines('!', block(STEP, `address-family ${name}`, [...active.map(({ address }) => `neighbor ${address} activate`), ...rest]));
}

function vrfBgp(intent: DeviceIntent, bgp: BgpIntent, vrf: VrfIntent): string[] {
  const prefixes = vrfPrefixes(intent, vrf);
  return block(STEP, `vrf ${vrf.name}`, [
    `rd ${vrf.rd}`,
    ...targets(vrf.importTargets, vrf.exportTargets, 'evpn'),
    `router-id ${bgp.routerId}`,
    ...[...prefixes['4'], ...prefixes['6']].map((prefix) => `network ${prefix}`),
  ]);
}

const vlanName = (network: L2VniIntent): string => `vni${network.vni}`;
const loopbackAddress = (address: string): string => (address.includes(':') ? `ipv6 address ${address}/128` : `ip address ${address}/32`);
const byVlan = (networks: readonly L2VniIntent[]): L2VniIntent[] => [...networks].sort((a, b) => Number(a.vlan) - Number(b.vlan));

function sections(parts: readonly (readonly string[])[]): string[] {
  return parts.filter((part) => part.length > 0).flatMap((part, position) => (position === 0 ? part : ['!', ...part]));
}
