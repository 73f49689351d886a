import type { SdnConfig } from '../model/sdn-config.js';
import type { NodeFacts } from '../node/node-facts.js';
import type { PveRelease } from '../node/pve-release.js';
import { renderPveNode } from '../render-pve-node.js';
import { ASH, evpn, node, PEERS, refusal, sdn } from '../testing/index.js';

const ash = node({ interfaces: ASH, route: ['10.9.8.1', 'vmbr0'] });
const text = (config: SdnConfig, facts: NodeFacts = ash, release: PveRelease = '9.1', local: string | null = null): string =>
  renderPveNode(config, facts, release, local).files.get('/etc/frr/frr.conf') ?? '';

/** The lines below one head, up to the next line at the margin, without their indentation of one blank. */
function below(head: string, content: string): string[] {
  const lines = content.split('\n');
  const start = lines.indexOf(head);
  if (start < 0) return [`no ${head}`];
  const end = lines.findIndex((line, at) => at > start && !line.startsWith(' '));
  return lines.slice(start + 1, end).map((line) => line.slice(1));
}

const ROUTER = 'router bgp 64900';
const BGP = { type: 'bgp', node: 'ash', asn: 64_900, peers: '10.9.8.254' };

describe('frr.conf', () => {
  it('of an EVPN zone, as a whole', () => {
    expect(text(evpn())).toBe(`frr version 10.4.1
frr defaults datacenter
hostname ash
log syslog informational
service integrated-vtysh-config
!
vrf vrf_dc
 vni 5000
exit-vrf
!
router bgp 64900
 bgp router-id 10.9.8.1
 no bgp hard-administrative-reset
 no bgp default ipv4-unicast
 coalesce-time 1000
 no bgp graceful-restart notification
 neighbor VTEP peer-group
 neighbor VTEP remote-as 64900
 neighbor VTEP bfd
 neighbor 10.9.8.2 peer-group VTEP
 neighbor 10.9.8.3 peer-group VTEP
 !
 address-family l2vpn evpn
  neighbor VTEP activate
  neighbor VTEP route-map MAP_VTEP_IN in
  neighbor VTEP route-map MAP_VTEP_OUT out
  advertise-all-vni
 exit-address-family
exit
!
router bgp 64900 vrf vrf_dc
 bgp router-id 10.9.8.1
 no bgp hard-administrative-reset
 no bgp graceful-restart notification
exit
!
route-map MAP_VTEP_IN permit 1
exit
!
route-map MAP_VTEP_OUT permit 1
exit
!
line vty
!
`);
  });

  it('is not written where nothing asks for a routing daemon', () => {
    const config = sdn({ zones: { lab: { type: 'simple' } }, vnets: { bench: { type: 'vnet', zone: 'lab' } } });
    expect([...renderPveNode(config, ash, '9.1', null).files.keys()]).toEqual(['/etc/network/interfaces.d/sdn']);
  });

  it('asks for the daemons that it configures', () => {
    const config = sdn({
      controllers: { isisash: { type: 'isis', node: 'ash', 'isis-domain': 'one', 'isis-net': '49.0001.0102.0000.0001.00' } },
      fabrics: {
        core: { type: 'openfabric_fabric', ip_prefix: '10.255.0.0/24' },
        core_ash: { type: 'openfabric_node', ip: '10.255.0.1' },
        edge: { type: 'ospf_fabric', ip_prefix: '10.254.0.0/24', area: '0' },
        edge_birch: { type: 'ospf_node', ip: '10.254.0.1' },
      },
    });
    expect(renderPveNode(config, ash, '9.1', null).daemons).toEqual(['isisd', 'fabricd']);
  });
});

