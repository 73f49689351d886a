import { compareConfigs, eosDialect } from '#engines/reconcile';
import fc from 'fast-check';
import { readEos, writeEos } from './read-eos.js';

const LEAF = `! Command: show running-config
! device: LEAF-7 (vEOS-lab, EOS-4.34.1F)
!
hostname LEAF-7
!
banner login
   router bgp 1
EOF
!
vlan 30,32
!
vlan 31
   name storage
   trunk group PEER
!
vrf instance BLUE
!
interface Port-Channel5
   description pve7
   switchport trunk native vlan 30
   switchport trunk allowed vlan 30-32
   switchport mode trunk
   !
   evpn ethernet-segment
      identifier 0000:0000:0707:0101:0101
      route-target import 07:07:01:01:01:01
   lacp system-id 0707.0101.0101
!
interface Ethernet1
   mtu 9214
   no switchport
   ip address 192.0.2.1/31
   storm-control all level 10
!
interface Ethernet2
   !! mind the cable
   channel-group 5 mode active
!
interface Loopback0
   ip address 10.7.0.7/32
!
interface Vlan30
   vrf BLUE
   ip helper-address 198.51.100.9 vrf SERVICES source-interface Loopback9
   ip address virtual 10.7.30.1/24
   ip address virtual 10.7.40.1/24 secondary
   ipv6 address virtual 2001:db8:7:30::1/64
!
interface Vlan31
   vrf BLUE
   ip address 10.7.31.2/24
   ip virtual-router address 10.7.31.1
!
interface Vxlan1
   vxlan source-interface Loopback0
   vxlan udp-port 4789
   vxlan vlan 30-31 vni 10030,10031
   vxlan vrf BLUE vni 50007
   vxlan vlan 32 flood vtep 10.7.0.8 10.7.0.9
   vxlan vlan 32 vni 10032
!
ip virtual-router mac-address 00:1c:73:00:07:07
!
ip routing
ip routing vrf BLUE
no ip routing vrf MGMT
!
ip prefix-list LOOPBACKS seq 10 permit 10.7.0.0/24 eq 32
!
ip route vrf BLUE 0.0.0.0/0 10.7.30.254 200 tag 7 name UPSTREAM
!
route-map CONNECTED permit 10
   match ip address prefix-list LOOPBACKS
!
router bgp 65107
   router-id 10.7.0.7
   no bgp default ipv4-unicast
   maximum-paths 4 ecmp 4
   neighbor OVERLAY peer group
   neighbor OVERLAY remote-as 65100
   neighbor OVERLAY password 7 bm90IGEgc2VjcmV0
   neighbor OVERLAY send-community extended
   neighbor 10.7.0.1 peer group OVERLAY
   redistribute connected route-map CONNECTED
   !
   vlan 30
      rd 10.7.0.7:30
      route-target both 65000:10030
      redistribute learned
   !
   vlan 31
      rd 10.7.0.7:100031
      route-target both 65000:10031
   !
   vlan-aware-bundle REST
      rd 10.7.0.7:32
      route-target import 65000:32
      route-target export 65000:33
      vlan 32
   !
   address-family evpn
      neighbor OVERLAY activate
   !
   address-family ipv4
      no neighbor OVERLAY activate
   !
   vrf BLUE
      rd 10.7.0.7:7
      route-target import evpn 65000:50007
      route-target export evpn 65000:50007
      redistribute connected
!
end
`;

