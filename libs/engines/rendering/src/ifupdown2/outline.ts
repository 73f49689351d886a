/** What interfaces.d/trame has to say, stated again from the numbers of the intent. */
import type { DeviceIntent, L2VniIntent } from '#engines/intent';
import { outline, type OutlineEntry } from '../outline.js';
import { hostPorts } from './host-ports.js';

const VXLAN = ['vxlan-id', 'vxlan-local-tunnelip', 'vxlan-port', 'vxlan-learning', 'bridge-learning'];
const BRIDGE = ['bridge-ports', 'bridge-stp', 'bridge-fd'];

export function ifupdown2Outline(intent: DeviceIntent): OutlineEntry[] {
  return [
    ...(intent.vtep ? iface('lo', ['address'], ' inet loopback') : []),
    ...intent.underlayPorts.flatMap(({ port, mtu }) => iface(port, mtu === null ? ['address'] : ['address', 'mtu'])),
    ...hostPorts(intent).flatMap(({ name, tag }) => iface(name, tag ? ['vlan-raw-device', 'vlan-id'] : [])),
    ...intent.vrfs.flatMap((vrf) => [
      ...iface(vrf.name, ['vrf-table auto']),
      ...iface(vrf.vxlanName, VXLAN),
      ...iface(vrf.bridgeName, [...BRIDGE, 'hwaddress', 'vrf']),
    ]),
    ...intent.l2vnis.flatMap((network) => [
      ...iface(network.vxlanName, [...VXLAN, 'bridge-arp-nd-suppress', 'mtu']),
      ...iface(network.bridgeName, [...BRIDGE, ...gatewayKeys(network), ...(network.vrf ? ['vrf'] : [])]),
    ]),
  ];
}

function gatewayKeys(network: L2VniIntent): string[] {
  return network.gateways.length > 0 ? ['hwaddress', ...network.gateways.map(() => 'address')] : [];
}

function iface(name: string, keys: readonly string[], method = ''): OutlineEntry[] {
  return [...outline([], [`auto ${name}`, `iface ${name}${method}`]), ...outline([`iface ${name}${method}`], keys)];
}
