/**
 * The names of all that running devices usually say otherwise than Trame: the first rule that fits a pair of lines names it. What Trame does not
 * say at all, and no rule names, is beside the model.
 */
import type { Deviation, DeviationCode } from '#engines/intent';
import type { Language } from './language.js';
import type { Pair } from './compare-sides.js';

interface Rule {
  readonly code: DeviationCode;
  readonly in: readonly Language['kind'][];
  /** Against the headers above, joined by ` / `. */
  readonly section: RegExp;
  /** Against what either side says. The first group, where there is one, is what it is about. */
  readonly line: RegExp;
  /** True: only where Trame says something, too. */
  readonly onlyInstead?: boolean;
  /** What has to be taken away together is about one thing: half of it would cut a session or hide a loopback. */
  readonly subject?: string;
}

const BGP = /^router bgp \d+$/;
const UNICAST = /^router bgp \d+ \/ address-family ipv[46](?: unicast)?$/;
const EVPN = /^router bgp \d+ \/ address-family (?:l2vpn )?evpn$/;
const FAMILY = /^router bgp \d+ \/ address-family \S.*$/;
const MAC_VRF = /^router bgp \d+ \/ (?:vlan \d+|address-family l2vpn evpn \/ vni \d+)$/;
const STANZA = /^iface \S+$/;
const PORT = /^interface \S+$/;
const BGP_ANY = /^router bgp \d+(?: \/ vrf \S+)?$/;
const VRF = /^router bgp \d+ \/ vrf \S+$/;
const TOP = /^$/;
const routing = ['eos', 'frr'] as const;

