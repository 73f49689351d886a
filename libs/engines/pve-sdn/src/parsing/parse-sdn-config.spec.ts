import { evpn, PEERS, refusal, sdn, type SdnParts } from '../testing/index.js';
import { parseRunningConfig, parseSdnFiles } from './parse-sdn-config.js';

const FILES = {
  'zones.cfg':
    'simple: lab\n\tdhcp dnsmasq\n\tipam pve\n\nevpn: dc\n\tcontroller ctl\n\tvrf-vxlan 5000\n\texitnodes ash,birch\n\tmac BC:24:11:0A:0B:0C\n',
  'vnets.cfg': '# made by hand\nvnet: web\n\tzone dc\n\ttag 5001\n\talias Web servers\n\nvnet: bench\n\tzone lab\n',
  'subnets.cfg':
    'subnet: lab-10.66.0.0-24\n\tvnet bench\n\tgateway 10.66.0.1\n\tsnat 1\n\tdhcp-range start-address=10.66.0.10,end-address=10.66.0.20\n\tdhcp-range start-address=10.66.0.30,end-address=10.66.0.40\n',
  'controllers.cfg': 'evpn: ctl\n\tasn 64900\n\tpeers 10.9.8.1, 10.9.8.2 10.9.8.3\n',
  'fabrics.cfg':
    'openfabric_fabric: core\n\tip_prefix 10.255.0.0/24\n\nopenfabric_node: core_ash\n\tinterfaces name=enp1s0,hello_multiplier=5\n\tinterfaces name=enp2s0\n\tip 10.255.0.1\n',
};

const JSON_PARTS = {
  zones: {
    lab: { type: 'simple', dhcp: 'dnsmasq', ipam: 'pve' },
    dc: { type: 'evpn', controller: 'ctl', 'vrf-vxlan': 5000, exitnodes: ['ash', 'birch'], mac: 'BC:24:11:0A:0B:0C' },
  },
  vnets: { web: { type: 'vnet', zone: 'dc', tag: 5001, alias: 'Web servers' }, bench: { type: 'vnet', zone: 'lab' } },
  subnets: {
    'lab-10.66.0.0-24': {
      type: 'subnet',
      vnet: 'bench',
      zone: 'lab',
      cidr: '10.66.0.0/24',
      network: '10.66.0.0',
      prefixLength: 24,
      gateway: '10.66.0.1',
      snat: true,
      'dhcp-range': [{ 'start-address': '10.66.0.10', 'end-address': '10.66.0.20' }, 'start-address=10.66.0.30,end-address=10.66.0.40'],
    },
  },
  controllers: { ctl: { type: 'evpn', asn: '64900', peers: PEERS } },
  fabrics: {
    core: { type: 'openfabric_fabric', id: 'core', ip_prefix: '10.255.0.0/24' },
    core_ash: {
      type: 'openfabric_node',
      id: 'core_ash',
      ip: '10.255.0.1',
      interfaces: [{ name: 'enp1s0', hello_multiplier: 5 }, { name: 'enp2s0' }],
    },
  },
};

