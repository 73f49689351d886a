/** What interfaces.d/trame has to say, stated again from the numbers of the intent. */
import type { DeviceIntent, L2VniIntent } from '#engines/intent';
import { deviceLabel } from '../device-label.js';
import { outline, type OutlineEntry } from '../outline.js';
import { hostPorts } from './host-ports.js';

const VXLAN = ['vxlan-id', 'vxlan-local-tunnelip', 'vxlan-port', 'vxlan-learning', 'bridge-learning', 'mtu'];
const BRIDGE = ['bridge-ports', 'bridge-stp', 'bridge-fd', 'mtu'];

export function ifupdown2Outline(intent: DeviceIntent): OutlineEntry[] {
  return [
    ...(intent.vtep ? iface('lo', ['address'], ' inet loopback') : []),
    ...intent.underlayPorts.flatMap(({ port, address, mtu }) =>
      iface(port, [...(address === null ? [] : ['address']), ...(mtu === null ? [] : ['mtu'])]),
    ),
    ...hostPorts(intent).flatMap(({ name, tag }) => iface(name, tag ? ['vlan-raw-device', 'vlan-id'] : [])),
    ...intent.vrfs.flatMap((vrf) => [
      ...iface(vrf.name, ['vrf-table auto', `post-up ip route replace vrf ${vrf.name}`, `post-up ip -6 route replace vrf ${vrf.name}`]),
      ...iface(vrf.vxlanName, VXLAN),
      ...iface(vrf.bridgeName, [...BRIDGE, 'hwaddress', `vrf ${vrf.name}`]),
    ]),
    ...intent.l2vnis.flatMap((network) => [
      ...iface(network.vxlanName, [...VXLAN, 'bridge-arp-nd-suppress']),
      ...iface(network.bridgeName, [...BRIDGE, 'bridge-ports-condone-regex', 'ip-forward', 'ip6-forward', ...networkKeys(network)]),
    ]),
  ];
}

function networkKeys({ networkName, gateways, vrf, bridgeName }: L2VniIntent): string[] {
  const v6 = gateways.filter(({ address }) => address.includes(':'));
  return [
    ...(deviceLabel(networkName) === '' ? [] : ['alias']),
    ...(gateways.length === 0 ? [] : ['hwaddress', 'arp-accept on', ...gateways.map(() => 'address')]),
    ...v6.map(({ address, prefixLength }) => `post-up ip -6 address replace ${address}/${prefixLength} dev ${bridgeName} nodad`),
    ...(v6.length > 0 ? [] : ['ipv6-addrgen off']),
    ...(vrf === null ? [] : [`vrf ${vrf}`]),
  ];
}

function iface(name: string, keys: readonly string[], method = ''): OutlineEntry[] {
  return [...outline([], [`auto ${name}`, `iface ${name}${method}`]), ...outline([`iface ${name}${method}`], keys)];
}
