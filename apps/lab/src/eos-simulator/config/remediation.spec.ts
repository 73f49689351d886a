/** The merge engine judged by the switch: whatever stood there, our lines come and go and the rest stays as it was. */
import fc from 'fast-check';
import { ownedText, remediate } from '#engines/reconcile';
import { emptyConfig, loadConfig } from './load-config.js';
import { printConfig } from './print-config.js';
import { typeCommands } from './type-commands.js';

const HARDWARE = { ethernetPorts: 6 };
const RELEASES = ['4.31.2F', '4.36.0F'] as const;

/** The switch after a push: what it had, then the commands of the merge. */
function push(running: string, previous: string, desired: string, release: string): string {
  const root = loadConfig(running, HARDWARE);
  typeCommands(root, remediate({ running, previous, desired }));
  return printConfig(root, release);
}

const lines = (indent: number, ...texts: readonly (string | false)[]): string =>
  texts
    .filter((text) => text !== false)
    .map((text) => `${' '.repeat(indent)}${text}\n`)
    .join('');

const some = <T>(items: readonly T[]): fc.Arbitrary<T[]> => fc.subarray([...items]);

/** A fabric as the renderer writes it: VLANs 1000–1003, ports 1–4, neighbors in 192.168.100.0/24. */
const fabric = fc
  .record({
    networks: some([0, 1, 2, 3]),
    shift: fc.nat({ max: 3 }),
    neighbors: some([2, 3, 4]),
    family: fc.boolean(),
    mtu: fc.constantFrom<false | string>(false, 'mtu 1500', 'mtu 9000'),
    trunk: some([1000, 1001, 1002, 1003]),
    access: fc.boolean(),
    vrf: fc.boolean(),
    routeMap: fc.boolean(),
  })
  .map((it) => {
    const vni = (network: number): number => 10_000 + ((network + it.shift) % 4);
    const svi = it.vrf && it.networks.length > 0;
    return [
      ...it.networks.map((n) => lines(0, `vlan 100${n}`) + lines(3, `name net${n}`)),
      svi && lines(0, 'vrf instance BLUE'),
      lines(0, 'interface Ethernet1') + lines(3, it.mtu, 'no switchport', 'ip address 192.168.100.1/24'),
      it.access && it.networks.length > 0 && lines(0, 'interface Ethernet2') + lines(3, `switchport access vlan 100${it.networks[0]}`),
      it.trunk.length > 0 &&
        lines(0, 'interface Ethernet3') + lines(3, `switchport trunk allowed vlan ${it.trunk.join(',')}`, 'switchport mode trunk'),
      lines(0, 'interface Loopback1') + lines(3, 'ip address 172.16.1.1/32'),
      svi && lines(0, `interface Vlan100${it.networks[0]}`) + lines(3, 'vrf BLUE', 'ip address virtual 10.20.0.1/24'),
      lines(0, 'interface Vxlan1') +
        lines(3, 'vxlan source-interface Loopback1', 'vxlan udp-port 4789', ...it.networks.map((n) => `vxlan vlan 100${n} vni ${vni(n)}`)),
      lines(0, 'ip routing', svi && 'ip routing vrf BLUE'),
      it.routeMap && lines(0, 'route-map SELF permit 10') + lines(3, 'set ip next-hop peer-address'),
      lines(0, 'router bgp 65051') +
        lines(3, 'router-id 172.16.1.1', ...it.neighbors.flatMap((n) => neighborLines(`192.168.100.${n}`, it.shift))) +
        it.networks
          .map(
            (n) =>
              lines(3, '!', `vlan 100${n}`) +
              lines(6, `rd 172.16.1.1:${n + 1}`, `route-target both 65051:${vni(n)}`, 'redistribute learned'),
          )
          .join('') +
        (it.neighbors.length === 0
          ? ''
          : lines(3, '!', 'address-family evpn') + lines(6, ...it.neighbors.map((n) => `neighbor 192.168.100.${n} activate`))) +
        (it.neighbors.length === 0 || !it.family
          ? ''
          : lines(3, '!', 'address-family ipv4') +
            lines(
              6,
              ...it.neighbors.flatMap((n) => [
                `neighbor 192.168.100.${n} activate`,
                it.routeMap && `neighbor 192.168.100.${n} route-map SELF out`,
              ]),
              'network 172.16.1.1/32',
            )),
    ]
      .filter((section) => section !== false)
      .join('!\n');
  });

