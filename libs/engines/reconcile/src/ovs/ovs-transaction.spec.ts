import { OVS_DUMP, ovsTransaction, parseOvsDump, parseOvsRows } from '#engines/reconcile';

type Row = Readonly<Record<string, unknown>>;
const uuid = (id: string) => ['uuid', id];

/** A host with these rows; columns that they do not say are empty. */
function current(tables: Readonly<Record<string, readonly Row[]>>) {
  const asked = OVS_DUMP.flatMap((argument, i) =>
    argument.startsWith('--columns=') ? [{ columns: argument.slice(10).split(','), table: OVS_DUMP[i + 2] as string }] : [],
  );
  const empty = (column: string): unknown => (['other_config', 'external_ids', 'options'].includes(column) ? ['map', []] : ['set', []]);
  const documents = asked.map(({ columns, table }) => ({
    headings: columns,
    data: (tables[table] ?? []).map((row) => columns.map((column) => row[column] ?? empty(column))),
  }));
  return parseOvsDump(documents.map((document) => JSON.stringify(document)).join('\n'));
}
const nothing = current({});
const host = (...ports: readonly Row[]) =>
  current({
    Bridge: [{ _uuid: uuid('b0'), name: 'br0', ports: ['set', [uuid('p-br0'), ...ports.map((port) => port['_uuid'])]] }],
    Port: [{ _uuid: uuid('p-br0'), name: 'br0', interfaces: uuid('i-br0') }, ...ports],
    Interface: [
      { _uuid: uuid('i-br0'), name: 'br0', type: 'internal' },
      ...ports.map((port) => ({ _uuid: port['interfaces'], name: port['name'] })),
    ],
  });
const port = (name: string, more: Row = {}): Row => ({ _uuid: uuid(`p-${name}`), name, interfaces: uuid(`i-${name}`), ...more });
const rows = (...ports: readonly Row[]) =>
  parseOvsRows(
    JSON.stringify({ bridges: [{ name: 'br0', ports: ports.map((one) => ({ interfaces: [{ name: one['name'] }], ...one })) }] }),
  );
const said = (argv: readonly string[]): string[] =>
  argv
    .join(' ')
    .split('-- ')
    .filter(Boolean)
    .map((command) => command.trim());

describe('a transaction of Open vSwitch', () => {
  it('makes a bridge with its own port, and every row hangs on another', () => {
    expect(said(ovsTransaction({ previous: null, desired: rows({ name: 'eno1', tag: 3 }), current: nothing }).argv)).toEqual([
      '--id=@interface1 create Interface name=br0 type=internal',
      '--id=@port1 create Port name=br0 interfaces=@interface1',
      '--id=@interface2 create Interface name=eno1',
      '--id=@port2 create Port name=eno1 tag=3 interfaces=@interface2',
      '--id=@bridge1 create Bridge name=br0 ports=@port1,@port2',
      'add Open_vSwitch . bridges @bridge1',
    ]);
  });

  it('says what differs and nothing else; other words for the same are no difference', () => {
    const there = host(port('eno1', { tag: 4, lacp: 'off', vlan_mode: 'access' }), port('eno2', { trunks: ['set', [3, 2]] }));
    expect(
      said(
        ovsTransaction({
          previous: null,
          desired: rows({ name: 'eno1', tag: 3, vlan_mode: 'access' }, { name: 'eno2', trunks: [2, 3] }),
          current: there,
        }).argv,
      ),
    ).toEqual(['set Port eno1 tag=3']);
  });

  it('takes away what was wanted once, never what a guest or somebody else has put there', () => {
    const there = host(port('eno1'), port('eno9'), port('tap100i0', { tag: 3 }), port('vnet2'));
    const before = rows({ name: 'eno1' });
    expect(said(ovsTransaction({ previous: before, desired: rows(), current: there }).argv)).toEqual(['remove Bridge br0 ports p-eno1']);
    expect(ovsTransaction({ previous: null, desired: rows(), current: there }).argv).toEqual([]);
    const { argv, heldBridges } = ovsTransaction({ previous: before, desired: { bridges: [], vlanLimit: null }, current: there });
    expect(said(argv)).toEqual(['remove Bridge br0 ports p-eno1']);
    expect(heldBridges).toEqual([{ bridge: 'br0', ports: ['eno9', 'tap100i0', 'vnet2'] }]);
  });

  it('removes the bridge when nobody is left on it', () => {
    const [there, before] = [host(port('eno1')), rows({ name: 'eno1' })];
    expect(said(ovsTransaction({ previous: before, desired: { bridges: [], vlanLimit: null }, current: there }).argv)).toEqual([
      'remove Open_vSwitch . bridges b0',
    ]);
  });

  it('lets the switch look at inner tags where a port needs it, and leaves the number of whoever said it himself', () => {
    const limited = (limit: string | null) =>
      current({ Open_vSwitch: [{ _uuid: uuid('o'), other_config: ['map', limit === null ? [] : [['vlan-limit', limit]]] }] });
    const [looking, plain] = [parseOvsRows('{"bridges":[],"other_config:vlan-limit":"0"}'), parseOvsRows('{"bridges":[]}')];
    const from = (previous: typeof plain | null, desired: typeof plain, limit: string | null) =>
      said(ovsTransaction({ previous, desired, current: limited(limit) }).argv);
    expect(from(null, looking, null)).toEqual(['set Open_vSwitch . other_config:vlan-limit=0']);
    expect(from(null, looking, '1')).toEqual(['set Open_vSwitch . other_config:vlan-limit=0']);
    expect([from(null, looking, '0'), from(null, looking, '2'), from(looking, plain, '2'), from(null, plain, '0')]).toEqual([
      [],
      [],
      [],
      [],
    ]);
    expect(from(looking, plain, '0')).toEqual(['remove Open_vSwitch . other_config vlan-limit']);
  });

  it('writes texts as JSON where they are more than a word', () => {
    const desired = parseOvsRows(
      JSON.stringify({ bridges: [{ name: 'br0', sflow: { agent: 'a b"c\\', targets: ['[2001:db8::1]:6343', '192.0.2.1:6343'] } }] }),
    );
    const { argv } = ovsTransaction({ previous: null, desired, current: nothing });
    expect(argv).toEqual(expect.arrayContaining(['agent="a b\\"c\\\\"', 'targets="192.0.2.1:6343","[2001:db8::1]:6343"']));
  });
});

