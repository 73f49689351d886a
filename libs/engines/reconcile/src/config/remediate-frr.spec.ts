import fc from 'fast-check';
import { frrHosts } from '../testing/frr-hosts.js';
import { frrTemper } from '../testing/frr-temper.js';
import { Shell } from '../testing/shell.js';
import { compareConfigs } from './compare-configs.js';
import { frrDialect } from './frr-dialect.js';
import { remediate } from './remediate.js';

const toGet = (running: string, desired: string): string[] => remediate({ running, previous: running, desired }, frrDialect);
const boot = (text: string): Shell =>
  new Shell(frrTemper).type(text.split('\n').filter((line) => line.trim() !== '' && !line.trim().startsWith('!')));

const HOST = `frr version 8.4.4
frr defaults datacenter
hostname pve1
!
vrf vrf50007
 vni 50007
exit-vrf
!
router bgp 65051
 bgp router-id 172.16.1.51
 no bgp default ipv4-unicast
 neighbor LEAFS peer-group
 neighbor LEAFS remote-as 65051
 neighbor 192.0.2.1 peer-group LEAFS
 !
 address-family l2vpn evpn
  neighbor LEAFS activate
  advertise-all-vni
  autort rfc8365-compatible
  vni 10007
   rd 172.16.1.51:7
   route-target import 65051:10007
   route-target export 65051:10007
  exit-vni
 exit-address-family
exit
!
router bgp 65051 vrf vrf50007
 !
 address-family l2vpn evpn
  advertise ipv4 unicast
 exit-address-family
exit
!
end
`;

describe('comparison of two FRR configurations', () => {
  it.each([
    [
      'remarks, closing words and the version',
      HOST,
      HOST.replace('frr version 8.4.4', 'frr version 10.3.1').replace('exit-vni\n', '').replace('end\n', '# end\n'),
    ],
    ['a target of both directions', HOST, HOST.replace('import 65051:10007\n   route-target export', 'both')],
    [
      'entries that FRR numbers by itself',
      'ip prefix-list P permit 10.0.0.0/8\nip prefix-list P deny any\n',
      'ip prefix-list P seq 5 permit 10.0.0.0/8\nip prefix-list P seq 10 deny any\n',
    ],
    ['interfaces and VRFs about which nothing is said', 'interface ens19\nexit\nvrf red\nexit-vrf\n', ''],
    ['addresses in capitals', 'ipv6 route 2001:DB8::/32 Null0\n', 'ipv6 route 2001:db8::/32 Null0\n'],
  ])('does not mind %s', (_, left, right) => {
    expect(compareConfigs(frrDialect, left, right)).toEqual([]);
    expect(compareConfigs(frrDialect, right, left)).toEqual([]);
  });

  it('tells facts with their sections', () => {
    expect(compareConfigs(frrDialect, HOST, HOST.replace(/65051:10007/g, '65051:10008').replace('  advertise-all-vni\n', ''))).toEqual([
      { kind: 'missing', path: ['router bgp 65051', 'address-family l2vpn evpn'], wanted: 'advertise-all-vni', found: null },
      ...['import', 'export'].map((direction) => ({
        kind: 'missing',
        path: ['router bgp 65051', 'address-family l2vpn evpn', 'vni 10007'],
        wanted: `route-target ${direction} 65051:10007`,
        found: null,
      })),
      ...['import', 'export'].map((direction) => ({
        kind: 'extra',
        path: ['router bgp 65051', 'address-family l2vpn evpn', 'vni 10007'],
        wanted: null,
        found: `route-target ${direction} 65051:10008`,
      })),
    ]);
  });
});

describe('remediation of an FRR configuration', () => {
  it('sends nothing when everything is there', () => {
    expect(toGet(HOST, HOST)).toEqual([]);
  });

  it('takes the L3 VNI before the instance of its VRF, and that before the main one', () => {
    expect(toGet(HOST, 'hostname pve1\n')).toEqual([
      'vrf vrf50007',
      'no vni 50007',
      'exit-vrf',
      'no router bgp 65051 vrf vrf50007',
      'no router bgp 65051',
      'no frr defaults datacenter',
    ]);
  });

  it('takes a VNI away inside its address family, and leaves each mode by its own word', () => {
    const without = HOST.replace(/ {2}vni 10007\n(?: {3}.*\n)+ {2}exit-vni\n/, '');
    expect(toGet(HOST, without)).toEqual(['router bgp 65051', 'address-family l2vpn evpn', 'no vni 10007', 'exit-address-family', 'exit']);
    expect(toGet(without, HOST).slice(2, -2)).toEqual([
      'vni 10007',
      'rd 172.16.1.51:7',
      'route-target import 65051:10007',
      'route-target export 65051:10007',
      'exit-vni',
    ]);
  });

  it('makes a neighbor anew that changes its group, in all address families', () => {
    const desired = HOST.replace(
      ' neighbor 192.0.2.1 peer-group LEAFS',
      ' neighbor SPINES peer-group\n neighbor 192.0.2.1 peer-group SPINES',
    );
    expect(toGet(HOST, desired)).toEqual([
      'router bgp 65051',
      'no neighbor 192.0.2.1',
      'exit',
      'router bgp 65051',
      'neighbor SPINES peer-group',
      'neighbor 192.0.2.1 peer-group SPINES',
      'exit',
    ]);
  });

  it('takes members before their group', () => {
    const desired = HOST.replace(/ +neighbor .*\n/g, '');
    expect(toGet(HOST, desired)).toEqual(['router bgp 65051', 'no neighbor 192.0.2.1', 'no neighbor LEAFS peer-group', 'exit']);
  });
});

describe('remediation on a device that refuses what FRR refuses', () => {
  it('leads from every configuration to every other', () => {
    fc.assert(
      fc.property(frrHosts, frrHosts, (running, desired) => {
        const device = boot(running);
        expect(compareConfigs(frrDialect, running, device.print())).toEqual([]);
        device.type(toGet(running, desired));
        expect(compareConfigs(frrDialect, desired, device.print())).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});
