import { remediate } from './remediate.js';

const FACTORY = `! device: TEST (vEOS-lab, EOS-4.32.1F)
!
spanning-tree mode mstp
!
interface Ethernet1
!
interface Ethernet2
!
no ip routing
!
end
`;

const LEAF = `vlan 1000
   name acme-web
!
interface Ethernet1
   no switchport
   ip address 192.168.100.1/24
!
interface Ethernet2
   switchport access vlan 1000
!
interface Loopback1
   ip address 172.16.1.1/32
!
interface Vxlan1
   vxlan source-interface Loopback1
   vxlan udp-port 4789
   vxlan vlan 1000 vni 10010
!
ip routing
!
router bgp 65051
   router-id 172.16.1.1
   neighbor 192.168.100.2 remote-as 65051
   neighbor 192.168.100.2 send-community extended
   !
   vlan 1000
      rd 172.16.1.1:7
      route-target both 65051:10010
      redistribute learned
   !
   address-family evpn
      neighbor 192.168.100.2 activate
`;

/** What EOS 4.32 prints after the leaf's lines were committed on the factory switch. */
const CONFIGURED = FACTORY.replace(
  'interface Ethernet1\n',
  'vlan 1000\n   name acme-web\n!\ninterface Ethernet1\n   no switchport\n   ip address 192.168.100.1/24\n',
)
  .replace('interface Ethernet2\n', 'interface Ethernet2\n   switchport access vlan 1000\n')
  .replace('no ip routing\n', LEAF.slice(LEAF.indexOf('interface Loopback1')));

