import fc from 'fast-check';
import type { FactNode } from '#engines/reconcile';
import { interfacesFacts } from './interfaces-facts.js';
import { readInterfaces, writeInterfaces } from './read-interfaces.js';

const lines = (node: FactNode, path = ''): readonly string[] =>
  [...node.children.values()].flatMap((fact) => [`${path}${fact.text}`, ...lines(fact, `${path}${fact.text} / `)]).sort();
const facts = (text: string): readonly string[] => lines(interfacesFacts(text));

const HOST = `# the management stanza
auto lo
iface lo inet loopback
iface lo inet6 loopback

allow-hotplug eno1 eno2
iface eno1 inet manual

auto vmbr0
iface vmbr0 inet static
\taddress 192.0.2.10
\tnetmask 255.255.255.0
\tgateway 192.0.2.1
\tbridge_ports eno1
\tbridge_stp off
\tbridge-fd 0

auto bond0
iface bond0
    bond-slaves eno3 \\
        eno4
    bond-mode 4
    bond-lacp-rate 1

auto VNET7
iface VNET7
    bridge_ports vxlan_VNET7
    bridge_vlan_aware yes
    bridge-vids 2-4094
    up echo one
    post-up echo two

iface vxlan_VNET7
    vxlan-id 7
    vxlan_local_tunnelip 10.7.0.7
    vxlan-learning no

source /etc/network/interfaces.d/*
`;

describe('reading of interfaces(5)', () => {
  const config = readInterfaces(HOST);
  const of = (name: string) => config.interfaces.find(({ head }) => head === name)?.body;

  it('gives values, in one spelling, whichever of the two tools it was written for', () => {
    expect(config.auto).toEqual(['lo', 'vmbr0', 'bond0', 'VNET7']);
    expect(config.hotplug).toEqual(['eno1', 'eno2']);
    expect(config.sources).toEqual(['/etc/network/interfaces.d/*']);
    expect(of('lo')?.methods).toEqual([
      { family: 'inet', method: 'loopback' },
      { family: 'inet6', method: 'loopback' },
    ]);
    expect(of('vmbr0')).toMatchObject({
      addresses: [{ address: '192.0.2.10', length: 24 }],
      gateways: ['192.0.2.1'],
      bridgePorts: ['eno1'],
      stp: 'off',
      forwardDelay: 0,
    });
    expect(of('bond0')).toMatchObject({ bondMembers: ['eno3', 'eno4'], bondMode: '802.3ad', lacpRate: 'fast' });
    expect(of('VNET7')).toMatchObject({ vlanAware: 'on', vids: [{ first: 2, last: 4094 }], postUp: ['echo one', 'echo two'] });
    expect(of('vxlan_VNET7')).toMatchObject({ vni: 7, localAddress: '10.7.0.7', vxlanLearning: 'off' });
    expect(config.kept).toEqual([]);
  });

  it('lays the stanzas of one interface together', () => {
    const twice = readInterfaces('iface lo inet loopback\nauto lo\niface lo\n address 10.7.0.7/32\niface lo\n address 2001:db8::7\n');
    expect(twice.interfaces).toHaveLength(1);
    expect(twice.interfaces[0]?.body.addresses).toEqual([
      { address: '10.7.0.7', length: 32 },
      { address: '2001:db8::7', length: 128 },
    ]);
  });

  it('keeps a second value of an option, and what it does not know', () => {
    const { interfaces } = readInterfaces('iface eth0\n mtu 1500\n mtu 9000\n wpa-ssid home\n address 10.0.0.999/24\n');
    expect(interfaces[0]?.body.mtu).toBe(1500);
    expect(interfaces[0]?.body.kept.map(({ fact, reason }) => [fact.text, reason])).toEqual([
      ['mtu 9000', 'REFUSED'],
      ['wpa-ssid home', 'UNKNOWN'],
      ['address 10.0.0.999/24', 'REFUSED'],
    ]);
  });

  it('is written so that it says the same', () => {
    expect(facts(writeInterfaces(config))).toEqual(facts(HOST));
    expect(writeInterfaces(config)).toContain('    bridge-ports vxlan_VNET7\n');
    expect(writeInterfaces(readInterfaces(writeInterfaces(config)))).toBe(writeInterfaces(config));
  });
});

describe('reading of any text as interfaces(5)', () => {
  const words = fc.constantFrom(
    'auto',
    'iface',
    'eth0',
    'vmbr0',
    'inet',
    'inet6',
    'static',
    'loopback',
    'address',
    '10.0.0.1/24',
    'netmask',
    '24',
    'bridge_ports',
    'bridge-vids 2-4',
    'mapping',
    'source',
    '*',
    'post-up',
    'mtu',
    '1500',
    'method',
    '\\',
    '# x',
    'bond-mode 4',
  );
  const anyLine = fc.oneof(
    fc.array(words, { minLength: 1, maxLength: 4 }).map((some) => some.join(' ')),
    fc.string(),
  );

  it('loses no fact, whatever stands there', () => {
    fc.assert(
      fc.property(fc.array(anyLine, { maxLength: 20 }), (some) => {
        const text = some.join('\n');
        expect(facts(writeInterfaces(readInterfaces(text)))).toEqual(facts(text));
      }),
      { numRuns: 600 },
    );
  });

  it('makes no interface of what stands in a value', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }).filter((text) => !/[\r\n\\]/.test(text) && text.trim() !== ''),
        (text) => {
          const config = readInterfaces(`auto eth0\niface eth0\n alias x${text}\n mtu 1400\n`);
          expect(config.interfaces.map(({ head }) => head)).toEqual(['eth0']);
          expect(config.interfaces[0]?.body.mtu).toBe(1400);
        },
      ),
    );
  });
});