describe('rows that a host shall have', () => {
  it.each<[string, unknown]>([
    ['no JSON', 'x'],
    ['no bridges', {}],
    ['a bridge without a name', { bridges: [{}] }],
    ['a name with a blank', { bridges: [{ name: 'br 0' }] }],
    ['a name that is an option', { bridges: [{ name: '--id' }] }],
    ['a name that is too long', { bridges: [{ name: 'a'.repeat(16) }] }],
    ['a port twice', { bridges: [{ name: 'br0', ports: [1, 2].map(() => ({ name: 'eno1', interfaces: [{ name: 'eno1' }] })) }] }],
    [
      'an interface in two ports',
      { bridges: [{ name: 'br0', ports: ['a', 'b'].map((name) => ({ name, interfaces: [{ name: 'eno1' }] })) }] },
    ],
    ['a port of a guest', { bridges: [{ name: 'br0', ports: [{ name: 'tap100i0', interfaces: [{ name: 'tap100i0' }] }] }] }],
    ['a port without interfaces', { bridges: [{ name: 'br0', ports: [{ name: 'eno1', interfaces: [] }] }] }],
    ["a system interface as the bridge's own", { bridges: [{ name: 'br0', ports: [{ name: 'br0', interfaces: [{ name: 'br0' }] }] }] }],
    ['a column that is not ours', { bridges: [{ name: 'br0', controller: 'tcp:192.0.2.1' }] }],
    ['a column of Object', { bridges: [{ name: 'br0', constructor: 'x' }] }],
    ['a tag that is a text', { bridges: [{ name: 'br0', ports: [{ name: 'eno1', tag: '3', interfaces: [{ name: 'eno1' }] }] }] }],
    ['a list that is none', { bridges: [{ name: 'br0', ports: [{ name: 'eno1', trunks: 3, interfaces: [{ name: 'eno1' }] }] }] }],
    ['a text of two lines', { bridges: [{ name: 'br0', sflow: { agent: 'a\nb', targets: ['x'] } }] }],
    ['a text that is no UTF-8', { bridges: [{ name: 'br0', sflow: { agent: '\ud800', targets: ['x'] } }] }],
  ])('are refused with %s', (_what, document) => {
    expect(() => parseOvsRows(typeof document === 'string' ? document : JSON.stringify(document))).toThrow(
      expect.objectContaining({ code: 'INVALID_VALUE' }),
    );
  });
});
