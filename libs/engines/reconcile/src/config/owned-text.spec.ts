import { ownedText } from './owned-text.js';

const OWNED = `vlan 1000
   name acme-web
!
interface Ethernet5
   switchport trunk allowed vlan 10,20
!
interface Vxlan1
   vxlan source-interface Loopback1
   vxlan vlan 1000 vni 10010
!
router bgp 65051
   router-id 172.16.1.1
   !
   vlan 1000
      rd 172.16.1.1:7
      route-target both 65051:10010
`;
const RUNNING = `! device: TEST (vEOS-lab, EOS-4.36.0F)
!
hostname TEST
!
vlan 1000
   name acme-web
!
interface Ethernet5
   switchport trunk allowed vlan 5,10-20
!
interface Vxlan1
   vxlan source-interface Loopback1
   vxlan udp-port 4789
   vxlan vlan 7,1000 vni 7007,10010
!
router bgp 65051
   router-id 172.16.1.1
   timers bgp 20 60
   !
   vlan 1000
      rd 172.16.1.1:7
      route-target import 65051:10010
      route-target export 65051:10010
!
end
`;

describe('read-back of owned lines', () => {
  it('is the artefact itself when the switch has all of it', () => {
    expect(ownedText(RUNNING, OWNED)).toBe(OWNED);
  });

  it('shows the value that the switch has where somebody changed one', () => {
    const drifted = RUNNING.replace('rd 172.16.1.1:7', 'rd 172.16.1.1:8').replace('vni 7007,10010', 'vni 7007,10011');
    expect(ownedText(drifted, OWNED)).toBe(OWNED.replace('rd 172.16.1.1:7', 'rd 172.16.1.1:8').replace('vni 10010', 'vni 10011'));
  });

  it('leaves out what is gone, down to half of a route target and one VLAN of a trunk', () => {
    const drifted = RUNNING.replace('      route-target export 65051:10010\n', '')
      .replace('vlan 5,10-20', 'vlan 5,20')
      .replace('   name acme-web\n', '');
    expect(ownedText(drifted, OWNED)).toBe(
      OWNED.replace('route-target both', 'route-target import')
        .replace('allowed vlan 10,20', 'allowed vlan 20')
        .replace('   name acme-web\n', ''),
    );
  });

  it('is empty on a switch that has nothing of ours', () => {
    expect(ownedText('hostname TEST\n', OWNED).replace(/[!\s]/g, '')).toBe('');
  });

  it('counts a default as there while the switch has no other value', () => {
    const owned = 'interface Ethernet1\n   no shutdown\n';
    expect(ownedText('interface Ethernet1\n', owned)).toBe(owned);
    expect(ownedText('interface Ethernet1\n   shutdown\n', owned)).toBe('interface Ethernet1\n   shutdown\n');
  });
});