describe('controllers', () => {
  it('peer the tunnel ends outside, with route targets of one ASN, where each node has an ASN of its own', () => {
    const content = text(evpn({}, { controllers: { bgpash: { ...BGP, asn: 64_901, ebgp: 1, loopback: 'lo' } } }));
    expect(content).toContain('neighbor VTEP remote-as external');
    expect(content).toContain('neighbor VTEP ebgp-multihop 10');
    expect(content).toContain('neighbor VTEP update-source lo');
    expect(content).toContain('  autort as 64900');
    expect(below('router bgp 64901 vrf vrf_dc', content)).toEqual(
      expect.arrayContaining([' route-target import 64900:5000', ' route-target export 64900:5000']),
    );
  });

  it('refuse route targets that do not fit into 48 bits', () => {
    const config = evpn({ 'vrf-vxlan': 70_000 }, { controllers: { ctl: { type: 'evpn', asn: 4_200_000_000, peers: PEERS }, bgpash: BGP } });
    expect(refusal(() => text(config))).toMatch(/^INVALID_VALUE: route target/);
  });

  it('of BGP add a group, and with a loopback the network of it and the source of what is learned', () => {
    const interfaces = `${ASH}iface lo1 inet static\n\taddress 10.200.0.1/32\n`;
    const content = text(
      evpn({}, { controllers: { uplink: { ...BGP, loopback: 'lo1', 'bgp-multipath-as-path-relax': 1 } } }),
      node({ interfaces }),
    );
    expect(below(ROUTER, content)).toEqual(
      expect.arrayContaining([
        'bgp router-id 10.200.0.1',
        'bgp bestpath as-path multipath-relax',
        'neighbor BGP remote-as 64900',
        ' network 10.200.0.1/32',
      ]),
    );
    expect(below('route-map correct_src permit 1', content)).toEqual(['match ip address prefix-list loopbacks_ips', 'set src 10.200.0.1']);
    expect(content).toContain('!\nip protocol bgp route-map correct_src\n!\nline vty');
  });

  it('of BGP alone make the router, with hops where the peers are external', () => {
    const content = text(
      sdn({ controllers: { uplink: { ...BGP, ebgp: 1, 'ebgp-multihop': 4, peers: ['2001:db8::2'] } } }),
      node({ route: ['2001:db8::1', 'vmbr0'], mac: 'bc:24:11:0a:0b:0c' }),
    );
    expect(below(ROUTER, content)).toEqual([
      'bgp router-id 17.10.11.12',
      'no bgp default ipv4-unicast',
      'coalesce-time 1000',
      'neighbor BGP peer-group',
      'neighbor BGP remote-as external',
      'neighbor BGP bfd',
      'neighbor BGP ebgp-multihop 4',
      'neighbor 2001:db8::2 peer-group BGP',
      '!',
      'address-family ipv6 unicast',
      ' neighbor BGP activate',
      ' neighbor BGP soft-reconfiguration inbound',
      'exit-address-family',
    ]);
  });

  it('need an IPv4 address or a MAC for a router id', () => {
    expect(refusal(() => text(evpn(), node()))).toMatch(/^INVALID_VALUE: node ash has no IPv4 address for a router id/);
  });

  it('of other nodes are not there', () => {
    const content = text(evpn({}, { controllers: { bgpbirch: { ...BGP, node: 'birch', asn: 64_999 } } }));
    expect(content).not.toContain('64999');
    expect(content).not.toContain('neighbor BGP');
  });

  it('of IS-IS know interfaces by the names that the kernel gives them', () => {
    const isis = {
      type: 'isis',
      node: 'ash',
      'isis-domain': 'one',
      'isis-net': '49.0001.0102.0000.0001.00',
      'isis-ifaces': 'enp2s0,uplink0',
    };
    const content = text(sdn({ controllers: { isisash: isis } }), node({ alternativeNames: { uplink0: 'enp1s0' } }));
    expect(below('router isis one', content)[0]).toBe('net 49.0001.0102.0000.0001.00');
    expect(content.match(/^interface \S+/gm)).toEqual(['interface enp1s0', 'interface enp2s0']);
  });
});

