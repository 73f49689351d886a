import { mkdtemp, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Lab, type LabNode, missingForRealHosts } from '../../apps/lab/src/hosts/index.js';
import { generateSshKeyPair } from '#adapters/ssh';
import { describeWith } from '../support/describe-with.js';

describeWith({ missing: missingForRealHosts() }, 'the lab of namespaces', () => {
  let directory: string;
  let lab: Lab;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'trame-lab-'));
    lab = await Lab.create(join(directory, 'lab'));
  });

  afterEach(async () => {
    await lab.close();
    await rm(directory, { recursive: true, force: true });
  });

  it('has two hosts with FRR and sshd and one plain node up within seconds', async () => {
    const key = generateSshKeyPair();
    const started = Date.now();
    const [leaf, pve1, pve2] = await Promise.all([
      lab.node('leaf'),
      lab.host('pve1', { authorizedKeys: [key.publicKey] }),
      lab.host('pve2', { authorizedKeys: [key.publicKey] }),
    ]);
    console.log(`three nodes up after ${Date.now() - started} ms`);
    await leaf.startFrr();
    console.log(`FRR on the plain node after ${Date.now() - started} ms`);
    expect(await pve1.node.run(['hostname'])).toBe('pve1\n');
    expect(await pve2.node.run(['vtysh', '-c', 'show version'])).toContain('FRRouting 8');
    expect(await leaf.run(['vtysh', '-c', 'show running-config'])).toContain('hostname leaf');
  });

  it('keeps files, interfaces and processes of two nodes apart and leaves nothing on the machine', async () => {
    const [a, b] = await Promise.all([lab.node('a'), lab.node('b')]);
    await a.writeFile('/var/lib/trame/fence', '7\n');
    await lab.link(a, 'eth1', b, 'eth1');
    expect(await a.readFile('/var/lib/trame/fence')).toBe('7\n');
    expect((await b.exec(['cat', '/var/lib/trame/fence'])).code).not.toBe(0);
    expect(existsSync('/var/lib/trame')).toBe(false);
    expect((await b.exec(['ip', '-o', 'link', 'show'])).stdout).toContain('eth1');
    const pids = await processesOf(a);
    await a.run(['sh', '-c', 'setsid sleep 600 >/dev/null 2>&1 &']);
    expect((await processesOf(a)).length).toBeGreaterThan(pids.length);
    const { pid } = a;
    await lab.close();
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    expect(existsSync(join(directory, 'lab'))).toBe(false);
  });

  it('loses its nodes when the process that made them is gone, daemons included', async () => {
    const node = await lab.node('orphan');
    await node.startFrr();
    const { pid } = node;
    // What the kernel does to the pipe when its owner is killed.
    node['holder']?.stdin?.end();
    await vi.waitFor(async () => expect(existsSync(`/proc/${pid}`)).toBe(false), { timeout: 5_000, interval: 100 });
  });

  it('keeps the files of a node that is started again', async () => {
    const node = await lab.node('again');
    await node.writeFile('/var/lib/trame/fence', '7\n');
    await node.writeFile('/etc/frr/frr.conf', 'ip route 10.9.0.0/16 blackhole\n');
    await node.stop();
    await expect(node.run(['true'])).rejects.toThrow(/not running/);
    await node.start();
    expect(await node.readFile('/var/lib/trame/fence')).toBe('7\n');
    await node.startFrr();
    expect(await node.run(['vtysh', '-c', 'show running-config'])).toContain('ip route 10.9.0.0/16 blackhole');
  });

  it('carries guests: a tap waits for its bridge, and two guests on one bridge reach each other', async () => {
    const node = await lab.node('hv');
    const [one, two] = await Promise.all([
      lab.addVm(node, 'vm1', { address: '10.20.0.11/24', mac: 'bc:24:11:00:00:01' }),
      lab.addVm(node, 'vm2', { address: '10.20.0.12/24' }),
    ]);
    const attached = one.attach('vnet10000');
    await node.run(['ip', 'link', 'add', 'vnet10000', 'type', 'bridge']);
    await node.run(['ip', 'link', 'set', 'vnet10000', 'mtu', '1450', 'up']);
    await Promise.all([attached, two.attach('vnet10000')]);
    expect(await one.ping('10.20.0.12', { withinMs: 5_000 })).toMatchObject({ ok: true });
    expect(await one.ping('10.20.0.12', { size: 1422, dontFragment: true, withinMs: 2_000 })).toMatchObject({ ok: true });
    expect(await one.ping('10.20.0.12', { size: 1423, dontFragment: true, withinMs: 300 })).toMatchObject({ ok: false });
    expect(await one.node.run(['cat', '/sys/class/net/eth0/address'])).toBe('bc:24:11:00:00:01\n');
  });

  it('says what is wrong when a program fails in a node', async () => {
    const node: LabNode = await lab.node('solo');
    await expect(node.run(['ip', 'link', 'show', 'nowhere'])).rejects.toThrow(/solo: ip link show nowhere ended with 1: .*nowhere/);
  });
});

async function processesOf(node: LabNode): Promise<string[]> {
  return (await node.run(['sh', '-c', 'ls -d /proc/[0-9]*'])).trim().split('\n');
}
