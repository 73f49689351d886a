/**
 * What the lines of an EOS configuration mean to a comparison: which lines replace one another, which are lists, which
 * are printed or left out by default. Facts from EOS 4.21–4.36 running-configs; order of lines is not one of them.
 */
import { Ip, Mac } from '#engines/kernel';

/** Where a line stands: the canonical headers above it, outermost first. */
export type SectionPath = readonly string[];

/** A line that carries one member of a list: EOS prints and takes the whole list in one command. */
export interface ListMember {
  /** The command in front of the list. */
  readonly command: string;
  readonly member: string;
}

const NUMBER_LIST = /^\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*$/;

/** `9-11,20` → 9, 10, 11, 20, in the order written: EOS pairs two lists by position. */
export function expandNumbers(list: string): readonly string[] {
  return list.split(',').flatMap((part) => {
    const [first, last = first] = part.split('-').map(Number) as [number, number?];
    return last === undefined || last - first > 4094 ? [part] : Array.from({ length: last - first + 1 }, (_, i) => String(first + i));
  });
}

/** The opposite, sorted and compact, as EOS prints it. */
export function collapseNumbers(numbers: readonly string[]): string {
  const sorted = [...new Set(numbers.map(Number))].sort((a, b) => a - b);
  const parts: string[] = [];
  for (let i = 0; i < sorted.length; ) {
    let j = i;
    while (sorted[j + 1] === (sorted[j] as number) + 1) j += 1;
    parts.push(i === j ? String(sorted[i]) : `${sorted[i]}-${sorted[j]}`);
    i = j + 1;
  }
  return parts.join(',');
}

/** One printed line as its atomic facts; each is itself a command of EOS. */
export function expandLine(path: SectionPath, line: string): readonly string[] {
  const text = normalise(path, line);
  if (path.length === 0) {
    const vlans = /^vlan (\S+)$/.exec(text)?.[1];
    if (vlans !== undefined && NUMBER_LIST.test(vlans)) return expandNumbers(vlans).map((vlan) => `vlan ${vlan}`);
  }
  const mapping = /^vxlan vlan (\S+) vni (\S+)$/.exec(text);
  if (mapping !== null) return expandMapping(text, mapping[1] as string, mapping[2] as string);
  const targets = /^route-target (?:both|import export) (.+)$/.exec(text)?.[1];
  if (targets !== undefined) return [`route-target import ${targets}`, `route-target export ${targets}`];
  const list = /^(switchport trunk allowed vlan) (\S+)$/.exec(text);
  if (list !== null && NUMBER_LIST.test(list[2] as string)) return expandNumbers(list[2] as string).map((vlan) => `${list[1]} ${vlan}`);
  const flood = /^(vxlan (?:vlan \d+ )?flood vtep) (.+)$/.exec(text);
  if (flood !== null) return (flood[2] as string).split(' ').map((vtep) => `${flood[1]} ${vtep}`);
  return [text];
}

/** Lists of unequal size are an error on the switch; here they stay one opaque line. */
function expandMapping(text: string, vlans: string, vnis: string): readonly string[] {
  if (!NUMBER_LIST.test(vlans) || !NUMBER_LIST.test(vnis)) return [text];
  const [left, right] = [expandNumbers(vlans), expandNumbers(vnis)];
  return left.length === right.length ? left.map((vlan, i) => `vxlan vlan ${vlan} vni ${right[i]}`) : [text];
}

/** Facts that one command expresses better: `route-target both` is what EOS prints when import and export agree. */
export function joinFacts(facts: readonly string[]): readonly string[] {
  const all = new Set(facts);
  return facts.flatMap((fact) => {
    const target = /^route-target (import|export) (.+)$/.exec(fact);
    if (target === null || /^(?:evpn|vpn-ipv[46]) (?!domain )/.test(target[2] as string)) return [fact];
    const [kind, value] = [target[1], target[2] as string];
    if (!all.has(`route-target ${kind === 'import' ? 'export' : 'import'} ${value}`)) return [fact];
    return kind === 'import' ? [`route-target ${value.startsWith('evpn ') ? 'import export' : 'both'} ${value}`] : [];
  });
}