describe('EVPN zones', () => {
  it('announce their subnets where they should', () => {
    const router = below('router bgp 64900 vrf vrf_dc', text(evpn({ 'advertise-subnets': 1 })));
    expect(router.slice(3)).toEqual([
      '!',
      'address-family ipv4 unicast',
      ' redistribute connected',
      'exit-address-family',
      '!',
      'address-family ipv6 unicast',
      ' redistribute connected',
      'exit-address-family',
      '!',
      'address-family l2vpn evpn',
      ' advertise ipv4 unicast',
      ' advertise ipv6 unicast',
      'exit-address-family',
    ]);
  });

  it('announce a default on an exit node, and not their subnets', () => {
    const content = text(evpn({ exitnodes: 'ash', 'advertise-subnets': 1 }));
    const vrf = below('router bgp 64900 vrf vrf_dc', content);
    expect(vrf).toEqual(expect.arrayContaining([' default-originate ipv4', ' default-originate ipv6', ' redistribute connected']));
    expect(vrf.join()).not.toContain('advertise ipv4');
    expect(below(ROUTER, content).filter((line) => line.includes('import vrf'))).toEqual([' import vrf vrf_dc', ' import vrf vrf_dc']);
  });

  it('take no default of another exit node, unless that is the primary one, whose default is better', () => {
    const alone = text(evpn({ exitnodes: 'ash,birch', 'exitnodes-primary': 'ash' }));
    expect(alone.match(/^route-map .*/gm)).toEqual([
      'route-map MAP_VTEP_IN deny 1',
      'route-map MAP_VTEP_IN deny 2',
      'route-map MAP_VTEP_IN permit 3',
      'route-map MAP_VTEP_OUT permit 1',
    ]);
    const second = text(evpn({ exitnodes: 'ash,birch', 'exitnodes-primary': 'birch' }));
    expect(second.match(/^route-map .*/gm)).toEqual([
      'route-map MAP_VTEP_IN permit 1',
      'route-map MAP_VTEP_OUT permit 1',
      'route-map MAP_VTEP_OUT permit 2',
      'route-map MAP_VTEP_OUT permit 3',
    ]);
    expect(below('route-map MAP_VTEP_OUT permit 2', second)).toEqual(['match ipv6 address prefix-list only_default_v6', 'set metric 200']);
  });

  it('route locally by static routes to the veths, and then import nothing', () => {
    const subnets = { 'dc-2001:db8:9::-64': { type: 'subnet', vnet: 'web' } };
    const content = text(evpn({ exitnodes: 'ash', 'exitnodes-local-routing': 1 }, { subnets }));
    expect(content).not.toContain('import vrf');
    expect(content).toContain('!\nip route 10.40.0.0/24 10.255.255.2 xvrf_dc\nipv6 route 2001:db8:9::/64 fe80::2 xvrf_dc\n!\nline vty');
  });

  it('do not reach the subnets of other zones through an exit node: by address, IPv4 first', () => {
    const content = text(
      evpn(
        { exitnodes: 'ash' },
        {
          zones: { lab: { type: 'simple' } },
          vnets: { bench: { type: 'vnet', zone: 'lab' } },
          subnets: Object.fromEntries(
            ['10.200.0.0-16', '9.0.0.1-8', '2001:db8:2::-64', '2001:db8:10::-64'].map((end) => [
              `lab-${end}`,
              { type: 'subnet', vnet: 'bench' },
            ]),
          ),
        },
      ),
    );
    expect(below('vrf vrf_dc', content)).toEqual([
      'vni 5000',
      'ip route 9.0.0.1/8 null0',
      'ip route 10.200.0.0/16 null0',
      'ipv6 route 2001:db8:2::/64 null0',
      'ipv6 route 2001:db8:10::/64 null0',
    ]);
  });

  it('import further route targets after their own', () => {
    const content = text(evpn({ 'rt-import': '64500:1;64500:2' }, { controllers: { bgpash: { ...BGP, asn: 64_901 } } }));
    expect(content.match(/route-target .*/g)).toEqual([
      'route-target import 64900:5000',
      'route-target import 64500:1',
      'route-target import 64500:2',
      'route-target export 64900:5000',
    ]);
  });

  it('over a fabric peer from its addresses', () => {
    const fabrics = {
      core: { type: 'openfabric_fabric', ip_prefix: '10.255.0.0/24' },
      core_ash: { type: 'openfabric_node', ip: '10.255.0.9' },
      core_birch: { type: 'openfabric_node', ip: '10.255.0.2' },
    };
    const controllers = { ctl: { type: 'evpn', asn: 64_900, fabric: 'core' } };
    expect(below(ROUTER, text(evpn({}, { controllers, fabrics })))).toEqual(
      expect.arrayContaining(['bgp router-id 10.255.0.9', 'neighbor VTEP update-source dummy_core', 'neighbor 10.255.0.2 peer-group VTEP']),
    );
  });
});

