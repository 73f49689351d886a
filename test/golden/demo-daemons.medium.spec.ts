/** Real daemons take the demo fabric, say that nothing is left to change, and give it back without a trace. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileFabric, deviceIntent, type FabricSnapshot } from '#engines/intent';
import { demoFabric, demoSnapshot } from '#engines/intent/testing';
import { FRR_PATH, INTERFACES_PATH, renderDevice } from '#engines/rendering';
import { Lab, type LabNode, missingForRealHosts } from '../../apps/lab/src/hosts/index.js';
import { describeWith } from '../support/describe-with.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'trame-golden-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describeWith({ missing: missingForRealHosts() }, 'a host with FRR and ifupdown2', () => {
  let lab: Lab;
  let host: LabNode;

  beforeEach(async () => {
    lab = await Lab.create(join(directory, 'lab'));
    host = await lab.node('pve1');
    const leaf = await lab.node('test');
    await lab.link(host, 'ens19', leaf, 'Ethernet1');
  });
  afterEach(() => lab.close());

  /** Files in place, interfaces and routing in force: what a push does on the host. */
  async function deploy(snapshot: FabricSnapshot): Promise<void> {
    for (const { path, content } of renderDevice(deviceIntent(compileFabric(snapshot), 'pve1'))) await host.writeFile(path, content);
    await host.run(['ifreload', '-a']);
    await host.run(['/usr/lib/frr/frr-reload.py', '--reload', FRR_PATH]);
  }
  const leftToChange = async () => (await host.run(['/usr/lib/frr/frr-reload.py', '--test', '--stdout', FRR_PATH])).trim();
  const drifted = async () => (await host.exec(['ifquery', '-a', '--check', '-o', 'json'])).code !== 0;
  const links = async () => (await host.run(['ip', '-br', 'link'])).split('\n').map((line) => line.split(/[ @]/)[0]);

  it('takes the demo network, and then nothing is left to change, with a guest on the bridge too', async () => {
    await host.startFrr();
    await deploy(demoSnapshot());
    expect(await leftToChange()).toBe('');
    expect(await drifted()).toBe(false);
    await host.run(['ip', 'link', 'add', 'tap100i0', 'type', 'veth', 'peer', 'name', 'guest']);
    await host.run(['ip', 'link', 'set', 'tap100i0', 'master', 'vnet10001', 'up']);
    expect(await drifted()).toBe(false);
    await host.run(['ifreload', '-a']);
    expect(await host.run(['ip', 'link', 'show', 'master', 'vnet10001'])).toContain('tap100i0');
    expect(await drifted()).toBe(false);
    expect(await host.run(['cat', '/sys/class/net/vnet10001/mtu'])).toBe('1450\n');
  });

  it('notices a tunnel that somebody takes out of the bridge, beside a guest that may be there', async () => {
    await host.startFrr();
    await deploy(demoSnapshot());
    await host.run(['ip', 'link', 'set', 'vxlan10001', 'nomaster']);
    expect(await drifted()).toBe(true);
  });

  it('has explicit route targets although they equal the automatic ones, when they come by reload and when they are read at start', async () => {
    const targets = async () => JSON.parse(await host.run(['vtysh', '-c', 'show bgp l2vpn evpn vni 10001 json'])) as unknown;
    const wanted = expect.objectContaining({ rd: '172.16.1.51:1', importRts: ['65051:10001'], exportRts: ['65051:10001'] });
    await host.startFrr();
    await deploy(demoSnapshot());
    const running = await host.run(['vtysh', '-c', 'show running-config']);
    expect(running).toContain('   route-target import 65051:10001\n   route-target export 65051:10001\n');
    expect(await targets()).toEqual(wanted);
    await host.run(['sh', '-c', 'kill $(cat /run/frr/*.pid); while [ -n "$(pidof bgpd zebra staticd)" ]; do sleep 0.05; done']);
    await host.startFrr();
    await vi.waitFor(async () => expect(await targets()).toEqual(wanted), { timeout: 10_000, interval: 50 });
    expect(await leftToChange()).toBe('');
  });

  it('is the host of before when the network is removed: links, routing and files', async () => {
    const state = async () => ({ links: await links(), running: await host.run(['vtysh', '-c', 'show running-config']), files: await host.run(['cat', INTERFACES_PATH, FRR_PATH]) });
    await host.startFrr();
    await deploy(demoFabric().build());
    const before = await state();
    await deploy(demoSnapshot());
    expect(await links()).toEqual(expect.arrayContaining(['vnet10001', 'vxlan10001']));
    await deploy(demoFabric().build());
    expect(await state()).toEqual(before);
    expect(await leftToChange()).toBe('');
    expect(await drifted()).toBe(false);
  });

  it('does not answer in a network that it only bridges', async () => {
    await host.startFrr();
    await deploy(demoSnapshot());
    expect(await host.run(['ip', '-br', 'address', 'show', 'dev', 'vnet10001'])).not.toMatch(/fe80|\d+\.\d+\.\d+\.\d+/);
    expect(await host.run(['cat', '/proc/sys/net/ipv4/conf/vnet10001/forwarding', '/proc/sys/net/ipv6/conf/vnet10001/forwarding'])).toBe('0\n0\n');
  });
});
