import { OVS_DUMP } from '#engines/reconcile';
import { readOpenVswitch, readOvsShow } from '#engines/adoption';

type Row = Readonly<Record<string, unknown>>;
const uuid = (id: string) => ['uuid', id];
const set = (...elements: readonly unknown[]) => (elements.length === 1 ? elements[0] : ['set', elements]);
const map = (entries: Readonly<Record<string, string>> = {}) => ['map', Object.entries(entries)];

/** What ovs-vsctl prints of rows: every column that is asked for, empty where the row does not say it. */
function dump(tables: Readonly<Record<string, readonly Row[]>>): string {
  const asked = OVS_DUMP.flatMap((argument, i) =>
    argument.startsWith('--columns=') ? [{ columns: argument.slice(10).split(','), table: OVS_DUMP[i + 2] as string }] : [],
  );
  const empty = (column: string): unknown =>
    ['other_config', 'external_ids', 'options'].includes(column) ? map() : column === 'type' ? '' : set();
  return asked
    .map(({ columns, table }) =>
      JSON.stringify({
        headings: columns,
        data: (tables[table] ?? []).map((row) => columns.map((column) => row[column] ?? empty(column))),
      }),
    )
    .join('\n');
}

const host = (
  ports: readonly Row[],
  interfaces: readonly Row[],
  bridge: Row = {},
  more: Readonly<Record<string, readonly Row[]>> = {},
): string =>
  dump({
    Bridge: [{ _uuid: uuid('b'), name: 'br0', ports: set(...ports.map((port) => port['_uuid'])), ...bridge }],
    Port: ports,
    Interface: interfaces,
    ...more,
  });
const port = (name: string, more: Row = {}): Row => ({ _uuid: uuid(`p-${name}`), name, interfaces: uuid(`i-${name}`), ...more });
const part = (name: string, more: Row = {}): Row => ({ _uuid: uuid(`i-${name}`), name, ...more });

describe('a dump of Open vSwitch', () => {
  it('is read into facts, one spelling for sets of none, one and several', () => {
    const text = host(
      [
        port('br0'),
        port('eno1', { tag: 3 }),
        port('eno2', { trunks: set(4, 2, 3) }),
        port('eno3', { trunks: set(9), vlan_mode: 'trunk', protected: true }),
      ],
      [part('br0', { type: 'internal' }), part('eno1'), part('eno2', { mtu_request: 9000 }), part('eno3')],
      { fail_mode: 'secure' },
    );
    const { facts, kept, guests } = readOpenVswitch(text, 'IFUPDOWN2');
    expect([kept, guests, facts.managedBy]).toEqual([[], [], 'IFUPDOWN2']);
    expect(facts.bridges).toMatchObject([{ name: 'br0', datapath: 'system', failMode: 'secure', mirrors: [], sflow: null }]);
    expect(
      facts.bridges[0]?.ports.map(({ name, tag, trunks, vlanMode, isProtected }) => [name, tag, trunks, vlanMode, isProtected]),
    ).toEqual([
      ['br0', null, [], null, false],
      ['eno1', 3, [], null, false],
      ['eno2', null, [2, 3, 4], null, false],
      ['eno3', null, [9], 'trunk', true],
    ]);
    expect(facts.bridges[0]?.ports[2]?.interfaces).toEqual([{ type: 'system', name: 'eno2', mtu: 9000 }]);
  });

  it('has bonds, tunnels and patches in their own words', () => {
    const text = host(
      [
        port('bond0', {
          interfaces: set(uuid('i-eno1'), uuid('i-eno2')),
          bond_mode: 'balance-tcp',
          lacp: 'active',
          other_config: map({ 'lacp-time': 'fast' }),
        }),
        port('vx1'),
        port('out0'),
      ],
      [
        part('eno1'),
        part('eno2'),
        part('vx1', { type: 'vxlan', options: map({ key: '77', remote_ip: '2001:db8:0::9', dst_port: '4790' }) }),
        part('out0', { type: 'patch', options: map({ peer: 'in0' }) }),
      ],
    );
    const ports = readOpenVswitch(text).facts.bridges[0]?.ports ?? [];
    expect(ports[0]).toMatchObject({
      bond: { mode: 'balance-tcp', lacp: 'active', lacpTime: 'fast' },
      interfaces: [{ name: 'eno1' }, { name: 'eno2' }],
    });
    expect(ports.slice(1).flatMap(({ interfaces }) => interfaces)).toEqual([
      { type: 'patch', name: 'out0', peer: 'in0' },
      { type: 'vxlan', name: 'vx1', vni: 77, remote: '2001:db8::9', local: null, udpPort: 4790 },
    ]);
  });

  it('names what no fact can hold, and leaves it out', () => {
    const text = host(
      [port('eno1', { qos: uuid('q'), external_ids: map({ rack: '7' }) }), port('gre0'), port('flow0'), port('a-very-long-port-name')],
      [
        part('eno1', { options: map({ csum: 'true' }) }),
        part('gre0', { type: 'gre' }),
        part('flow0', { type: 'vxlan', options: map({ key: 'flow', remote_ip: 'flow' }) }),
        part('a-very-long-port-name'),
      ],
      { stp_enable: true, mirrors: set(uuid('m1'), uuid('m2')), sflow: uuid('s') },
      {
        Mirror: [
          { _uuid: uuid('m1'), name: 'no output' },
          { _uuid: uuid('m2'), name: 'm2', select_all: true },
        ],
        sFlow: [{ _uuid: uuid('s'), targets: 'collector.example:6343' }],
      },
    );
    const { facts, kept } = readOpenVswitch(text);
    expect(facts.bridges[0]?.ports.map(({ name }) => name)).toEqual(['eno1']);
    expect(facts.bridges[0]).toMatchObject({ mirrors: [], sflow: null });
    expect(kept.map(({ table, row, column, reason }) => `${table} ${row} ${column ?? '*'} ${reason}`).sort()).toEqual([
      'Bridge br0 stp_enable COLUMN',
      'Interface eno1 options:csum COLUMN',
      'Mirror m2 * OUTPUT',
      'Mirror no output * NAME',
      'Port a-very-long-port-name * NAME',
      'Port eno1 external_ids:rack COLUMN',
      'Port eno1 qos COLUMN',
      'Port flow0 * INTERFACE',
      'Port gre0 * INTERFACE',
      'sFlow br0 targets VALUE',
    ]);
  });

  it('lists the ports of guests and takes none of them', () => {
    const { facts, guests } = readOpenVswitch(host([port('tap100i0', { tag: 4 }), port('vnet3')], [part('tap100i0'), part('vnet3')]));
    expect(facts.bridges[0]?.ports).toEqual([]);
    expect(guests).toEqual([
      { bridge: 'br0', port: 'tap100i0' },
      { bridge: 'br0', port: 'vnet3' },
    ]);
  });

  it.each([
    ['nothing', ''],
    ['one table of five', '{"headings":["_uuid","name"],"data":[]}'],
    ['no JSON', 'ovs-vsctl: unix:/run/openvswitch/db.sock: database connection failed\n\n\n\n\na\nb\nc\nd'],
    ['tables without the columns that were asked for', Array.from({ length: 5 }, () => '{"headings":["name"],"data":[]}').join('\n')],
    ['rows that do not fit their headings', host([port('eno1')], [part('eno1')]).replace('"eno1",', '')],
  ])('is refused when it is %s', (_what, text) => {
    expect(() => readOpenVswitch(text)).toThrow(expect.objectContaining({ code: 'INVALID_VALUE' }));
  });
});

