import { compileFabric, deviceIntent, type FabricSnapshot, type OvsManager } from '#engines/intent';
import { internalPort, ovsBond, ovsBridge, ovsHost, ovsMirror, ovsPort } from '#engines/intent/testing';
import { DeviceName, Ip, Vni } from '#engines/kernel';
import { OVS_INTERFACES_PATH, OVS_ROWS_PATH, renderDevice } from '#engines/rendering';

const vx1 = ovsPort('vx1', {
  tag: 30,
  isProtected: true,
  interfaces: [
    { type: 'vxlan', name: DeviceName.parse('vx1'), vni: Vni.parse(77), remote: Ip.parse('2001:db8::9'), local: null, udpPort: 4789 },
  ],
});
const host = (managedBy: OvsManager): FabricSnapshot =>
  ovsHost(managedBy, [
    ovsBridge(
      'br0',
      [
        internalPort('br0', ['10.0.0.1/24', '10.0.1.1/24', '2001:db8::1/64'], { tag: 9 }, '10.0.0.254'),
        ovsBond('bond0', ['eno1', 'eno2'], { mode: 'balance-tcp', lacp: 'active', lacpTime: null }),
        ovsPort('eno5', { trunks: [2, 3] }),
        vx1,
      ],
      {
        mirrors: [ovsMirror('m0', 'eno5', { selectAll: true })],
        sflow: { agent: null, targets: ['[2001:db8::141]:6343'], header: null, sampling: 64, polling: null },
      },
    ),
  ]).build();
const rendered = (managedBy: OvsManager) => renderDevice(deviceIntent(compileFabric(host(managedBy)), 'hv1'));
const textOf = (managedBy: OvsManager): string => rendered(managedBy).find(({ path }) => path === OVS_INTERFACES_PATH)?.content ?? '';
const stanzas = (managedBy: OvsManager): string[][] =>
  textOf(managedBy)
    .split(/\n(?=auto |allow-|\n)/)
    .map((text) =>
      text
        .trim()
        .split('\n')
        .map((line) => line.trim()),
    );
const stanza = (managedBy: OvsManager, name: string): string[] =>
  stanzas(managedBy).find((lines) => lines.some((line) => line.startsWith(`iface ${name} `))) ?? [];

describe('Open vSwitch in interfaces(5)', () => {
  it('lets the ports of guests be, at ifreload', () => {
    const [line = ''] = stanza('IFUPDOWN2', 'br0').filter((text) => text.startsWith('ovs-ports-condone-regex '));
    const condoned = new RegExp(line.split(' ')[1] ?? 'none');
    for (const port of ['tap100i0', 'veth100i0', 'fwln100i0', 'fwpr100p0', 'vnet3']) expect(port).toMatch(condoned);
    for (const port of ['eno1', 'vx1', 'bond0', 'tapestry', 'v7pt-ac100201']) expect(port).not.toMatch(condoned);
  });

  it('quotes addresses of collectors for the reader that stands before ovs-vsctl', () => {
    expect(textOf('IFUPDOWN2')).toContain(`targets='"[2001:db8::141]:6343"' sampling=64`);
    expect(textOf('IFUPDOWN')).toContain(String.raw`targets=\"[2001:db8::141]:6343\" sampling=64`);
    expect(textOf('IFUPDOWN')).toContain('options:remote_ip="2001:db8::9"');
  });

  it('has tunnels as stanzas only where nobody asks for a device of that name', () => {
    expect(stanza('IFUPDOWN2', 'vx1')).toEqual([]);
    expect(stanza('IFUPDOWN2', 'br0').find((line) => line.includes('add-port br0 vx1'))).toContain('type=vxlan options:key=77');
    expect(stanza('IFUPDOWN', 'vx1')).toEqual(
      expect.arrayContaining(['ovs_type OVSTunnel', 'ovs_tunnel_type vxlan', 'ovs_options tag=30 protected=true']),
    );
  });

  it('makes mirrors when the last of their ports is there', () => {
    for (const managedBy of ['IFUPDOWN2', 'IFUPDOWN'] as const) {
      const at = stanzas(managedBy).findIndex((lines) => lines.some((line) => line.includes('create Mirror')));
      const ports = stanzas(managedBy).findLastIndex((lines) => lines.some((line) => line.startsWith('ovs_bridge')));
      expect(at).toBe(ports);
    }
  });

  it('says the words of Open vSwitch once to classic ifupdown, which refuses a word twice and an address of another family', () => {
    const text = textOf('IFUPDOWN');
    for (const body of text.split(/^(?:iface|auto|allow-).*$/m)) {
      const words = [...body.matchAll(/^ +(\S+) /gm)].map(([, word]) => word);
      expect(new Set(words).size).toBe(words.length);
    }
    expect(text.match(/^iface br0 .*$/gm)).toEqual(['iface br0 inet static', 'iface br0 inet static', 'iface br0 inet6 static']);
    expect(text.match(/^ +gateway .*$/gm)).toEqual(['    gateway 10.0.0.254']);
    expect(text.match(/ovs_type OVSBridge/g)).toHaveLength(1);
  });

  it('is only addresses where the database makes the ports, readable for both kinds of ifupdown', () => {
    expect(textOf('OVSDB')).not.toContain('ovs');
    expect(textOf('OVSDB').match(/address .*$/gm)).toEqual(['address 10.0.0.1/24', 'address 10.0.1.1/24', 'address 2001:db8::1/64']);
  });

  it('gives the rows whoever makes them, the same for all', () => {
    const rows = (['OVSDB', 'IFUPDOWN2', 'IFUPDOWN'] as const).map(
      (managedBy) => rendered(managedBy).find(({ path }) => path === OVS_ROWS_PATH)?.content,
    );
    expect(rows[0]).toContain('"name":"eno5","trunks":[2,3]');
    expect(new Set(rows).size).toBe(1);
  });

  it('says by its format which ifupdown is to read it', () => {
    const format = (managedBy: OvsManager) => rendered(managedBy).find(({ path }) => path === OVS_INTERFACES_PATH)?.format;
    expect([format('IFUPDOWN2'), format('IFUPDOWN')]).toEqual(['ifupdown2', 'ifupdown']);
  });
});