const RULES: readonly Rule[] = [
  { code: 'REDISTRIBUTES_CONNECTED', in: routing, section: UNICAST, line: /^redistribute connected$/, subject: 'redistribute connected' },
  { code: 'REDISTRIBUTES_CONNECTED', in: routing, section: BGP, line: /^redistribute connected$/, subject: 'redistribute connected' },
  { code: 'LOOPBACK_NOT_NAMED', in: routing, section: UNICAST, line: /^network (\S+)$/, onlyInstead: true },
  {
    code: 'AUTOMATIC_TARGETS',
    in: ['frr'],
    section: EVPN,
    line: /^(?:autort rfc8365-compatible|auto-route-target both rfc8365-compatible|vni \d+)$/,
    onlyInstead: true,
    subject: 'address-family l2vpn evpn',
  },
  {
    code: 'SUBNETS_NOT_NAMED',
    in: ['eos'],
    section: VRF,
    line: /^(?:network \S+|redistribute connected)$/,
    subject: 'redistribute connected',
  },
  { code: 'OTHER_DISTINGUISHER', in: ['eos'], section: VRF, line: /^(rd) \S+$/ },
  { code: 'OTHER_TARGETS', in: ['eos'], section: VRF, line: /^(route-target) /, onlyInstead: true },
  { code: 'OTHER_DISTINGUISHER', in: routing, section: MAC_VRF, line: /^(rd) \S+$/ },
  { code: 'OTHER_TARGETS', in: routing, section: MAC_VRF, line: /^(route-target) / },
  { code: 'MAC_VRF_REDISTRIBUTION', in: ['eos'], section: MAC_VRF, line: /^(?:no )?(redistribute \S+)/ },
  { code: 'DEFAULT_UNICAST', in: routing, section: BGP, line: /^(?:no )?bgp default ipv4-unicast$/, subject: 'bgp default ipv4-unicast' },
  { code: 'ROUTER_ID', in: routing, section: BGP_ANY, line: /^(?:bgp )?(router-id) \S+$/ },
  { code: 'TIMERS_OF_INSTANCE', in: routing, section: BGP, line: /^(timers bgp) \d+ \d+$/ },
  { code: 'PEER_GROUP', in: routing, section: BGP, line: /^(neighbor \S+) remote-as /, onlyInstead: true },
  { code: 'OTHER_TIMERS', in: routing, section: BGP, line: /^(neighbor \S+) timers (?:connect )?\d/ },
  { code: 'NEIGHBOR_DESCRIPTION', in: routing, section: BGP, line: /^(neighbor \S+) description / },
  { code: 'NEIGHBOR_SOURCE', in: routing, section: BGP, line: /^(neighbor \S+) update-source / },
  { code: 'MULTIHOP_WITHOUT_NEED', in: routing, section: BGP, line: /^(neighbor \S+) (?:ebgp-multihop|disable-connected-check)(?: \d+)?$/ },
  { code: 'EXTENDED_NEXT_HOP', in: routing, section: BGP, line: /^(?:no )?(neighbor \S+) capability extended-nexthop$/ },
  { code: 'BFD', in: routing, section: BGP, line: /^(?:no )?(neighbor \S+) bfd\b/ },
  { code: 'COMMUNITIES', in: routing, section: BGP, line: /^(?:no )?(neighbor \S+) send-community\b/ },
  { code: 'COMMUNITIES', in: routing, section: FAMILY, line: /^(?:no )?(neighbor \S+) send-community\b/ },
  { code: 'ROUTE_LIMIT', in: routing, section: BGP, line: /^(neighbor \S+) (?:maximum-routes|maximum-prefix) / },
  { code: 'ROUTE_LIMIT', in: routing, section: FAMILY, line: /^(neighbor \S+) maximum-prefix / },
  { code: 'REFLECTOR_OF_ONE_SIDE', in: routing, section: /^router bgp/, line: /^(?:no )?(neighbor \S+) route-reflector-client$/ },
  {
    code: 'NEXT_HOP_OF_REFLECTOR',
    in: routing,
    section: /^router bgp/,
    line: /^(?:no )?(neighbor \S+) (?:next-hop-self|route-map TRAME-NEXT-HOP)/,
    onlyInstead: true,
  },
  { code: 'NEXT_HOP_OF_REFLECTOR', in: ['eos'], section: TOP, line: /^route-map (TRAME-NEXT-HOP\S*) /, onlyInstead: true },
  { code: 'ROUTE_FILTER', in: routing, section: FAMILY, line: /^(neighbor \S+) (?:route-map|prefix-list) /, onlyInstead: true },
  { code: 'ROUTE_FILTER', in: routing, section: TOP, line: /^(?:ip |ipv6 )?((?:route-map|prefix-list) \S+)/, onlyInstead: true },
  {
    code: 'DEFAULT_UNICAST',
    in: routing,
    section: UNICAST,
    line: /^neighbor \S+ activate$/,
    onlyInstead: true,
    subject: 'bgp default ipv4-unicast',
  },
  { code: 'FAMILY_OF_ONE_SIDE', in: routing, section: FAMILY, line: /^(?:no )?(neighbor \S+) activate$/ },
  { code: 'FAMILY_OF_ONE_SIDE', in: routing, section: BGP, line: /^(address-family \S.*)$/, onlyInstead: true },
  { code: 'ADMINISTRATIVE_DISTANCE', in: routing, section: BGP, line: /^(distance bgp) / },
  { code: 'MULTIPATH', in: routing, section: /^router bgp/, line: /^(maximum-paths|bgp bestpath as-path multipath-relax)\b/ },
  { code: 'GRACEFUL_RESTART', in: routing, section: BGP, line: /^(?:no )?(?:bgp )?(graceful-restart)/ },
  { code: 'FRR_PROFILE', in: ['frr'], section: TOP, line: /^(frr defaults) / },
  { code: 'LOGGING', in: ['frr'], section: TOP, line: /^(log \S+)/ },
  { code: 'HOSTNAME', in: ['frr'], section: TOP, line: /^(hostname) / },
  { code: 'SERVICE', in: ['frr'], section: TOP, line: /^(?:no )?(service integrated-vtysh-config)$/ },
  { code: 'VLAN_NAME', in: ['eos'], section: /^vlan \d+$/, line: /^(name) / },
  { code: 'VLAN_NOT_DEFINED', in: ['eos'], section: TOP, line: /^(vlan \d+)$/, onlyInstead: true },
  { code: 'ENCAPSULATION', in: ['eos'], section: /^interface Vxlan1$/, line: /^(vxlan encapsulation) / },
  { code: 'UDP_PORT', in: ['eos'], section: /^interface Vxlan1$/, line: /^(vxlan udp-port) / },
  { code: 'GATEWAY', in: ['eos'], section: TOP, line: /^(ip virtual-router mac-address) /, onlyInstead: true },
  { code: 'ROUTING_SWITCH', in: ['eos'], section: TOP, line: /^(?:no )?(ip routing)(?: |$)/, onlyInstead: true },
  { code: 'INTERFACE_MODE', in: ['eos'], section: PORT, line: /^(?:no )?(switchport)$/ },
  { code: 'EDGE_PORT', in: ['eos'], section: PORT, line: /^(?:no )?(switchport \S+)/, onlyInstead: true },
  { code: 'INTERFACE_TEXT', in: ['eos', 'frr'], section: PORT, line: /^(description) / },
  { code: 'MTU', in: ['eos'], section: PORT, line: /^(mtu) \d+$/, onlyInstead: true },
  { code: 'VTEP_DEVICE', in: ['eos'], section: TOP, line: /^interface (Loopback\d+|Vxlan1)$/, onlyInstead: true },
  {
    code: 'VTEP_DEVICE',
    in: ['interfaces'],
    section: STANZA,
    line: /^(?:link-type dummy|(?:pre|post)-(?:up|down) .*\bdummy\b)/,
    subject: 'link-type',
  },
  { code: 'VTEP_DEVICE', in: ['interfaces'], section: /^iface lo$/, line: /^(address) /, onlyInstead: true },
  { code: 'NOT_STARTED', in: ['interfaces'], section: TOP, line: /^(auto|allow-hotplug) \S+$/, onlyInstead: true },
  { code: 'MTU', in: ['interfaces'], section: STANZA, line: /^(mtu) \d+$/ },
  { code: 'UDP_PORT', in: ['interfaces'], section: STANZA, line: /^(vxlan-port) \d+$/ },
  { code: 'ND_SUPPRESSION', in: ['interfaces'], section: STANZA, line: /^(bridge-arp-nd-suppress) / },
  { code: 'LEARNING', in: ['interfaces'], section: STANZA, line: /^(vxlan-learning|bridge-learning) / },
  { code: 'SPANNING_TREE', in: ['interfaces'], section: STANZA, line: /^(bridge-stp|bridge-fd) / },
  { code: 'HOST_PARTICIPATES', in: ['interfaces'], section: STANZA, line: /^(ip-forward|ip6-forward|ipv6-addrgen|arp-accept) / },
  { code: 'GUEST_PORTS', in: ['interfaces'], section: STANZA, line: /^(bridge-ports-condone-regex) / },
  { code: 'INTERFACE_TEXT', in: ['interfaces'], section: STANZA, line: /^(alias) / },
  { code: 'HOOK_COMMAND', in: ['interfaces'], section: STANZA, line: /^(pre-up|post-up|pre-down|post-down) /, onlyInstead: true },
];

