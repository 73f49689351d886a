/** Whatever a value is, it is refused, or the files have the lines that they have with a harmless one. */
import fc from 'fast-check';
import { isDomainError } from '#engines/kernel';
import { evpn, node, PEERS, sdn, ASH } from './testing/index.js';
import type { SdnConfig } from './model/sdn-config.js';
import type { NodeFacts } from './node/node-facts.js';
import { renderPveNode } from './render-pve-node.js';

const ash = node({ interfaces: ASH, route: ['10.9.8.1', 'vmbr0'], bridges: { vmbr0: { kind: 'linux', ports: ['enp1s0'] } } });

/** Shell, ifupdown2, FRR, and the file formats themselves. */
const POISON = [
  '\n',
  '\r',
  '\r\n',
  '\t',
  ' ',
  ';',
  '`id`',
  '$(id)',
  "'",
  '"',
  '!',
  '#',
  '\\',
  '\\\n',
  '\nauto evil\niface evil',
  '\nrouter bgp 1',
  ' | sh',
  '\0',
  '\u2028',
  '\u202e',
  'é',
  ',',
  '=',
  '%',
  '..',
  '/',
];
const hostile = fc.oneof(
  fc
    .array(fc.oneof(fc.constantFrom(...POISON), fc.string({ maxLength: 6 })), { minLength: 1, maxLength: 4 })
    .map((parts) => parts.join('')),
  fc
    .tuple(fc.stringMatching(/^[a-z0-9]{1,8}$/), fc.constantFrom(...POISON), fc.stringMatching(/^[a-z0-9]{0,8}$/))
    .map((parts) => parts.join('')),
);

/** `harmless` = a value that is accepted and says as much as any; for a list one of that many words. */
type Place = readonly [name: string, build: (value: string) => readonly [SdnConfig, NodeFacts], harmless: (words: number) => string];

const always = (value: string) => () => value;
const many = (word: (at: number) => string) => (words: number) => Array.from({ length: words }, (_, at) => word(at)).join(',');

const cluster = (build: (value: string) => SdnConfig) => (value: string) => [build(value), ash] as const;
const subnet = (properties: object) => ({ subnets: { 'dc-10.40.0.0-24': { type: 'subnet', vnet: 'web', ...properties } } });
const lab = (vnet: object, zone: object = {}) =>
  sdn({ zones: { lab: { type: 'simple', dhcp: 'dnsmasq', ...zone } }, vnets: { bench: { type: 'vnet', zone: 'lab', ...vnet } } });
const office = (zone: object) =>
  sdn({ zones: { office: { type: 'vlan', bridge: 'vmbr0', ...zone } }, vnets: { desks: { type: 'vnet', zone: 'office', tag: 9 } } });
const fabric = (properties: object, more: object) =>
  sdn({
    fabrics: {
      core: { type: 'openfabric_fabric', ip_prefix: '10.255.0.0/24', ...more },
      core_ash: { type: 'openfabric_node', ip: '10.255.0.1', interfaces: 'name=enp1s0', ...properties },
    },
  });

