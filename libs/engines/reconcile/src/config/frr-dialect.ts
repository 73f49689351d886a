/**
 * What the lines of frr.conf and of `show running-config` mean to a comparison and to a merge; FRR 8.4–10.6. Modes are left by
 * their own words, interfaces and VRFs are the kernel's, and order of lines is not a fact.
 */
import { Ip } from '#engines/kernel';
import type { Dialect, PeerRemoval, SectionPath } from './dialect.js';
import { masked } from './masked.js';

export const frrDialect: Dialect = {
  name: 'frr',
  hasModeComments: false,
  // The version says what runs, and nothing about how.
  isClosing: (text) => /^(?:end|exit(?:-\S+)?|#.*|frr version .*|Building configuration\.\.\.|Current configuration:)$/.test(text),
  expandLine,
  nest: () => undefined,
  numbered,
  keyOf,
  listMember: () => undefined,
  listCommand: (command, members) => `${command} ${members.join(' ')}`,
  shrunkList: () => undefined,
  joinFacts: (facts) => facts,
  opensMode,
  leave,
  isOrdered: () => false,
  isReplacedWhole: () => false,
  isUnprintedDefault,
  isPrintedDefault: () => false,
  isMeantBy: (_, path, text) =>
    isUnprintedDefault(path, text) || (path.length === 0 && /^(?:no ip(?:v6)? forwarding$|log syslog informational$)/.test(text)),
  isHardware: (path, text) => path.length === 0 && /^(?:interface|vrf) \S+$/.test(text),
  // One L3 VNI a VRF; and an entry that stands in a list already is not taken, whatever its number.
  mustGoFirst: (text) => /^vni \d+$/.test(text) || NUMBERED_LIST.test(text),
  isClaim: () => false, // the whole file is ours
  negate,
  isWipedByVrf: () => false,
  rank,
  peer,
  dependants,
  masked,
};

/** Free text has no place behind `no`: `no description left` is an unknown command. */
function negate(_: SectionPath, text: string): string {
  if (text.startsWith('no ')) return text.slice('no '.length);
  return `no ${text.replace(/^((?:neighbor \S+ )?description) .*$/, '$1')}`;
}

function expandLine(path: SectionPath, line: string): readonly string[] {
  const trimmed = line.trim();
  if (/^(?:description|neighbor \S+ description|banner motd line) /.test(trimmed)) return [trimmed];
  const text = trimmed
    .replace(/\s+/g, ' ')
    .replace(
      /^(router bgp|neighbor \S+ remote-as) (\d+)\.(\d+)/,
      (_, head: string, high: string, low: string) => `${head} ${Number(high) * 65_536 + Number(low)}`,
    )
    .replace(/^(ip(?:v6)? ospf6? area|area|network \S+ area) (\d+)$/, (_, head: string, area: string) => `${head} ${dotted(Number(area))}`)
    .replace(/^(ip ospf area) (\d+)$/, (_, head: string, area: string) => `${head} ${dotted(Number(area))}`)
    .split(' ')
    .map(spellWord)
    .join(' ');
  const target = /^route-target (both|import|export) (.+)$/.exec(text);
  if (target === null || path.length === 0) return [text];
  const directions = target[1] === 'both' ? ['import', 'export'] : [target[1] as string];
  return directions.flatMap((direction) => (target[2] as string).split(' ').map((value) => `route-target ${direction} ${value}`));
}

const dotted = (area: number): string => [24, 16, 8, 0].map((shift) => Math.floor(area / 2 ** shift) % 256).join('.');

function spellWord(word: string): string {
  const ipv6 = /^([0-9a-f:.]*)(\/\d+)?$/i.exec(word);
  if (ipv6 === null || !/::|^(?:[0-9a-f]{1,4}:){7}/i.test(ipv6[1] as string)) return word;
  try {
    return Ip.parse(ipv6[1]) + (ipv6[2] ?? '');
  } catch {
    return word; // only looks like an address
  }
}

const NUMBERED_LIST =
  /^((?:(?:ip|ipv6) prefix-list|access-list|ipv6 access-list|bgp as-path access-list|bgp (?:large-|ext)?community-list(?: standard| expanded)?) \S+)/;

/** FRR numbers the entries of lists by five where nobody did. */
function numbered(path: SectionPath, text: string, before: ReadonlyMap<string, unknown>): string {
  const list = path.length === 0 ? NUMBERED_LIST.exec(text)?.[1] : undefined;
  const entry = list === undefined ? undefined : text.slice(list.length + 1);
  if (entry === undefined || !/^(?:permit|deny) /.test(entry)) return text;
  const numbers = [...before.keys()].map((other) =>
    other.startsWith(`${list} seq `) ? Number(other.slice(`${list} seq `.length).split(' ')[0]) : 0,
  );
  return `${list} seq ${Math.max(0, ...numbers) + 5} ${entry}`;
}

/** Words before the value of commands that hold exactly one value: a new value replaces the old one in place. */
const SINGLE_VALUED: readonly RegExp[] = [
  /^(?:hostname|frr defaults|bgp router-id|bgp cluster-id|router-id|timers bgp|maximum-paths|maximum-paths ibgp)(?= \S+)/,
  /^(?:rd|vni|description|log (?:syslog|file|stdout))(?= )/,
  /^neighbor \S+ (?:remote-as|local-as|update-source|description|ebgp-multihop|timers|timers connect|password|advertisement-interval|weight)(?= )/,
  /^neighbor \S+ (?:maximum-prefix|send-community|allowas-in)(?=$| )/,
  /^neighbor \S+ (?:route-map|prefix-list|filter-list) \S+(?= (?:in|out)$)/,
  /^(?:ip|ipv6) (?:ospf6?|router) (?:area|cost|network|hello-interval|dead-interval|priority)(?= )/,
  /^(?:isis|openfabric) (?:metric|circuit-type|hello-interval|hello-multiplier|csnp-interval|psnp-interval|priority)(?= )/,
  /^(?:net|is-type|metric-style|lsp-mtu)(?= )/,
  /^(?:match|set) (?:ip|ipv6|as-path|extcommunity|evpn) \S+(?: prefix-list| prefix-len)?(?= )/,
  /^(?:match|set) (?!ip |ipv6 |as-path |extcommunity |evpn )\S+(?= )/,
];

function keyOf(path: SectionPath, text: string): string {
  const positive = text.replace(/^no /, '');
  if (path.length === 0) {
    if (/^route-map \S+ \S+ \d+$/.test(text)) return text.replace(/ (?:permit|deny) /, ' ');
    const entry = /^.* seq \d+(?= )/.exec(positive)?.[0];
    if (entry !== undefined && NUMBERED_LIST.test(positive)) return entry;
  }
  if (/ l2vpn evpn$/.test(path.at(-1) ?? '') && /^vni \d+$/.test(positive)) return positive;
  for (const pattern of SINGLE_VALUED) {
    const key = pattern.exec(positive)?.[0];
    if (key !== undefined) return key;
  }
  return positive;
}

/** Default values that FRR does not print, under `frr defaults traditional` and `datacenter` alike. */
function isUnprintedDefault(path: SectionPath, text: string): boolean {
  if (path.length === 0) return false;
  if (/^interface /.test(path[0] as string)) return text === 'no shutdown';
  return /^neighbor \S+ send-community (?:both|all)$|^bgp default ipv4-unicast$/.test(text);
}

const HEADERS: readonly RegExp[] = [
  /^(?:interface|vrf|router|route-map|key chain|line vty|bfd|segment-routing|mpls ldp|pbr-map|rpki|nexthop-group)(?: |$)/,
  /^(?:address-family|key|peer|profile|interface|flex-algo)(?: |$)/,
  /^vni \d+$/,
];

function opensMode(path: SectionPath, text: string): boolean {
  if (/^no /.test(text) || HEADERS[path.length]?.test(text) !== true) return false;
  if (path.length === 0) return text !== 'vrf' && !/^router-id/.test(text);
  if (path.length === 2) return /l2vpn evpn$/.test(path[1] as string);
  const [header] = path as [string];
  if (header.startsWith('router bgp')) return text.startsWith('address-family ');
  if (header.startsWith('key chain')) return text.startsWith('key ');
  return header === 'bfd' && /^(?:peer|profile) /.test(text);
}

function leave(path: SectionPath): string {
  const header = path.at(-1) ?? '';
  if (path.length === 1) return /^vrf /.test(header) ? 'exit-vrf' : 'exit';
  if (header.startsWith('address-family ')) return 'exit-address-family';
  return header.startsWith('vni ') ? 'exit-vni' : 'exit';
}

/**
 * Lists before the maps that name them, maps before the sessions; the main BGP instance before those of VRFs, and the L3 VNI of a VRF
 * last: taken away in reverse, for `no router bgp` is refused while an L3 VNI or another instance hangs on it.
 */
const TOP: readonly RegExp[] = [
  /^(?!interface |route-map |router |vrf )/,
  /^route-map /,
  /^router (?!bgp)/,
  /^interface /,
  /^router bgp \d+$/,
  /^router bgp \d+ vrf /,
  /^vrf /,
];
/** A group before its members, an AS number or a membership before whatever else is said of a neighbor. */
const IN_BGP: readonly RegExp[] = [
  /^(?!neighbor |address-family )/,
  /^neighbor \S+ peer-group$/,
  /^neighbor \S+ remote-as /,
  /^neighbor \S+ interface/,
  /^neighbor \S+ peer-group \S/,
  /^neighbor /,
  /^address-family /,
];
/** `autort` has to stand before the VNIs, or it does not reach them (measured on 8.4.4). */
const IN_FAMILY: readonly RegExp[] = [/^(?:advertise-all-vni|autort )/, /^neighbor \S+ activate$/, /^(?!vni \d)/, /^vni \d/];

function rank(path: SectionPath, text: string): number {
  const inBgp = (path[0] ?? '').startsWith('router bgp');
  const order = path.length === 0 ? TOP : !inBgp ? [] : path.length === 1 ? IN_BGP : path.length === 2 ? IN_FAMILY : [];
  return order.findIndex((pattern) => pattern.test(text));
}

/** What makes a neighbor one: taking any of it away takes the neighbor, and a group cannot be changed in place. */
const MAKES_NEIGHBOR = /^neighbor (\S+) (remote-as(?= )|interface .*|peer-group.*)/;

/** `neighbor X …`, X an address, a group or an interface. */
function peer(lines: readonly string[], name: string): PeerRemoval {
  const made = lines.flatMap((line) => {
    const [, subject, words = ''] = MAKES_NEIGHBOR.exec(line) ?? [];
    return subject === name ? [words] : [];
  });
  const isGroup = made.includes('peer-group');
  const kind = isGroup ? ' peer-group' : made.some((words) => words.startsWith('interface ')) ? ' interface' : '';
  return { command: `no neighbor ${name}${kind}`, isGroup, madeBy: [...made].sort() };
}

/** bgpd does not let an instance go whose VRF has an L3 VNI. */
function dependants(header: string): readonly { readonly section: string; readonly line: RegExp }[] {
  const vrf = /^router bgp \d+ vrf (\S+)$/.exec(header)?.[1];
  return vrf === undefined ? [] : [{ section: `vrf ${vrf}`, line: /^vni \d+$/ }];
}
