import { writtenIp } from '../model/written.js';
import { node, refusal } from '../testing/index.js';
import { localAddress } from './local-address.js';
import { parseInterfaces } from './parse-interfaces.js';
import { bgpRouterId, routerId } from './router-id.js';

const ip = (text: string) => writtenIp('test', text);

describe('/etc/network/interfaces', () => {
  it('gives the primary address, the MTU and the kind of bridge, whatever the spelling', () => {
    const text = [
      '# a comment',
      'auto lo enp1s0',
      'iface lo inet loopback',
      'iface vmbr0 inet static',
      '  address 192.0.2.4',
      '  netmask 255.255.255.0',
      '  address 192.0.2.5/24',
      '  bridge_ports enp1s0 \\',
      '    enp2s0',
      '  mtu 9000',
      'iface vmbr0 inet6 static',
      '  address 2001:db8::4/64',
      'source /etc/network/interfaces.d/*',
      'iface vmbr1 inet manual',
      '  ovs_type OVSBridge',
      '  ovs_ports enp3s0 bond0',
      'iface vmbr2 inet6 static',
      '  address 2001:db8:2::4/64',
      '  bridge-ports none',
      '  bridge-vlan-aware 1',
    ].join('\n');
    expect(Object.fromEntries(parseInterfaces(text))).toEqual({
      lo: { address: null, mtu: null, bridge: null },
      vmbr0: { address: '192.0.2.4', mtu: 9000, bridge: { kind: 'linux', ports: ['enp1s0', 'enp2s0'] } },
      vmbr1: { address: null, mtu: null, bridge: { kind: 'ovs', ports: ['enp3s0', 'bond0'] } },
      vmbr2: { address: null, mtu: null, bridge: { kind: 'vlan-aware', ports: [] } },
    });
  });

  it('is refused with an address that is none', () => {
    expect(refusal(() => parseInterfaces('iface a inet static\n address ten\n'))).toMatch(/^INVALID_VALUE: address of a "ten"/);
  });
});

describe('the local address', () => {
  const interfaces = 'iface a inet static\n address 10.0.0.2/24\niface b inet static\n address 2001:DB8::5/64\niface lo1 inet manual\n';
  const facts = node({ interfaces, route: ['192.0.2.9', 'wan'] });

  it('is the first peer that the node has, in whatever spelling', () => {
    expect(localAddress(facts, [ip('10.0.0.1'), ip('2001:db8:0::5'), ip('10.0.0.2')], null)).toEqual({
      address: '2001:db8:0::5',
      device: 'b',
    });
  });

  it('is that of the loopback where it has one, else it is looked for all the same', () => {
    expect(localAddress(facts, [ip('10.0.0.2')], 'b')).toEqual({ address: '2001:DB8::5', device: 'b' });
    expect(localAddress(facts, [ip('10.0.0.2')], 'lo1')).toEqual({ address: '10.0.0.2', device: 'a' });
  });

  it('is the source of the route to the first peer at last, or none', () => {
    expect(localAddress(facts, [ip('10.0.0.7')], null)).toEqual({ address: '192.0.2.9', device: 'wan' });
    expect(localAddress(node(), [ip('10.0.0.7')], null)).toEqual({ address: null, device: null });
  });
});

describe('a router id', () => {
  it('is the IPv4 address, or the end of a MAC', () => {
    expect(routerId(node(), ip('192.0.2.1'), null)).toBe('192.0.2.1');
    expect(routerId(node({ mac: 'BC:24:11:00:0a:ff' }), ip('2001:db8::1'), 'b')).toBe('17.0.10.255');
  });

  it('is refused where there is nothing to make it of', () => {
    for (const mac of ['00:00:00:00:00:00', 'nonsense'])
      expect(refusal(() => routerId(node({ mac }), null, 'b'))).toMatch(/^INVALID_VALUE/);
  });

  it('of a BGP fabric without IPv4 is FNV-1a over the IPv6 address', () => {
    // The hash of 16 zero octets, computed by hand from the definition: offset basis × prime^16 mod 2^32.
    const prime = 16_777_619n;
    const expected = Number((2_166_136_261n * prime ** 16n) % 2n ** 32n);
    const dotted = [24, 16, 8, 0].map((shift) => (expected >>> shift) & 0xff).join('.');
    expect(bgpRouterId({ ip4: null, ip6: ip('::') })).toBe(dotted);
    expect(bgpRouterId({ ip4: ip('192.0.2.1'), ip6: ip('::1') })).toBe('192.0.2.1');
  });
});
