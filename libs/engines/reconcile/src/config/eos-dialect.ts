/**
 * What the lines of an EOS configuration mean to a comparison: which lines replace one another, which are lists, which
 * are printed or left out by default. Facts from EOS 4.21–4.36 running-configs; order of lines is not one of them.
 */
import type { FactNode } from './fact-node.js';
import type { Dialect, ListMember, PeerRemoval, SectionPath } from './dialect.js';
import { expandEosLine, nestEos, numberEosLine } from './eos-spelling.js';
import { masked } from './masked.js';
import { collapseNumbers } from './number-list.js';

export const eosDialect: Dialect = {
  name: 'eos',
  hasModeComments: true,
  isClosing: (text) => text === 'end',
  expandLine: expandEosLine,
  nest: nestEos,
  numbered: numberEosLine,
  keyOf,
  listMember,
  listCommand: (command, members) => `${command} ${/^switchport|^vlan$/.test(command) ? collapseNumbers(members) : members.join(' ')}`,
  shrunkList: (_, command, gone) => (command === 'vlan' ? `vlan remove ${collapseNumbers(gone)}` : undefined),
  joinFacts,
  opensMode,
  leave: () => 'exit',
  isOrdered: (path, text) => path.length === 0 && /^(?:policy-map|control-functions)\b/.test(text),
  isReplacedWhole: (path, text) =>
    path.length === 0 && /^(?:(?:ip|ipv6|mac) access-list|route-map|policy-map|control-functions)\b/.test(text),
  isUnprintedDefault,
  isPrintedDefault: (_, text) => text === 'vxlan udp-port 4789',
  isMeantBy,
  isHardware: (path, text) =>
    path.length === 0 && /^interface (?:Ethernet|Management|Recirc-Channel|UnconnectedEthernet)[\d/]+$/.test(text),
  mustGoFirst: (text) => MUST_GO_FIRST.test(text),
  isClaim,
  negate,
  isWipedByVrf: (path, text) =>
    path.length === 1 && /^interface /.test(path[0] as string) && /^(?:ip|ipv6) (?:address|virtual-router address) /.test(text),
  rank,
  peer,
  dependants: () => [],
  masked,
};

/**
 * VLAN and VNI are both unique on a switch, and a subnet is on one interface of a VRF: two could not swap. A VRF, a Port-Channel and a peer group that go must not be in use
 * by a line that is only about to change.
 */
const MUST_GO_FIRST = /^(?:vxlan (?:vlan|vrf) \S+ vni|vrf|channel-group|neighbor \S+ peer group|ip address(?: virtual)?) \S/;

/** Facts that one command expresses better: `route-target both` is what EOS prints when import and export agree. */
function joinFacts(facts: readonly string[]): readonly string[] {
  const all = new Set(facts);
  return facts.flatMap((fact) => {
    const target = /^route-target (import|export) (.+)$/.exec(fact);
    if (target === null || /^(?:evpn|vpn-ipv[46]) (?!domain )/.test(target[2] as string)) return [fact];
    const [kind, value] = [target[1], target[2] as string];
    if (!all.has(`route-target ${kind === 'import' ? 'export' : 'import'} ${value}`)) return [fact];
    return kind === 'import' ? [`route-target ${value.startsWith('evpn ') ? 'import export' : 'both'} ${value}`] : [];
  });
}

function listMember(path: SectionPath, fact: string): ListMember | undefined {
  if (/^vlan-aware-bundle /.test(path.at(-1) ?? '') && /^vlan \d+$/.test(fact))
    return { command: 'vlan', member: fact.slice('vlan '.length) };
  const match = /^(switchport trunk allowed vlan) (\d+)$/.exec(fact) ?? /^(vxlan (?:vlan \d+ )?flood vtep) ([\d.]+|\S*:\S*)$/.exec(fact);
  return match === null ? undefined : { command: match[1] as string, member: match[2] as string };
}

/** Words before the value of commands that hold exactly one value: a new value replaces the old one in place. */
const SINGLE_VALUED: readonly RegExp[] = [
  /^(?:hostname|description|name|mtu|router-id|load-interval|speed|vlan id|state|l2 mtu)(?= )/,
  /^rd(?= \S+$)|^rd evpn domain \S+(?= )/,
  /^(?:ip address|ip address virtual)(?= \d\S*$)/,
  /^ip virtual-router mac-address(?= )/,
  /^switchport (?:access vlan|mode|trunk native vlan)(?= )/,
  /^vxlan (?:source-interface|udp-port|encapsulation|mlag source-interface)(?= )/,
  /^vxlan (?:vlan|vrf) \S+ vni(?= )/,
  /^vxlan (?:vlan|vrf) \S+ multicast group(?= [\d.]+$)/,
  /^timers bgp(?= )/,
  /^(?:distance bgp|bgp cluster-id|maximum-paths)(?= )/,
  /^neighbor (?!interface )\S+ (?:peer group|remote-as|local-as|update-source|description|ebgp-multihop|timers|password|send-community|maximum-routes)(?= )/,
  /^neighbor \S+ send-community(?=$)/,
  /^neighbor \S+ (?:route-map|prefix-list) \S+(?= (?:in|out)$)/,
  /^(?:vlan internal order|spanning-tree mode|service routing protocols model|switchport default mode)(?= )/,
  /^(?:identifier|lacp system-id|channel-group|domain-id|local-interface|peer-link|heartbeat-interval)(?= )/,
  /^(?:mlag|peer-address)(?= [\d.]+$)/,
  /^reload-delay \S+(?= \d)/,
];

