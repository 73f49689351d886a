/** What a merge sends, typed into a device that shares no rule with it; the simulator judges the three-way cases. */
import fc from 'fast-check';
import { eosTemper } from '../testing/eos-temper.js';
import { Shell } from '../testing/shell.js';
import { compareConfigs } from './compare-configs.js';
import { eosDialect } from './eos-dialect.js';
import { remediate } from './remediate.js';

const one = <T>(...items: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...items);
const some = <T>(...items: readonly T[]): fc.Arbitrary<T[]> => fc.subarray([...items]);
const block = (header: string, ...lines: readonly (string | readonly string[] | false)[]): string[] => [
  header,
  ...lines.flatMap((line) => (line === false ? [] : line)).map((line) => `   ${line}`),
];

/** VLANs are 10, 20, 40, so that no list of them is printed as a range. */
const leaf = fc
  .record({
    asn: one(65_101, 65_102),
    vlans: some(10, 20, 40),
    names: fc.boolean(),
    vrfs: some('RED', 'BLUE'),
    svi: fc.record({
      vrf: one(null, 'RED', 'BLUE'),
      address: one('10.0.0.1/24', '10.0.0.2/24'),
      second: fc.boolean(),
      varp: fc.boolean(),
      mtu: one(null, 9000),
    }),
    mapping: fc.nat({ max: 2 }),
    vtep: one('Loopback0', 'Loopback1'),
    flood: some('10.9.0.1', '10.9.0.2'),
    channel: one(null, 5, 6),
    segment: one(null, '0000:0000:0001:0001:0001', '0000:0000:0002:0002:0002'),
    trunk: some(10, 20, 40),
    bundled: some(10, 20, 40),
    bundle: one('X', 'Y'),
    groups: some('A', 'B'),
    neighbors: fc.uniqueArray(
      fc.record({ name: one('192.0.2.1', '192.0.2.2'), group: one(null, 'A', 'B'), remoteAs: one(65_001, 65_002), evpn: fc.boolean() }),
      {
        selector: ({ name }) => name,
      },
    ),
    clause: one(null, 'permit', 'deny'),
    metric: one(1, 2),
    entries: fc.uniqueArray(fc.record({ seq: one(10, 20), action: one('permit', 'deny'), net: fc.nat({ max: 2 }) }), {
      selector: ({ seq }) => seq,
    }),
    acl: one(null, ['10 permit ip any any'], ['10 deny ip any host 10.0.0.9', '20 permit ip any any']),
  })
  .map((it) => {
    const vni = (vlan: number): number => 10_000 + ((vlan / 10 + it.mapping) % 5);
    const bundled = it.bundled.filter((vlan) => it.vlans.includes(vlan));
    const svi = it.vlans.length > 0 ? it.vlans[0] : undefined;
    const vrf = it.svi.vrf !== null && it.vrfs.some((name) => name === it.svi.vrf) ? it.svi.vrf : null;
    return [
      ...it.vlans.flatMap((vlan) => block(`vlan ${vlan}`, it.names && `name net${vlan}`)),
      ...it.vrfs.flatMap((name) => block(`vrf instance ${name}`)),
      ...(it.channel === null
        ? []
        : block(
            `interface Port-Channel${it.channel}`,
            it.trunk.length > 0 && `switchport trunk allowed vlan ${it.trunk.join(',')}`,
            it.segment !== null && block('evpn ethernet-segment', `identifier ${it.segment}`),
          )),
      ...block('interface Ethernet1', it.channel !== null && `channel-group ${it.channel} mode active`),
      ...block('interface Ethernet2', svi !== undefined && `switchport access vlan ${svi}`),
      ...(svi === undefined
        ? []
        : block(
            `interface Vlan${svi}`,
            it.svi.mtu !== null && `mtu ${it.svi.mtu}`,
            vrf !== null && `vrf ${vrf}`,
            it.svi.varp ? [`ip address ${it.svi.address}`, 'ip virtual-router address 10.0.0.254'] : `ip address virtual ${it.svi.address}`,
            !it.svi.varp && it.svi.second && 'ip address virtual 10.1.0.1/24 secondary',
          )),
      ...block(
        'interface Vxlan1',
        `vxlan source-interface ${it.vtep}`,
        it.vlans.map((vlan) => `vxlan vlan ${vlan} vni ${vni(vlan)}`),
        it.vrfs.map((name, i) => `vxlan vrf ${name} vni ${20_000 + ((i + it.mapping) % 2)}`),
        it.flood.length > 0 && `vxlan flood vtep ${it.flood.join(' ')}`,
      ),
      ...(it.entries.length === 0
        ? []
        : block('ip prefix-list P', ...it.entries.map(({ seq, action, net }) => `seq ${seq} ${action} 10.${net}.0.0/16`))),
      ...(it.acl === null ? [] : block('ip access-list EDGE', ...it.acl)),
      ...(it.clause === null ? [] : block(`route-map M ${it.clause} 10`, 'match ip address prefix-list P', `set metric ${it.metric}`)),
      ...block(
        `router bgp ${it.asn}`,
        'router-id 10.9.0.9',
        it.groups.flatMap((group) => [`neighbor ${group} peer group`, `neighbor ${group} remote-as 65001`]),
        it.neighbors.flatMap(({ name, group, remoteAs }) => [
          group !== null && it.groups.some((known) => known === group)
            ? `neighbor ${name} peer group ${group}`
            : `neighbor ${name} remote-as ${remoteAs}`,
          `neighbor ${name} description to ${remoteAs}`,
        ]),
        it.vlans
          .filter((vlan) => !bundled.includes(vlan))
          .flatMap((vlan) => block(`vlan ${vlan}`, `rd 10.9.0.9:${vlan}`, `route-target both 65000:${vni(vlan)}`, 'redistribute learned')),
        bundled.length > 0 &&
          block(`vlan-aware-bundle ${it.bundle}`, 'rd 10.9.0.9:7', 'route-target import 65000:7', `vlan ${bundled.join(',')}`),
        it.neighbors.some(({ evpn }) => evpn) &&
          block('address-family evpn', ...it.neighbors.filter(({ evpn }) => evpn).map(({ name }) => `neighbor ${name} activate`)),
        it.vrfs.flatMap((name) => block(`vrf ${name}`, `rd 10.9.0.9:${name.length}`, `route-target import evpn 65000:${name.length}`)),
      ),
    ].join('\n');
  });

/** A running-config has no words that leave a mode: the device gets them as a person would type them. */
function boot(text: string): Shell {
  const lines = text.split('\n');
  const depthOf = (line: string | undefined): number => (line === undefined ? 0 : (line.length - line.trimStart().length) / 3);
  const typed = lines.flatMap((line, at) => {
    const isEmptyMode = /^(?:vlan|vrf instance|interface|route-map|router) /.test(line) && depthOf(lines[at + 1]) === 0;
    const left = depthOf(line) - depthOf(lines[at + 1]) + (isEmptyMode ? 1 : 0);
    return [line, ...Array.from({ length: Math.max(0, left) }, () => 'exit')];
  });
  return new Shell(eosTemper).type(typed);
}

describe('remediation on a device that refuses what EOS refuses', () => {
  it('leads from every configuration to every other', () => {
    fc.assert(
      fc.property(leaf, leaf, (running, desired) => {
        const device = boot(running);
        expect(compareConfigs(eosDialect, running, device.print())).toEqual([]);
        device.type(remediate({ running, previous: running, desired }));
        expect(compareConfigs(eosDialect, desired, device.print())).toEqual([]);
      }),
      { numRuns: 400 },
    );
  });
});