describe('fabrics', () => {
  const openfabric = {
    core: { type: 'openfabric_fabric', ip_prefix: '10.255.0.0/24', ip6_prefix: '2001:db8:f::/64', hello_interval: 3, csnp_interval: 20 },
    core_ash: {
      type: 'openfabric_node',
      ip: '10.255.0.21',
      ip6: '2001:db8:f::1:a',
      interfaces: ['name=enp2s0,hello_multiplier=9', 'name=enp1s0'],
    },
  };

  it('of OpenFabric run both families over sorted interfaces, and give what they learn the address of the node', () => {
    const content = text(sdn({ fabrics: openfabric }));
    expect(content.slice(content.indexOf('!\nrouter'))).toBe(`!
router openfabric core
 net 49.0001.0102.5500.0021.00
exit
!
interface dummy_core
 ip router openfabric core
 ipv6 router openfabric core
 openfabric passive
exit
!
interface enp1s0
 ip router openfabric core
 ipv6 router openfabric core
 openfabric hello-interval 3
 openfabric csnp-interval 20
exit
!
interface enp2s0
 ip router openfabric core
 ipv6 router openfabric core
 openfabric hello-interval 3
 openfabric hello-multiplier 9
 openfabric csnp-interval 20
exit
!
ipv6 access-list pve_openfabric_core_ip6s permit 2001:db8:f::/64
!
access-list pve_openfabric_core_ips permit 10.255.0.0/24
!
route-map pve_openfabric permit 100
 match ip address pve_openfabric_core_ips
 set src 10.255.0.21
exit
!
route-map pve_openfabric6 permit 110
 match ipv6 address pve_openfabric_core_ip6s
 set src 2001:db8:f::1:a
exit
!
ip protocol openfabric route-map pve_openfabric
!
ipv6 protocol openfabric route-map pve_openfabric6
!
line vty
!
`);
  });

  it('of IPv6 alone have a NET from the end of the address', () => {
    const six = {
      core: { type: 'openfabric_fabric', ip6_prefix: '2001:db8:f::/64' },
      core_ash: { type: 'openfabric_node', ip6: '2001:db8:f::12:beef' },
    };
    expect(text(sdn({ fabrics: six }))).toContain('net 49.0001.0000.0012.beef.00');
  });

  it('of OSPF are areas of one router; a link without an address of its own has two ends', () => {
    const content = text(
      sdn({
        fabrics: {
          one: { type: 'ospf_fabric', ip_prefix: '10.254.0.7/24', area: 1 },
          one_ash: { type: 'ospf_node', ip: '10.254.0.1', interfaces: ['name=enp1s0', 'name=enp2s0,ip=10.1.0.0/31'] },
          two: { type: 'ospf_fabric', ip_prefix: '10.253.0.0/24', area: '0.0.0.2' },
          two_ash: { type: 'ospf_node', ip: '10.253.0.1', interfaces: 'name=enp3s0' },
        },
      }),
    );
    expect(below('router ospf', content)).toEqual(['ospf router-id 10.254.0.1']);
    expect(below('interface enp1s0', content)).toEqual(['ip ospf area 1', 'ip ospf network point-to-point']);
    expect(below('interface enp2s0', content)).toEqual(['ip ospf area 1']);
    expect(below('interface dummy_two', content)).toEqual(['ip ospf area 0.0.0.2', 'ip ospf passive']);
    expect(content).toContain('access-list pve_ospf_one_ips permit 10.254.0.7/24');
    expect(below('route-map pve_ospf permit 110', content)).toEqual(['match ip address pve_ospf_two_ips', 'set src 10.253.0.1']);
    expect(content.match(/ip protocol ospf/g)).toHaveLength(1);
  });

  const spine = {
    spine: { type: 'bgp_fabric', ip_prefix: '10.255.1.0/24', bfd: 1, redistribute: ['source=connected,metric=5'] },
    spine_ash: { type: 'bgp_node', asn: 64_801, ip: '10.255.1.1', interfaces: 'name=enp1s0' },
  };

  it('of BGP peer over the links themselves', () => {
    const content = text(sdn({ fabrics: spine }), ash, '9.2');
    expect(below('router bgp 64801', content)).toEqual([
      'bgp router-id 10.255.1.1',
      'no bgp default ipv4-unicast',
      'neighbor spine peer-group',
      'neighbor spine remote-as external',
      'neighbor spine bfd',
      'neighbor enp1s0 interface peer-group spine',
      '!',
      'address-family ipv4 unicast',
      ' network 10.255.1.1/32',
      ' neighbor spine activate',
      ' neighbor spine soft-reconfiguration inbound',
      ' neighbor spine route-map pve_bgp_spine_in in',
      ' redistribute connected metric 5',
      'exit-address-family',
    ]);
    expect(content.match(/^route-map .*/gm)).toEqual([
      'route-map pve_bgp permit 100',
      'route-map pve_bgp permit 65535',
      'route-map pve_bgp_spine_in permit 10',
    ]);
  });

  it('of BGP join the router that is there, as another ASN', () => {
    const content = text(evpn({}, { fabrics: spine }), ash, '9.2');
    expect(content.match(/^router bgp .*/gm)).toEqual([ROUTER, `${ROUTER} vrf vrf_dc`]);
    expect(below(ROUTER, content)).toContain('neighbor spine local-as 64801 no-prepend replace-as');
  });

  it('match a prefix list of the cluster instead of their own prefix', () => {
    const content = text(
      sdn({
        fabrics: {
          ...openfabric,
          core: { type: 'openfabric_fabric', ip_prefix: '10.255.0.0/24', ip6_prefix: '2001:db8:f::/64', route_filter: 'near' },
        },
        'prefix-lists': {
          near: {
            type: 'prefix-list',
            entries: ['action=permit,prefix=10.255.0.0/25,le=32,ge=26', { action: 'deny', prefix: '10.0.0.0/8' }],
          },
        },
      }),
      ash,
      '9.2',
    );
    expect(below('route-map pve_openfabric permit 100', content)).toEqual(['match ip address prefix-list near', 'set src 10.255.0.21']);
    expect(content).toContain('ip prefix-list near seq 5 permit 10.255.0.0/25 le 32 ge 26\nip prefix-list near seq 10 deny 10.0.0.0/8\n');
    expect(content).not.toContain('access-list');
  });
});