describe('the configuration of a cluster', () => {
  it('is the same from its files, from typed JSON and from .running-config', () => {
    const fromFiles = parseSdnFiles(FILES, 7);
    const running = Object.fromEntries(Object.entries(JSON_PARTS).map(([key, ids]) => [key, { ids }]));
    expect(fromFiles).toEqual(sdn(JSON_PARTS));
    expect(fromFiles).toEqual(parseRunningConfig(JSON.stringify({ version: '7', ...running })));
    expect(fromFiles.zones).toMatchObject([
      { id: 'dc', l3vni: 5000, exitNodes: ['ash', 'birch'] },
      { id: 'lab', dhcp: true },
    ]);
    expect(fromFiles.subnets[0]?.dhcpRanges).toHaveLength(2);
  });

  it('may be empty', () => {
    expect(parseSdnFiles({}, 7)).toEqual(sdn({}));
  });

  it('may call a zone "ids"', () => {
    expect(sdn({ zones: { ids: { type: 'simple' } } }).zones).toMatchObject([{ id: 'ids' }]);
  });

  it('keeps addresses as they were written', () => {
    const { subnets } = sdn({
      zones: { lab: { type: 'simple' } },
      vnets: { bench: { type: 'vnet', zone: 'lab' } },
      subnets: { 'lab-2001:DB8:0::-64': { type: 'subnet', vnet: 'bench', gateway: '2001:DB8:0::1' } },
    });
    expect(subnets[0]).toMatchObject({ prefix: { text: '2001:DB8:0::/64' }, gateway: '2001:DB8:0::1' });
  });

  it.each([
    ['a property outside of a section', 'tag 5\n', /line 1 of vnets\.cfg/],
    ['a line at the margin that is no head', 'vnet: web\n\tzone lab\nweb\n', /line 3 of vnets\.cfg/],
    ['an id that stands twice', 'vnet: web\n\tzone lab\n\nvnet: web\n\tzone lab\n', /"web".*each id once/],
    ['another type', 'zone: web\n\tzone lab\n', /type of web.*: vnet$/],
  ])('is refused with %s in a file', (_what, text, sentence) => {
    const message = refusal(() => parseSdnFiles({ 'zones.cfg': 'simple: lab\n', 'vnets.cfg': text }, 1));
    expect(message).toMatch(/^INVALID_VALUE/);
    expect(message).toMatch(sentence);
  });

  it.each([
    ['no JSON', '{'],
    ['a list', '[]'],
    ['a group that there is none of', '{"zone":{}}'],
    ['a version that is no number', '{"version":"x"}'],
    ['a group that is a list', '{"zones":[]}'],
  ])('is refused as JSON when it is %s', (_what, text) => {
    expect(refusal(() => parseRunningConfig(text))).toMatch(/^INVALID_VALUE/);
  });
});

const simple = (vnet: object = {}, subnet: object | null = null): SdnParts => ({
  zones: { lab: { type: 'simple' } },
  vnets: { bench: { type: 'vnet', zone: 'lab', ...vnet } },
  subnets: subnet === null ? {} : { 'lab-10.66.0.0-24': { type: 'subnet', vnet: 'bench', ...subnet } },
});
const zone = (properties: Readonly<Record<string, unknown>>): SdnParts => ({ zones: { office: properties } });
const two = (type: string, tags: readonly (number | undefined)[], properties: object = {}): SdnParts => ({
  zones: { office: { type, ...properties } },
  vnets: Object.fromEntries(tags.map((tag, at) => [`net${at}`, { type: 'vnet', zone: 'office', tag }])),
});
const bgp = { type: 'bgp', node: 'ash', asn: 64_900, peers: '10.9.8.254' };
const fabric = (node: object, more: object = {}): SdnParts => ({
  fabrics: {
    core: { type: 'openfabric_fabric', ip_prefix: '10.255.0.0/28', ...more },
    core_ash: { type: 'openfabric_node', ip: '10.255.0.1', ...node },
  },
});