export function listMember(fact: string): ListMember | undefined {
  const match = /^(switchport trunk allowed vlan) (\d+)$/.exec(fact) ?? /^(vxlan (?:vlan \d+ )?flood vtep) (\S+)$/.exec(fact);
  return match === null ? undefined : { command: match[1] as string, member: match[2] as string };
}

export function listCommand(command: string, members: readonly string[]): string {
  return `${command} ${command.startsWith('switchport') ? collapseNumbers(members) : members.join(' ')}`;
}

/** Words before the value of commands that hold exactly one value: a new value replaces the old one in place. */
const SINGLE_VALUED: readonly RegExp[] = [
  /^(?:hostname|description|name|mtu|vrf|rd|router-id|load-interval|speed|vlan id)(?= )/,
  /^ip address(?= \d\S*$)/,
  /^ip virtual-router mac-address(?= )/,
  /^switchport (?:access vlan|mode|trunk native vlan)(?= )/,
  /^vxlan (?:source-interface|udp-port|encapsulation|mlag source-interface)(?= )/,
  /^vxlan (?:vlan|vrf) \S+ vni(?= )/,
  /^vxlan (?:vlan|vrf) \S+ multicast group(?= [\d.]+$)/,
  /^timers bgp(?= )/,
  /^(?:distance bgp|bgp cluster-id|maximum-paths)(?= )/,
  /^neighbor \S+ (?:peer group|remote-as|local-as|update-source|description|ebgp-multihop|timers|password|send-community|maximum-routes)(?= )/,
  /^neighbor \S+ send-community(?=$)/,
  /^neighbor \S+ route-map \S+(?= (?:in|out)$)/,
  /^(?:vlan internal order|spanning-tree mode|service routing protocols model)(?= )/,
  /^(?:identifier|lacp system-id|channel-group|mlag)(?= )/,
];

/** Lines with equal keys in one section exclude each other; a line without rule is its own key. */
export function keyOf(fact: string): string {
  const positive = fact.replace(/^no /, '');
  for (const pattern of SINGLE_VALUED) {
    const key = pattern.exec(positive)?.[0];
    if (key !== undefined) return key;
  }
  return positive;
}

/** VLAN and VNI are both unique on a switch: an old mapping goes before a new one comes, or two VNIs cannot swap. */
export const mustGoFirst = (fact: string): boolean => /^vxlan (?:vlan|vrf) \S+ vni /.test(fact);

/** Numbers that belong to whoever configured them: taking one over from a stranger needs a person. */
export function isClaim(path: SectionPath, fact: string): boolean {
  if (/^switchport access vlan |^vxlan (?:vlan|vrf) \S+ vni /.test(fact)) return true;
  return fact.startsWith('rd ') && path.length === 2 && /^router bgp /.test(path[0] as string);
}

/** Default values that EOS does not print. */
const UNPRINTED_DEFAULTS: readonly { readonly under: RegExp; readonly line: RegExp }[] = [
  {
    under: /^interface /,
    line: /^(?:no shutdown|switchport mode access|switchport access vlan 1|switchport trunk native vlan 1|vxlan encapsulation ipv4)$/,
  },
  { under: /^interface (?!Management)/, line: /^mtu 1500$/ },
  { under: /^router bgp /, line: /^(?:bgp default ipv4-unicast|timers bgp 60 180)$/ },
];

export function isUnprintedDefault(path: SectionPath, fact: string): boolean {
  return UNPRINTED_DEFAULTS.some(({ under, line }) => under.test(path[0] ?? '') && line.test(fact));
}

/** Default values that EOS prints all the same; they say nothing about who made the section. */
export const isPrintedDefault = (fact: string): boolean => fact === 'vxlan udp-port 4789';

/** Ports exist in hardware: their sections are never removed and, while empty, mean nothing. */
export const isHardware = (path: SectionPath, fact: string): boolean =>
  path.length === 0 && /^interface (?:Ethernet[\d/]+|Management[\d/]+)$/.test(fact);