/** Entries with a number of their own: `10 permit …`, `seq 10 permit …`. */
const NUMBERED = /^(?:seq )?\d+(?= )/;

function keyOf(path: SectionPath, text: string): string {
  const positive = text.replace(/^no /, '');
  const header = path[0] ?? '';
  if (path.length === 0)
    return /^route-map \S+/.test(text) ? text.replace(/^(route-map \S+) (?:permit|deny) /, '$1 ') : singleKey(positive);
  if (/^(?:(?:ip|ipv6|mac) access-list|ipv?6? prefix-list|peer-filter) /.test(header)) return NUMBERED.exec(positive)?.[0] ?? positive;
  if (header.startsWith('interface ') && /^vrf /.test(positive)) return 'vrf';
  return singleKey(positive);
}

function singleKey(positive: string): string {
  for (const pattern of SINGLE_VALUED) {
    const key = pattern.exec(positive)?.[0];
    if (key !== undefined) return key;
  }
  return positive;
}

function isClaim(path: SectionPath, fact: string): boolean {
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

function isUnprintedDefault(path: SectionPath, fact: string): boolean {
  return UNPRINTED_DEFAULTS.some(({ under, line }) => under.test(path[0] ?? '') && line.test(fact));
}

const BRIDGE_OR_ROUTE = /^interface (?:Ethernet|Port-Channel)[\d/]+$/;

function isMeantBy(silent: FactNode, path: SectionPath, text: string): boolean {
  if (isUnprintedDefault(path, text) || text === 'vxlan udp-port 4789') return true;
  if (path.length === 0) {
    if (text === 'no ip routing' || text === 'no enable password' || text === 'no aaa root' || text === 'spanning-tree mode mstp')
      return true;
    const vrf = /^no ip routing vrf (\S+)$/.exec(text)?.[1];
    return vrf !== undefined && silent.children.has(`vrf instance ${vrf}`);
  }
  if (path[0] === 'management api http-commands') return text === 'protocol https';
  const isRouted = silent.children.has('switchport default mode routed');
  return path.length === 1 && BRIDGE_OR_ROUTE.test(path[0] as string) && text === (isRouted ? 'no switchport' : 'switchport');
}

const SECTIONS: readonly { readonly depth: number; readonly header: RegExp }[] = [
  {
    depth: 0,
    header:
      /^(?:vlan \d+|vrf instance \S+|interface \S+|router \S+.*|management \S+.*|(?:ip|ipv6|mac) access-list \S.*|ipv?6? prefix-list \S+|route-map \S.*|peer-filter \S+|mlag configuration|dhcp relay|policy-map \S.*)$/,
  },
  {
    depth: 1,
    header: /^(?:vlan \d+|vlan-aware-bundle \S+|address-family .+|evpn ethernet-segment|encapsulation vlan|session tracker \S+)$/,
  },
  { depth: 2, header: /^(?:address-family .+|evpn multicast|evpn ethernet-segment.*)$/ },
];

function opensMode(path: SectionPath, fact: string): boolean {
  const header = path[0] ?? '';
  if (path.length === 1 && /^router bgp /.test(header) && /^vrf \S+$/.test(fact)) return true;
  if (path.length === 1 && !/^(?:router bgp|interface) /.test(header)) return false;
  if (path.length === 1 && /^interface /.test(header) && /^vlan /.test(fact)) return false;
  return SECTIONS.some((section) => section.depth === path.length && section.header.test(fact));
}

function negate(_: SectionPath, fact: string): string {
  // Which of both holds by itself depends on `switchport default mode`; elsewhere the default is the positive form.
  if (fact === 'no switchport') return 'default switchport';
  if (fact.startsWith('no ')) return fact.slice(3);
  if (fact.startsWith('channel-group ')) return 'no channel-group';
  // A fact has the colons of all MACs, EOS prints this one in dots: neither is needed to take it away.
  if (fact.startsWith('lacp system-id ')) return 'no lacp system-id';
  // `no neighbor X activate` is itself a setting in the IPv4 family, and printed.
  if (/^neighbor \S+ activate$/.test(fact)) return `default ${fact}`;
  return `no ${fact}`;
}

function rank(path: SectionPath, fact: string): number {
  if (path.length > 0) return 0;
  const order = [
    /^(?:no )?vlan internal /, // a VLAN of the old range is free only when the range has changed
    /^(?:no )?vlan \d/,
    /^(?:no )?vrf instance /,
    /^(?:no )?interface (?:Port-Channel|Loopback)/,
    /^(?:no )?interface (?!Vxlan)/,
    /^(?:no )?interface Vxlan/,
    /^(?!(?:no )?router )/,
    /^(?:no )?router /,
  ];
  return order.findIndex((pattern) => pattern.test(fact));
}

function peer(lines: readonly string[], name: string): PeerRemoval {
  const isGroup = lines.includes(`neighbor ${name} peer group`);
  return { command: `no neighbor ${name}${isGroup ? ' peer group' : ''}`, isGroup, madeBy: [] };
}