/** What is refused, and what the sentence has to offer instead. */
const REFUSED: readonly (readonly [string, SdnParts, RegExp])[] = [
  ['an unknown zone type', zone({ type: 'faucet' }), /simple, vlan, qinq, vxlan or evpn/],
  ['an unknown option', zone({ type: 'simple', brigde: 'vmbr0' }), /property "brigde".*dhcp, dns,/],
  ['an option of another zone type', zone({ type: 'simple', bridge: 'vmbr0' }), /property "bridge"/],
  ['a zone name over 8 characters', { zones: { longzones: { type: 'simple' } } }, /2 to 8 letters/],
  ['a zone name of one character', { zones: { z: { type: 'simple' } } }, /2 to 8 letters/],
  [
    'a vnet name over 8 characters',
    { ...zone({ type: 'simple' }), vnets: { longvnets: { type: 'vnet', zone: 'office' } } },
    /2 to 8 letters/,
  ],
  ['a bridge over 15 characters', zone({ type: 'vlan', bridge: 'bridge-of-it-all' }), /1 to 15 letters/],
  ['a VLAN zone without a bridge', zone({ type: 'vlan' }), /bridge has to be given/],
  ['a service tag of 4095', zone({ type: 'qinq', bridge: 'vmbr0', tag: 4095 }), /from 1 to 4094/],
  ['an unknown VLAN protocol', zone({ type: 'qinq', bridge: 'vmbr0', tag: 5, 'vlan-protocol': '802.1x' }), /802\.1q or 802\.1ad/],
  ['an MTU that is no number', zone({ type: 'simple', mtu: 'big' }), /from 100 to 65535/],
  ['a DNS zone without a DNS server', zone({ type: 'simple', dnszone: 'lab.example' }), /only where dns is set/],
  ['a DHCP server that is none', zone({ type: 'simple', dhcp: 'kea' }), /dnsmasq/],
  ['a VXLAN zone without peers', zone({ type: 'vxlan' }), /either peers, .* or fabric/],
  ['a VXLAN zone with peers and a fabric', zone({ type: 'vxlan', peers: PEERS, fabric: 'core' }), /either peers/],
  ['a VXLAN zone over a fabric that is not there', zone({ type: 'vxlan', fabric: 'core' }), /a fabric, and there is none/],
  ['a peer that is no address', zone({ type: 'vxlan', peers: 'birch' }), /one IPv4 or IPv6 address/],
  ['an EVPN zone without a controller', zone({ type: 'evpn', 'vrf-vxlan': 7 }), /controller has to be given/],
  ['an EVPN zone without a VRF', zone({ type: 'evpn', controller: 'ctl' }), /vrf-vxlan has to be given/],
  ['a controller that is not there', zone({ type: 'evpn', controller: 'ctl', 'vrf-vxlan': 7 }), /an evpn controller, and there is none/],
  [
    'a controller of another type',
    { ...zone({ type: 'evpn', controller: 'bgpash', 'vrf-vxlan': 7 }), controllers: { bgpash: bgp } },
    /an evpn controller/,
  ],
  ['a VNI over 24 bits', zone({ type: 'evpn', controller: 'ctl', 'vrf-vxlan': 16_777_216 }), /from 1 to 16777215/],
  [
    'a route target over 48 bits',
    zone({ type: 'evpn', controller: 'ctl', 'vrf-vxlan': 7, 'rt-import': '4200000000:70000' }),
    /at most 65535/,
  ],
  [
    'a group address as the anycast MAC',
    zone({ type: 'evpn', controller: 'ctl', 'vrf-vxlan': 7, mac: '01:00:5e:00:00:01' }),
    /a unicast MAC/,
  ],
  ['a vnet without a zone', { vnets: { bench: { type: 'vnet' } } }, /zone has to be given/],
  [
    'a vnet of a zone that is not there',
    { ...zone({ type: 'simple' }), vnets: { bench: { type: 'vnet', zone: 'attic' } } },
    /a zone: office/,
  ],
  ['a tag in a simple zone', simple({ tag: 5 }), /no tag/],
  ['no tag in a VLAN zone', two('vlan', [undefined], { bridge: 'vmbr0' }), /a tag: zone office is a vlan zone/],
  ['a VLAN over 4094', two('vlan', [4095], { bridge: 'vmbr0' }), /from 1 to 4094/],
  ['a VLAN twice in a zone', two('vlan', [9, 9], { bridge: 'vmbr0' }), /vnet net0 has this one/],
  ['two untagged vnets in a QinQ zone', two('qinq', [undefined, undefined], { bridge: 'vmbr0', tag: 5 }), /vnet net0 has this one/],
  ['a VNI twice', two('vxlan', [9000, 9000], { peers: PEERS }), /vnet net0 has this one/],
  [
    'a service tag twice on a bridge',
    { zones: { east: { type: 'qinq', bridge: 'vmbr0', tag: 5 }, west: { type: 'qinq', bridge: 'vmbr0', tag: 5 } } },
    /zone east has this one/,
  ],
  ['a vnet with subnets and VLANs', simple({ vlanaware: 1 }, {}), /a vnet with subnets carries no VLANs/],
  ['an alias with a line break', simple({ alias: 'one\ntwo' }), /letters, digits, blanks/],
  [
    'a subnet of a vnet that is not there',
    { ...simple(), subnets: { 'lab-10.66.0.0-24': { type: 'subnet', vnet: 'attic' } } },
    /a vnet: bench/,
  ],
  ['a subnet whose id says no prefix', { ...simple(), subnets: { lab: { type: 'subnet', vnet: 'bench' } } }, /<zone>-<network>-<length>/],
  ['a gateway of the other family', simple({}, { gateway: '2001:db8::1' }), /an address of the family of 10\.66\.0\.0\/24/],
  ['a DHCP range outside', simple({}, { 'dhcp-range': 'start-address=10.67.0.1,end-address=10.67.0.9' }), /addresses of 10\.66\.0\.0\/24/],
  [
    'a DHCP range backwards',
    simple({}, { 'dhcp-range': 'start-address=10.66.0.9,end-address=10.66.0.1' }),
    /a start that is not after the end/,
  ],
  [
    'DHCP ranges that overlap',
    simple({}, { 'dhcp-range': ['start-address=10.66.0.1,end-address=10.66.0.9', 'start-address=10.66.0.9,end-address=10.66.0.12'] }),
    /10\.66\.0\.1 to 10\.66\.0\.9 is there/,
  ],
  ['an unknown controller type', { controllers: { ctl: { type: 'faucet' } } }, /evpn, bgp or isis/],
  ['a bgp controller without a node', { controllers: { ctl: { ...bgp, node: undefined } } }, /node has to be given/],
  ['a bgp controller without peers', { controllers: { ctl: { ...bgp, peers: [] } } }, /a list of addresses/],
  ['two bgp controllers on a node', { controllers: { one: bgp, two: bgp } }, /one bgp controller on a node: one is there/],
  [
    'a NET that is none',
    { controllers: { isisash: { type: 'isis', node: 'ash', 'isis-domain': 'one', 'isis-net': '49.1' } } },
    /a NET such as/,
  ],
  ['an unknown fabric type', { fabrics: { core: { type: 'rip_fabric' } } }, /openfabric_fabric, openfabric_node, ospf_fabric/],
  ['a fabric name over 8 characters', { fabrics: { longfabrc: { type: 'openfabric_fabric', ip_prefix: '10.0.0.0/8' } } }, /1 to 8 letters/],
  ['a node of a fabric that is not there', { fabrics: { core_ash: { type: 'openfabric_node', ip: '10.255.0.1' } } }, /and core is not/],
  ['a node of another protocol', fabric({ type: 'ospf_node' }), /with ospf_fabric/],
  ['a fabric without a prefix', { fabrics: { core: { type: 'openfabric_fabric' } } }, /a prefix for the addresses/],
  [
    'an OSPF fabric with IPv6',
    { fabrics: { core: { type: 'ospf_fabric', ip_prefix: '10.0.0.0/8', ip6_prefix: '2001:db8::/64', area: 0 } } },
    /property "ip6_prefix"/,
  ],
  ['a node outside of the prefix', fabric({ ip: '10.255.0.20' }), /an address of 10\.255\.0\.0\/28/],
  ['a node without an address', fabric({ ip: undefined }), /an address of 10\.255\.0\.0\/28/],
  ['a node with an address of a family that the fabric has not', fabric({ ip6: '2001:db8::1' }), /no ip6, because/],
  [
    'an address twice',
    { fabrics: { ...fabric({}).fabrics, core_birch: { type: 'openfabric_node', ip: '10.255.0.1' } } },
    /node ash has this one/,
  ],
  [
    'fabrics that overlap',
    { fabrics: { ...fabric({}).fabrics, edge: { type: 'openfabric_fabric', ip_prefix: '10.255.0.8/29' } } },
    /does not overlap with 10\.255\.0\.0\/28/,
  ],
  ['an interface twice', fabric({ interfaces: ['name=enp1s0', 'name=enp1s0'] }), /each interface once/],
  ['an interface name over 15 characters', fabric({ interfaces: 'name=enp129s0f0np1234' }), /1 to 15/],
  ['a hello interval of an hour', fabric({}, { hello_interval: 3600 }), /from 1 to 600/],
  [
    'an OSPF area twice',
    {
      fabrics: {
        one: { type: 'ospf_fabric', ip_prefix: '10.1.0.0/16', area: 1 },
        two: { type: 'ospf_fabric', ip_prefix: '10.2.0.0/16', area: '0.0.0.1' },
      },
    },
    /fabric one has this one/,
  ],
  [
    'a prefix list that shrinks',
    { 'prefix-lists': { near: { type: 'prefix-list', entries: 'action=permit,prefix=10.0.0.0/8,ge=24,le=20' } } },
    /from 24 to 32/,
  ],
];

