/** Options of a stanza in one spelling. */
export interface Option {
  readonly key: string;
  readonly value: string;
}

/** interfaces(5): `up` is `post-up`, `down` is `pre-down`; the rest are ifupdown2's other words for the same. */
const ALIASES: Readonly<Record<string, string>> = {
  up: 'post-up',
  down: 'pre-down',
  slaves: 'bond-slaves',
  'bond-lacp-fast': 'bond-lacp-rate',
  'hwaddress-ether': 'hwaddress',
  'bridge-vlan-filtering': 'bridge-vlan-aware',
};

const LISTS = new Set([
  'bridge-ports',
  'bridge-vids',
  'bond-slaves',
  'vxlan-remoteip',
  'dns-nameservers',
  'dns-search',
  'ovs-ports',
  'ovs-bonds',
]);

/** ifupdown2 takes any of these where it wants a yes or a no. */
const SWITCHES =
  /^(?:bridge-(?:stp|vlan-aware|learning|arp-nd-suppress|unicast-flood|multicast-flood|mcsnoop|mcquerier|allow-untagged)|vxlan-learning|ip-forward|ip6-forward|arp-accept|mpls-enable|ipv6-addrgen)$/;

/** The kernel's bonding driver has numbers for its modes. */
const BOND_MODES = ['balance-rr', 'active-backup', 'balance-xor', 'broadcast', '802.3ad', 'balance-tlb', 'balance-alb'];

/** @param isInterface false for the lines of a `mapping`, which are no options */
export function canonicalOptions(options: readonly Option[], isInterface: boolean): readonly Option[] {
  if (!isInterface) return options;
  const spelled = options.map(({ key, value }) => ({ key: spelledKey(key), value: value.trim() }));
  return addressed(spelled).flatMap(({ key, value }): readonly Option[] => {
    const words = value
      .split(/\s+/)
      .map((word) => word.replace(/\\+$/, ''))
      .filter((word) => word !== '');
    if (LISTS.has(key) && words.length > 0) return words.map((word) => ({ key: `${key} ${word}`, value: '' }));
    if (/^(?:pre|post)-(?:up|down)$/.test(key)) return [{ key, value }];
    return [{ key, value: spelledValue(key, words.join(' ')) }];
  });
}

/** ifupdown2 takes a low line for a dash in all of its own options. */
function spelledKey(key: string): string {
  const dashed = key.replaceAll('_', '-');
  return ALIASES[dashed] ?? dashed;
}

function spelledValue(key: string, value: string): string {
  if (SWITCHES.test(key)) return /^(?:yes|on|1|true)$/i.test(value) ? 'on' : /^(?:no|off|0|false)$/i.test(value) ? 'off' : value;
  if (key === 'hwaddress') return value.replace(/^ether /, '').toLowerCase();
  if (key === 'bond-mode') return BOND_MODES[/^\d$/.test(value) ? Number(value) : -1] ?? value;
  if (key === 'bond-lacp-rate') return value === '1' ? 'fast' : value === '0' ? 'slow' : value;
  return value;
}

/** An address and the `netmask` behind it are one fact; without either it is the address alone. */
function addressed(options: readonly Option[]): readonly Option[] {
  const said: Option[] = [];
  for (const option of options) {
    const at = said.findLastIndex(({ key, value }) => key === 'address' && !value.includes('/'));
    const length = option.key === 'netmask' ? prefixLength(option.value) : undefined;
    if (length === undefined || at < 0) said.push(option);
    else said[at] = { key: 'address', value: `${said[at]?.value}/${length}` };
  }
  return said.map((option) =>
    option.key === 'address' && /^(?:\d+(?:\.\d+){3}|[0-9a-f:]*:[0-9a-f:]*)$/i.test(option.value)
      ? { key: 'address', value: `${option.value.toLowerCase()}/${option.value.includes(':') ? 128 : 32}` }
      : option,
  );
}

/** `24`, or `255.255.255.0`. */
function prefixLength(mask: string): number | undefined {
  if (/^\d{1,3}$/.test(mask)) return Number(mask) <= 128 ? Number(mask) : undefined;
  const octets = mask.split('.').map(Number);
  if (octets.length !== 4 || octets.some((octet) => !Number.isInteger(octet) || octet < 0 || octet > 255)) return undefined;
  const bits = octets.map((octet) => octet.toString(2).padStart(8, '0')).join('');
  return /^1*0*$/.test(bits) ? bits.replace(/0/g, '').length : undefined;
}