describe('a node of 9.1', () => {
  it.each([
    ['BGP fabrics', sdn({ fabrics: { spine: { type: 'bgp_fabric', ip_prefix: '10.255.1.0/24' } } })],
    [
      'a second evpn controller',
      evpn({}, { controllers: { more: { type: 'evpn', asn: 64_900, peers: PEERS, 'peer-group-name': 'MORE' } } }),
    ],
    [
      'a mode of an evpn controller',
      evpn({}, { controllers: { ctl: { type: 'evpn', asn: 64_900, peers: PEERS, 'bgp-mode': 'external' } } }),
    ],
    ['route maps on sessions', evpn({}, { controllers: { bgpash: { ...BGP, 'route-map-in': 'mine' } } })],
    ['prefix lists', sdn({ 'prefix-lists': { near: { type: 'prefix-list' } } })],
  ])('is refused %s, which came with 9.2', (_name, config) => {
    expect(refusal(() => renderPveNode(config, ash, '9.1', null))).toMatch(/^INVALID_VALUE: .*"9\.1" is not valid: 9\.2, because of/);
    expect(refusal(() => renderPveNode(config, ash, '9.2', null))).toBe('accepted');
  });
});

describe('a node of 9.2', () => {
  const secondOf = (more: Readonly<Record<string, unknown>>, zone: Readonly<Record<string, unknown>> = {}) =>
    text(
      evpn(zone, {
        controllers: {
          ctl: { type: 'evpn', asn: 64_900, peers: PEERS },
          outer: { type: 'evpn', asn: 64_900, peers: ['10.9.8.200'], 'peer-group-name': 'OUTER', ...more },
        },
      }),
      ash,
      '9.2',
    );

  it('has another FRR', () => {
    expect(text(evpn(), ash, '9.2')).toMatch(/^frr version 10\.6\.1\n/);
  });

  it('announces to each of several controllers the zones that name it', () => {
    const content = secondOf({}, { 'secondary-controllers': 'outer', 'rt-import': '64500:9' });
    expect(content).toContain('bgp extcommunity-list expanded pve_controller_outer seq 5 permit ^RT:64500:9$');
    expect(below('route-map MAP_VTEP_OUT_OUTER permit 1', content)).toEqual(['match extcommunity pve_controller_outer any']);
    expect(content.match(/advertise-all-vni/g)).toHaveLength(1);
    const automatic = secondOf({});
    expect(automatic).toContain(
      'pve_controller_ctl seq 5 permit ^RT:.*:5000$\nbgp extcommunity-list expanded pve_controller_ctl seq 10 permit ^RT:.*:5001$',
    );
    expect(automatic).not.toContain('list expanded pve_controller_outer');
  });

  it('calls the maps of the operator', () => {
    const content = secondOf({ 'route-map-in': 'mine-in', 'route-map-out': 'mine-out', 'bgp-mode': 'external', 'ebgp-multihop': 3 });
    expect(below('route-map MAP_VTEP_IN_OUTER permit 1', content)).toEqual(['call mine-in']);
    expect(below('route-map MAP_VTEP_OUT_OUTER permit 1', content)).toEqual(['call mine-out']);
    expect(content).toContain('neighbor OUTER remote-as external\n neighbor OUTER bfd\n neighbor OUTER ebgp-multihop 3\n');
  });

  it('gives a bgp controller its own ASN beside a router of another one', () => {
    const controllers = {
      ctl: { type: 'evpn', asn: 64_900, peers: PEERS, 'bgp-mode': 'internal' },
      uplink: { ...BGP, asn: 64_950, ebgp: 1 },
    };
    expect(below(ROUTER, text(evpn({}, { controllers }), ash, '9.2'))).toContain('neighbor BGP local-as 64950 no-prepend replace-as');
  });

  it('uses a fabric with both families over IPv6', () => {
    const fabrics = {
      core: { type: 'openfabric_fabric', ip_prefix: '10.255.0.0/24', ip6_prefix: '2001:db8:f::/64' },
      core_ash: { type: 'openfabric_node', ip: '10.255.0.9', ip6: '2001:db8:f::9' },
      core_birch: { type: 'openfabric_node', ip: '10.255.0.2', ip6: '2001:db8:f::2' },
    };
    const config = evpn({}, { controllers: { ctl: { type: 'evpn', asn: 64_900, fabric: 'core' } }, fabrics });
    const facts = node({ mac: 'bc:24:11:0a:0b:0c' });
    expect(below(ROUTER, text(config, facts, '9.2'))).toEqual(
      expect.arrayContaining(['bgp router-id 17.10.11.12', 'neighbor 2001:db8:f::2 peer-group VTEP']),
    );
    expect(below(ROUTER, text(config, facts, '9.1'))).toEqual(
      expect.arrayContaining(['bgp router-id 10.255.0.9', 'neighbor 10.255.0.2 peer-group VTEP']),
    );
  });
});