describe('a configuration', () => {
  it.each(REFUSED)('is refused with %s', (_what, parts, sentence) => {
    const message = refusal(() => sdn(parts));
    expect(message).toMatch(/^INVALID_VALUE: /);
    expect(message).toMatch(sentence);
  });

  it('is refused with the VNI of a VRF twice, and with one that a vnet has', () => {
    expect(refusal(() => evpn({}, { zones: { twin: { type: 'evpn', controller: 'ctl', 'vrf-vxlan': 5000 } } }))).toMatch(
      /^INVALID_VALUE: zone twin: vrf-vxlan .*zone dc has this one/,
    );
    expect(refusal(() => evpn({ 'vrf-vxlan': 5001 }))).toMatch(/^INVALID_VALUE: vnet web: tag .*zone dc has this one/);
  });

  it('is refused with VLANs in an EVPN vnet', () => {
    expect(
      refusal(() =>
        evpn(
          {},
          {
            vnets: { web: { type: 'vnet', zone: 'dc', tag: 5001, vlanaware: 1 } },
            subnets: { 'dc-10.40.0.0-24': { type: 'subnet', vnet: 'web' } },
          },
        ),
      ),
    ).toMatch(/^INVALID_VALUE: vnet web: vlanaware/);
  });

  it('is refused with evpn controllers that would be one peer group, or two ASNs', () => {
    const second = { type: 'evpn', asn: 64_900, peers: PEERS };
    expect(refusal(() => evpn({}, { controllers: { more: second } }))).toMatch(/^INVALID_VALUE: controller more: peer-group-name/);
    expect(refusal(() => evpn({}, { controllers: { more: { ...second, asn: 64_901, 'peer-group-name': 'MORE' } } }))).toMatch(
      /^INVALID_VALUE: controller more: asn .*64900/,
    );
    expect(
      refusal(() =>
        evpn({}, { controllers: { ctl: { type: 'evpn', asn: 64_900, peers: PEERS, nodes: 'ash' }, more: { ...second, nodes: 'birch' } } }),
      ),
    ).toBe('accepted');
  });

  it('may have the same VLAN or service tag where the zones never meet', () => {
    expect(
      refusal(() =>
        sdn({
          zones: {
            east: { type: 'qinq', bridge: 'vmbr0', tag: 5, nodes: 'ash' },
            west: { type: 'qinq', bridge: 'vmbr0', tag: 5, nodes: 'birch' },
          },
        }),
      ),
    ).toBe('accepted');
  });
});
