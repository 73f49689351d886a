/** The simulated switch with real forwarding behind it: what is pushed through eAPI carries packets, or does not. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EosTransport } from '#adapters/eos';
import type { DeviceConnection, DeviceTarget, PushIdentity } from '#contexts/deployment/ports';
import { compileFabric } from '#engines/intent';
import { demoFabric, demoSnapshot } from '#engines/intent/testing';
import { type Artefact, FRR_PATH, renderDevice } from '#engines/rendering';
import { startEosDataplane } from '../../apps/lab/src/eos-dataplane/index.js';
import { type EosSimulator, startEosSimulator } from '../../apps/lab/src/eos-simulator/index.js';
import { Lab, type LabNode, type LabVm, missingForRealHosts } from '../../apps/lab/src/hosts/index.js';
import { describeWith } from '../support/describe-with.js';

const USER = { username: 'admin', password: 'lab' };
const VNI = 10_001;

const artefactsOf = (snapshot: ReturnType<typeof demoSnapshot>, slug: string): readonly Artefact[] =>
  compileFabric(snapshot)
    .devices.filter((device) => device.slug === slug)
    .flatMap(renderDevice);

const LEAF = artefactsOf(demoFabric().build(), 'test');
const LEAF_WITH_NETWORK = artefactsOf(demoSnapshot(), 'test');

/** pve1 of the demo as its renderer wants it, set up by hand: not what this file is about. */
async function setUpHost(host: LabNode): Promise<void> {
  const frr = artefactsOf(demoSnapshot(), 'pve1').find(({ path }) => path === FRR_PATH)?.content ?? '';
  const lines = [
    'addr add 172.16.1.51/32 dev lo',
    'addr add 192.168.100.2/24 dev ens19',
    `link add vnet${VNI} type bridge stp_state 0 forward_delay 0`,
    `link add vxlan${VNI} type vxlan id ${VNI} dstport 4789 local 172.16.1.51 nolearning`,
    `link set vxlan${VNI} mtu 1450 master vnet${VNI} up`,
    `link set vxlan${VNI} type bridge_slave learning off neigh_suppress on`,
    `link set vnet${VNI} up`,
  ];
  await host.run(['ip', '-batch', '-'], { stdin: `${lines.join('\n')}\n` });
  await host.startFrr(frr);
}

describeWith({ missing: missingForRealHosts() }, 'a leaf that forwards', () => {
  let directory: string;
  let lab: Lab;
  let leaf: LabNode;
  let host: LabNode;
  let guest: LabVm;
  let server: LabVm;
  let simulator: EosSimulator;
  let connection: DeviceConnection;
  let fence = 0;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'trame-leaf-'));
    lab = await Lab.create(join(directory, 'lab'));
    [leaf, host] = await Promise.all([lab.node('test'), lab.node('pve1')]);
    await lab.link(leaf, 'Ethernet1', host, 'ens19');
    server = await lab.addVm(leaf, 'srv1', { address: '10.20.0.12/24', tap: 'Ethernet2' });
    guest = await lab.addVm(host, 'vm1', { address: '10.20.0.10/24' });
    await setUpHost(host);
    await guest.attach(`vnet${VNI}`);
    simulator = await startEosSimulator({ hostname: 'TEST', slug: 'test', users: [USER], dataplane: await startEosDataplane(leaf) });
    connection = await new EosTransport().open(target(), new AbortController().signal);
  });

  afterAll(async () => {
    await simulator?.close();
    await lab?.close();
    await rm(directory, { recursive: true, force: true });
  });

  const target = (): DeviceTarget => ({
    slug: 'test',
    address: simulator.address,
    port: simulator.port,
    username: USER.username,
    secret: USER.password,
    sshHostKeys: [],
    tlsSpkiSha256: [simulator.spkiSha256],
  });
  const identity = (): PushIdentity => ({ planId: `plan-${(fence += 1)}`, revision: fence, fence });
  const push = async (wanted: readonly Artefact[], previous: readonly Artefact[]): Promise<number> => {
    const it = identity();
    await connection.stage(it, wanted, previous);
    const started = Date.now();
    await connection.apply(it, 60);
    const applied = Date.now() - started;
    await connection.confirm(it);
    return applied;
  };
  const interfaces = async (): Promise<string> => leaf.run(['ip', '-br', 'link']);

  it('is a factory switch at first: nothing forwards', async () => {
    expect(await interfaces()).not.toMatch(/vxlan|vlan/);
    expect(await connection.inspect([])).toMatchObject({ establishedNeighbors: [] });
    expect(await server.ping('10.20.0.10', { withinMs: 300 })).toMatchObject({ ok: false });
  });

  it('carries frames between its port and a hypervisor within seconds of the push, and commits in less than one', async () => {
    await push(LEAF, []);
    const factoryLeaf = simulator.device.runningConfig();
    const it = identity();
    await connection.stage(it, LEAF_WITH_NETWORK, LEAF);
    const started = Date.now();
    await connection.apply(it, 60);
    const applied = Date.now() - started;
    const expected = { vnis: [VNI], neighbors: ['192.168.100.2'], remoteVteps: new Map([[VNI, ['172.16.1.51']]]) };
    const report = await connection.verify(it, LEAF_WITH_NETWORK, expected, 15_000);
    expect(report.checks.filter(({ ok }) => !ok)).toEqual([]);
    const verified = Date.now() - started;
    await connection.confirm(it);
    const ping = await server.ping('10.20.0.10', { withinMs: 10_000 });
    expect(ping.ok).toBe(true);
    console.log(`leaf: commit took effect after ${applied} ms, verified after ${verified} ms, ping ${ping.elapsedMs} ms later`);
    expect(applied).toBeLessThan(2_000);

    await push(LEAF, LEAF_WITH_NETWORK);
    expect(simulator.device.runningConfig()).toBe(factoryLeaf);
    expect(await interfaces()).not.toMatch(/vxlan|vlan100/);
    expect(await server.ping('10.20.0.10', { withinMs: 500 })).toMatchObject({ ok: false });
  });

  it('stops forwarding when the change is taken back, and keeps the session with its neighbor meanwhile', async () => {
    const it = identity();
    await connection.stage(it, LEAF_WITH_NETWORK, LEAF);
    await connection.apply(it, 60);
    expect((await server.ping('10.20.0.10', { withinMs: 10_000 })).ok).toBe(true);
    await connection.revert(it);
    expect(await server.ping('10.20.0.10', { withinMs: 500 })).toMatchObject({ ok: false });
    expect(await connection.inspect([])).toMatchObject({ establishedNeighbors: ['192.168.100.2'], pending: null });
  });

  it('keeps two hypervisors apart whose route targets do not meet', async () => {
    const stranger = LEAF_WITH_NETWORK.map((artefact) => ({
      ...artefact,
      content: artefact.content.replace(`both 65051:${VNI}`, 'both 65051:19999'),
    }));
    const it = identity();
    await connection.stage(it, stranger, LEAF);
    await connection.apply(it, 60);
    const report = await connection.verify(
      it,
      stranger,
      { vnis: [VNI], neighbors: ['192.168.100.2'], remoteVteps: new Map([[VNI, ['172.16.1.51']]]) },
      1_500,
    );
    expect(report.checks.filter(({ ok }) => !ok).map(({ name }) => name)).toEqual([`VTEP 172.16.1.51 of VNI ${VNI}`]);
    expect(await server.ping('10.20.0.10', { withinMs: 500 })).toMatchObject({ ok: false });
    await connection.revert(it);
  });
});