describe('frr.conf.local', () => {
  const merged = (local: string, config = evpn({ exitnodes: 'ash' })) => text(config, ash, '9.1', local);

  it('adds lines to the blocks that are there', () => {
    const content = merged(
      [
        'vrf vrf_dc',
        ' ip route 192.0.2.0/24 blackhole',
        'exit-vrf',
        '!',
        'router bgp 64900',
        ' neighbor 10.9.8.77 remote-as 65077',
        ' address-family l2vpn evpn',
        '  advertise-svi-ip',
        ' exit-address-family',
        ' neighbor 10.9.8.77 timers 3 9',
        ' address-family ipv4 multicast',
        '  neighbor 10.9.8.77 activate',
        ' exit-address-family',
        'exit',
      ].join('\n'),
    );
    expect(below('vrf vrf_dc', content)).toEqual(['vni 5000', 'ip route 192.0.2.0/24 blackhole']);
    const router = below(ROUTER, content);
    const own = router.indexOf('neighbor 10.9.8.77 remote-as 65077');
    expect(router.slice(own, own + 7)).toEqual([
      'neighbor 10.9.8.77 remote-as 65077',
      'neighbor 10.9.8.77 timers 3 9',
      'address-family ipv4 multicast',
      ' neighbor 10.9.8.77 activate',
      'exit-address-family',
      '!',
      'address-family ipv4 unicast',
    ]);
    expect(router.slice(-3)).toEqual([' advertise-all-vni', ' advertise-svi-ip', 'exit-address-family']);
  });

  it('pastes what is not there, and a router of another ASN or VRF, behind the prefix lists', () => {
    const local = [
      'router bgp 64901',
      ' bgp router-id 1.1.1.1',
      'exit',
      'interface enp1s0',
      ' ip ospf area 0',
      'exit',
      'access-list mine permit any',
    ];
    const content = merged(local.join('\n'));
    expect(content).toContain(
      'ipv6 prefix-list only_default_v6 seq 1 permit ::/0\nrouter bgp 64901\n bgp router-id 1.1.1.1\nexit\n!\n' +
        'interface enp1s0\n ip ospf area 0\nexit\n!\naccess-list mine permit any\n!\nroute-map',
    );
  });

  it('appends entries to maps, numbered on', () => {
    const content = merged('route-map MAP_VTEP_IN deny 1\n set metric 9\nexit\nroute-map own permit 50\nroute-map own deny 60\n');
    expect(content.match(/^route-map (?:MAP_VTEP_IN|own) .*/gm)).toEqual([
      'route-map MAP_VTEP_IN deny 4',
      'route-map own permit 1',
      'route-map own deny 2',
      'route-map MAP_VTEP_IN deny 1',
      'route-map MAP_VTEP_IN deny 2',
      'route-map MAP_VTEP_IN permit 3',
    ]);
    expect(below('route-map MAP_VTEP_IN deny 4', content)).toEqual(['set metric 9']);
  });

  it('says what has no place in the file, instead of losing it without a word', () => {
    const local = 'ip nht resolve-via-default\nip prefix-list bare permit 10.0.0.0/8\nip prefix-list good seq 5 permit any\n';
    const { files, droppedLocalLines } = renderPveNode(evpn(), ash, '9.1', local);
    expect(droppedLocalLines).toEqual(['ip nht resolve-via-default', 'ip prefix-list bare permit 10.0.0.0/8']);
    expect(files.get('/etc/frr/frr.conf')).toContain('ip prefix-list good seq 5 permit any');
  });

  it('alone is reason enough for a file', () => {
    expect(text(sdn({}), ash, '9.1', 'access-list mine permit any\n')).toContain('access-list mine permit any');
  });
});