const PLACES: readonly Place[] = [
  ['the alias of a vnet', cluster((value) => lab({ alias: value })), always('Benches')],
  ['the MAC of a vnet', cluster((value) => lab({ mac: value })), always('BC:24:11:00:00:01')],
  [
    'the id of a vnet',
    cluster((value) => sdn({ zones: { lab: { type: 'simple' } }, vnets: { [value]: { type: 'vnet', zone: 'lab' } } })),
    always('bench'),
  ],
  [
    'the id of a zone',
    cluster((value) => sdn({ zones: { [value]: { type: 'simple' } }, vnets: { bench: { type: 'vnet', zone: value } } })),
    always('lab'),
  ],
  ['the MTU of a zone', cluster((value) => lab({}, { mtu: value })), always('1400')],
  ['the bridge of a zone', cluster((value) => office({ bridge: value })), always('vmbr0')],
  ['the nodes of a zone', cluster((value) => office({ nodes: value })), always('ash')],
  [
    'the peers of a zone',
    cluster((value) =>
      sdn({ zones: { far: { type: 'vxlan', peers: [...PEERS, value] } }, vnets: { link: { type: 'vnet', zone: 'far', tag: 9 } } }),
    ),
    many((at) => `10.9.8.${at + 4}`),
  ],
  ['the gateway of a subnet', cluster((value) => evpn({}, subnet({ gateway: value }))), always('10.40.0.1')],
  ['the prefix of a subnet', cluster((value) => evpn({}, subnet({ cidr: value }))), always('10.40.0.0/24')],
  [
    'the id of a subnet',
    cluster((value) => evpn({}, { subnets: { [value]: { type: 'subnet', vnet: 'web', cidr: '10.40.0.0/24' } } })),
    always('other'),
  ],
  ['the DNS server of a subnet', cluster((value) => evpn({}, subnet({ 'dhcp-dns-server': value }))), always('10.40.0.2')],
  ['the anycast MAC', cluster((value) => evpn({ mac: value })), always('BC:24:11:00:00:01')],
  ['an imported route target', cluster((value) => evpn({ 'rt-import': [value] })), many((at) => `64500:${at}`)],
  ['an exit node', cluster((value) => evpn({ exitnodes: [value] })), always('ash')],
  [
    'the peers of a controller',
    cluster((value) => evpn({}, { controllers: { ctl: { type: 'evpn', asn: 64_900, peers: [...PEERS, value] } } })),
    many((at) => `10.9.8.${at + 4}`),
  ],
  [
    'a loopback',
    cluster((value) =>
      evpn({}, { controllers: { bgpash: { type: 'bgp', node: 'ash', asn: 64_900, peers: '10.9.8.254', loopback: value } } }),
    ),
    always('lo1'),
  ],
  [
    'an IS-IS domain',
    cluster((value) =>
      sdn({
        controllers: {
          isisash: { type: 'isis', node: 'ash', 'isis-domain': value, 'isis-net': '49.0001.0102.0000.0001.00', 'isis-ifaces': 'enp1s0' },
        },
      }),
    ),
    always('one'),
  ],
  [
    'an IS-IS interface',
    cluster((value) =>
      sdn({
        controllers: {
          isisash: { type: 'isis', node: 'ash', 'isis-domain': 'one', 'isis-net': '49.0001.0102.0000.0001.00', 'isis-ifaces': [value] },
        },
      }),
    ),
    many((at) => `enp${at}s0`),
  ],
  ['an interface of a fabric', cluster((value) => fabric({ interfaces: [{ name: value }] }, {})), always('enp1s0')],
  ['the address of a fabric node', cluster((value) => fabric({ ip: value }, {})), always('10.255.0.1')],
  ['the prefix of a fabric', cluster((value) => fabric({}, { ip_prefix: value })), always('10.255.0.0/24')],
  [
    'the area of an OSPF fabric',
    cluster((value) =>
      sdn({
        fabrics: { edge: { type: 'ospf_fabric', ip_prefix: '10.0.0.0/8', area: value }, edge_ash: { type: 'ospf_node', ip: '10.0.0.1' } },
      }),
    ),
    always('1'),
  ],
  ['the name of the node', (value) => [evpn(), { ...ash, name: value }], always('ash')],
  ['a port of a bridge', (value) => [office({}), { ...ash, bridge: () => ({ kind: 'linux', ports: [value] }) }], always('enp1s0')],
  [
    'the device of a route',
    (value) => [evpn({ exitnodes: 'ash' }, subnet({ snat: 1 })), node({ interfaces: ASH, route: ['10.9.8.1', value] })],
    always('vmbr0'),
  ],
  ['the source of a route', (value) => [evpn({}), node({ route: [value, 'vmbr0'] })], always('10.9.8.1')],
  [
    'a MAC of the node',
    (value) => [
      evpn({}, { controllers: { ctl: { type: 'evpn', asn: 64_900, peers: ['2001:db8::2'] } } }),
      node({ route: ['2001:db8::1', 'vmbr0'], mac: value }),
    ],
    always('bc:24:11:00:00:01'),
  ],
];

interface Shape {
  readonly lines: number;
  readonly firstWords: ReadonlySet<string>;
}

/** What a parser makes of the files: how many statements, and which. */
function shape([config, facts]: readonly [SdnConfig, NodeFacts]): Shape {
  const texts = [...renderPveNode(config, facts, '9.1', null).files.values()];
  for (const text of texts) expect(text).toMatch(/^[\t\n -~]*$/);
  const lines = texts.flatMap((text) => text.split('\n'));
  return { lines: lines.length, firstWords: new Set(lines.map((line) => line.trim().split(/[ =]/)[0] ?? '')) };
}

describe('a hostile value', () => {
  it.each(PLACES)('as %s is refused, or says nothing that a harmless one would not say', (_name, build, harmless) => {
    fc.assert(
      fc.property(hostile, (value) => {
        const words = value.split(/[\s,;]+/).filter((word) => word !== '').length;
        let seen: Shape;
        try {
          seen = shape(build(value));
        } catch (error) {
          if (!isDomainError(error)) throw error;
          expect(error.code).toBe('INVALID_VALUE');
          expect(error.message).not.toMatch(/[^ -~–…]/);
          return;
        }
        const usual = shape(build(harmless(words)));
        expect(seen.lines).toBeLessThanOrEqual(usual.lines);
        expect([...seen.firstWords].filter((word) => !usual.firstWords.has(word))).toEqual([]);
      }),
      { numRuns: 120 },
    );
  });

  it('would be seen: what is let through whole has another shape', () => {
    const config = evpn();
    const forged = { ...config, vnets: config.vnets.map((vnet) => ({ ...vnet, alias: 'x\n\tup touch /tmp/evil' })) };
    expect(shape([forged, ash]).lines).toBeGreaterThan(
      shape([{ ...config, vnets: config.vnets.map((vnet) => ({ ...vnet, alias: 'x' })) }, ash]).lines,
    );
  });
});
