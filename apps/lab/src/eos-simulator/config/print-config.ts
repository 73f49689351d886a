/** `show running-config`: what is configured, in the order and the style of EOS. */
import { compareNatural } from '#engines/kernel';
import { grammar } from './grammar.js';
import { collapseList } from './number-list.js';
import type { Section, Setting } from './section.js';

/** Top-level order of EOS 4.34–4.36 (the union of real files); it differs between releases, so nobody may rely on it. */
const SINCE_434: readonly RegExp[] = [
  /^no aaa root/,
  /^(?:username|aaa authentication)/,
  /^management api/,
  /^(?:ip )?dhcp relay/,
  /^switchport default mode/,
  /^vlan internal order/,
  /^event-monitor/,
  /^load-interval/,
  /^transceiver/,
  /^service routing protocols/,
  /^(?:hostname|ip domain|ip name-server|dns domain)/,
  /^logging/,
  /^(?:no )?spanning-tree/,
  /^system l1/,
  /^clock/,
  /^vlan \d/,
  /^vrf instance/,
  /^aaa authorization/,
  /^interface Port-Channel/,
  /^interface Ethernet/,
  /^interface Loopback/,
  /^interface Management/,
  /^interface Vlan/,
  /^interface Vxlan/,
  /^mac address-table/,
  /^ip virtual-router|^ip address virtual/,
  /^ip access-list/,
  /^(?:no )?ip routing/,
  /^ipv?6? prefix-list/,
  /^ipv6 unicast-routing/,
  /^mlag configuration/,
  /^ipv?6? route /,
  /^ntp /,
  /^route-map/,
  /^router bfd/,
  /^router bgp/,
  /^router /,
  /^management ssh/,
];

/** As 4.25 prints it: `ntp` behind the names, `management api` near the end. */
const BEFORE_434: readonly RegExp[] = (() => {
  const [api, ntp] = ['management api', 'ntp '].map((head) => SINCE_434.find((pattern) => pattern.test(head)) as RegExp) as [
    RegExp,
    RegExp,
  ];
  const others = SINCE_434.filter((pattern) => pattern !== api && pattern !== ntp);
  const names = others.findIndex((pattern) => pattern.test('hostname')) + 1;
  return [...others.slice(0, names), ntp, ...others.slice(names), api];
})();

function isSince(release: string, minor: number): boolean {
  const [first = 0, second = 0] = release.split('.').map(Number.parseFloat);
  return first > 4 || (first === 4 && second >= minor);
}

interface Block {
  readonly head: string;
  readonly lines: readonly string[];
  /** Blocks of settings stand together, sections are separated. */
  readonly isSection: boolean;
}

/** @param release `4.34.0F`: decides how mappings are printed. @returns without the heading, `end` included. */
export function printConfig(root: Section, release: string): string {
  const order = isSince(release, 34) ? SINCE_434 : BEFORE_434;
  const topRank = (head: string): number => rankIn(order, head);
  const blocks = [...vlanBlocks(root), ...otherSections(root, release), ...settingBlocks(root)].sort(
    (a, b) => topRank(a.head) - topRank(b.head) || compareNatural(a.head, b.head),
  );
  const lines = blocks.flatMap((block, i) => {
    const before = blocks[i - 1];
    const isApart = before === undefined || block.isSection || before.isSection || topRank(before.head) !== topRank(block.head);
    return [...(isApart ? ['!'] : []), ...block.lines];
  });
  return [...lines, '!', 'end', ''].join('\n');
}

/** Everything that is not in the table stands where its release puts it: before `router`, for this one. */
function rankIn(order: readonly RegExp[], head: string): number {
  const rank = order.findIndex((pattern) => pattern.test(head));
  return rank < 0 ? order.length - 5 : rank;
}

/** VLANs without any setting are printed as one list. */
function vlanBlocks(root: Section): readonly Block[] {
  const vlans = root.sectionsOf('vlan');
  const numbers = vlans.filter((vlan) => vlan.isEmpty).map((vlan) => vlan.header.slice(5));
  const bare: Block[] =
    numbers.length === 0
      ? []
      : [{ head: `vlan ${collapseList(numbers).split(/[,-]/)[0]}`, lines: [`vlan ${collapseList(numbers)}`], isSection: true }];
  return [
    ...bare,
    ...vlans.filter((vlan) => !vlan.isEmpty).map((vlan) => ({ head: vlan.header, lines: sectionLines(vlan, 0, ''), isSection: true })),
  ];
}

function otherSections(root: Section, release: string): readonly Block[] {
  return [...root.sections.values()]
    .filter(({ mode }) => mode !== 'vlan')
    .map((section) => ({ head: section.header, lines: sectionLines(section, 0, release), isSection: true }));
}

