/**
 * What the goldens are worth: the parsers of FRR and ifupdown2 read every file of every scenario, and real daemons take the demo
 * fabric, say that nothing is left to change, and give it back without a trace.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileFabric, deviceIntent, type FabricSnapshot } from '#engines/intent';
import { demoFabric, demoSnapshot, scenarios } from '#engines/intent/testing';
import { type Artefact, FRR_PATH, INTERFACES_PATH, renderDevice } from '#engines/rendering';
import { Lab, type LabNode, missingForRealHosts } from '../../apps/lab/src/hosts/index.js';
import { describeWith } from '../support/describe-with.js';

/** ifupdown2 says these of a file that it then puts in force exactly: an MTU on a bridge, no ports, and tools that it no longer needs. */
const HARMLESS = [
  /^warning: \S+: bridge inherits mtu from its ports\. There is no need to assign mtu on a bridge$/,
  /^warning: \S+: bridge-ports: invalid value "none": valid attribute values: /,
  /^warning: .*(?:brctl: missing|python-mako)/,
];

const files = (path: string): [string, Artefact][] =>
  Object.entries(scenarios).flatMap(([name, snapshot]) =>
    compileFabric(snapshot())
      .devices.flatMap(renderDevice)
      .filter((artefact) => artefact.path === path)
      .map((artefact): [string, Artefact] => [`${artefact.device} in ${name}`, artefact]),
  );

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'trame-golden-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const spoken = (text: string): string[] => text.split('\n').filter((line) => line !== '' && !HARMLESS.some((pattern) => pattern.test(line)));

describeWith({ missing: existsSync('/usr/bin/vtysh') ? [] : ['the Debian package frr'] }, 'vtysh', () => {
  async function judge(content: string) {
    const file = join(directory, 'frr.conf');
    await writeFile(file, content);
    const { status, stdout, stderr } = spawnSync('/usr/bin/vtysh', ['-C', '-f', file], { encoding: 'utf8' });
    return { status, said: stdout + stderr };
  }

  it.each(files(FRR_PATH))('reads frr.conf of %s', async (_name, { content }) => {
    expect(await judge(content)).toEqual({ status: 0, said: '' });
  });

  it('would have noticed a misspelt line', async () => {
    const [, artefact] = files(FRR_PATH).find(([, { content }]) => content.includes('advertise-all-vni')) ?? [];
    expect((await judge(artefact?.content.replace('advertise-all-vni', 'advertise-all-vnis') ?? '')).status).toBe(2);
  });
});

// In nodes, because ifup wants its lock below /run/network, which a machine without ifupdown2's service does not have.
describeWith({ missing: missingForRealHosts() }, 'ifupdown2', () => {
  let lab: Lab;

  beforeEach(async () => {
    lab = await Lab.create(join(directory, 'lab'));
  });
  afterEach(() => lab.close());

  async function judge(node: LabNode, content: string) {
    await node.writeFile('/run/interfaces', content);
    const { code, stdout, stderr } = await node.exec(['ifup', '-a', '-s', '-i', '/run/interfaces']);
    return { code, said: spoken(stdout + stderr) };
  }

  it('reads interfaces.d/trame of every host of every scenario', { timeout: 180_000 }, async () => {
    const open = [...new Map(files(INTERFACES_PATH).map(([name, { content }]) => [content, name]))];
    const reader = async (name: string): Promise<void> => {
      const node = await lab.node(name);
      for (let next = open.pop(); next; next = open.pop()) expect((await judge(node, next[0])).said, next[1]).toEqual([]);
    };
    await Promise.all([reader('parser1'), reader('parser2')]);
  });

  it('would have noticed a value out of range', async () => {
    const [, artefact] = files(INTERFACES_PATH).find(([, { content }]) => content.includes('bridge-stp off')) ?? [];
    const { code, said } = await judge(await lab.node('parser'), artefact?.content.replace('bridge-stp off', 'bridge-stp maybe') ?? '');
    expect(code).toBe(1);
    expect(said.join('\n')).toContain('bridge-stp');
  });
});

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