const neighborLines = (address: string, shift: number): string[] => [
  `neighbor ${address} remote-as ${65_051 + shift}`,
  `neighbor ${address} timers 20 60`,
  `neighbor ${address} send-community extended`,
];

/** What others configured on the same switch, in the same sections too; never a section that says nothing. */
const strangers = fc
  .record({
    vlans: some([10, 11, 12]),
    ports: some([1, 2, 3, 4]),
    trunk: some([10, 11, 12, 20]),
    mapped: fc.boolean(),
    bgp: fc.boolean(),
    comment: fc.boolean(),
    neighborLine: fc.boolean(),
  })
  .map((it) =>
    [
      lines(0, 'hostname TEST', 'spanning-tree mode mstp', 'ntp server 192.0.2.123'),
      ...it.vlans.map((vlan) => lines(0, `vlan ${vlan}`) + (vlan === 11 ? lines(3, 'name eleven') : '')),
      ...it.ports.map(
        (port) =>
          lines(0, `interface Ethernet${port}`) +
          lines(3, it.comment && '!! theirs', `description cable ${port}`, 'spanning-tree portfast edge'),
      ),
      it.trunk.length > 0 && lines(0, 'interface Ethernet3') + lines(3, `switchport trunk allowed vlan ${it.trunk.join(',')}`),
      lines(0, 'interface Loopback0') + lines(3, 'ip address 10.255.0.1/32'),
      it.mapped &&
        it.vlans.length > 0 &&
        lines(0, 'interface Vxlan1') + lines(3, 'description theirs', ...it.vlans.map((vlan) => `vxlan vlan ${vlan} vni 50${vlan}`)),
      it.bgp &&
        lines(0, 'router bgp 65051') +
          lines(3, 'maximum-paths 4', 'neighbor 192.0.2.9 remote-as 65009', it.neighborLine && 'neighbor 192.168.100.2 maximum-routes 0') +
          lines(3, '!', 'vlan 10') +
          lines(6, 'rd 10.255.0.1:10', 'route-target both 1:1') +
          lines(3, '!', 'address-family evpn') +
          lines(6, 'neighbor 192.0.2.9 activate'),
    ]
      .filter((section) => section !== false)
      .join('!\n'),
  );

describe.each(RELEASES)('three-way merge on a switch that prints as EOS %s', (release) => {
  const print = (text: string): string => printConfig(loadConfig(text, HARDWARE), release);

  it('brings all of our lines, keeps all lines of others, and gives the switch back unchanged', () => {
    fc.assert(
      fc.property(strangers, fabric, (theirs, ours) => {
        const before = print(theirs);
        const after = push(before, '', ours, release);
        expect(ownedText(after, ours)).toBe(ours);
        expect(ownedText(after, theirs)).toBe(theirs);
        expect(push(after, ours, '', release)).toBe(before);
      }),
      { numRuns: 80 },
    );
  });

  it('comes to the same configuration from every configuration that it made before', () => {
    fc.assert(
      fc.property(strangers, fabric, fabric, (theirs, first, second) => {
        const before = print(theirs);
        const direct = push(before, '', second, release);
        expect(push(push(before, '', first, release), first, second, release)).toBe(direct);
        expect(remediate({ running: direct, previous: first, desired: second })).toEqual([]);
      }),
      { numRuns: 80 },
    );
  });

  it('repairs what somebody broke in our lines', () => {
    fc.assert(
      fc.property(strangers, fabric, fc.nat(), (theirs, ours, pick) => {
        const good = push(print(theirs), '', ours, release);
        const facts = ours.split('\n').filter((line) => /^ +[a-z]/.test(line) && !/udp-port|mtu 1500|^ +vlan |address-family/.test(line));
        const broken = good.replace(`${facts[pick % facts.length]}\n`, '');
        const healed = loadConfig(broken, HARDWARE);
        typeCommands(healed, remediate({ running: broken, previous: ours, desired: ours }));
        expect(printConfig(healed, release)).toBe(good);
      }),
      { numRuns: 60 },
    );
  });
});

describe('the judge itself', () => {
  it('prints nothing for an empty switch but its ports and what is printed in any case', () => {
    expect(printConfig(emptyConfig({ ethernetPorts: 2 }), '4.32.1F')).toBe(
      '!\ninterface Ethernet1\n!\ninterface Ethernet2\n!\ninterface Management1\n!\nno ip routing\n!\nend\n',
    );
  });
});
