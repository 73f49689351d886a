/** Ports, loopbacks and SVIs; lines in the order in which EOS prints them. */
import { body } from '../grammar/body.js';
import { many, members, one, section, sections, toggle } from '../grammar/field.js';
import { after, choice, flag, freeText, maybe, parts } from '../grammar/part.js';
import { phrase } from '../grammar/phrase.js';
import { esi, esImport, host4, host6, ip4, ip6, mac, name, number, port, printNumbers, vlan } from './words.js';

const mtu = number(68, 65_535);

const head = {
  description: one(phrase('description', freeText)),
  shutdown: toggle('shutdown'),
  mtu: one(phrase('mtu', mtu)),
};

const ethernetSegment = body({
  identifier: one(phrase('identifier', parts({ auto: flag('auto lacp'), esi: maybe(esi) }))),
  redundancy: one(phrase('redundancy', choice('single-active', 'all-active'))),
  electionPreference: one(
    phrase(
      'designated-forwarder election algorithm preference',
      parts({ preference: number(0, 65_535), dontPreempt: flag('dont-preempt') }),
    ),
  ),
  electionHoldTime: one(phrase('designated-forwarder election hold-time', number(0, 65_535))),
  importTarget: one(phrase('route-target import', esImport)),
});

const subInterface = {
  vlanId: one(phrase('vlan id', vlan)),
  dot1q: one(phrase('encapsulation dot1q vlan', parts({ outer: vlan, inner: maybe(after('inner', vlan)) }))),
  encapsulation: section(
    'encapsulation vlan',
    body({
      client: one(phrase('client dot1q', parts({ vlan, network: flag('network client') }))),
      doubleTagged: one(
        phrase(
          'client dot1q outer',
          parts({ outer: vlan, inner: after('inner', vlan), network: flag('network client'), keepsInner: flag('inner') }),
        ),
      ),
      translated: one(phrase('client dot1q', parts({ vlan, network: after('network dot1q', vlan) }))),
    }),
  ),
};

const bridging = {
  accessVlan: one(phrase('switchport access vlan', vlan)),
  nativeVlan: one(phrase('switchport trunk native vlan', parts({ tag: flag('tag'), vlan: maybe(vlan) }))),
  phoneVlan: one(phrase('switchport phone vlan', vlan)),
  phoneTrunk: one(phrase('switchport phone trunk', choice('tagged', 'untagged', 'tagged phone', 'untagged phone'))),
  noVlanAllowed: one(phrase('switchport trunk allowed vlan none')),
  allowedVlans: members(phrase('switchport trunk allowed vlan', vlan), printNumbers),
  mode: one(phrase('switchport mode', choice('access', 'trunk', 'trunk phone', 'dot1q-tunnel'))),
  trunkGroups: many(phrase('switchport trunk group', name)),
  switchport: toggle('switchport'),
  sourceInterfaceTx: one(phrase('switchport source-interface tx')),
  dot1qEthertype: one(phrase('switchport dot1q ethertype', freeText)),
  translations: many(
    phrase(
      'switchport vlan translation',
      parts({
        direction: maybe(choice('in', 'out')),
        from: vlan,
        inner: maybe(after('inner', vlan)),
        tunnel: flag('dot1q-tunnel'),
        to: vlan,
        toInner: maybe(after('inner', vlan)),
      }),
    ),
  ),
};

const addresses = {
  ipv4Unnumbered: one(phrase('ip address unnumbered', port())),
  ipv4Dhcp: one(phrase('ip address dhcp')),
  ipv4: many(phrase('ip address', parts({ prefix: host4, secondary: flag('secondary') }))),
  ipv6Enabled: toggle('ipv6 enable'),
  ipv6: many(phrase('ipv6 address', parts({ prefix: host6, linkLocal: flag('link-local') }))),
  ipv6LinkLocal: one(phrase('ipv6 address', parts({ address: ip6, linkLocal: flag('link-local') }))),
  accessGroups: many(phrase('ip access-group', parts({ list: name, direction: choice('in', 'out') }))),
  accessGroups6: many(phrase('ipv6 access-group', parts({ list: name, direction: choice('in', 'out') }))),
};

const area = phrase('ip ospf area', ip4);

/** What an underlay says on its interfaces. */
const underlay = {
  bfd: one(
    phrase(
      'bfd interval',
      parts({ interval: number(50, 60_000), minRx: after('min-rx', number(50, 60_000)), multiplier: after('multiplier', number(3, 50)) }),
    ),
  ),
  pimSparse: many(phrase('pim ipv4 sparse-mode')),
  pimBfd: one(phrase('pim ipv4 bfd')),
  pimPriority: one(phrase('pim ipv4 dr-priority', number(0, 4_294_967_295))),
  pimLocal: one(phrase('pim ipv4 local-interface', port())),
  ospfBfd: one(phrase('ip ospf neighbor bfd')),
  ospfCost: one(phrase('ip ospf cost', number(1, 65_535))),
  ospfNetwork: one(phrase('ip ospf network', choice('point-to-point', 'broadcast', 'non-broadcast', 'point-to-multipoint'))),
  ospfArea: one(area),
  isisInstance: one(phrase('isis enable', name)),
  isisBfd: one(phrase('isis bfd')),
  isisCircuit: one(phrase('isis circuit-type', choice('level-1', 'level-2', 'level-1-2'))),
  isisMetric: one(phrase('isis metric', number(1, 16_777_214))),
  isisNetwork: one(phrase('isis network point-to-point')),
  isisPassive: one(phrase('isis passive')),
};

