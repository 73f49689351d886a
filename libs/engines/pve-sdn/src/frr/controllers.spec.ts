import { ASH, below, BGP, evpn, frrText, node, PEERS, refusal, sdn } from '../testing/index.js';

const ROUTER = 'router bgp 64900';

describe('controllers', () => {
  it('peer the tunnel ends outside, with route targets of one ASN, where each node has an ASN of its own', () => {
    const content = frrText(evpn({}, { controllers: { bgpash: { ...BGP, asn: 64_901, ebgp: 1, loopback: 'lo' } } }));
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
    expect(refusal(() => frrText(config))).toMatch(/^INVALID_VALUE: route target/);
  });

  it('of BGP add a group, and with a loopback the network of it and the source of what is learned', () => {
    const interfaces = `${ASH}iface lo1 inet static\n\taddress 10.200.0.1/32\n`;
    const content = frrText(
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
    const content = frrText(
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
    expect(refusal(() => frrText(evpn(), node()))).toMatch(/^INVALID_VALUE: node ash has no IPv4 address for a router id/);
  });

  it('of other nodes are not there', () => {
    const content = frrText(evpn({}, { controllers: { bgpbirch: { ...BGP, node: 'birch', asn: 64_999 } } }));
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
    const content = frrText(sdn({ controllers: { isisash: isis } }), node({ alternativeNames: { uplink0: 'enp1s0' } }));
    expect(below('router isis one', content)[0]).toBe('net 49.0001.0102.0000.0001.00');
    expect(content.match(/^interface \S+/gm)).toEqual(['interface enp1s0', 'interface enp2s0']);
  });
});
