import { compareConfigs, configFacts } from './compare-configs.js';
import { eosDialect } from './eos-dialect.js';

const compare = (wanted: string, found: string) => compareConfigs(eosDialect, wanted, found);
const section = (header: string, ...lines: readonly string[]): string => `${header}\n${lines.map((line) => `   ${line}\n`).join('')}`;

describe('comparison of two EOS configurations', () => {
  it.each<[string, string, string]>([
    ['the order of sections and lines', 'vlan 10\n   name a\nhostname x\n', 'hostname x\n!\nvlan 10\n   name a\n!\nend\n'],
    ['a section that is entered twice', 'vlan 10\n   name a\nvlan 10\n   trunk group G\n', 'vlan 10\n   name a\n   trunk group G\n'],
    ['VLANs printed together', 'vlan 10\nvlan 12\nvlan 11\n', 'vlan 10-12\n'],
    [
      'mappings paired by position',
      section('interface Vxlan1', 'vxlan vlan 9 vni 11', 'vxlan vlan 10 vni 10', 'vxlan vlan 11 vni 9'),
      section('interface Vxlan1', 'vxlan udp-port 4789', 'vxlan vlan 9-11 vni 11,10,9'),
    ],
    [
      'a list of allowed VLANs in pieces',
      section('interface Ethernet1', 'switchport trunk allowed vlan 10-12', 'switchport trunk allowed vlan add 20'),
      section('interface Ethernet1', 'switchport trunk allowed vlan 10,11,12,20'),
    ],
    ['ports that say nothing', 'interface Ethernet1\n!\ninterface Ethernet2\n   no shutdown\n', ''],
    [
      '`switchport` where ports are bridged anyway',
      section('interface Ethernet1', 'switchport', 'description x'),
      section('interface Ethernet1', 'description x'),
    ],
    [
      '`no switchport` where ports are routed anyway',
      `switchport default mode routed\n${section('interface Ethernet1', 'no switchport', 'description x')}`,
      `switchport default mode routed\n${section('interface Ethernet1', 'description x')}`,
    ],
    [
      'abbreviated and spelled-out ports',
      section('interface Et1', 'ip address unnumbered lo0'),
      section('interface Ethernet1', 'ip address unnumbered Loopback0'),
    ],
    [
      'AS numbers in dots',
      section('router bgp 65000.1', 'neighbor X remote-as 1.10'),
      section('router bgp 4259840001', 'neighbor X remote-as 65546'),
    ],
    [
      'addresses in capitals',
      section('interface Loopback0', 'ipv6 address 2001:DB8:0::1/128'),
      section('interface Loopback0', 'ipv6 address 2001:db8::1/128'),
    ],
    ['old words', 'vrf definition A\ninterface Vlan1\n   vrf forwarding A\n', 'vrf instance A\ninterface Vlan1\n   vrf A\n'],
    ['a prefix list in one line', 'ip prefix-list P seq 10 permit 10.0.0.0/8\n', section('ip prefix-list P', 'seq 10 permit 10.0.0.0/8')],
    [
      'lines of an access list that EOS numbers by itself',
      section('ip access-list A', 'permit ip any any', 'deny ip any any'),
      section('ip access-list A', '10 permit ip any any', '20 deny ip any any'),
    ],
    [
      'a prefix list in another order of the same numbers',
      section('ip prefix-list P', 'seq 20 deny 0.0.0.0/0', 'seq 10 permit 10.0.0.0/8'),
      section('ip prefix-list P', 'seq 10 permit 10.0.0.0/8', 'seq 20 deny 0.0.0.0/0'),
    ],
    [
      'a value that is said again later',
      section('interface Ethernet1', 'mtu 9000', 'mtu 9214'),
      section('interface Ethernet1', 'mtu 9214'),
    ],
    [
      'a heading at the margin in the midst of a section',
      'interface Vxlan1\n   description a\n! note\n   arp reply relay\n',
      section('interface Vxlan1', 'arp reply relay', 'description a'),
    ],
    ['line ends of another system', 'vlan 10\r\n   name a\r\n\r\n!\r\nend\r\n', 'vlan 10\n   name a\n'],
    ['a VRF without routing', 'vrf instance A\n', 'vrf instance A\n!\nno ip routing vrf A\n'],
  ])('does not mind %s', (_, left, right) => {
    expect(compare(left, right)).toEqual([]);
    expect(compare(right, left)).toEqual([]);
  });

  it('says what is missing, what is there besides and what has another value, each with its section', () => {
    const wanted = section('router bgp 65001', 'router-id 10.0.0.1', 'vlan 10', '   rd 10.0.0.1:10', '   redistribute learned');
    const found = section('router bgp 65001', 'router-id 10.0.0.2', 'vlan 10', '   rd 10.0.0.1:10', 'maximum-paths 4');
    expect(compare(wanted, found)).toEqual([
      { kind: 'changed', path: ['router bgp 65001'], wanted: 'router-id 10.0.0.1', found: 'router-id 10.0.0.2' },
      { kind: 'missing', path: ['router bgp 65001', 'vlan 10'], wanted: 'redistribute learned', found: null },
      { kind: 'extra', path: ['router bgp 65001'], wanted: null, found: 'maximum-paths 4' },
    ]);
  });

  it('names every line of a section that is missing as a whole, but none that says what holds anyway', () => {
    expect(compare(section('interface Vlan10', 'no shutdown', 'no autostate'), '')).toEqual([
      { kind: 'missing', path: [], wanted: 'interface Vlan10', found: null },
      { kind: 'missing', path: ['interface Vlan10'], wanted: 'no autostate', found: null },
    ]);
  });

  it('tells a number of an access list that stands elsewhere, and a clause that permits instead of denying', () => {
    expect(compare(section('ip access-list A', '10 permit ip any any'), section('ip access-list A', '10 deny ip any any'))).toEqual([
      { kind: 'changed', path: ['ip access-list A'], wanted: '10 permit ip any any', found: '10 deny ip any any' },
    ]);
    expect(compare('route-map M permit 10\n', 'route-map M deny 10\n')).toEqual([
      { kind: 'changed', path: [], wanted: 'route-map M permit 10', found: 'route-map M deny 10' },
    ]);
  });

  it('minds the order where lines work in the order written', () => {
    const [first, second] = [section('policy-map P', 'class A', 'class B'), section('policy-map P', 'class B', 'class A')];
    expect(compare(first, second)).toEqual([{ kind: 'reordered', path: ['policy-map P'], wanted: 'class A', found: 'class B' }]);
  });

  it('shows secrets as fingerprints, equal for equal secrets', () => {
    const bgp = (secret: string): string => section('router bgp 1', `neighbor G password 7 ${secret}`);
    const [difference] = compare(bgp('AQQvKeimxJu'), bgp('SHsTgDgjVUU'));
    expect(difference?.wanted).toMatch(/^neighbor G password 7 <[0-9a-f]{8}>$/);
    expect(JSON.stringify(compare(bgp('AQQvKeimxJu'), ''))).not.toContain('AQQv');
    expect(compare(bgp('AQQvKeimxJu'), '')[1]?.wanted).toBe(difference?.wanted);
  });

  it('takes a list that runs backwards for what it is: a mistake, and not for nothing', () => {
    expect(compare(section('interface Vxlan1', 'vxlan vlan 3-2 vni 3-2'), section('interface Vxlan1'))).toHaveLength(1);
  });

  it('counts facts, not lines', () => {
    expect(configFacts(eosDialect, 'vlan 10-12\ninterface Ethernet1\n!\nend\n').map(({ text }) => text)).toEqual([
      'vlan 10',
      'vlan 11',
      'vlan 12',
    ]);
  });
});
