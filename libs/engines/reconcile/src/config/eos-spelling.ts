/** One spelling for what EOS releases and people write in several ways; facts from EOS 4.21–4.36 running-configs. */
import { Ip, Mac } from '#engines/kernel';
import type { SectionPath } from './dialect.js';
import { expandNumbers, NUMBER_LIST } from './number-list.js';

/** One printed line as its atomic facts; each is itself a command of EOS. */
export function expandEosLine(path: SectionPath, line: string): readonly string[] {
  const text = spellEos(path, line);
  for (const pattern of LISTS) {
    const [, command, numbers, rest] = pattern.exec(text) ?? [];
    if (numbers !== undefined && NUMBER_LIST.test(numbers))
      return expandNumbers(numbers).map((member) => `${command}${member}${rest ?? ''}`);
  }
  const mapping = /^vxlan vlan (\S+) vni (\S+)$/.exec(text);
  if (mapping !== null) return expandMapping(text, mapping[1] as string, mapping[2] as string);
  const targets = /^route-target (?:both|import export) (.+)$/.exec(text)?.[1];
  if (targets !== undefined) return [`route-target import ${targets}`, `route-target export ${targets}`];
  const flood = /^(vxlan (?:vlan \d+ )?flood vtep)(?: add)? ([0-9a-f].*)$/.exec(text);
  if (flood !== null) return (flood[2] as string).split(' ').map((vtep) => `${flood[1]} ${vtep}`);
  return [text];
}

/** Commands whose number stands for one of many: EOS prints members together, or one line each, as the release likes. */
const LISTS: readonly RegExp[] = [
  /^(vlan )(?:add )?([\d,-]+)$/,
  /^(switchport trunk allowed vlan )(?:add )?([\d,-]+)$/,
  /^(no spanning-tree vlan-id )([\d,-]+)$/,
  /^(neighbor interface (?:Ethernet|Port-Channel|Vlan))([\d,-]+)( .*)$/,
  /^(interface (?:Ethernet|Port-Channel|Loopback|Vlan))([\d,-]+)$/,
];

/** Lists of unequal size are an error on the switch; here they stay one opaque line. */
function expandMapping(text: string, vlans: string, vnis: string): readonly string[] {
  if (!NUMBER_LIST.test(vlans) || !NUMBER_LIST.test(vnis)) return [text];
  const [left, right] = [expandNumbers(vlans), expandNumbers(vnis)];
  return left.length === right.length ? left.map((vlan, i) => `vxlan vlan ${vlan} vni ${right[i]}`) : [text];
}

/** Releases up to 4.2x print each entry of a list as a line of its own, later ones a section. */
export function nestEos(path: SectionPath, text: string): readonly [string, string] | undefined {
  const list = path.length > 0 ? null : /^(ipv?6? prefix-list \S+) ((?:seq|permit|deny|remark) .+)$/.exec(text);
  return list === null ? undefined : [list[1] as string, list[2] as string];
}

/** EOS numbers the lines of lists by ten where nobody did. */
export function numberEosLine(path: SectionPath, text: string, before: ReadonlyMap<string, unknown>): string {
  if (path.length !== 1 || !/^(?:permit|deny|remark) /.test(text)) return text;
  const header = path[0] as string;
  const next = (): number => Number(/\d+/.exec([...before.keys()].at(-1) ?? '')?.[0] ?? 0) + 10;
  if (/^(?:ip|ipv6|mac) access-list /.test(header)) return `${next()} ${text}`;
  return /^ipv?6? prefix-list /.test(header) && !text.startsWith('remark') ? `seq ${next()} ${text}` : text;
}

/** What follows these words is free text: nothing in it is spelled otherwise. */
const FREE_TEXT = /^(?:description|name|remark|neighbor \S+ description|alias \S+) /;

const KINDS = { e: 'Ethernet', po: 'Port-Channel', l: 'Loopback', v: 'Vlan', m: 'Management', vx: 'Vxlan', t: 'Tunnel' } as const;
const PORT = /^(vx|po|e|l|v|m|t)[a-z-]*(\d[\d/.,-]*)$/i;