function settingBlocks(root: Section): readonly Block[] {
  const texts = [...root.settings.values()]
    .map(({ text }) => text)
    .filter((text) => !/^ip routing(?: vrf \S+| ipv6 interfaces)?$/.test(text));
  const vrfs = root.sectionsOf('vrf').map(({ header }) => header.replace('vrf instance ', ' vrf '));
  // Printed one way or the other, for the default VRF and for each other one.
  const overIpv6 = root.has('ip routing ipv6 interfaces');
  const routing = ['', ...vrfs].map((vrf) => {
    if (vrf === '' && overIpv6) return 'ip routing ipv6 interfaces';
    return `${root.has(`ip routing${vrf}`) ? '' : 'no '}ip routing${vrf}`;
  });
  return [...texts, ...routing].map((text) => ({ head: text.replace(/^no (?=ip routing)/, ''), lines: [text], isSection: false }));
}

function sectionLines(section: Section, depth: number, release: string): readonly string[] {
  const indent = '   '.repeat(depth);
  const inner = `${indent}   `;
  const settings = sortedSettings(section).map(({ text }) => text);
  const lines = section.mode === 'vxlan' ? vxlanLines(settings, release) : joinRouteTargets(settings);
  return [
    indent + section.header,
    ...section.comments.map((comment) => `${inner}!! ${comment}`),
    ...lines.map((line) => inner + line),
    ...sortedSections(section).flatMap((below) => [`${inner}!`, ...sectionLines(below, depth + 1, release)]),
  ];
}

/** By the order of the grammar; the lines of one neighbor stay together, IPv4 neighbors before IPv6 ones. */
function sortedSettings(section: Section): readonly Setting[] {
  if (section.mode === 'opaque') return [...section.settings.values()];
  const rules = grammar[section.mode];
  const firstNeighbor = rules.findIndex(({ syntax }) => syntax.source.startsWith('neighbor <peer>'));
  const rank = ({ rule }: Setting): number => (rule === null ? rules.length : rules.indexOf(rule));
  const name = ({ text }: Setting): string => /^(?:no )?neighbor (?!interface |default )(\S+) /.exec(text)?.[1] ?? '';
  const place = (setting: Setting): number => (name(setting) === '' ? rank(setting) : firstNeighbor);
  const family = (peer: string): number => (/^[A-Za-z]/.test(peer) ? 0 : peer.includes(':') ? 2 : 1);
  return [...section.settings.values()].sort((a, b) => {
    const [left, right] = [name(a), name(b)];
    const peers = left === right ? 0 : family(left) - family(right) || compareNatural(left, right);
    return place(a) - place(b) || peers || rank(a) - rank(b) || compareNatural(a.text, b.text);
  });
}

/** MAC-VRFs are sorted as strings: `vlan 163` before `vlan 63`. */
function sortedSections(section: Section): readonly Section[] {
  if (section.mode === 'opaque') return [...section.sections.values()];
  const rules = grammar[section.mode];
  const rank = ({ rule }: Section): number => (rule === null ? rules.length : rules.indexOf(rule));
  return [...section.sections.values()].sort((a, b) => rank(a) - rank(b) || (a.header < b.header ? -1 : 1));
}

function joinRouteTargets(lines: readonly string[]): readonly string[] {
  return lines.flatMap((line) => {
    const [, direction, target] = /^route-target (import|export) (\S+|evpn domain \S+ \S+)$/.exec(line) ?? [];
    if (direction === undefined || !lines.includes(`route-target ${direction === 'import' ? 'export' : 'import'} ${target}`)) return [line];
    if (direction === 'import') return [];
    return [target?.startsWith('evpn ') ? `route-target import export ${target}` : `route-target both ${target}`];
  });
}

/** `vxlan udp-port` is printed although it is the default; from 4.36 on all mappings stand in one line. */
function vxlanLines(settings: readonly string[], release: string): readonly string[] {
  const lines = settings.some((line) => line.startsWith('vxlan udp-port ')) ? settings : withUdpPort(settings);
  const mappings = lines.flatMap((line) => {
    const match = /^vxlan vlan (\d+) vni (\d+)$/.exec(line);
    return match === null ? [] : [{ vlan: match[1], vni: match[2] }];
  });
  if (mappings.length < 2 || !isSince(release, 36)) return lines;
  const joined = `vxlan vlan ${mappings.map(({ vlan }) => vlan).join(',')} vni ${mappings.map(({ vni }) => vni).join(',')}`;
  const first = lines.findIndex((line) => line.startsWith('vxlan vlan '));
  return lines.flatMap((line, i) => (i === first ? [joined] : /^vxlan vlan \d+ vni /.test(line) ? [] : [line]));
}

function withUdpPort(settings: readonly string[]): readonly string[] {
  const after = settings.findLastIndex((line) => /^(?:description|vxlan source-interface|vxlan virtual-router) /.test(line)) + 1;
  return [...settings.slice(0, after), 'vxlan udp-port 4789', ...settings.slice(after)];
}
