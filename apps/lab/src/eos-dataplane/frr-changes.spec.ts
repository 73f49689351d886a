import { frrChanges } from './frr-changes.js';

const CONFIG = `hostname TEST
!
router bgp 65051
 bgp router-id 172.16.1.1
 no bgp default ipv4-unicast
 neighbor 192.168.100.2 remote-as 65051
 neighbor 192.168.100.2 timers 20 60
 !
 address-family l2vpn evpn
  neighbor 192.168.100.2 activate
  advertise-all-vni
 exit-address-family
exit
`;
const WITH_VNI = CONFIG.replace(
  '  advertise-all-vni\n',
  '  advertise-all-vni\n  vni 10001\n   rd 172.16.1.1:1\n   route-target import 1:1\n  exit-vni\n',
);

describe('changes of an FRR configuration', () => {
  it('are none where nothing changes', () => {
    expect(frrChanges(CONFIG, CONFIG)).toEqual([]);
  });

  it('enter and leave the sections in which something comes', () => {
    expect(frrChanges(CONFIG, WITH_VNI)).toEqual([
      'router bgp 65051',
      'address-family l2vpn evpn',
      'vni 10001',
      'rd 172.16.1.1:1',
      'route-target import 1:1',
      'exit',
      'exit',
      'exit',
    ]);
  });

  it('take a section away by its header, and a neighbor with all its lines', () => {
    expect(frrChanges(WITH_VNI, CONFIG)).toEqual(['router bgp 65051', 'address-family l2vpn evpn', 'no vni 10001', 'exit', 'exit']);
    const alone = CONFIG.replace(/^ +neighbor .*\n/gm, '');
    expect(frrChanges(CONFIG, alone)).toEqual([
      'router bgp 65051',
      'address-family l2vpn evpn',
      'no neighbor 192.168.100.2 activate',
      'exit',
      'no neighbor 192.168.100.2',
      'exit',
    ]);
    expect(frrChanges(CONFIG, 'hostname TEST\n')).toEqual(['no router bgp 65051']);
  });

  it('replace a value in place', () => {
    expect(frrChanges(WITH_VNI, WITH_VNI.replace('172.16.1.1:1', '172.16.1.1:2').replace('timers 20 60', 'timers 5 15'))).toEqual([
      'router bgp 65051',
      'neighbor 192.168.100.2 timers 5 15',
      'address-family l2vpn evpn',
      'vni 10001',
      'rd 172.16.1.1:2',
      'exit',
      'exit',
      'exit',
    ]);
  });
});