const SECTIONS: readonly { readonly depth: number; readonly header: RegExp }[] = [
  {
    depth: 0,
    header:
      /^(?:vlan \d+|vrf instance \S+|interface \S+|router \S+.*|management \S+.*|ip access-list \S.*|route-map \S.*|mlag configuration|policy-map \S.*)$/,
  },
  { depth: 1, header: /^(?:vlan \d+|vlan-aware-bundle \S+|address-family .+|evpn ethernet-segment)$/ },
];

/** True where a command without lines below it still opens a mode that must be left again. */
export function opensMode(path: SectionPath, fact: string): boolean {
  if (path.length === 1 && /^router bgp /.test(path[0] as string) && /^vrf \S+$/.test(fact)) return true;
  return SECTIONS.some(({ depth, header }) => depth === path.length && header.test(fact));
}

/** Sections whose lines work in the order written. */
export const isOrdered = (path: SectionPath, fact: string): boolean =>
  path.length === 0 && /^(?:ip access-list|ipv6 access-list|mac access-list|route-map|policy-map|control-functions)\b/.test(fact);

/** The command that takes a line back to its default. */
export function negate(fact: string): string {
  // Which of both holds by itself depends on `switchport default mode`; elsewhere the default is the positive form.
  if (fact === 'no switchport') return 'default switchport';
  if (fact.startsWith('no ')) return fact.slice(3);
  // `no neighbor X activate` is itself a setting in the IPv4 family, and printed.
  if (/^neighbor \S+ activate$/.test(fact)) return `default ${fact}`;
  return `no ${fact}`;
}

/** `vrf X` on an interface wipes its addresses: they have to be sent again. */
export const isAddress = (fact: string): boolean => /^(?:ip|ipv6) (?:address|virtual-router address) /.test(fact);

/** Order in which top-level sections are made, so that each finds what it refers to; they are taken away in reverse. */
export function sectionRank(fact: string): number {
  const order = [
    /^vlan \d/,
    /^vrf instance /,
    /^interface (?:Port-Channel|Loopback)/,
    /^interface (?!Vxlan)/,
    /^interface Vxlan/,
    /^(?!router )/,
    /^router /,
  ];
  return order.findIndex((pattern) => pattern.test(fact));
}

function normalise(path: SectionPath, line: string): string {
  const trimmed = line.trim();
  if (/^description /.test(trimmed)) return trimmed;
  const text = trimmed
    .replace(/\s+/g, ' ')
    .replace(/^(interface [A-Za-z-]+) (?=\d)/, '$1')
    .replace(
      /^(router bgp|neighbor \S+ (?:remote-as|local-as)) (\d+)\.(\d+)/,
      (_, head: string, high: string, low: string) => `${head} ${Number(high) * 65_536 + Number(low)}`,
    )
    .replace(/^vrf definition /, 'vrf instance ')
    .replace(/^spanning-tree portfast$/, 'spanning-tree portfast edge')
    .replace(/^(neighbor \S+ send-community) standard extended(?: large)?$/, '$1');
  const renamed = /^interface /.test(path[0] ?? '') ? text.replace(/^vrf forwarding /, 'vrf ') : text;
  return renamed.split(' ').map(normaliseToken).join(' ');
}

/** EOS compresses IPv6 addresses and prints MACs with colons; people and older files write them otherwise. */
function normaliseToken(token: string): string {
  if (/^[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}$/i.test(token)) return tryOr(() => Mac.parse(token), token);
  const ipv6 = /^([0-9a-f:]*:[0-9a-f:]*:[0-9a-f:.]*)(\/\d+)?$/i.exec(token);
  return ipv6 === null ? token : tryOr(() => Ip.parse(ipv6[1]) + (ipv6[2] ?? ''), token);
}

/** A word that only looks like an address (an ESI, an RT in MAC form) stays as it is. */
function tryOr(parse: () => string, otherwise: string): string {
  try {
    return parse();
  } catch {
    return otherwise;
  }
}
