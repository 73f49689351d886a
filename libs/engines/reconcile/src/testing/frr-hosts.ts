import fc from 'fast-check';

const block = (header: string, close: string, ...lines: readonly (string | readonly string[] | false)[]): string[] => [
  header,
  ...lines.flatMap((line) => (line === false ? [] : line)).map((line) => ` ${line}`),
  close,
];

const neighbor = fc.record({
  name: fc.constantFrom('192.0.2.1', '192.0.2.2', 'eth0'),
  group: fc.constantFrom(null, 'A', 'B'),
  remoteAs: fc.constantFrom('65051', '65052', 'external'),
  description: fc.constantFrom(null, 'leaf one', 'leaf two'),
  timers: fc.constantFrom(null, '20 60', '3 9'),
  evpn: fc.boolean(),
  map: fc.constantFrom(null, 'M', 'N'),
});

interface Group {
  readonly name: string;
  readonly remoteAs: string | null;
}

/**
 * As FRR 8.4.4 takes and prints it: a group that has an AS number gives it to its members and makes them forget their own; in a group
 * without one all are internal, or all external.
 */
function madeOf({ name, remoteAs }: { readonly name: string; readonly remoteAs: string }, group: Group | undefined): readonly string[] {
  if (name === 'eth0') return [`neighbor eth0 interface ${group?.remoteAs == null ? `remote-as ${remoteAs}` : `peer-group ${group.name}`}`];
  const own = group?.remoteAs == null ? [`neighbor ${name} remote-as ${group === undefined ? remoteAs : 'external'}`] : [];
  return [...own, ...(group === undefined ? [] : [`neighbor ${name} peer-group ${group.name}`])];
}

/** Configurations of a host, with everything that depends on something else. */
export const frrHosts: fc.Arbitrary<string> = fc
  .record({
    asn: fc.constantFrom(65051, 65052),
    bgp: fc.boolean(),
    groups: fc.uniqueArray(
      fc.record({ name: fc.constantFrom('A', 'B'), remoteAs: fc.constantFrom(null, '65051', 'external'), timers: fc.boolean() }),
      {
        selector: ({ name }) => name,
      },
    ),
    neighbors: fc.uniqueArray(neighbor, { selector: ({ name }) => name }),
    vnis: fc.uniqueArray(
      fc.record({ vni: fc.integer({ min: 10_000, max: 10_003 }), evi: fc.integer({ min: 10_001, max: 10_003 }), both: fc.boolean() }),
      {
        selector: ({ vni }) => vni,
      },
    ),
    vrfs: fc
      .uniqueArray(fc.record({ name: fc.constantFrom('red', 'blue'), vni: fc.constantFrom(null, 50_001, 50_002), bgp: fc.boolean() }), {
        selector: ({ name }) => name,
      })
      .map((vrfs) => vrfs.map((vrf, at) => ({ ...vrf, vni: vrfs.findIndex(({ vni }) => vni === vrf.vni) === at ? vrf.vni : null }))),
    /** FRR takes no entry twice, whatever its number. */
    entries: fc
      .uniqueArray(fc.record({ seq: fc.constantFrom(5, 10, 15), action: fc.constantFrom('permit', 'deny'), net: fc.nat({ max: 3 }) }), {
        selector: ({ seq }) => seq,
      })
      .map((entries) => entries.filter(({ net }, at) => entries.findIndex((other) => other.net === net) === at)),
    maps: fc.uniqueArray(
      fc.record({ name: fc.constantFrom('M', 'N'), action: fc.constantFrom('permit', 'deny'), metric: fc.constantFrom(null, 1, 2) }),
      {
        selector: ({ name }) => name,
      },
    ),
    cable: fc.constantFrom(null, 'left', 'right'),
    shutdown: fc.boolean(),
  })
  .map((it) => {
    const groups = it.bgp ? it.groups : [];
    const neighbors = it.bgp ? it.neighbors : [];
    const instances = it.bgp ? it.vrfs.filter(({ bgp }) => bgp) : [];
    return [
      ...it.entries.map(({ seq, action, net }) => `ip prefix-list P seq ${seq} ${action} 10.${net}.0.0/16`),
      ...it.maps.flatMap(({ name, action, metric }) =>
        block(`route-map ${name} ${action} 10`, 'exit', 'match ip address prefix-list P', metric !== null && `set metric ${metric}`),
      ),
      ...block('interface eth0', 'exit', it.cable !== null && `description ${it.cable}`, it.shutdown && 'shutdown'),
      ...(it.bgp
        ? block(
            `router bgp ${it.asn}`,
            'exit',
            'bgp router-id 172.16.1.51',
            'no bgp default ipv4-unicast',
            groups.flatMap(({ name, remoteAs, timers }) => [
              `neighbor ${name} peer-group`,
              ...(remoteAs === null ? [] : [`neighbor ${name} remote-as ${remoteAs}`]),
              ...(timers ? [`neighbor ${name} timers 1 3`] : []),
            ]),
            neighbors.flatMap((one) => [
              ...madeOf(
                one,
                groups.find(({ name }) => name === one.group),
              ),
              ...(one.description === null ? [] : [`neighbor ${one.name} description ${one.description}`]),
              ...(one.timers === null ? [] : [`neighbor ${one.name} timers ${one.timers}`]),
            ]),
            block(
              'address-family l2vpn evpn',
              'exit-address-family',
              neighbors.flatMap(({ name, evpn, map }) => [
                ...(evpn ? [`neighbor ${name} activate`] : []),
                ...(evpn && map !== null ? [`neighbor ${name} route-map ${map} in`] : []),
              ]),
              'advertise-all-vni',
              it.vnis.flatMap(({ vni, evi, both }) =>
                block(
                  `vni ${vni}`,
                  'exit-vni',
                  `rd 172.16.1.51:${evi}`,
                  `route-target import 65000:${vni}`,
                  both && `route-target export 65000:${vni}`,
                ),
              ),
            ),
          )
        : []),
      ...instances.flatMap(({ name }) =>
        block(
          `router bgp ${it.asn} vrf ${name}`,
          'exit',
          block('address-family l2vpn evpn', 'exit-address-family', 'advertise ipv4 unicast'),
        ),
      ),
      ...it.vrfs.flatMap(({ name, vni }) => block(`vrf ${name}`, 'exit-vrf', vni !== null && `vni ${vni}`)),
    ].join('\n');
  });