/** `lo0`, `Et1/1`, `loopback 0` → `Loopback0`, `Ethernet1/1`, `Loopback0`; any other word stays. */
export function portName(word: string): string {
  const match = PORT.exec(word);
  if (match === null) return word;
  const kind = KINDS[(match[1] as string).toLowerCase() as keyof typeof KINDS];
  const typed = word.slice(0, -(match[2] as string).length).toLowerCase();
  return kind.toLowerCase().startsWith(typed) ? kind + match[2] : word;
}

/** A port stands after these words. */
const BEFORE_PORT =
  /^((?:neighbor )?interface|.*\b(?:update-source|source-interface|local-interface|peer-link|unnumbered|passive-interface|mlag source-interface)) (\S+)( .*)?$/;

function spellEos(path: SectionPath, line: string): string {
  const trimmed = line.trim();
  if (FREE_TEXT.test(trimmed)) return trimmed.replace(/^(\S+)\s+/, '$1 ');
  const text = /\s{2}|[^\S ]/.test(trimmed) ? trimmed.replace(/\s+/g, ' ') : trimmed;
  const spell = SPELLINGS.get(text.slice(0, Math.max(0, text.indexOf(' '))));
  const ported = /interface|unnumbered|update-source|peer-link/.test(text) ? spellPort(text) : text;
  const renamed = spell === undefined ? ported : spell(ported);
  const placed = path.length === 1 && (path[0] as string).startsWith('interface ') ? inInterface(renamed) : renamed;
  return /[:.]/.test(placed) ? placed.split(' ').map(spellWord).join(' ') : placed;
}

const spellPort = (text: string): string =>
  text
    .replace(/^(interface [A-Za-z-]+) (?=\d)/, '$1')
    .replace(BEFORE_PORT, (_, head: string, port: string, rest: string | undefined) => `${head} ${portName(port)}${rest ?? ''}`);

const spellAsn = (text: string): string =>
  text.replace(/\b(remote-as|local-as) (\d+)\.(\d+)\b/g, (_, head: string, high: string, low: string) => `${head} ${plainAsn(high, low)}`);

/** By the first word of a line: what is written otherwise by some release, or by people. */
const SPELLINGS: ReadonlyMap<string, (text: string) => string> = new Map([
  ['router', (text) => text.replace(/^router bgp (\d+)\.(\d+)$/, (_, high: string, low: string) => `router bgp ${plainAsn(high, low)}`)],
  ['bgp', spellAsn],
  ['local-as', spellAsn],
  [
    'neighbor',
    (text) =>
      spellAsn(text)
        .replace(/^(neighbor (?!interface )\S+) peer-group\b/, '$1 peer group')
        .replace(/^(neighbor \S+ send-community) standard extended(?: large)?$/, '$1'),
  ],
  ['vrf', (text) => text.replace(/^vrf definition /, 'vrf instance ')],
  ['spanning-tree', (text) => text.replace(/^spanning-tree portfast$/, 'spanning-tree portfast edge')],
  ['ntp', (text) => text.replace(/^(ntp server .*)\bprefer iburst\b/, '$1iburst prefer')],
]);

const inInterface = (text: string): string =>
  text
    .replace(/^vrf forwarding /, 'vrf ')
    .replace(/^ip ospf area (\d+)$/, (_, area: string) => `ip ospf area ${dotted(Number(area))}`)
    .replace(/^ip pim sparse-mode$/, 'pim ipv4 sparse-mode');

const plainAsn = (high: string, low: string): number => Number(high) * 65_536 + Number(low);

const dotted = (area: number): string => [24, 16, 8, 0].map((shift) => Math.floor(area / 2 ** shift) % 256).join('.');

/** EOS compresses IPv6 addresses and prints MACs with colons; people and older files write them otherwise. */
function spellWord(word: string): string {
  if (/^[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}$/i.test(word)) return tryOr(() => Mac.parse(word), word);
  const ipv6 = /^([0-9a-f:.]*)(\/\d+)?$/i.exec(word);
  return ipv6 === null || !IPV6.test(ipv6[1] as string) ? word : tryOr(() => Ip.parse(ipv6[1]) + (ipv6[2] ?? ''), word);
}

/** Eight groups, or some left out: an ESI and a route target in MAC form have five and six. */
const IPV6 = /::|^(?:[0-9a-f]{1,4}:){7}/i;

/** What only looks like an address stays as it is. */
function tryOr(parse: () => string, otherwise: string): string {
  try {
    return parse();
  } catch {
    return otherwise;
  }
}
