import fc from 'fast-check';
import { ASH, evpn, node } from '../testing/index.js';
import { renderPveNode } from '../render-pve-node.js';
import { compareFrr } from './compare-frr.js';
import { compareInterfaces } from './compare-interfaces.js';

const files = renderPveNode(
  evpn(
    { exitnodes: 'ash', 'exitnodes-local-routing': 1 },
    {
      fabrics: {
        core: { type: 'ospf_fabric', ip_prefix: '10.254.0.0/24', area: 3 },
        core_ash: { type: 'ospf_node', ip: '10.254.0.1', interfaces: 'name=enp1s0' },
      },
    },
  ),
  node({ interfaces: ASH }),
  '9.1',
  null,
).files;
const INTERFACES = files.get('/etc/network/interfaces.d/sdn') ?? '';
const FRR = files.get('/etc/frr/frr.conf') ?? '';

describe('two interfaces files', () => {
  it('are equal in another spelling, with other blanks, and stanzas and options in another order', () => {
    const one = '#version:3\n\nauto a1\niface a1\n\tbridge_ports x y\n\tmtu 9\n\nauto b1\niface b1\n\tvxlan-id 4\n';
    const other = '#version:3\nauto b1\niface b1\n  vxlan_id 4\n\nauto a1\niface a1\n  mtu 9\n  bridge-ports  y   x\n';
    expect(compareInterfaces(one, other)).toEqual([]);
  });

  it('differ by the version, a flag, a family, an option and a port', () => {
    const one = '#version:3\nauto a1\niface a1\n\tbridge_ports x y\n\tmtu 9\n';
    const other = '#version:4\niface a1 inet manual\n\tbridge_ports x\n\tmtu 9\n';
    expect(compareInterfaces(one, other)).toEqual(
      expect.arrayContaining([
        { kind: 'missing', context: '', line: '#version:3' },
        { kind: 'missing', context: '', line: 'auto a1' },
        { kind: 'extra', context: '', line: 'iface a1 inet manual' },
      ]),
    );
    expect(compareInterfaces(one, one.replace('x y', 'x'))).toEqual([{ kind: 'missing', context: 'iface a1', line: 'bridge-ports y' }]);
  });

  it('differ when addresses or hooks come in another order', () => {
    const one = 'iface a1\n\taddress 10.0.0.1/24\n\taddress 10.0.0.2/24\n';
    const other = 'iface a1\n\taddress 10.0.0.2/24\n\taddress 10.0.0.1/24\n';
    expect(compareInterfaces(one, other)).toMatchObject([{ kind: 'order', context: 'iface a1 > address' }]);
  });
});

describe('two frr.conf', () => {
  it('are equal with blocks in another order, and with or without what closes them', () => {
    const one =
      '!\nrouter bgp 1\n neighbor a bfd\n !\n address-family ipv4 unicast\n  network 10.0.0.0/8\n exit-address-family\nexit\n!\nvrf x\n vni 5\nexit-vrf\n';
    const other = 'vrf x\n vni 5\nrouter bgp 1\n address-family ipv4 unicast\n  network 10.0.0.0/8\n neighbor a bfd\n';
    expect(compareFrr(one, other)).toEqual([]);
  });

  it('differ by a line under another head', () => {
    expect(compareFrr('router bgp 1\n neighbor a bfd\n', 'router bgp 1 vrf x\n neighbor a bfd\n')).toEqual([
      { kind: 'missing', context: '', line: 'router bgp 1' },
      { kind: 'missing', context: 'router bgp 1', line: 'neighbor a bfd' },
      { kind: 'extra', context: '', line: 'router bgp 1 vrf x' },
      { kind: 'extra', context: 'router bgp 1 vrf x', line: 'neighbor a bfd' },
    ]);
  });

  it('differ by the number of an entry, and by the order of an access list without numbers', () => {
    expect(compareFrr('route-map a permit 1\n', 'route-map a permit 2\n')).toHaveLength(2);
    const list = (...prefixes: readonly string[]): string => prefixes.map((prefix) => `access-list a permit ${prefix}\n`).join('');
    expect(compareFrr(list('10.0.0.0/8', '10.0.0.0/9'), list('10.0.0.0/9', '10.0.0.0/8'))).toMatchObject([{ kind: 'order' }]);
  });
});

describe('any digit', () => {
  it.each([
    ['interfaces.d/sdn', INTERFACES, compareInterfaces],
    ['frr.conf', FRR, compareFrr],
  ] as const)('that changes in %s is noticed', (_name, text, compare) => {
    const digits = [...text].flatMap((character, at) => (/\d/.test(character) ? [at] : []));
    fc.assert(
      fc.property(fc.constantFrom(...digits), fc.integer({ min: 1, max: 9 }), (at, by) => {
        const changed = `${text.slice(0, at)}${(Number(text[at]) + by) % 10}${text.slice(at + 1)}`;
        expect(compare(text, text)).toEqual([]);
        expect(compare(text, changed)).not.toEqual([]);
      }),
      { numRuns: 400 },
    );
  });
});
