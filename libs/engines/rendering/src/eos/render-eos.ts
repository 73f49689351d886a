/** The lines of an EOS running-config that Trame owns, in the order in which EOS 4.34 prints its sections; this file states the order. */
import type { DeviceIntent, VrfIntent } from '#engines/intent';
import type { Line } from '../piece.js';
import { remembered } from '../remembered.js';
import { block, lines, paragraphs } from '../text.js';
import { prefixesOfVrfs } from '../vrf-prefixes.js';
import { interiorInstance } from './interior-routing.js';
import { loopbackLists } from './loopback-filter.js';
import { loopbacks } from './loopbacks.js';
import { mlagConfiguration } from './mlag.js';
import { PEER_LINK_GROUP } from './names.js';
import { nextHopMaps } from './next-hop-map.js';
import { type Common, type Networks, networksByVlan } from './groups.js';
import { vrfLine } from './vrf-pieces.js';
import { portsPiece } from './own-pieces.js';
import { routerBgp } from './router-bgp.js';
import { STEP } from './step.js';
import { peerSvi } from './svi.js';
import { vxlan } from './vxlan.js';

export function renderEos(intent: DeviceIntent): Line[] {
  const networks = networksByVlan(intent.l2vnis);
  const { mlag, switch: facts } = intent;
  return paragraphs<Line>('!', [
    lines(networks.ask(haveRelay).includes(true) && 'ip dhcp relay information option'), // the server picks the pool by the subnet, not by the source
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
      ...sourceNat(intent.vrfs),
    ),
    ...routing(intent),
    ...(intent.bgp ? loopbackLists(intent.bgp) : []),
    ipv6Routing(intent),
    mlag ? mlagConfiguration(mlag) : [],
    [...staticRoutes(intent.vrfs)],
    ...(intent.bgp ? nextHopMaps(intent.bgp) : []),
    intent.bgp ? routerBgp(intent, intent.bgp) : [],
    interiorInstance(intent),
  ]);
}

const sourceNat = remembered<readonly VrfIntent[], readonly string[]>((vrfs) =>
  vrfs.flatMap(({ name, loopbacks: own }) =>
    own
      .filter(({ address }) => !address.includes(':'))
      .slice(0, 1)
      .map(({ address }) => `ip address virtual source-nat vrf ${name} address ${address}`),
  ),
);

const staticRoutes = remembered<readonly VrfIntent[], readonly string[]>((vrfs) =>
  vrfs.flatMap(({ name, staticRoutes: own }) =>
    own.map(({ prefix, nextHop }) => `${prefix.includes(':') ? 'ipv6' : 'ip'} route vrf ${name} ${prefix} ${nextHop}`),
  ),
);

const haveRelay = (networks: readonly Common[]): boolean =>
  networks.some(({ gateways }) => gateways.some(({ dhcpRelay }) => dhcpRelay !== null));
const hasGateway = ({ gateways }: Common): boolean => gateways.length > 0;
const isAny = (): boolean => true;

function vlans({ mlag }: DeviceIntent, networks: Networks): Line[][] {
  if (!mlag) return [[...networks.piece('vlan', isAny)]];
  const ofPair = block(STEP, `vlan ${mlag.vlan}`, [`name ${PEER_LINK_GROUP}`, `trunk group ${PEER_LINK_GROUP}`]);
  return around(mlag.vlan, ofPair, (isWanted) => networks.pieceOnce('vlan', isWanted));
}

function svis(intent: DeviceIntent, networks: Networks): Line[][] {
  const { mlag } = intent;
  if (!mlag) return [[...networks.piece('svi', hasGateway)]];
  return around(mlag.vlan, peerSvi(intent, mlag), (isWanted) =>
    networks.pieceOnce('svi', (network) => isWanted(network) && hasGateway(network)),
  );
}

/** Networks with the VLAN of a pair among them. */
function around(vlan: number, ofPair: readonly Line[], write: (isWanted: (network: Common) => boolean) => readonly Line[]): Line[][] {
  const isBelow = (network: Common): boolean => Number(network.vlan) < vlan;
  const above = write((network) => !isBelow(network));
  return [...write(isBelow).map((piece) => [piece]), [...ofPair], ...above.map((piece) => [piece])];
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

/** What is leaked arrives in the one VRF and leaves with the L3 VNI of the other: both forward it. */
const leakedV6 = remembered<readonly VrfIntent[], readonly string[]>((vrfs) =>
  vrfs.flatMap(({ name, leaksFrom }) => leaksFrom.filter(({ families }) => families.includes(6)).flatMap((from) => [name, from.name])),
);

/** EOS forwards IPv6 in a VRF only if told so, whatever brought the route: a gateway, a loopback, a static route, a relay, a leak. */
function ipv6Routing(intent: DeviceIntent): string[] {
  const { vrfs } = intent;
  const prefixes = prefixesOfVrfs(intent);
  const v6 = new Set<string>([...networksByVlan(intent.l2vnis).ask(vrfsOfV6Relays).flat(), ...leakedV6(vrfs)]);
  return lines(
    intent.underlayPorts.some(({ address }) => address === null || address.includes(':')) && 'ipv6 unicast-routing',
    ...vrfs
      .filter(({ name }, place) => v6.has(name) || prefixes[place]?.['6'].length !== 0)
      .map(({ name }) => `ipv6 unicast-routing vrf ${name}`),
  );
}