export interface Named {
  readonly code: DeviationCode;
  readonly subject: string;
}

/**
 * A loopback that is only redistributed is announced by name before the redistribution goes: both are one value.
 * @returns the same deviations, with what depends on another one inside it
 */
export function togetherWithRedistribution(deviations: readonly Deviation[]): readonly Deviation[] {
  const isOf = (code: DeviationCode) => (one: Deviation) => one.code === code;
  const hidden = deviations.filter(isOf('LOOPBACK_NOT_NAMED'));
  return deviations.flatMap((one) => {
    const isBoth = deviations.some((other) => isOf('REDISTRIBUTES_CONNECTED')(other) && other.path === one.path);
    if (isOf('LOOPBACK_NOT_NAMED')(one) && isBoth) return [];
    if (!isOf('REDISTRIBUTES_CONNECTED')(one)) return [one];
    return [{ ...one, edits: [...hidden.filter(({ path }) => path === one.path).flatMap(({ edits }) => edits), ...one.edits] }];
  });
}

/** @returns undefined for what the device says beside the model. */
export function nameOf(kind: Language['kind'], { path, trame, running, isOurs }: Pair): Named | undefined {
  if (!isOurs) return undefined;
  const section = path.join(' / ');
  const place = path.at(-1);
  for (const rule of RULES) {
    if (!rule.in.includes(kind) || !rule.section.test(section) || (rule.onlyInstead === true && trame === null)) continue;
    const match = (trame === null ? null : rule.line.exec(trame)) ?? (running === null ? null : rule.line.exec(running));
    if (match === null) continue;
    if (rule.subject !== undefined && kind !== 'interfaces' && !VRF.test(section)) return { code: rule.code, subject: rule.subject };
    const about = rule.subject ?? match[1] ?? match[0];
    return {
      code: rule.code,
      subject: place === undefined || /^(?:router bgp \d+|address-family \S.*)$/.test(place) ? about : `${place}: ${about}`,
    };
  }
  if (trame === null) return undefined;
  return { code: running === null ? 'NOT_CONFIGURED' : 'OTHER_VALUE', subject: place ?? trame };
}
