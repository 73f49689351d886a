/** What Open vSwitch does with rendered rows and stanzas: frames between guests, LACP, tunnels, probes; ifupdown2 and the hook of classic ifupdown. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileFabric, deviceIntent, type FabricSnapshot, type OvsBridgeFacts } from '#engines/intent';
import { internalPort, ovsBond, ovsBridge, ovsHost, ovsMirror, ovsPort, staticVxlan } from '#engines/intent/testing';
import { DeviceName, Ip, Vni } from '#engines/kernel';
import { type OvsRows, parseOvsRows } from '#engines/reconcile';
import { OVS_INTERFACES_PATH, OVS_ROWS_PATH, renderDevice } from '#engines/rendering';
import { Lab, type LabNode, missingForRealHosts } from '../../apps/lab/src/hosts/index.js';
import { describeWith } from '../support/describe-with.js';
import { missingForOvsSwitch, OvsSwitch } from '../support/ovs-switch.js';

const rowsOf = (snapshot: FabricSnapshot, slug = 'hv1'): OvsRows =>
  parseOvsRows(renderDevice(deviceIntent(compileFabric(snapshot), slug)).find(({ path }) => path === OVS_ROWS_PATH)?.content ?? '');
const rowsOfBridges = (...bridges: readonly OvsBridgeFacts[]): OvsRows =>
  rowsOf(ovsHost('OVSDB', bridges.map((bridge) => ({ ...bridge, datapath: 'netdev' as const }))).build());

describeWith({ missing: [...missingForOvsSwitch(), ...missingForRealHosts()] }, 'Open vSwitch', () => {
  let directory: string;
  let lab: Lab;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'trame-ovs-'));
    lab = await Lab.create(join(directory, 'lab'));
  });
  afterEach(async () => {
    await lab.close();
    await rm(directory, { recursive: true, force: true });
  });

  const host = async (name: string): Promise<OvsSwitch> => OvsSwitch.start(await lab.node(name));

  /** A machine on a cable to a port of the host. */
  async function machine(at: OvsSwitch, port: string, address: string): Promise<LabNode> {
    const node = await lab.node(`m-${at.node.name}-${port}`);
    await lab.link(at.node, port, node, 'eth0');
    await node.run(['ip', 'address', 'add', address, 'dev', 'eth0']);
    return node;
  }
  const reaches = async (from: LabNode, to: string): Promise<boolean> => (await from.exec(['ping', '-c', '1', '-W', '0.5', to])).code === 0;
  const eventually = (check: () => Promise<void>): Promise<void> => vi.waitFor(check, { timeout: 20_000, interval: 100 });

  it('keeps VLANs apart and lets a trunk have those that it is told', async () => {
    const hv = await host('hv1');
    const other = await host('customer');
    await lab.link(hv.node, 'eno5', other.node, 'eth0');
    const [a, b, c] = await Promise.all([
      machine(hv, 'eno1', '10.0.0.1/24'),
      machine(hv, 'eno2', '10.0.0.2/24'),
      machine(hv, 'eno3', '10.0.0.3/24'),
    ]);
    await hv.apply(
      rowsOfBridges(
        ovsBridge('vobr0', [ovsPort('eno1', { tag: 3 }), ovsPort('eno2', { tag: 3 }), ovsPort('eno3', { tag: 4 }), ovsPort('eno5', { trunks: [2, 3] })]),
      ),
    );
    await other.apply(rowsOfBridges(ovsBridge('br0', [ovsPort('eth0'), internalPort('v3', [], { tag: 3 }), internalPort('v4', [], { tag: 4 })])));
    await other.node.run(['sh', '-ec', 'ip addr add 10.0.0.13/24 dev v3; ip link set v3 up; ip link set v4 up']);
    await eventually(async () => expect(await reaches(a, '10.0.0.2')).toBe(true));
    await eventually(async () => expect(await reaches(a, '10.0.0.13')).toBe(true));
    expect(await reaches(a, '10.0.0.3')).toBe(false);
    await other.node.run(['sh', '-ec', 'ip addr del 10.0.0.13/24 dev v3; ip addr add 10.0.0.13/24 dev v4']);
    expect([await reaches(c, '10.0.0.13'), await reaches(b, '10.0.0.1')]).toEqual([false, true]);
  });

  /** A host with its VTEP address on the underlay; the userspace datapath finds other VTEPs over a bridge that has the address. */
  async function vtep(number: number, hub: LabNode, snapshot: FabricSnapshot) {
    const hv = await host(`ovs${number}`);
    await lab.link(hv.node, 'eth0', hub, `h${number}`);
    await hub.run(['ip', 'link', 'set', `h${number}`, 'master', 'br0']);
    await hv.vsctl('add-br', 'brphy', '--', 'set', 'Bridge', 'brphy', 'datapath_type=netdev', '--', 'add-port', 'brphy', 'eth0');
    await hv.node.run(['sh', '-ec', `ip addr add 172.16.2.${number}/24 dev brphy; ip link set brphy up`]);
    const { bridges, vlanLimit } = rowsOf(snapshot, `ovs${number}`);
    const rows = { vlanLimit, bridges: bridges.map((bridge) => ({ ...bridge, columns: { datapath_type: 'netdev' } })) };
    await hv.apply(rows);
    expect((await hv.transaction(rows, rows)).argv).toEqual([]);
    return hv;
  }
  async function underlay(): Promise<LabNode> {
    const hub = await lab.node('hub');
    await hub.run(['sh', '-ec', 'ip link add br0 type bridge; ip link set br0 up']);
    return hub;
  }

  it('carries tagged frames of customers inside of a network, those that it is told, from host to host', async () => {
    const hub = await underlay();
    const ports = [ovsPort('eno4', { vlanMode: 'dot1q-tunnel', cvlans: [10], vlansFrom: 'ATTACHMENTS' })];
    const on = [1, 2].map((number) => ({ device: `ovs${number}`, port: 'eno4', vlan: number * 100 }));
    const bridges = [ovsBridge('vmbr1', ports)];
    const snapshot = staticVxlan(ports)
      .deviceFacts('ovs2', { openvswitch: { managedBy: 'OVSDB', bridges } })
      .network({ slug: 'qinq', vni: 10_003, eviId: 3, mtu: 1400, on })
      .build();
    const customers: LabNode[] = [];
    for (const number of [1, 2]) {
      const hv = await vtep(number, hub, snapshot);
      const customer = await host(`customer${number}`);
      await lab.link(hv.node, 'eno4', customer.node, 'eth0');
      await customer.apply(
        rowsOfBridges(ovsBridge('br0', [ovsPort('eth0'), internalPort('v10', [], { tag: 10 }), internalPort('v30', [], { tag: 30 })])),
      );
      const script = [10, 30].map((vlan) => `ip addr add 10.${vlan}.0.${number}/24 dev v${vlan}; ip link set v${vlan} up mtu 1400`).join('; ');
      await customer.node.run(['sh', '-ec', script]);
      customers.push(customer.node);
    }
    const [customer] = customers as [LabNode];
    await eventually(async () => expect(await reaches(customer, '10.10.0.2')).toBe(true));
    expect(await reaches(customer, '10.30.0.2')).toBe(false);
  });

  it('carries frames with two tags over a trunk to a port that takes some of the inner ones', async () => {
    const [hv, service] = [await host('hv1'), await host('service')];
    const customer = await host('customer');
    await lab.link(hv.node, 'eno5', service.node, 'eth0');
    await lab.link(hv.node, 'eno1', customer.node, 'eth0');
    const qinq = (port: string) => ovsPort(port, { vlanMode: 'dot1q-tunnel', tag: 100 });
    const rows = rowsOfBridges(ovsBridge('vmbr1', [{ ...qinq('eno1'), cvlans: [10] }, ovsPort('eno5', { trunks: [100] })]));
    await hv.apply(rows);
    expect((await hv.transaction(rows, rows)).argv).toEqual([]);
    await service.vsctl('set', 'Open_vSwitch', '.', 'other_config:vlan-limit=2');
    const inside = (address: string) => [`ip addr add ${address}/24 dev v10`, 'ip link set v10 up mtu 1400'].join('; ');
    const patch = (port: string, peer: string) => ({ ...qinq(port), interfaces: [{ type: 'patch' as const, name: DeviceName.parse(port), peer: DeviceName.parse(peer) }] });
    await service.apply(
      rowsOfBridges(
        ovsBridge('br0', [ovsPort('eth0', { trunks: [100] }), patch('out0', 'in0')]),
        ovsBridge('br1', [{ ...patch('in0', 'out0'), vlanMode: null, tag: null }, internalPort('v10', [], { tag: 10 })]),
      ),
    );
    await customer.apply(rowsOfBridges(ovsBridge('br0', [ovsPort('eth0'), internalPort('v10', [], { tag: 10 })])));
    await service.node.run(['sh', '-ec', inside('10.10.0.2')]);
    await customer.node.run(['sh', '-ec', inside('10.10.0.1')]);
    await eventually(async () => expect(await reaches(customer.node, '10.10.0.2')).toBe(true));
  });

  it('carries a network between three hosts by tunnels that follow its attachments, and a broadcast ends', async () => {
    const hub = await underlay();
    const on = [1, 2, 3].map((number) => ({ device: `ovs${number}`, port: 'vmbr1', tagging: 'BRIDGE_ONLY' as const, vlan: number * 100 }));
    const snapshot = staticVxlan([]).network({ slug: 'blue', vni: 10_001, eviId: 1, on }).build();
    const hosts = await Promise.all(
      [1, 2, 3].map(async (number) => {
        const hv = await vtep(number, hub, snapshot);
        const guest = await machine(hv, 'tap1i0', `10.20.0.${number}/24`);
        await hv.vsctl('add-port', 'vmbr1', 'tap1i0', `tag=${number * 100}`);
        return { hv, guest };
      }),
    );
    const [first] = hosts as [(typeof hosts)[0]];
    await eventually(async () => expect(await reaches(first.guest, '10.20.0.2')).toBe(true));
    await eventually(async () => expect(await reaches(first.guest, '10.20.0.3')).toBe(true));
    const frames = async (): Promise<number> => {
      const shown = await first.hv.node.run(['ovs-ofctl', 'dump-ports', 'vmbr1']);
      return [...shown.matchAll(/rx pkts=(\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0);
    };
    const ask = () => first.guest.exec(['ping', '-c', '2', '-i', '0.1', '-W', '0.2', '10.20.0.99']);
    await ask();
    await eventually(async () => expect((await frames()) - (await frames())).toBe(0));
    // Unprotected, the three flood to each other for ever: what this test would see.
    for (const { hv } of hosts) {
      const all = (await hv.vsctl('list-ports', 'vmbr1')).trim().split('\n');
      for (const port of all.filter((name) => name.startsWith('v7pt'))) await hv.vsctl('set', 'Port', port, 'protected=false');
    }
    // Asked until it is seen: the kernel keeps its old flows for a moment, and on a busy machine longer than a question lasts.
    await eventually(async () => {
      const before = await frames();
      await ask();
      expect((await frames()) - before).toBeGreaterThan(500);
    });
  });

  it('negotiates LACP over the bond, copies frames to the port of the mirror, and sends samples to the collector', async () => {
    const hv = await host('hv1');
    const peer = await host('peer');
    for (const port of ['eno1', 'eno2']) await lab.link(hv.node, port, peer.node, port);
    const watcher = await machine(hv, 'eno5', '10.9.9.9/24');
    const lacp = { mode: 'balance-tcp', lacp: 'active', lacpTime: 'fast' } as const;
    const bridge = (number: number, more: Partial<OvsBridgeFacts> = {}): OvsBridgeFacts =>
      ovsBridge('vubr0', [ovsBond('bond0', ['eno1', 'eno2'], lacp), internalPort('internal', [`10.0.0.${number}/24`], { tag: 10 }), ...(number === 3 ? [ovsPort('eno5')] : [])], more);
    const probes: Partial<OvsBridgeFacts> = {
      mirrors: [ovsMirror('m0', 'eno5', { selectSource: [DeviceName.parse('internal')] })],
      sflow: { agent: DeviceName.parse('lo'), targets: ['127.0.0.1:6343'], header: 128, sampling: 1, polling: 1 },
    };
    const listener = hv.node.run(['timeout', '15', 'python3', '-c', "import socket;s=socket.socket(2,2);s.bind(('127.0.0.1',6343));print(s.recv(2000)[3])"]);
    await hv.apply(rowsOfBridges(bridge(3, probes)));
    await peer.apply(rowsOfBridges(bridge(4)));
    for (const [at, number] of [
      [hv, 3],
      [peer, 4],
    ] as const)
      await at.node.run(['sh', '-ec', `ip addr add 10.0.0.${number}/24 dev internal; ip link set internal up`]);
    await eventually(async () => {
      const shown = await hv.node.run(['ovs-appctl', 'lacp/show', 'bond0']);
      expect(shown).toContain('status: active negotiated');
      expect(shown.match(/current attached/g)).toHaveLength(2);
      expect(shown).toContain('lacp_time: fast');
    });
    await eventually(async () => expect(await reaches(hv.node, '10.0.0.4')).toBe(true));
    await eventually(async () => expect(Number(await hv.vsctl('get', 'Mirror', 'm0', 'statistics:tx_packets'))).toBeGreaterThan(0));
    expect(Number(await watcher.run(['cat', '/sys/class/net/eth0/statistics/rx_packets']))).toBeGreaterThan(0);
    expect((await listener).trim()).toBe('5'); // version of an sFlow datagram
  });

  const managed = (managedBy: 'IFUPDOWN2' | 'IFUPDOWN'): FabricSnapshot =>
    ovsHost(managedBy, [
      ovsBridge(
        'vubr0',
        [
          internalPort('vubr0', ['10.66.0.1/24']),
          ovsBond('bond0', ['eno1', 'eno2'], { mode: 'balance-tcp', lacp: 'active', lacpTime: 'fast' }, { trunks: [10, 20] }),
          internalPort('internal', ['10.0.0.3/24', '2001:db8::3/64'], { tag: 10 }, '10.0.0.254'),
          ovsPort('eno4', { vlanMode: 'dot1q-tunnel', tag: 100, cvlans: [10, 20], outerTag: '802.1q' }),
          ovsPort('eno5'),
          ovsPort('vx1', {
            tag: 30,
            isProtected: true,
            interfaces: [{ type: 'vxlan', name: DeviceName.parse('vx1'), vni: Vni.parse(77), remote: Ip.parse('2001:db8::9'), local: null, udpPort: 4790 }],
          }),
        ],
        {
          datapath: 'netdev',
          failMode: 'secure',
          mirrors: [ovsMirror('all', 'eno5', { selectAll: true }), ovsMirror('own', 'eno5', { selectSource: [DeviceName.parse('internal')] })],
          sflow: { agent: DeviceName.parse('lo'), targets: ['192.0.2.141:6343', '[2001:db8::141]:6343'], header: 128, sampling: 2000, polling: 30 },
        },
      ),
      ovsBridge('brint', [internalPort('brint', ['10.99.1.250/24'], { tag: 99 })], { datapath: 'netdev' }),
    ]).build();

  async function wired(): Promise<OvsSwitch> {
    const hv = await host('hv1');
    const peer = await lab.node('peer');
    await Promise.all(['eno1', 'eno2', 'eno4', 'eno5'].map((port) => lab.link(hv.node, port, peer, port)));
    // The device that stands for a bond: the kernel's datapath makes it, the userspace one cannot.
    await hv.node.run(['ip', 'link', 'add', 'bond0', 'type', 'veth', 'peer', 'name', 'bond0x']);
    return hv;
  }
  const interfacesOf = (snapshot: FabricSnapshot): string =>
    renderDevice(deviceIntent(compileFabric(snapshot), 'hv1')).find(({ path }) => path === OVS_INTERFACES_PATH)?.content ?? '';
  const addresses = async (hv: OvsSwitch, device: string): Promise<string> => hv.node.run(['ip', '-br', 'address', 'show', 'dev', device]);

  it('is made by ifupdown2 exactly as the rows say, and again with a guest on the bridge, which stays', async () => {
    const hv = await wired();
    const rows = rowsOf(managed('IFUPDOWN2'));
    await hv.node.writeFile(OVS_INTERFACES_PATH, interfacesOf(managed('IFUPDOWN2')));
    const judged = async () => ({
      left: (await hv.transaction(rows, rows)).argv,
      check: (await hv.node.exec(['ifquery', '-a', '--check'])).code,
      guests: (await hv.vsctl('list-ports', 'vubr0')).split('\n').filter((port) => port.startsWith('tap')),
    });
    await hv.node.run(['ifreload', '-a']);
    expect(await judged()).toEqual({ left: [], check: 0, guests: [] });
    expect(await addresses(hv, 'internal')).toMatch(/10\.0\.0\.3\/24.*2001:db8::3\/64/);
    expect(await addresses(hv, 'brint')).toContain('10.99.1.250/24');
    await hv.node.run(['sh', '-ec', 'ip link add tap100i0 type veth peer name guest; ip link set tap100i0 up']);
    await hv.vsctl('add-port', 'vubr0', 'tap100i0', 'tag=4');
    await hv.node.run(['ifreload', '-a']);
    expect(await judged()).toEqual({ left: [], check: 0, guests: ['tap100i0'] });
    expect((await hv.vsctl('get', 'Port', 'tap100i0', 'tag')).trim()).toBe('4');
  });

  it("is made by classic ifupdown's hook exactly as the rows say", async () => {
    const hv = await wired();
    const rows = rowsOf(managed('IFUPDOWN'));
    const stanzas = interfacesOf(managed('IFUPDOWN'));
    await hv.node.run(['sh', '-ec', 'mkdir -p /run/shim/env']);
    for (const [, device = '', body = ''] of stanzas.matchAll(/^iface (\S+) inet \S+\n((?: .*\n)+)/gm)) {
      const said = [...body.matchAll(/^ +(\S+) (.*)$/gm)].map(([, word = '', value = '']) => `export IF_${word.toUpperCase()}='${value.replaceAll("'", "'\\''")}'`);
      await hv.node.writeFile(`/run/shim/env/${device}`, [`export IFACE=${device} MODE=start`, ...said, ''].join('\n'));
    }
    // What ifup does with a stanza of Open vSwitch, and no service manager in the way.
    await hv.node.writeFile('/run/shim/ifup', '#!/bin/sh -e\nfor i in "$@"; do case $i in --*) ;; *) (. /run/shim/env/$i; sh -e /usr/share/openvswitch/scripts/ifupdown.sh);; esac; done\n');
    await hv.node.writeFile('/run/shim/service', '#!/bin/sh\nexit 1\n');
    await hv.node.writeFile('/run/shim/systemctl', '#!/bin/sh\nexit 0\n');
    await hv.node.run(['chmod', '+x', '/run/shim/ifup', '/run/shim/service', '/run/shim/systemctl']);
    const bridges = [...stanzas.matchAll(/^allow-ovs (\S+)$/gm)].map(([, bridge = '']) => bridge);
    await hv.node.run(['env', `PATH=/run/shim:${process.env['PATH']}`, 'ifup', '--allow=ovs', ...bridges]);
    expect((await hv.transaction(rows, rows)).argv).toEqual([]);
    expect((await hv.vsctl('get', 'sFlow', 'vubr0', 'targets')).trim()).toBe('["192.0.2.141:6343", "[2001:db8::141]:6343"]');
  });
});
