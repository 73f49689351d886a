/** What frr.conf has to say, stated again from the numbers of the intent. */
import type { BgpIntent, BgpNeighborIntent, DeviceIntent } from '#engines/intent';
import { outline, type OutlineEntry } from '../outline.js';
import { vrfPrefixes } from '../vrf-prefixes.js';

export function frrOutline(intent: DeviceIntent): OutlineEntry[] {
  const { bgp } = intent;
  return [
    ...outline([], ['frr defaults datacenter', 'hostname', 'log syslog informational', 'service integrated-vtysh-config']),
    ...intent.vrfs.flatMap((vrf) => [
      ...outline([], [`vrf ${vrf.name}`, 'exit-vrf']),
      ...outline([`vrf ${vrf.name}`], [`vni ${vrf.l3vni}`]),
    ]),
    ...(bgp ? bgpOutline(intent, bgp) : []),
    ...(bgp ? vrfOutline(intent, bgp) : []),
  ];
}

function bgpOutline(intent: DeviceIntent, bgp: BgpIntent): OutlineEntry[] {
  const top = `router bgp ${bgp.asn}`;
  const evpn = bgp.neighbors.filter(({ families }) => families.includes('L2VPN_EVPN'));
  return [
    ...outline([], [top, 'exit']),
    ...outline([top], [`bgp router-id ${bgp.routerId}`, 'no bgp default ipv4-unicast']),
    ...outline(
      [top],
      bgp.neighbors.flatMap(({ address }) =>
        ['remote-as', 'description', 'update-source', 'timers'].map((key) => `neighbor ${address} ${key}`),
      ),
    ),
    ...(['4', '6'] as const).flatMap((family) => {
      const active = bgp.neighbors.filter(({ families }) => families.includes(family === '4' ? 'IPV4_UNICAST' : 'IPV6_UNICAST'));
      const networks = bgp.originate.filter((prefix) => prefix.includes(':') === (family === '6')).map((prefix) => `network ${prefix}`);
      return addressFamily(top, `ipv${family} unicast`, active, networks, true);
    }),
    ...addressFamily(
      top,
      'l2vpn evpn',
      evpn,
      ['advertise-all-vni', 'autort rfc8365-compatible', ...intent.l2vnis.flatMap(({ vni }) => [`vni ${vni}`, 'exit-vni'])],
      false,
    ),
    ...(evpn.length === 0
      ? []
      : intent.l2vnis.flatMap((network) => outline([top, 'address-family l2vpn evpn', `vni ${network.vni}`], targets(network)))),
  ];
}

function addressFamily(
  top: string,
  name: string,
  active: readonly BgpNeighborIntent[],
  keys: readonly string[],
  isUnicast: boolean,
): OutlineEntry[] {
  if (active.length === 0) return [];
  return [
    ...outline([top], [`address-family ${name}`, 'exit-address-family']),
    ...outline([top, `address-family ${name}`], keys),
    ...active.flatMap(({ address, routeReflectorClient, nextHopSelf }) =>
      outline(
        [top, `address-family ${name}`],
        [
          `neighbor ${address} activate`,
          ...(routeReflectorClient ? [`neighbor ${address} route-reflector-client`] : []),
          ...(isUnicast && nextHopSelf ? [`neighbor ${address} next-hop-self force`] : []),
        ],
      ),
    ),
  ];
}

function vrfOutline(intent: DeviceIntent, bgp: BgpIntent): OutlineEntry[] {
  return intent.vrfs.flatMap((vrf) => {
    const top = `router bgp ${bgp.asn} vrf ${vrf.name}`;
    const prefixes = vrfPrefixes(intent, vrf);
    const families = (['4', '6'] as const).filter((family) => prefixes[family].length > 0);
    return [
      ...outline([], [top, 'exit']),
      ...outline([top], [`bgp router-id ${bgp.routerId}`, 'address-family l2vpn evpn', 'exit-address-family']),
      ...outline([top, 'address-family l2vpn evpn'], ['autort rfc8365-compatible']),
      ...families.flatMap((family) => [
        ...outline([top], [`address-family ipv${family} unicast`, 'exit-address-family']),
        ...outline(
          [top, `address-family ipv${family} unicast`],
          prefixes[family].map((prefix) => `network ${prefix}`),
        ),
        ...outline([top, 'address-family l2vpn evpn'], [`advertise ipv${family} unicast`]),
      ]),
      ...outline([top, 'address-family l2vpn evpn'], targets(vrf)),
    ];
  });
}

function targets({
  rd,
  importTargets,
  exportTargets,
}: {
  rd: string;
  importTargets: readonly string[];
  exportTargets: readonly string[];
}): string[] {
  return [
    `rd ${rd}`,
    ...importTargets.map((target) => `route-target import ${target}`),
    ...exportTargets.map((target) => `route-target export ${target}`),
  ];
}
