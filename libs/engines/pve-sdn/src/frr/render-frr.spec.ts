import { renderPveNode } from '../render-pve-node.js';
import { below, BGP, evpn, frrText, node, PEERS, refusal, routedAsh, sdn } from '../testing/index.js';

const ash = routedAsh();
const ROUTER = 'router bgp 64900';

describe('frr.conf', () => {
  it('of an EVPN zone, as a whole', () => {
    expect(frrText(evpn())).toBe(`frr version 10.4.1
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
    frrText(
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
    expect(frrText(evpn(), ash, '9.2')).toMatch(/^frr version 10\.6\.1\n/);
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
    expect(below(ROUTER, frrText(evpn({}, { controllers }), ash, '9.2'))).toContain('neighbor BGP local-as 64950 no-prepend replace-as');
  });

  it('uses a fabric with both families over IPv6', () => {
    const fabrics = {
      core: { type: 'openfabric_fabric', ip_prefix: '10.255.0.0/24', ip6_prefix: '2001:db8:f::/64' },
      core_ash: { type: 'openfabric_node', ip: '10.255.0.9', ip6: '2001:db8:f::9' },
      core_birch: { type: 'openfabric_node', ip: '10.255.0.2', ip6: '2001:db8:f::2' },
    };
    const config = evpn({}, { controllers: { ctl: { type: 'evpn', asn: 64_900, fabric: 'core' } }, fabrics });
    const facts = node({ mac: 'bc:24:11:0a:0b:0c' });
    expect(below(ROUTER, frrText(config, facts, '9.2'))).toEqual(
      expect.arrayContaining(['bgp router-id 17.10.11.12', 'neighbor 2001:db8:f::2 peer-group VTEP']),
    );
    expect(below(ROUTER, frrText(config, facts, '9.1'))).toEqual(
      expect.arrayContaining(['bgp router-id 10.255.0.9', 'neighbor 10.255.0.2 peer-group VTEP']),
    );
  });
});
