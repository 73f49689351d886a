/** The third wall for templates: read again by the rules of oned's own lexer, a template must hold the attributes that the intent asks for. */
import type { AddressRangeIntent, VirtualNetworkIntent } from '#engines/intent';
import { DomainError, Ip } from '#engines/kernel';

type Values = ReadonlyMap<string, string>;
type Attribute = readonly [name: string, value: string | Values];

/** The string is the longest one whose inner quotes follow a backslash: the alternative with the backslash comes first. */
const TOKEN =
  /[ \t]*#.*\n|[ \t\n]+|(?<name>[A-Za-z0-9_]+)[ \t]*=[ \t]*(?:"(?<value>(?:\\"|[^"])*)"|(?<vector>\[[ \t\n]*))|(?<comma>,)|(?<end>\])/y;

/** @returns null for what oned would refuse, or what we never write. A word without quotes is one of these. */
export function readTemplate(text: string): readonly Attribute[] | null {
  const found: Attribute[] = [];
  let vector: Map<string, string> | null = null;
  let mayFollow = true; // between two attributes of a vector stands one comma
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const groups: Partial<Record<string, string>> | undefined = TOKEN.exec(text)?.groups;
    if (!groups) return null;
    const { name, value, vector: opens, comma, end } = groups;
    if (name !== undefined && value !== undefined && vector !== null) {
      if (!mayFollow || vector.has(name)) return null;
      vector.set(name, value);
      mayFollow = false;
    } else if (name !== undefined && value !== undefined) {
      found.push([name, value]);
    } else if (name !== undefined && opens !== undefined) {
      if (vector !== null) return null;
      vector = new Map();
      mayFollow = true;
      found.push([name, vector]);
    } else if (comma !== undefined) {
      if (vector === null || mayFollow) return null;
      mayFollow = true;
    } else if (end !== undefined) {
      if (vector === null || mayFollow) return null;
      vector = null;
    }
  }
  return vector === null && !text.includes(']]>') ? found : null;
}

/** @throws DomainError RENDER_ESCAPE */
export function assertTemplate(device: string, path: string, text: readonly string[], network: VirtualNetworkIntent): void {
  const said = readTemplate(`${text.join('\n')}\n`);
  const problem = said === null ? 'cannot be read again' : difference(said, network);
  if (problem !== null)
    throw new DomainError('RENDER_ESCAPE', `refused to hand out ${path} of ${device}: it ${problem}`, { device, path, problem });
}

const CARRIED: Readonly<Record<VirtualNetworkIntent['carrier']['driver'], readonly string[]>> = {
  bridge: [],
  ovswitch: ['VLAN_ID'],
  '802.1Q': ['PHYDEV', 'VLAN_ID', 'MTU'],
  vxlan: ['PHYDEV', 'VLAN_ID', 'MTU', 'VXLAN_MODE', 'IP_LINK_CONF'],
};
const OPTIONAL = new Set(['DESCRIPTION', 'DNS', 'VXLAN_TEP', 'VXLAN_MC']);

function difference(said: readonly Attribute[], { slug, bridge, carrier, ranges }: VirtualNetworkIntent): string | null {
  const scalars = new Map(said.flatMap(([name, value]): [string, string][] => (typeof value === 'string' ? [[name, value]] : [])));
  const vectors = said.flatMap(([name, value]) => (typeof value === 'string' ? [] : [{ name, value }]));
  if (scalars.size + vectors.length !== said.length) return 'says an attribute twice';
  const number = carrier.driver === 'vxlan' ? carrier.vni : 'vlan' in carrier ? carrier.vlan : undefined;
  const wanted = ['NAME', 'VN_MAD', 'BRIDGE', 'GUEST_MTU', ...CARRIED[carrier.driver]];
  const missing = wanted.find((name) => !scalars.has(name));
  const strange = [...scalars.keys()].find((name) => !wanted.includes(name) && !OPTIONAL.has(name));
  if (missing !== undefined) return `lacks ${missing}`;
  if (strange !== undefined) return `says ${strange}, which is not in the intent`;
  const isOurs = scalars.get('NAME') === slug && scalars.get('BRIDGE') === bridge && scalars.get('VN_MAD') === carrier.driver;
  if (!isOurs || scalars.get('VLAN_ID') !== (number === undefined ? undefined : String(number))) return 'is of another network';
  const isRange = (at: number, range: AddressRangeIntent): boolean => vectors[at]?.name === 'AR' && sameRange(vectors[at].value, range);
  return vectors.length === ranges.length && ranges.every((range, at) => isRange(at, range)) ? null : 'has other address ranges';
}

function sameRange(values: Values, { first, size, gateway }: AddressRangeIntent): boolean {
  const isV4 = Ip.family(first) === 4;
  return (
    values.get(isV4 ? 'IP' : 'IP6') === first &&
    values.get('SIZE') === String(size) &&
    (values.get(isV4 ? 'GATEWAY' : 'GATEWAY6') ?? null) === gateway &&
    values.size === (isV4 ? 5 : 4) + (gateway === null ? 0 : 1)
  );
}
