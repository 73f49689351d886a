/** `interface VlanN`: gateways of networks, shared by all VTEPs (`ip address virtual`) or beside an own address (VARP). */
import type { DeviceIntent, L2VniIntent, MlagIntent, NetworkGatewayIntent } from '#engines/intent';
import { deviceLabel } from '../device-label.js';
import { block } from '../text.js';
import { interiorLines } from './interior-routing.js';
import { STEP } from './step.js';

const isV6 = ({ address }: NetworkGatewayIntent): boolean => address.includes(':');
const routedV6 = new WeakMap<readonly NetworkGatewayIntent[], boolean>();

/** Asked for every network of every switch, and switches share their gateways. */
export function hasV6({ gateways }: Pick<L2VniIntent, 'gateways'>): boolean {
  let found = routedV6.get(gateways);
  if (found === undefined) routedV6.set(gateways, (found = gateways.some(isV6)));
  return found;
}

const secondary = (position: number): string => (position > 0 ? ' secondary' : '');

export function svi(network: Pick<L2VniIntent, 'gateways' | 'vlan' | 'networkName' | 'mtu' | 'vrf'>): string[] {
  const label = deviceLabel(network.networkName);
  const [v4, v6] = [network.gateways.filter((gateway) => !isV6(gateway)), network.gateways.filter(isV6)];
  const own = ({ ownAddress }: NetworkGatewayIntent): boolean => ownAddress !== null;
  const virtual = (gateway: NetworkGatewayIntent): boolean => !own(gateway);
  return block(STEP, `interface Vlan${network.vlan}`, [
    label !== '' && `description ${label}`,
    `mtu ${network.mtu}`,
    `vrf ${network.vrf}`, // before the addresses: a change of VRF erases them
    // A second IPv4 subnet on one SVI has to be marked as such, or it replaces the first.
    ...v4.filter(own).map(({ ownAddress, prefixLength }, position) => `ip address ${ownAddress}/${prefixLength}${secondary(position)}`),
    ...relays(network),
    v6.length > 0 && 'ipv6 enable',
    ...v6.filter(own).map(({ ownAddress, prefixLength }) => `ipv6 address ${ownAddress}/${prefixLength}`),
    ...v4
      .filter(virtual)
      .map(({ address, prefixLength }, position) => `ip address virtual ${address}/${prefixLength}${secondary(position)}`),
    ...v6.filter(virtual).map(({ address, prefixLength }) => `ipv6 address virtual ${address}/${prefixLength}`),
    ...v4.filter(own).map(({ address }) => `ip virtual-router address ${address}`),
    ...v6.filter(own).map(({ address }) => `ipv6 virtual-router address ${address}`),
  ]);
}

/** DHCPv4 before DHCPv6; two subnets may have the same server, an SVI has it once. */
export function relays({ gateways }: Pick<L2VniIntent, 'gateways'>): string[] {
  const lines = gateways.flatMap(({ dhcpRelay }) => {
    if (!dhcpRelay) return [];
    const { servers, vrf, sourceLoopback } = dhcpRelay;
    const rest = `${vrf === null ? '' : ` vrf ${vrf}`}${sourceLoopback === null ? '' : ` source-interface Loopback${sourceLoopback}`}`;
    return servers.map((server) => `${server.includes(':') ? 'ipv6 dhcp relay destination' : 'ip helper-address'} ${server}${rest}`);
  });
  const unique = [...new Set(lines)];
  return [...unique.filter((line) => line.startsWith('ip ')), ...unique.filter((line) => line.startsWith('ipv6 '))];
}

/** The two switches of a pair, over their peer link. */
export function peerSvi(intent: DeviceIntent, mlag: MlagIntent): string[] {
  return block(STEP, `interface Vlan${mlag.vlan}`, [
    `description ${deviceLabel(mlag.peer)}`,
    'no autostate', // stays up while the peer link is the last port of the VLAN
    `${mlag.address.includes(':') ? 'ipv6' : 'ip'} address ${mlag.address}/${mlag.prefixLength}`,
    intent.igp !== null && interiorLines(intent.igp, 'LINK'),
  ]);
}