const physical = {
  ...head,
  layer2Mtu: one(phrase('l2 mtu', mtu)),
  sessionTracker: one(phrase('bgp session tracker', name)),
  loadInterval: one(phrase('load-interval', number(0, 600))),
  speed: one(phrase('speed', parts({ forced: flag('forced'), value: choice(...speeds()) }))),
  ...bridging,
  ...subInterface,
  ethernetSegment: section('evpn ethernet-segment', ethernetSegment),
  vrf: one(phrase('vrf', name)),
  ...addresses,
  ...underlay,
  lacpSystemId: one(phrase('lacp system-id', mac)),
  mlag: one(phrase('mlag', number(1, 2000))),
  portfast: one(phrase('spanning-tree portfast', choice('edge', 'network', 'auto'))),
  bpduguard: one(phrase('spanning-tree bpduguard', choice('enable', 'disable'))),
  bpdufilter: one(phrase('spanning-tree bpdufilter', choice('enable', 'disable'))),
  linkType: one(phrase('spanning-tree link-type', choice('point-to-point', 'shared'))),
};

/** `100g`, `100gfull`, `100g-2`, `forced 10000`: what is said differs by release and transceiver. */
function speeds(): readonly string[] {
  const rates = ['100', '1000', '10000', '1g', '2.5g', '5g', '10g', '25g', '40g', '50g', '100g', '200g', '400g', '800g'];
  return ['auto', ...rates.flatMap((rate) => [rate, `${rate}full`, `${rate}half`, ...[1, 2, 4, 8].map((lanes) => `${rate}-${lanes}`)])];
}

export const portChannels = sections(
  phrase('interface', port('Port-Channel')),
  body({
    ...physical,
    fallback: one(phrase('port-channel lacp fallback', choice('static', 'individual'))),
    fallbackTimeout: one(phrase('port-channel lacp fallback timeout', number(0, 900))),
    minLinks: one(phrase('port-channel min-links', number(0, 64))),
  }),
);

export const ethernets = sections(
  phrase('interface', port('Ethernet')),
  body({
    ...physical,
    channelGroup: one(
      phrase('channel-group', parts({ group: number(1, 999_999), mode: after('mode', choice('active', 'passive', 'on')) })),
    ),
    lacpPriority: one(phrase('lacp port-priority', number(0, 65_535))),
    lacpRate: one(phrase('lacp timer', choice('fast', 'normal'))),
  }),
);

export const loopbacks = sections(
  phrase('interface', port('Loopback')),
  body({ ...head, vrf: one(phrase('vrf', name)), ...addresses, ...underlay }),
);

export const managements = sections(
  phrase('interface', port('Management')),
  body({ ...head, vrf: one(phrase('vrf', name)), ...addresses }),
);

/** EOS has `ip address virtual` (one address on all VTEPs) and VARP (an address each, and a shared one). */
export const svis = sections(
  phrase('interface', port('Vlan')),
  body({
    ...head,
    autostate: toggle('autostate'),
    sessionTracker: one(phrase('bgp session tracker', name)),
    vrf: one(phrase('vrf', name)),
    attachedHostRoutes: one(phrase('ip attached-host route export', parts({ distance: maybe(number(1, 255)) }))),
    helpers: many(
      phrase('ip helper-address', parts({ server: ip4, vrf: maybe(after('vrf', name)), source: maybe(after('source-interface', port())) })),
    ),
    helpers6: many(
      phrase(
        'ipv6 dhcp relay destination',
        parts({
          server: ip6,
          vrf: maybe(after('vrf', name)),
          source: maybe(after('source-interface', port())),
          link: maybe(after('link-address', ip6)),
        }),
      ),
    ),
    igmp: one(phrase('ip igmp')),
    mld: one(phrase('mld')),
    ...addresses,
    ...underlay,
    ipv4Virtual: many(phrase('ip address virtual', parts({ prefix: host4, secondary: flag('secondary') }))),
    ipv6Virtual: many(phrase('ipv6 address virtual', host6)),
    varp: many(phrase('ip virtual-router address', parts({ prefix: maybe(host4), address: maybe(ip4) }))),
    varp6: many(phrase('ipv6 virtual-router address', ip6)),
    localProxyArp: one(phrase('ip local-proxy-arp')),
  }),
);
