/** /etc/frr/frr.conf, the whole file, in the order and spelling of FRR's own `show running-config` (8.4.4). */
import type { BgpIntent, BgpNeighborIntent, DeviceIntent, L2VniIntent, VrfIntent } from '#engines/intent';
import { block, lines } from '../text.js';
import { vrfPrefixes } from '../vrf-prefixes.js';

/**
 * FRR treats an explicit route target that equals its automatic one (AS:VNI) as a no-op: it stays automatic, is missing in
 * `show running-config` and frr-reload finds it anew for ever (8.4.4). This line moves the automatic value away (RFC 8365 §5.1.2.1 sets
 * a bit above the VNI), so that every target in the file is really explicit. It has to precede the `vni` blocks.
 */
const EXPLICIT_TARGETS = 'autort rfc8365-compatible';

export function renderFrr(intent: DeviceIntent): string[] {
  return lines(
    '! Owned by Trame: changes made here by hand are undone.',
    'frr defaults datacenter', // eBGP sessions need no policy; the timers are ours anyway
    `hostname ${intent.hostname}`,
    'log syslog informational',
    'service integrated-vtysh-config',
    '!',
    ...intent.vrfs.map((vrf) => [block(1, `vrf ${vrf.name}`, `vni ${vrf.l3vni}`, 'exit-vrf'), '!']),
    intent.bgp ? [routerBgp(intent, intent.bgp), '!'] : [],
    ...intent.vrfs.map((vrf) => (intent.bgp ? [vrfBgp(intent, intent.bgp, vrf), '!'] : [])),
  );
}

function routerBgp(intent: DeviceIntent, bgp: BgpIntent): string[] {
  const families = ['4', '6'] as const;
  return block(
    1,
    `router bgp ${bgp.asn}`,
    [
      `bgp router-id ${bgp.routerId}`,
      'no bgp default ipv4-unicast', // a session speaks the families of its record, nothing by default
      ...bgp.neighbors.map(neighbor),
      ...families.map((family) => unicast(bgp, family)),
      evpn(intent, bgp),
    ],
    'exit',
  );
}

function neighbor({ address, remoteAsn, description, updateSource, keepaliveSeconds, holdSeconds }: BgpNeighborIntent): string[] {
  return [
    `neighbor ${address} remote-as ${remoteAsn}`,
    `neighbor ${address} description ${description}`,
    `neighbor ${address} update-source ${updateSource}`,
    `neighbor ${address} timers ${keepaliveSeconds} ${holdSeconds}`,
  ];
}

function unicast(bgp: BgpIntent, family: '4' | '6'): string[] {
  const name = family === '4' ? 'IPV4_UNICAST' : 'IPV6_UNICAST';
  const active = bgp.neighbors.filter(({ families }) => families.includes(name));
  if (active.length === 0) return [];
  const own = bgp.originate.filter((prefix) => prefix.includes(':') === (family === '6'));
  return lines(
    '!',
    block(
      1,
      `address-family ipv${family} unicast`,
      [
        ...own.map((prefix) => `network ${prefix}`),
        ...active.map(({ address, routeReflectorClient, nextHopSelf }) =>
          lines(
            `neighbor ${address} activate`,
            routeReflectorClient && `neighbor ${address} route-reflector-client`,
            nextHopSelf && `neighbor ${address} next-hop-self force`, // without `force` reflected routes keep their next hop
          ),
        ),
      ],
      'exit-address-family',
    ),
  );
}

function evpn(intent: DeviceIntent, bgp: BgpIntent): string[] {
  const active = bgp.neighbors.filter(({ families }) => families.includes('L2VPN_EVPN'));
  if (active.length === 0) return [];
  return lines(
    '!',
    block(
      1,
      'address-family l2vpn evpn',
      [
        ...active.map(({ address, routeReflectorClient }) =>
          lines(`neighbor ${address} activate`, routeReflectorClient && `neighbor ${address} route-reflector-client`),
        ),
        'advertise-all-vni', // has to come before the first `vni`
        EXPLICIT_TARGETS,
        ...intent.l2vnis.map(macVrf),
      ],
      'exit-address-family',
    ),
  );
}

function macVrf({ vni, rd, importTargets, exportTargets }: L2VniIntent): string[] {
  return block(
    1,
    `vni ${vni}`,
    [
      `rd ${rd}`,
      ...importTargets.map((target) => `route-target import ${target}`),
      ...exportTargets.map((target) => `route-target export ${target}`),
    ],
    'exit-vni',
  );
}

function vrfBgp(intent: DeviceIntent, bgp: BgpIntent, vrf: VrfIntent): string[] {
  const prefixes = vrfPrefixes(intent, vrf);
  const families = (['4', '6'] as const).filter((family) => prefixes[family].length > 0);
  return block(
    1,
    `router bgp ${bgp.asn} vrf ${vrf.name}`,
    [
      `bgp router-id ${bgp.routerId}`,
      ...families.map((family) => [
        '!',
        block(
          1,
          `address-family ipv${family} unicast`,
          prefixes[family].map((prefix) => `network ${prefix}`),
          'exit-address-family',
        ),
      ]),
      '!',
      block(
        1,
        'address-family l2vpn evpn',
        [
          EXPLICIT_TARGETS,
          ...families.map((family) => `advertise ipv${family} unicast`),
          `rd ${vrf.rd}`,
          ...vrf.importTargets.map((target) => `route-target import ${target}`),
          ...vrf.exportTargets.map((target) => `route-target export ${target}`),
        ],
        'exit-address-family',
      ),
    ],
    'exit',
  );
}
