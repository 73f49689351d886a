/** What Open vSwitch does with rendered rows and stanzas: frames between guests, LACP, tunnels, probes; ifupdown2 and the hook of classic ifupdown. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileFabric, deviceIntent, type FabricSnapshot, type OvsBridgeFacts } from '#engines/intent';
import { internalPort, ovsBond, ovsBridge, ovsHost, ovsMirror, ovsPort, staticVxlan } from '#engines/intent/testing';
import { DeviceName } from '#engines/kernel';
import { type OvsRows, parseOvsRows } from '#engines/reconcile';
import { OVS_ROWS_PATH, renderDevice } from '#engines/rendering';
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
  const reaches = async (from: LabNode, to: string): Promise<boolean> => (await from.exec(['ping', '-c', '1', '-W', '1', to])).code === 0;
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

  it('carries tagged frames of customers inside of a VLAN, those that it is told', async () => {
    const hv = await host('hv1');
    const qinq = { vlanMode: 'dot1q-tunnel', tag: 100, cvlans: [10] } as const;
    const customers: LabNode[] = [];
    for (const [port, own] of [
      ['eno1', '1'],
      ['eno2', '2'],
    ] as const) {
      const customer = await host(`customer${own}`);
      await lab.link(hv.node, port, customer.node, 'eth0');
      await customer.apply(rowsOfBridges(ovsBridge('br0', [ovsPort('eth0'), internalPort('v10', [], { tag: 10 }), internalPort('v30', [], { tag: 30 })])));
      await customer.node.run(['sh', '-ec', `ip addr add 10.10.0.${own}/24 dev v10; ip addr add 10.30.0.${own}/24 dev v30; ip link set v10 up; ip link set v30 up`]);
      customers.push(customer.node);
    }
    await hv.apply(rowsOfBridges(ovsBridge('vmbr1', [ovsPort('eno1', qinq), ovsPort('eno2', qinq)])));
    const [customer] = customers as [LabNode];
    await eventually(async () => expect(await reaches(customer, '10.10.0.2')).toBe(true));
    expect(await reaches(customer, '10.30.0.2')).toBe(false);
  });
});
