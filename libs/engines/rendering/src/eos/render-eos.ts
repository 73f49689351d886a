/** The lines of an EOS running-config that Trame owns, in the order in which EOS 4.34 prints its sections; this file states the order. */
import type { DeviceIntent } from '#engines/intent';
import type { Line } from '../piece.js';
import { block, lines, paragraphs } from '../text.js';
import { vrfPrefixes } from '../vrf-prefixes.js';
import { interiorInstance } from './interior-routing.js';
import { loopbackLists } from './loopback-filter.js';
import { loopbacks } from './loopbacks.js';
import { mlagConfiguration } from './mlag.js';
import { PEER_LINK_GROUP } from './names.js';
import { nextHopMaps } from './next-hop-map.js';
import { type Common, type Group, groupsByVlan } from './groups.js';
import { vrfLine } from './vrf-pieces.js';
import { portsPiece } from './own-pieces.js';
import { routerBgp } from './router-bgp.js';
import { STEP } from './step.js';
import { peerSvi } from './svi.js';
import { vxlan } from './vxlan.js';

export function renderEos(intent: DeviceIntent): Line[] {
  const networks = groupsByVlan(intent.l2vnis);
  const { mlag, switch: facts } = intent;
  return paragraphs<Line>('!', [
    lines(networks.some((group) => group.ask(haveRelay)) && 'ip dhcp relay information option'), // the server picks the pool by the subnet, not by the source
    lines(facts !== null && `vlan internal order ascending range ${facts.internalVlans.first} ${facts.internalVlans.last}`),
    lines(mlag !== null && `no spanning-tree vlan-id ${mlag.vlan}`),
    ...vlans(intent, networks),
    [...vrfLine.instance(intent.vrfs)],
    portsPiece(intent),
    ...loopbacks(intent),
    ...svis(intent, networks),
    vxlan(intent, networks),
    lines(
      intent.vrfs.length > 0 && `ip virtual-router mac-address ${intent.anycastGatewayMac}`,
      // What the switch itself sends to guests comes from its own address: the answer to a shared one could go to any VTEP.
      ...intent.vrfs.flatMap(({ name, loopbacks: own }) =>
        own
          .filter(({ address }) => !address.includes(':'))
          .slice(0, 1)
          .map(({ address }) => `ip address virtual source-nat vrf ${name} address ${address}`),
      ),
    ),
    ...routing(intent),
    ...(intent.bgp ? loopbackLists(intent.bgp) : []),
    ipv6Routing(intent),
    mlag ? mlagConfiguration(mlag) : [],
    lines(
      ...intent.vrfs.flatMap(({ name, staticRoutes }) =>
        staticRoutes.map(({ prefix, nextHop }) => `${prefix.includes(':') ? 'ipv6' : 'ip'} route vrf ${name} ${prefix} ${nextHop}`),
      ),
    ),
    ...(intent.bgp ? nextHopMaps(intent.bgp) : []),
    intent.bgp ? routerBgp(intent, intent.bgp) : [],
    interiorInstance(intent),
  ]);
}

const haveRelay = (networks: readonly Common[]): boolean =>
  networks.some(({ gateways }) => gateways.some(({ dhcpRelay }) => dhcpRelay !== null));
const hasGateway = ({ gateways }: Common): boolean => gateways.length > 0;
const isAny = (): boolean => true;

function vlans({ mlag }: DeviceIntent, networks: readonly Group[]): Line[][] {
  if (!mlag) return networks.map((group) => [...group.piece('vlan', isAny)]);
  const ofPair = block(STEP, `vlan ${mlag.vlan}`, [`name ${PEER_LINK_GROUP}`, `trunk group ${PEER_LINK_GROUP}`]);
  return around(mlag.vlan, networks, ofPair, (group, isWanted) => group.pieceOnce('vlan', isWanted));
}

function svis(intent: DeviceIntent, networks: readonly Group[]): Line[][] {
  const { mlag } = intent;
  if (!mlag) return networks.map((group) => [...group.piece('svi', hasGateway)]);
  return around(mlag.vlan, networks, peerSvi(intent, mlag), (group, isWanted) =>
    group.pieceOnce('svi', (network) => isWanted(network) && hasGateway(network)),
  );
}

/** Networks with the VLAN of a pair among them. */
function around(
  vlan: number,
  networks: readonly Group[],
  ofPair: readonly Line[],
  write: (group: Group, isWanted: (network: Common) => boolean) => readonly Line[],
): Line[][] {
  const isBelow = (network: Common): boolean => Number(network.vlan) < vlan;
  const parts = [
    ...networks.map((group) => write(group, isBelow)),
    ofPair,
    ...networks.map((group) => write(group, (network) => !isBelow(network))),
  ];
  return parts.map((part) => [...part]);
}

/** Links without IPv4 addresses carry IPv4 all the same (RFC 8950), if EOS is told so. */
export const routesOverIpv6 = ({ underlayPorts }: DeviceIntent): boolean => underlayPorts.some(({ address }) => address === null);

function routing(intent: DeviceIntent): Line[][] {
  if (!intent.bgp) return [];
  return [[routesOverIpv6(intent) ? 'ip routing ipv6 interfaces' : 'ip routing', ...vrfLine.routing(intent.vrfs)]];
}

const vrfsOfV6Relays = (networks: readonly Common[]): string[] =>
  networks.flatMap(({ gateways, vrf }) =>
    gateways.flatMap(({ dhcpRelay }) => (dhcpRelay?.servers.some((server) => server.includes(':')) ? lines(dhcpRelay.vrf ?? vrf) : [])),
  );

/** EOS forwards IPv6 in a VRF only if told so, whatever brought the route: a gateway, a loopback, a static route, a relay, a leak. */
function ipv6Routing(intent: DeviceIntent): string[] {
  const { vrfs } = intent;
  const relayed = groupsByVlan(intent.l2vnis).flatMap((group) => group.ask(vrfsOfV6Relays));
  // What is leaked arrives in the one VRF and leaves with the L3 VNI of the other: both forward it.
  const leaked = vrfs.flatMap(({ name, leaksFrom }) =>
    leaksFrom.filter(({ families }) => families.includes(6)).flatMap((from) => [name, from.name]),
  );
  const v6 = new Set<string>([...relayed, ...leaked]);
  return lines(
    intent.underlayPorts.some(({ address }) => address === null || address.includes(':')) && 'ipv6 unicast-routing',
    ...vrfs
      .filter((vrf) => v6.has(vrf.name) || vrfPrefixes(intent, vrf)['6'].length > 0)
      .map(({ name }) => `ipv6 unicast-routing vrf ${name}`),
  );
}
