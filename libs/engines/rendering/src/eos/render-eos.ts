/** The lines of an EOS running-config that Trame owns, in the order in which EOS 4.34 prints its sections; this file states the order. */
import type { DeviceIntent, L2VniIntent } from '#engines/intent';
import { block, lines, paragraphs } from '../text.js';
import { loopback, physicalPorts, svi, vxlan } from './interfaces.js';
import { nextHopMaps } from './next-hop-map.js';
import { routerBgp } from './router-bgp.js';
import { STEP } from './step.js';

export function renderEos(intent: DeviceIntent): string[] {
  const networks = [...intent.l2vnis].sort((a, b) => Number(a.vlan) - Number(b.vlan));
  return paragraphs('!', [
    ...networks.map((network) => block(STEP, `vlan ${network.vlan}`, `name ${vlanName(network)}`)),
    ...intent.vrfs.map((vrf) => [`vrf instance ${vrf.name}`]),
    ...physicalPorts(intent),
    loopback(intent),
    ...networks.filter(({ gateways }) => gateways.length > 0).map(svi),
    vxlan(intent, networks),
    intent.vrfs.length > 0 ? [`ip virtual-router mac-address ${intent.anycastGatewayMac}`] : [],
    intent.bgp ? ['ip routing', ...intent.vrfs.map((vrf) => `ip routing vrf ${vrf.name}`)] : [],
    ipv6Routing(intent),
    ...(intent.bgp ? nextHopMaps(intent.bgp) : []),
    intent.bgp ? routerBgp(intent, intent.bgp) : [],
  ]);
}

/** Derived: ≤ 32 characters for every VNI, and nothing that a customer typed. */
const vlanName = (network: L2VniIntent): string => `vni${network.vni}`;

function ipv6Routing(intent: DeviceIntent): string[] {
  const isV6 = (vrf: string): boolean =>
    intent.l2vnis.some((network) => network.vrf === vrf && network.gateways.some(({ address }) => address.includes(':')));
  return lines(
    intent.underlayPorts.some(({ address }) => address?.includes(':')) && 'ipv6 unicast-routing',
    ...intent.vrfs.filter(({ name }) => isV6(name)).map(({ name }) => `ipv6 unicast-routing vrf ${name}`),
  );
}