describe('ovs-vsctl show', () => {
  it('is read as it is printed, remarks of the switch aside', () => {
    const read = readOvsShow(`33da995b-678b-48c9-b32e-26d141aa5549
    Bridge br0
        fail_mode: secure
        datapath_type: netdev
        Port br0
            tag: 99
            Interface br0
                type: internal
        Port eno5
            trunks: [2, 3, 4]
            Interface eno5
                error: "could not open network device eno5 (No such device)"
        Port tap100i0
            tag: 4
            Interface tap100i0
        Port "v7pt-ac100202"
            tag: 100
            Interface "v7pt-ac100202"
                type: vxlan
                options: {key="10001", local_ip="172.16.2.1", remote_ip="172.16.2.2"}
    ovs_version: "3.1.0"
`);
    expect(read.facts.bridges).toMatchObject([{ name: 'br0', failMode: 'secure', datapath: 'netdev' }]);
    expect(read.facts.bridges[0]?.ports.map(({ name, tag, trunks }) => [name, tag, trunks])).toEqual([
      ['br0', 99, []],
      ['eno5', null, [2, 3, 4]],
      ['v7pt-ac100202', 100, []],
    ]);
    expect(read.facts.bridges[0]?.ports[2]?.interfaces).toEqual([
      { type: 'vxlan', name: 'v7pt-ac100202', vni: 10_001, remote: '172.16.2.2', local: '172.16.2.1', udpPort: 4789 },
    ]);
    expect([read.kept, read.guests, read.unknownBonds]).toEqual([[], [{ bridge: 'br0', port: 'tap100i0' }], []]);
  });

  it('is read as people copy it into their notes, and says that it does not know how a bond works', () => {
    const read = readOvsShow(
      'bridge vubr0\n  port vubr0\n    interface vubr0\n    type : internal\n  port bond0\n    interface eno1\n    interface eno2\n  port veth100i0\n    tag : 4\n    interface veth100i0\novs_version : "2.15.0"',
    );
    expect(read.facts.bridges[0]?.ports.map(({ name, interfaces, bond }) => [name, interfaces.map((one) => one.name), bond?.lacp])).toEqual(
      [
        ['bond0', ['eno1', 'eno2'], 'off'],
        ['vubr0', ['vubr0'], undefined],
      ],
    );
    expect(read.unknownBonds).toEqual(['bond0']);
  });

  it.each(['Bridge br0\n  nonsense here', 'Port eno1\n  Interface eno1', 'tag: 3'])('refuses what it never prints: %j', (text) => {
    expect(() => readOvsShow(text)).toThrow(expect.objectContaining({ code: 'INVALID_VALUE' }));
  });
});
