/** Open vSwitch with the kernel's datapath, as on a real host: the golden files as they are, without another datapath in them. */
import { compileFabric, deviceIntent, type FabricSnapshot } from '#engines/intent';
import { openVswitchScenarios } from '#engines/intent/testing';
import { type OvsRows, parseOvsRows } from '#engines/reconcile';
import { OVS_INTERFACES_PATH, OVS_ROWS_PATH, renderDevice } from '#engines/rendering';
import { missingForUml, UmlMachine, type UmlNode } from '../../apps/lab/src/uml/index.js';
import { describeWith } from '../support/describe-with.js';
import { OvsSwitch } from '../support/ovs-switch.js';

const PROGRAMS = { 'openvswitch-switch': '/usr/sbin/ovs-vswitchd', ifupdown2: '/usr/sbin/ifreload', 'iputils-ping': '/usr/bin/ping' };
const scenario = (name: string): FabricSnapshot => {
  const found = openVswitchScenarios[name];
  if (!found) throw new Error(`there is no scenario ${name}`);
  return found();
};

describeWith({ missing: missingForUml(PROGRAMS) }, 'Open vSwitch on a full kernel', () => {
  let machine: UmlMachine;
  beforeAll(async () => {
    machine = await UmlMachine.boot({ memoryMb: 2048 });
  });
  afterAll(() => machine.close());

  const eventually = (check: () => Promise<void>): Promise<void> => vi.waitFor(check, { timeout: 60_000, interval: 500 });
  const reaches = async (from: UmlNode, to: string): Promise<boolean> => (await from.exec(['ping', '-c', '1', '-W', '2', to])).code === 0;

  async function given(node: UmlNode, snapshot: FabricSnapshot, slug: string): Promise<{ hv: OvsSwitch<UmlNode>; rows: OvsRows }> {
    const artefacts = renderDevice(deviceIntent(compileFabric(snapshot), slug));
    const content = (path: string): string => artefacts.find((artefact) => artefact.path === path)?.content ?? '';
    await node.writeFile(OVS_INTERFACES_PATH, content(OVS_INTERFACES_PATH));
    return { hv: await OvsSwitch.start(node), rows: parseOvsRows(content(OVS_ROWS_PATH)) };
  }

  it('has bond, internal port, probe and mirrors by ifupdown2, which finds nothing drifted, and a guest survives the next ifreload', async () => {
    const [node, peer] = [await machine.node('hv1'), await machine.node('peer')];
    for (const port of ['eno1', 'eno2', 'eno5']) await machine.link(node, port, peer, port);
    const { hv, rows } = await given(node, scenario('ovs-bond-and-probes'), 'hv1');
    await node.run(['ifreload', '-a']);
    expect((await hv.transaction(rows, rows)).argv).toEqual([]);
    expect((await node.exec(['ifquery', '-a', '--check'])).code).toBe(0);
    expect(await node.run(['ip', '-br', 'address', 'show', 'dev', 'internal'])).toMatch(/10\.0\.0\.3\/24.*2001:db8::3\/64/);
    await node.run([
      'sh',
      '-ec',
      'ip link add tap100i0 type veth peer name guest; ip link set tap100i0 up; ovs-vsctl add-port vubr0 tap100i0 tag=4',
    ]);
    await node.run(['ifreload', '-a']);
    expect((await hv.transaction(rows, rows)).argv).toEqual([]);
    expect(await hv.vsctl('get', 'Port', 'tap100i0', 'tag')).toBe('4\n');
    expect((await node.exec(['ifquery', '-a', '--check'])).code).toBe(0);
  });

  it('gives the hypervisor its address in the VLAN that it shares with its guests', async () => {
    const [node, guest, wire] = [await machine.node('hypervisor'), await machine.node('guest'), await machine.node('wire')];
    await machine.link(node, 'vnet1', guest, 'eth0');
    await machine.link(node, 'eno1', wire, 'eth0');
    const { hv, rows } = await given(node, scenario('ovs-hypervisor-vlan'), 'hv1');
    await hv.apply(rows);
    await node.run(['ifreload', '-a']);
    await hv.vsctl('add-port', 'brint', 'vnet1', 'tag=99');
    await guest.run(['ip', 'address', 'add', '10.99.1.7/24', 'dev', 'eth0']);
    await eventually(async () => expect(await reaches(guest, '10.99.1.250')).toBe(true));
    await hv.vsctl('set', 'Port', 'vnet1', 'tag=250');
    expect(await reaches(guest, '10.99.1.250')).toBe(false);
    expect((await hv.transaction(rows, rows)).argv).toEqual([]);
    await wire.run(['ip', 'address', 'add', '10.66.0.254/24', 'dev', 'eth0']);
    await eventually(async () => expect(await reaches(node, '10.66.0.254')).toBe(true));
  });

  it('carries a network between hosts of which one has its rows by transaction and the other by ifupdown2', async () => {
    const snapshot = scenario('ovs-vxlan-static');
    const hosts = [2, 3] as const;
    const [left, right] = [await machine.node('ovs2'), await machine.node('ovs3')];
    await machine.link(left, 'eth0', right, 'eth0');
    const guests: UmlNode[] = [];
    for (const number of hosts) {
      const node = number === 2 ? left : right;
      const guest = await machine.node(`guest${number}`);
      guests.push(guest);
      await machine.link(node, 'tap1i0', guest, 'eth0');
      await guest.run(['ip', 'address', 'add', `10.20.0.${number}/24`, 'dev', 'eth0']);
      await node.run(['ip', 'address', 'add', `172.16.2.${number}/24`, 'dev', 'eth0']);
      const { hv, rows } = await given(node, snapshot, `ovs${number}`);
      if (number === 2) await hv.apply(rows);
      await node.run(['ifreload', '-a']);
      expect((await hv.transaction(rows, rows)).argv).toEqual([]);
      await hv.vsctl('add-port', 'vmbr1', 'tap1i0', `tag=${number * 100}`);
    }
    const [first] = guests as [UmlNode];
    await eventually(async () => expect(await reaches(first, '10.20.0.3')).toBe(true));
  });
});
