/**
 * interfaces(5) as ifupdown2 3.0.0 reads it, as far as hosts of this fabric use it. Complaints have the words of
 * `ifup -a -s -i FILE`. One difference is wanted: ifupdown2 passes over attributes that it does not know, which hides a
 * renderer's typing errors; here they are refused.
 */

export interface InterfaceStanza {
  readonly name: string;
  readonly isAuto: boolean;
  /** In the order of the file; `address` may occur several times. */
  readonly attributes: readonly (readonly [key: string, value: string])[];
}

export interface InterfacesText {
  readonly stanzas: readonly InterfaceStanza[];
  /** Empty: accepted. */
  readonly complaints: readonly string[];
}

type Rule = (value: string) => string | null;

const oneOf = (values: readonly string[]): Rule => {
  const accepted = `[${values.map((value) => `'${value}'`).join(', ')}]`;
  return (value) => (values.includes(value) ? null : `invalid value "${value}": valid attribute values: ${accepted}`);
};
const inRange = (from: number, to: number): Rule => {
  return (value) => {
    if (!/^\d+$/.test(value)) return `invalid value "${value}": invalid literal for int() with base 10: '${value}'`;
    return Number(value) >= from && Number(value) <= to ? null : `value of out range "${value}": valid attribute range: ${from}-${to}`;
  };
};
const matching = (pattern: RegExp, form: string): Rule => {
  return (value) => (pattern.test(value) ? null : `invalid value "${value}": valid attribute values: ['${form}']`);
};

const OCTET = '(25[0-5]|2[0-4]\\d|1?\\d?\\d)';
const IPV4 = `${OCTET}(\\.${OCTET}){3}`;
const yesNo = oneOf(['yes', 'no', 'on', 'off']);
const anything: Rule = () => null;

const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  [
    'address',
    matching(
      new RegExp(`^(${IPV4}(/([12]?\\d|3[0-2]))?|[0-9a-fA-F:]*:[0-9a-fA-F:.]*(/\\d{1,3})?)$`),
      "<ipv4/prefixlen>', '<ipv6/prefixlen>",
    ),
  ],
  ['netmask', anything],
  ['gateway', matching(new RegExp(`^(${IPV4}|[0-9a-fA-F:]*:[0-9a-fA-F:.]*)$`), '<ipv4>')],
  ['mtu', inRange(68, 65_535)],
  ['hwaddress', matching(/^(ether )?([0-9a-f]{2}:){5}[0-9a-f]{2}$/i, '<mac>')],
  ['alias', anything],
  ['ip-forward', yesNo],
  ['ip6-forward', yesNo],
  ['ipv6-addrgen', yesNo],
  ['bridge-ports', matching(/^(?!none$)\S+( \S+)*$/, '<interface-list>')],
  ['bridge-ports-condone-regex', anything],
  ['bridge-stp', yesNo],
  ['bridge-fd', inRange(0, 255)],
  ['bridge-learning', yesNo],
  ['bridge-arp-nd-suppress', yesNo],
  // 16777214, one less than RFC 7348 allows: measured on 3.0.0
  ['vxlan-id', inRange(1, 16_777_214)],
  ['vxlan-local-tunnelip', matching(new RegExp(`^${IPV4}$`), '<ipv4>')],
  ['vxlan-port', inRange(1, 65_536)],
  ['vxlan-learning', yesNo],
  ['vlan-raw-device', anything],
  ['vlan-id', inRange(0, 4_095)],
  ['vrf', anything],
  ['vrf-table', matching(/^(auto|\d+)$/, 'auto')],
]);

const METHODS = ['loopback', 'static', 'manual', 'dhcp', 'auto'];
const TOP_LEVEL = /^(auto|iface|allow-\S+|source|source-directory)$/;

/** @param file as it stands in complaints. */
export function readInterfaces(text: string, file: string): InterfacesText {
  const complaints: string[] = [];
  const autos = new Set<string>();
  const stanzas: { name: string; attributes: [string, string][] }[] = [];
  text.split('\n').forEach((line, index) => {
    const words = line.trim().split(/\s+/);
    const [keyword = '', ...rest] = words;
    if (keyword === '' || keyword.startsWith('#')) return;
    const at = `${file}: line${index + 1}`;
    const current = stanzas.at(-1);
    if (keyword === 'auto') for (const name of rest) autos.add(name);
    else if (keyword === 'iface') {
      complaints.push(...headComplaints(at, rest));
      stanzas.push({ name: rest[0] ?? '', attributes: [] });
    } else if (TOP_LEVEL.test(keyword)) return;
    else if (current === undefined) complaints.push(`error: ${at}: error processing line '${line.trim()}'`);
    else if (rest.length === 0) complaints.push(`error: ${at}: iface ${current.name}: invalid syntax '${keyword}'`);
    else {
      const complaint = attributeComplaint(current.name, keyword, rest.join(' '));
      if (complaint !== null) complaints.push(complaint);
      current.attributes.push([keyword, rest.join(' ')]);
    }
  });
  return { stanzas: stanzas.map((stanza) => ({ ...stanza, isAuto: autos.has(stanza.name) })), complaints };
}

function headComplaints(at: string, [name = '', family, method]: readonly string[]): string[] {
  if (name === '') return [`error: ${at}: invalid iface line`];
  // The kernel's limit; it is why names are derived and not taken.
  if (Buffer.byteLength(name) > 15) return [`warning: ${at}: ${name}: interface name too long`];
  if (family !== undefined && !['inet', 'inet6'].includes(family))
    return [`error: ${at}: iface ${name}: unsupported address family '${family}'`];
  if (method !== undefined && !METHODS.includes(method)) return [`error: ${at}: iface ${name}: unsupported address method '${method}'`];
  return [];
}

function attributeComplaint(name: string, key: string, value: string): string | null {
  const rule = RULES.get(key);
  if (rule === undefined) return `warning: ${name}: ${key}: unsupported attribute`;
  const complaint = rule(value);
  return complaint === null ? null : `warning: ${name}: ${key}: ${complaint}`;
}
