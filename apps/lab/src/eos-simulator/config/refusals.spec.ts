/** What EOS refuses, said by the switch itself: so that nothing passes here that a real one would not take. */
import { CommandRefused, InvalidCommand } from './apply-command.js';
import { emptyConfig } from './load-config.js';
import { printConfig } from './print-config.js';
import type { Section } from './section.js';
import { typeCommands } from './type-commands.js';

const typed = (...commands: readonly string[]): Section => {
  const root = emptyConfig({ ethernetPorts: 8 });
  typeCommands(root, commands);
  return root;
};
const printed = (...commands: readonly string[]): string => printConfig(typed(...commands), '4.34.0F');

describe('a command that is not in the grammar', () => {
  it.each([
    ['a VLAN above 4094', ['vlan 4095'], "Invalid input (at token 1: '4095')"],
    ['a VNI above 24 bits', ['interface Vxlan1', 'vxlan vlan 10 vni 16777216'], "Invalid input (at token 4: '16777216')"],
    [
      'an RD that does not fit 48 bits',
      ['router bgp 65001', 'vlan 10', 'rd 10.0.0.1:70000'],
      "Invalid input (at token 1: '10.0.0.1:70000')",
    ],
    [
      'an RD of a domain',
      ['router bgp 65001', 'vlan 10', 'rd evpn domain all 10.0.0.1:70000'],
      "Invalid input (at token 4: '10.0.0.1:70000')",
    ],
    [
      'a target of a 4-byte AS with more than 16 bits',
      ['router bgp 65001', 'vlan 10', 'route-target import export evpn domain remote 4200000000:100000'],
      "Invalid input (at token 6: '4200000000:100000')",
    ],
    [
      'a domain that is no number',
      ['router bgp 65001', 'address-family evpn', 'domain identifier east'],
      "Invalid input (at token 2: 'east')",
    ],
    [
      'a group that is no group',
      ['interface Vxlan1', 'vxlan vlan 10 multicast group 192.0.2.1'],
      "Invalid input (at token 5: '192.0.2.1')",
    ],
    ['a flood list with a name', ['interface Vxlan1', 'vxlan vlan 10 flood vtep 10.0.0.1 leaf2'], "Invalid input (at token 5: '10.0.0.1')"],
    [
      'an empty segment',
      ['interface Port-Channel5', 'evpn ethernet-segment', 'identifier 0000:0000:0000:0000:0000'],
      "Invalid input (at token 1: '0000:0000:0000:0000:0000')",
    ],
    ['a Port-Channel above 2000', ['interface Ethernet1', 'channel-group 2001 mode active'], "Invalid input (at token 1: '2001')"],
    ['BFD that is too fast', ['interface Ethernet1', 'bfd interval 20 min-rx 300 multiplier 3'], "Invalid input (at token 2: '20')"],
    ['a NET without selector', ['router isis TRAME', 'net 49.0001.1720.1600.1001'], "Invalid input (at token 1: '49.0001.1720.1600.1001')"],
    [
      'half a relay',
      ['interface Vlan10', 'ip helper-address 10.0.0.9 source-interface'],
      "Incomplete command (at token 3: 'source-interface')",
    ],
    [
      'a neighbor on a port without its AS',
      ['router bgp 65001', 'neighbor interface Ethernet1 peer-group G'],
      "Incomplete command (at token 4: 'G')",
    ],
  ] as const)('such as %s is invalid, with the word that was not understood', (_what, commands, message) => {
    expect(() => typed(...commands)).toThrow(new InvalidCommand(message));
  });
});