describe('reading of an EOS running-config', () => {
  const config = readEos(LEAF);

  it('gives values, not lines', () => {
    expect(config.vlans.map(({ head, body }) => [head, body.name, body.trunkGroups])).toEqual([
      [30, null, []],
      [32, null, []],
      [31, 'storage', ['PEER']],
    ]);
    expect(config.vxlan?.vlans).toEqual([
      { vlan: 30, vni: 10030 },
      { vlan: 31, vni: 10031 },
      { vlan: 32, vni: 10032 },
    ]);
    expect(config.vxlan?.vlanFlood).toEqual([
      { vlan: 32, vtep: '10.7.0.8' },
      { vlan: 32, vtep: '10.7.0.9' },
    ]);
    const [svi, varp] = config.svis;
    expect(svi?.head).toEqual({ kind: 'Vlan', place: [30], sub: null });
    expect(svi?.body.ipv4Virtual).toEqual([
      { prefix: { address: '10.7.30.1', length: 24 }, secondary: false },
      { prefix: { address: '10.7.40.1', length: 24 }, secondary: true },
    ]);
    expect(svi?.body.helpers[0]).toEqual({
      server: '198.51.100.9',
      vrf: 'SERVICES',
      source: { kind: 'Loopback', place: [9], sub: null },
    });
    expect(varp?.body.varp).toEqual([{ prefix: null, address: '10.7.31.1' }]);
    expect(config.staticRoutes[0]).toMatchObject({ vrf: 'BLUE', prefix: '0.0.0.0/0', nextHop: '10.7.30.254', distance: 200, tag: 7 });
    expect(config.prefixLists[0]?.body.entries[0]).toMatchObject({ sequence: 10, action: 'permit', prefix: '10.7.0.0/24', eq: 32 });
    expect(config.portChannels[0]?.body.allowedVlans).toEqual([30, 31, 32]);
    expect(config.portChannels[0]?.body.ethernetSegment?.identifier).toEqual({ auto: false, esi: '0000:0000:0707:0101:0101' });
  });

  it('gives sessions with their groups, MAC-VRFs and VRFs with their targets', () => {
    const bgp = config.bgp[0];
    expect(bgp?.head).toBe(65107);
    expect(bgp?.body.neighbors.map(({ head, body }) => [head.address ?? head.group, body.peerGroup?.joins, body.remoteAs])).toEqual([
      ['OVERLAY', null, 65100],
      ['10.7.0.1', 'OVERLAY', null],
    ]);
    expect(bgp?.body.macVrfs[0]?.body).toMatchObject({
      rd: '10.7.0.7:30',
      targets: [
        { direction: 'import', target: '65000:10030' },
        { direction: 'export', target: '65000:10030' },
      ],
      learned: true,
    });
    expect(bgp?.body.bundles[0]?.body.vlans).toEqual([32]);
    expect(bgp?.body.families[0]?.body.neighbors[0]?.body.activate).toBe(false);
    expect(bgp?.body.vrfs[0]?.body.targets[0]).toEqual({ direction: 'import', family: 'evpn', domain: null, target: '65000:50007' });
  });

  it('keeps what it does not know, and says when it is the value that it refuses', () => {
    expect(config.kept.map(({ fact }) => fact.text.split('\n')[0])).toEqual(['hostname LEAF-7', 'banner login']);
    expect(config.ethernets[0]?.body.kept.map(({ fact, reason }) => [fact.text, reason])).toEqual([
      ['storm-control all level 10', 'UNKNOWN'],
    ]);
    expect(config.ethernets[1]?.body.kept.map(({ fact }) => fact.text)).toEqual(['!! mind the cable']);
    // 100031 does not fit behind an IPv4 address: 16 bits are left (RFC 4364 §4.2).
    expect(config.bgp[0]?.body.macVrfs[1]?.body.kept.map(({ fact, reason }) => [fact.text, reason])).toEqual([
      ['rd 10.7.0.7:100031', 'REFUSED'],
    ]);
  });

  it('is written again as EOS prints it, and means the same', () => {
    const written = writeEos(config);
    expect(compareConfigs(eosDialect, LEAF, written)).toEqual([]);
    expect(written).toContain('banner login\n   router bgp 1\nEOF\n');
    expect(written).toContain('   switchport trunk allowed vlan 30-32\n');
    expect(written).toContain('   lacp system-id 0707.0101.0101\n');
    expect(written).toContain('      route-target both 65000:10030\n');
    expect(written).toContain('   vxlan vlan 32 flood vtep 10.7.0.8 10.7.0.9\n');
    expect(writeEos(readEos(written))).toBe(written);
  });

  it('leaves out what it keeps when only its own values are asked for', () => {
    const owned = writeEos(config, 'without');
    expect(owned).not.toMatch(/hostname|banner|storm-control|100031|mind the cable/);
    expect(owned).toContain('neighbor OVERLAY password 7 bm90IGEgc2VjcmV0');
  });
});

describe('reading of any text', () => {
  const words = fc.constantFrom(
    'interface',
    'Ethernet1',
    'vlan',
    '10-12',
    'no',
    'router bgp',
    '65000',
    'neighbor',
    'G',
    'peer group',
    'rd',
    '1.1.1.1:1',
    'route-target both',
    'ip address',
    '10.0.0.1/24',
    'description',
    'vxlan vlan',
    'vni',
    '007',
    'switchport trunk allowed vlan',
    'address-family evpn',
    'activate',
    'banner motd',
    'EOF',
    '!! note',
    'exit',
  );
  const anyLine = fc
    .tuple(
      fc.constantFrom(0, 3, 6),
      fc.oneof(
        fc.array(words, { minLength: 1, maxLength: 4 }).map((some) => some.join(' ')),
        fc.string(),
      ),
    )
    .map(([indent, text]) => ' '.repeat(indent) + text);

  it('loses no fact, whatever stands there', () => {
    fc.assert(
      fc.property(fc.array(anyLine, { maxLength: 25 }), (lines) => {
        const text = lines.join('\n');
        expect(compareConfigs(eosDialect, text, writeEos(readEos(text)))).toEqual([]);
      }),
      { numRuns: 400 },
    );
  });

  const hostile = fc.oneof(
    fc.string({ minLength: 1, maxLength: 30 }),
    fc.constantFrom(
      '!',
      '!! x',
      'x ! y',
      '   indented',
      'EOF',
      'end',
      'no shutdown',
      'router bgp 1',
      '"quoted"',
      '?',
      '$(reboot)',
      'a\tb',
      '\u2028',
    ),
  );

  it('keeps a hostile description inside its line', () => {
    fc.assert(
      fc.property(
        hostile.filter((text) => !/[\r\n]/.test(text) && text.trim() !== ''),
        (text) => {
          const config = readEos(`interface Ethernet1\n   description ${text}\n   mtu 9000\n!\nvlan 10\n   name ${text}\n`);
          expect([config.ethernets.length, config.vlans.length, config.kept.length, config.bgp.length]).toEqual([1, 1, 0, 0]);
          expect(config.ethernets[0]?.body.description).toBe(text.trim());
          expect(config.ethernets[0]?.body.mtu).toBe(9000);
          expect(readEos(writeEos(config))).toEqual(config);
        },
      ),
    );
  });
});