describe('remediation of an EOS configuration', () => {
  it('builds a leaf from a factory switch, each line in its mode', () => {
    expect(remediate({ running: FACTORY, previous: '', desired: LEAF }).join('\n')).toBe(`vlan 1000
name acme-web
exit
interface Loopback1
ip address 172.16.1.1/32
exit
interface Ethernet1
no switchport
ip address 192.168.100.1/24
exit
interface Ethernet2
switchport access vlan 1000
exit
interface Vxlan1
vxlan source-interface Loopback1
vxlan udp-port 4789
vxlan vlan 1000 vni 10010
exit
ip routing
router bgp 65051
router-id 172.16.1.1
neighbor 192.168.100.2 remote-as 65051
neighbor 192.168.100.2 send-community extended
vlan 1000
rd 172.16.1.1:7
route-target both 65051:10010
redistribute learned
exit
address-family evpn
neighbor 192.168.100.2 activate
exit
exit`);
  });

  it('sends nothing when everything is there', () => {
    expect(remediate({ running: CONFIGURED, previous: LEAF, desired: LEAF })).toEqual([]);
  });

  it('takes everything back inside out: BGP before mappings, mappings before VLANs, ports never by their header', () => {
    expect(remediate({ running: CONFIGURED, previous: LEAF, desired: '' }).join('\n')).toBe(`no router bgp 65051
no ip routing
no interface Vxlan1
interface Ethernet2
no switchport access vlan 1000
exit
interface Ethernet1
no ip address 192.168.100.1/24
default switchport
exit
no interface Loopback1
no vlan 1000`);
  });

  it('removes one network and leaves the rest of the leaf alone', () => {
    const second = LEAF.replace('   vxlan vlan 1000 vni 10010\n', '')
      .replace('interface Ethernet2\n   switchport access vlan 1000\n!\n', '')
      .replace('vlan 1000\n   name acme-web\n!\n', '')
      .replace(/ {3}!\n {3}vlan 1000\n(?: {6}.*\n)+/, '');
    expect(remediate({ running: CONFIGURED, previous: LEAF, desired: second })).toEqual([
      'router bgp 65051',
      'no vlan 1000',
      'exit',
      'interface Vxlan1',
      'no vxlan vlan 1000 vni 10010',
      'exit',
      'interface Ethernet2',
      'no switchport access vlan 1000',
      'exit',
      'no vlan 1000',
    ]);
  });

  it('keeps a section in which somebody else has a line, and takes only our lines from it', () => {
    const running = CONFIGURED.replace(
      '   vxlan vlan 1000 vni 10010\n',
      '   vxlan vlan 1000 vni 10010\n   vxlan vlan 7 vni 7007\n',
    ).replace('   router-id', '   !! mind the gap\n   router-id');
    const commands = remediate({ running, previous: LEAF, desired: '' });
    expect(commands).not.toContain('no interface Vxlan1');
    expect(commands).not.toContain('no router bgp 65051');
    expect(commands.slice(0, 6)).toEqual([
      'router bgp 65051',
      'no address-family evpn',
      'no vlan 1000',
      'no router-id 172.16.1.1',
      'no neighbor 192.168.100.2',
      'exit',
    ]);
  });

  it('removes a neighbor as a whole, but a neighbor with a line of somebody else line by line', () => {
    const running = CONFIGURED.replace(
      'send-community extended\n',
      'send-community extended\n   neighbor 192.168.100.2 maximum-routes 0\n',
    );
    const desired = LEAF.replace(/ {3}neighbor 192.*\n/g, '').replace(/ {3}!\n {3}address-family evpn\n/, '');
    expect(remediate({ running: CONFIGURED, previous: LEAF, desired })).toEqual([
      'router bgp 65051',
      'no address-family evpn',
      'no neighbor 192.168.100.2',
      'exit',
    ]);
    expect(remediate({ running, previous: LEAF, desired })).toEqual([
      'router bgp 65051',
      'no address-family evpn',
      'no neighbor 192.168.100.2 send-community extended',
      'no neighbor 192.168.100.2 remote-as 65051',
      'exit',
    ]);
  });

  it('removes an old mapping before it makes the new one, so that two VNIs can change places', () => {
    const running = 'interface Vxlan1\n   vxlan udp-port 4789\n   vxlan vlan 10,20 vni 10010,10020\n';
    const desired = 'interface Vxlan1\n   vxlan vlan 10 vni 10020\n   vxlan vlan 20 vni 10010\n';
    expect(remediate({ running, previous: running, desired })).toEqual([
      'interface Vxlan1',
      'no vxlan vlan 20 vni 10020',
      'no vxlan vlan 10 vni 10010',
      'exit',
      'interface Vxlan1',
      'vxlan vlan 10 vni 10020',
      'vxlan vlan 20 vni 10010',
      'exit',
    ]);
  });

  it('replaces a single value in place, without taking the old one away first', () => {
    const running = 'interface Ethernet1\n   description old\n   mtu 9000\n';
    const desired = 'interface Ethernet1\n   description new\n   mtu 9214\n';
    expect(remediate({ running, previous: running, desired })).toEqual(['interface Ethernet1', 'description new', 'mtu 9214', 'exit']);
  });

  it('takes an address away before another interface wants its subnet', () => {
    const running = 'interface Ethernet1\n   ip address 192.0.2.0/31\n!\ninterface Ethernet2\n   ip address 192.0.2.2/31\n';
    const desired = 'interface Ethernet1\n   ip address 192.0.2.2/31\n!\ninterface Ethernet2\n   ip address 192.0.2.0/31\n';
    expect(remediate({ running, previous: running, desired })).toEqual([
      'interface Ethernet2',
      'no ip address 192.0.2.2/31',
      'exit',
      'interface Ethernet1',
      'no ip address 192.0.2.0/31',
      'exit',
      'interface Ethernet1',
      'ip address 192.0.2.2/31',
      'exit',
      'interface Ethernet2',
      'ip address 192.0.2.0/31',
      'exit',
    ]);
  });

  it('sends `vrf` first and then every address again, those of strangers too', () => {
    const running = 'interface Vlan10\n   mtu 9014\n   ip address 10.0.0.2/24\n   ip helper-address 10.9.9.9\n';
    const desired = 'interface Vlan10\n   mtu 9014\n   ip address virtual 10.0.0.1/24\n   vrf PROD\n';
    expect(remediate({ running, previous: '', desired })).toEqual([
      'interface Vlan10',
      'vrf PROD',
      'ip address 10.0.0.2/24',
      'ip address virtual 10.0.0.1/24',
      'exit',
    ]);
    const after = `${desired}   ip address 10.0.0.2/24\n`;
    expect(remediate({ running: after, previous: desired, desired: '' })).toEqual([
      'interface Vlan10',
      'no vrf PROD',
      'no ip address virtual 10.0.0.1/24',
      'no mtu 9014',
      'exit',
      'interface Vlan10',
      'ip address 10.0.0.2/24',
      'exit',
    ]);
  });

  it('merges the allowed VLANs of a trunk with those of others', () => {
    const running = 'interface Ethernet5\n   switchport trunk allowed vlan 5,10,30-32\n';
    const trunk = (vlans: string): string => `interface Ethernet5\n   switchport trunk allowed vlan ${vlans}\n`;
    expect(remediate({ running, previous: trunk('10'), desired: trunk('20') })).toEqual([
      'interface Ethernet5',
      'switchport trunk allowed vlan 5,20,30-32',
      'exit',
    ]);
    expect(remediate({ running: trunk('10'), previous: trunk('10'), desired: '' })).toEqual([
      'interface Ethernet5',
      'no switchport trunk allowed vlan',
      'exit',
    ]);
  });

  it('empties a trunk to nothing instead of to everything, unless others have VLANs on it', () => {
    const trunk = (list: string) => `interface Port-Channel5\n   switchport trunk allowed vlan ${list}\n   switchport mode trunk\n`;
    expect(remediate({ running: trunk('10,20'), previous: trunk('10,20'), desired: trunk('none') })).toEqual([
      'interface Port-Channel5',
      'switchport trunk allowed vlan none',
      'exit',
    ]);
    expect(remediate({ running: trunk('10,20,77'), previous: trunk('10,20'), desired: trunk('none') })).toEqual([
      'interface Port-Channel5',
      'switchport trunk allowed vlan 77',
      'exit',
    ]);
    expect(remediate({ running: trunk('none'), previous: trunk('none'), desired: trunk('10') })).toEqual([
      'interface Port-Channel5',
      'no switchport trunk allowed vlan none',
      'exit',
      'interface Port-Channel5',
      'switchport trunk allowed vlan 10',
      'exit',
    ]);
  });

  it('does not mind how the switch prints what it was told', () => {
    const running = `vlan 10,20
!
interface Ethernet1
!
interface Vxlan1
   vxlan udp-port 4789
   vxlan vlan 20,10 vni 10020,10010
!
ip virtual-router mac-address 00:1c:73:00:00:01
!
router bgp 4200000001
   !
   vlan 10
      route-target import 65051:10010
      route-target export 65051:10010
!
end`;
    const desired = `router bgp 64086.59905
   vlan 10
      route-target both 65051:10010
!
interface Vxlan1
   vxlan vlan 10 vni 10010
!
interface Vxlan1
   vxlan vlan 20 vni 10020
!
interface Ethernet1
   no shutdown
   switchport mode access
!
ip virtual-router mac-address 001c.7300.0001
vlan 20
vlan 10`;
    expect(remediate({ running, previous: '', desired })).toEqual([]);
  });

  it('turns a port on and back to access mode although EOS prints neither', () => {
    const running = 'interface Ethernet1\n   shutdown\n   switchport mode trunk\n';
    expect(remediate({ running, previous: '', desired: 'interface Ethernet1\n   no shutdown\n   switchport mode access\n' })).toEqual([
      'interface Ethernet1',
      'no shutdown',
      'switchport mode access',
      'exit',
    ]);
  });

  it('remembers every unfinished attempt: what only an attempt put there is ours to remove', () => {
    const attempt = 'vlan 1001\n   name lost\n';
    expect(remediate({ running: attempt, previous: ['', attempt], desired: '' })).toEqual(['no vlan 1001']);
    expect(remediate({ running: attempt, previous: '', desired: '' })).toEqual([]);
  });

  it('replaces an access list as a whole, unless a stranger has a line in it', () => {
    const acl = (...lines: string[]): string => `ip access-list EDGE\n${lines.map((line) => `   ${line}\n`).join('')}`;
    const [old, wanted] = [acl('permit ip any any'), acl('deny ip host 10.0.0.1 any', 'permit ip any any')];
    expect(remediate({ running: old, previous: old, desired: wanted })).toEqual([
      'no ip access-list EDGE',
      'ip access-list EDGE',
      'deny ip host 10.0.0.1 any',
      'permit ip any any',
      'exit',
    ]);
    const stranger = acl('permit icmp any any', 'permit ip any any');
    expect(() => remediate({ running: stranger, previous: old, desired: wanted })).toThrow(
      expect.objectContaining({ code: 'FOREIGN_LINES_IN_ORDERED_SECTION' }),
    );
  });

  it.each([
    ['a VLAN that maps to another VNI', 'interface Vxlan1\n   vxlan vlan 10 vni 5000\n', 'interface Vxlan1\n   vxlan vlan 10 vni 10010\n'],
    [
      'a port in another VLAN',
      'interface Ethernet2\n   switchport access vlan 99\n',
      'interface Ethernet2\n   switchport access vlan 10\n',
    ],
    ['a MAC-VRF with another RD', 'router bgp 1\n   vlan 10\n      rd 1.1.1.1:1\n', 'router bgp 1\n   vlan 10\n      rd 1.1.1.1:2\n'],
  ])('does not take over %s from somebody else', (_, running, desired) => {
    expect(() => remediate({ running, previous: '', desired })).toThrow(expect.objectContaining({ code: 'FOREIGN_LINE_TAKEN' }));
    expect(remediate({ running, previous: running, desired })).not.toEqual([]);
  });

  it.each([
    'banner motd\nhello\nEOF',
    'interface Ethernet1\n   !! note',
    'end here',
    'commit timer 00:01:00',
    'vlan 10\n   exit',
    'copy running-config flash:x',
  ])('refuses to send %j, which is no configuration command', (desired) => {
    expect(() => remediate({ running: '', previous: '', desired })).toThrow(expect.objectContaining({ code: 'LINE_NOT_SENDABLE' }));
  });
});
