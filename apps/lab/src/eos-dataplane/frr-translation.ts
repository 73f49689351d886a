/** `router bgp` of EOS in the words of FRR, for the daemon that speaks BGP in the switch's place. */
import type { BgpState, NeighborState, SwitchState } from '../eos-simulator/index.js';

export function frrConfig(state: SwitchState): string {
  const lines = [
    'frr defaults datacenter',
    `hostname ${state.hostname}`,
    'service integrated-vtysh-config',
    '!',
    ...(state.bgp === null ? [] : routerBgp(state, state.bgp)),
  ];
  return `${lines.join('\n')}\n`;
}

function routerBgp(state: SwitchState, bgp: BgpState): readonly string[] {
  return [
    `router bgp ${bgp.asn}`,
    ...(bgp.routerId === null ? [] : [` bgp router-id ${bgp.routerId}`]),
    ' no bgp default ipv4-unicast',
    ...bgp.neighbors.flatMap(neighbor),
    ' !',
    ' address-family ipv4 unicast',
    ...bgp.networks.map((network) => `  network ${network}`),
    ...(bgp.redistributesConnected ? ['  redistribute connected'] : []),
    ...bgp.neighbors
      .filter(({ ipv4 }) => ipv4)
      .flatMap((one) => [...family(one), ...nextHopSelf(one, one.isNextHopSelf || isNextHopMap(state, one))]),
    ' exit-address-family',
    ' !',
    ' address-family l2vpn evpn',
    ...bgp.neighbors.filter(({ evpn }) => evpn).flatMap((one) => [...family(one), ...nextHopSelf(one, one.isNextHopSelf)]),
    '  advertise-all-vni', // before the `vni` blocks, which FRR refuses otherwise
    ...bgp.macVrfs.flatMap((vrf) => macVrf(state, vrf)),
    ' exit-address-family',
    'exit',
  ];
}

function neighbor({ address, remoteAsn, updateSource, keepaliveSeconds, holdSeconds }: NeighborState): readonly string[] {
  const own = ` neighbor ${address}`;
  return [
    `${own} remote-as ${remoteAsn}`,
    ...(updateSource === null ? [] : [`${own} update-source ${updateSource.startsWith('Loopback') ? 'lo' : updateSource}`]),
    `${own} timers ${keepaliveSeconds} ${holdSeconds}`,
    `${own} timers connect 1`, // FRR waits 120 s (datacenter: 10 s) between attempts; EOS is back within seconds
  ];
}

function family({ address, isRouteReflectorClient, sendsExtendedCommunities }: NeighborState): readonly string[] {
  const own = `neighbor ${address}`;
  return [
    `  ${own} activate`,
    ...(isRouteReflectorClient ? [`  ${own} route-reflector-client`] : []),
    ...(sendsExtendedCommunities ? [] : [`  no ${own} send-community extended`]), // FRR sends them unless told otherwise
  ];
}

/** `force`: FRR leaves the next hop of reflected routes alone otherwise, EOS does what it is told. */
const nextHopSelf = ({ address }: NeighborState, isOwn: boolean): readonly string[] =>
  isOwn ? [`  neighbor ${address} next-hop-self force`] : [];

/** FRR ignores next hops of outbound route maps on reflected routes: the map is said in the neighbor's words. */
const isNextHopMap = ({ nextHopSelfMaps }: SwitchState, { routeMapOut }: NeighborState): boolean =>
  routeMapOut !== null && nextHopSelfMaps.includes(routeMapOut);

function macVrf(state: SwitchState, { vlan, rd, importRts, exportRts }: BgpState['macVrfs'][number]): readonly string[] {
  const vni = state.mappings.find((mapping) => mapping.vlan === vlan)?.vni;
  if (vni === undefined || rd === null) return [];
  return [
    `  vni ${vni}`,
    `   rd ${rd}`,
    ...importRts.map((target) => `   route-target import ${target}`),
    ...exportRts.map((target) => `   route-target export ${target}`),
    '  exit-vni',
  ];
}
