import { OVS_DUMP } from '#engines/reconcile';
import { onboard } from './onboard.js';

type Row = Readonly<Record<string, unknown>>;
const uuid = (id: string) => ['uuid', id];

/** What `ovs-vsctl` prints when it is asked for these tables; what a row does not say is empty. */
function dump(tables: Readonly<Record<string, readonly Row[]>>): string {
  const asked = OVS_DUMP.flatMap((argument, i) =>
    argument.startsWith('--columns=') ? [{ columns: argument.slice(10).split(','), table: OVS_DUMP[i + 2] as string }] : [],
  );
  const empty = (column: string): unknown =>
    ['other_config', 'external_ids', 'options'].includes(column) ? ['map', []] : column === 'type' ? '' : ['set', []];
  return asked
    .map(({ columns, table }) =>
      JSON.stringify({
        headings: columns,
        data: (tables[table] ?? []).map((row) => columns.map((column) => row[column] ?? empty(column))),
      }),
    )
    .join('\n');
}

const port = (name: string, more: Row = {}): Row => ({ _uuid: uuid(`p-${name}`), name, interfaces: uuid(`i-${name}`), ...more });
const part = (name: string, type = ''): Row => ({ _uuid: uuid(`i-${name}`), name, type });
const switchDump = (tag: number): string =>
  dump({
    Bridge: [
      {
        _uuid: uuid('b'),
        name: 'brint',
        ports: ['set', ['p-brint', 'p-eno2', 'p-vlan99', 'p-vnet3'].map(uuid)],
        external_ids: ['map', [['owner', 'me']]],
      },
    ],
    Port: [port('brint'), port('eno2', { trunks: ['set', [10, 20, 99]] }), port('vlan99', { tag }), port('vnet3', { tag: 10 })],
    Interface: [part('brint', 'internal'), part('eno2'), part('vlan99', 'internal'), part('vnet3')],
  });

const NETWORK = `<network>
  <name>ovs-network</name>
  <forward mode='bridge'/>
  <bridge name='brint'/>
  <virtualport type='openvswitch'/>
  <portgroup name='vlan10' default='yes'><vlan><tag id='10'/></vlan></portgroup>
  <portgroup name='all'><vlan trunk='yes'><tag id='10'/><tag id='20'/><tag id='99'/></vlan></portgroup>
</network>
`;

const host = (tag = 99, xml = NETWORK) =>
  onboard([
    { device: 'kvm1', name: 'ovs.json', text: switchDump(tag) },
    { device: 'kvm1', name: 'network.xml', text: xml },
  ]);

describe('a hypervisor with Open vSwitch and libvirt', () => {
  it('is taken over with its bridges and networks, and nothing would be done to it', () => {
    const { snapshot, report } = host();
    const [device] = snapshot.devices;
    expect(device?.openvswitch?.bridges.map(({ name, ports }) => [name, ports.map((one) => one.name)])).toEqual([
      ['brint', expect.arrayContaining(['eno2', 'vlan99'])],
    ]);
    expect(device?.libvirt?.networks[0]).toMatchObject({
      name: 'ovs-network',
      bridge: 'brint',
      portgroups: [
        { name: 'vlan10', tags: [10] },
        { name: 'all', isTrunk: true, tags: [10, 20, 99] },
      ],
    });
    expect(report.differences).toBe(0);
    expect(report.devices[0]?.files.map(({ model }) => model > 0)).toEqual([true, true]);
  });

  it('keeps what no fact holds, and the ports of guests, by name', () => {
    expect(
      host()
        .lint.filter(({ code }) => code === 'OVS_KEPT')
        .map(({ subject }) => subject),
    ).toEqual(['Bridge brint external_ids:owner', 'Port vnet3 of a guest in brint']);
  });

  it('has another model when one tag is another', () => {
    const { snapshot, report } = host(98);
    expect(report.differences).toBe(0);
    expect(snapshot.devices[0]?.openvswitch?.bridges[0]?.ports.find(({ name }) => name === 'vlan99')?.tag).toBe(98);
  });

  it('is told what libvirt let pass', () => {
    const doubled = NETWORK.replace("name='all'", "name='vlan10'");
    expect(host(99, doubled).lint.map(({ code }) => code)).toContain('LIBVIRT_DUPLICATE_PORTGROUP');
    expect(host(99, doubled).report.differences).toBe(0);
  });

  it('leaves a network with a bridge of its own to libvirt', () => {
    const { snapshot, lint, report } = host(99, "<network><name>default</name><forward mode='nat'/><bridge name='virbr0'/></network>\n");
    expect(snapshot.devices[0]?.libvirt).toBeUndefined();
    expect(lint.map(({ code }) => code)).toContain('LIBVIRT_NOT_TAKEN_OVER');
    expect(report.differences).toBe(0);
  });

  it('may be shown by `ovs-vsctl show`, which does not say all', () => {
    const shown =
      '    Bridge br0\n        Port br0\n            Interface br0\n                type: internal\n        Port eno2\n            tag: 20\n            Interface eno2\n';
    const { snapshot, lint } = onboard([{ device: 'kvm1', name: '', text: `root@kvm1:~# ovs-vsctl show\n${shown}` }]);
    expect(snapshot.devices[0]?.openvswitch?.bridges[0]?.ports.find(({ name }) => name === 'eno2')?.tag).toBe(20);
    expect(lint.map(({ code }) => code)).toContain('OVS_SHOWN_IN_PART');
  });
});

describe('a key of a tunnel in Open vSwitch', () => {
  it('stands nowhere in what comes out; that there is something is said', () => {
    const text = dump({
      Bridge: [{ _uuid: uuid('b'), name: 'brint', ports: ['set', ['p-brint', 'p-gre7'].map(uuid)] }],
      Port: [port('brint'), port('gre7')],
      Interface: [
        part('brint', 'internal'),
        {
          ...part('gre7', 'vxlan'),
          options: [
            'map',
            [
              ['remote_ip', '192.0.2.7'],
              ['psk', 'Hunter2-Zebra'],
            ],
          ],
        },
      ],
    });
    const said = JSON.stringify(onboard([{ device: 'kvm1', name: 'ovs.json', text }]));
    expect(said).not.toContain('Hunter2-Zebra');
    expect(said).toContain('Port gre7 on kvm1 is in no fact of the model');
  });
});