describe('a command that the switch will not do', () => {
  it.each([
    [
      'a VNI for a second VLAN',
      ['interface Vxlan1', 'vxlan vlan 10 vni 10010', 'vxlan vlan 20 vni 10010'],
      'VNI 10010 is already mapped to vlan 10',
    ],
    [
      'the VNI of a VLAN for a VRF',
      ['interface Vxlan1', 'vxlan vlan 10 vni 10010', 'vxlan vrf RED vni 10010'],
      'VNI 10010 is already mapped to vlan 10',
    ],
    [
      'a subnet on a second VLAN',
      ['interface Vlan10', 'ip address virtual 10.0.0.1/24', 'exit', 'interface Vlan20', 'ip address virtual 10.0.0.129/25'],
      'Subnet 10.0.0.1/24 overlaps with existing subnet of Vlan10',
    ],
    ['a relay into a VRF that is not there', ['interface Vlan10', 'ip helper-address 10.0.0.9 vrf RED'], 'VRF RED does not exist'],
    ['a route in a VRF that is not there', ['ip route vrf RED 10.0.0.0/8 10.1.1.1'], 'VRF RED does not exist'],
    ['a neighbor in a group that is not there', ['router bgp 65001', 'neighbor 10.0.0.1 peer group G'], 'Peer group G does not exist'],
    [
      'a VLAN of a bundle with an instance of its own',
      ['router bgp 65001', 'vlan-aware-bundle B', 'vlan 10-12', 'exit', 'vlan 11'],
      'VLAN 11 is already in vlan-aware-bundle B',
    ],
    [
      'a VLAN with an instance of its own in a bundle',
      ['router bgp 65001', 'vlan 11', 'exit', 'vlan-aware-bundle B', 'vlan 10-12'],
      'VLAN 11 is already in another MAC-VRF',
    ],
    [
      'two VLANs of a wire in one',
      ['interface Ethernet1', 'switchport vlan translation 10 20', 'switchport vlan translation 11 20'],
      'VLAN translation 10 20 is already configured',
    ],
    [
      'a VLAN that a routed port has',
      ['vlan internal order ascending range 1006 1199', 'interface Ethernet1', 'no switchport', 'exit', 'vlan 1006'],
      'Cannot create VLAN 1006: it is in use as an internal VLAN',
    ],
    [
      'a VLAN that an L3 VNI has, from the other end of the range',
      ['vlan internal order ascending range 1006 1199', 'interface Vxlan1', 'vxlan vrf RED vni 50001', 'exit', 'vlan 1199'],
      'Cannot create VLAN 1199: it is in use as an internal VLAN',
    ],
  ] as const)('such as %s is refused', (_what, commands, message) => {
    expect(() => typed(...commands)).toThrow(new CommandRefused(message));
  });
});

describe('what the switch makes of commands', () => {
  it('a Port-Channel appears with its first member and stays when it leaves', () => {
    expect(printed('interface Ethernet5', 'channel-group 5 mode active')).toContain('interface Port-Channel5\n');
    expect(printed('interface Ethernet5', 'channel-group 5 mode active', 'no channel-group')).toContain('interface Port-Channel5\n');
  });

  it('import and export of a domain are printed as one line, and one of them alone as itself', () => {
    const instance = ['router bgp 65001', 'vlan 10'];
    const both = printed(...instance, 'route-target import evpn domain remote 1:10', 'route-target export evpn domain remote 1:10');
    expect(both).toContain('      route-target import export evpn domain remote 1:10\n');
    const one = printed(
      ...instance,
      'route-target import export evpn domain remote 1:10',
      'no route-target export evpn domain remote 1:10',
    );
    expect(one).toContain('      route-target import evpn domain remote 1:10\n');
  });

  it('routing over IPv6 links takes the place of `ip routing`', () => {
    expect(printed('ip routing', 'ip routing ipv6 interfaces')).toMatch(/^ip routing ipv6 interfaces\n(?!ip routing)/m);
  });

  it('VLANs join and leave a bundle one by one', () => {
    const bundle = ['router bgp 65001', 'vlan-aware-bundle B', 'vlan 10-12', 'vlan add 20', 'vlan remove 11'];
    expect(printed(...bundle)).toContain('      vlan 10,12,20\n');
  });

  it('a group takes its members along when it goes', () => {
    const group = ['router bgp 65001', 'neighbor G peer group', 'neighbor 10.0.0.1 peer group G', 'no neighbor G peer group'];
    expect(printed(...group)).not.toContain('peer group');
  });
});
