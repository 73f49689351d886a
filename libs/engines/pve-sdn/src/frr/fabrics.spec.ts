import { below, evpn, frrText, routedAsh, sdn } from '../testing/index.js';

const ash = routedAsh();
const ROUTER = 'router bgp 64900';

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
    const content = frrText(sdn({ fabrics: openfabric }));
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
    expect(frrText(sdn({ fabrics: six }))).toContain('net 49.0001.0000.0012.beef.00');
  });

  it('of OSPF are areas of one router; a link without an address of its own has two ends', () => {
    const content = frrText(
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
    const content = frrText(sdn({ fabrics: spine }), ash, '9.2');
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
    const content = frrText(evpn({}, { fabrics: spine }), ash, '9.2');
    expect(content.match(/^router bgp .*/gm)).toEqual([ROUTER, `${ROUTER} vrf vrf_dc`]);
    expect(below(ROUTER, content)).toContain('neighbor spine local-as 64801 no-prepend replace-as');
  });

  it('match a prefix list of the cluster instead of their own prefix', () => {
    const content = frrText(
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
