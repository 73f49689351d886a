/**
 * The qemu hook as it is rendered, on the host's kernel: called as libvirt calls it, killed between its steps, left without its map, and
 * by a real libvirtd that starts real guests.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { compileFabric, deviceIntent } from '#engines/intent';
import { scenarios } from '#engines/intent/testing';
import { FRR_PATH, NETWORK_MAP_PATH, QEMU_HOOK_PATH, renderDevice } from '#engines/rendering';
import { Lab, type LabNode, missingForRealHosts } from '../../apps/lab/src/hosts/index.js';
import { describeWith } from '../support/describe-with.js';
import { LibvirtHost, missingForLibvirt } from '../support/libvirt-host.js';

type Files = Readonly<Record<string, string>>;

/** Map and hook of a host of a scenario, with another delay before removal. */
function hookFiles(scenario: string, device: string, removeAfter: number): Files {
  const snapshot = scenarios[scenario]?.();
  if (!snapshot) throw new Error(`there is no scenario ${scenario}`);
  const artefacts = renderDevice(deviceIntent(compileFabric(snapshot), device));
  return Object.fromEntries(
    [NETWORK_MAP_PATH, QEMU_HOOK_PATH].map((path) => {
      const content = artefacts.find((artefact) => artefact.path === path)?.content ?? '';
      return [path, content.replace(/^remove-after \d+$/m, `remove-after ${removeAfter}`)];
    }),
  );
}

const LOG = '/run/trame/qemu-hook/log';
const uuid = (guest: string): string => `08d49664-e3a2-4cea-a67e-${Buffer.from(guest.padEnd(6, '_').slice(0, 6)).toString('hex')}`;
/** As libvirt writes it; `br903` is a bridge, `net:n903` a libvirt network. */
const domain = (guest: string, uses: readonly string[], metadata = ''): string =>
  `<domain type='kvm' id='1'>\n  <name>${guest}</name>\n  <uuid>${uuid(guest)}</uuid>\n${metadata}  <devices>\n${uses
    .map((use) =>
      use.startsWith('net:')
        ? `type='network'>\n      <source network='${use.slice(4)}'/>`
        : `type='bridge'>\n      <source bridge='${use}'/>`,
    )
    .map((source) => `    <interface ${source}\n    </interface>\n`)
    .join('')}  </devices>\n</domain>\n`;

let directory: string;
let lab: Lab;
async function openLab(): Promise<void> {
  directory = await mkdtemp(join(tmpdir(), 'trame-hook-'));
  lab = await Lab.create(join(directory, 'lab'));
}
async function closeLab(): Promise<void> {
  await lab.close();
  await rm(directory, { recursive: true, force: true });
}

describeWith({ missing: missingForRealHosts() }, 'the qemu hook', () => {
  let node: LabNode;

  /** A host with a cable, so that a group can be joined on eth0. */
  async function host(name: string, peer: LabNode, address: string): Promise<LabNode> {
    const made = await lab.node(name);
    await lab.link(made, 'eth0', peer, `to-${name}`);
    await made.run(['ip', 'address', 'add', address, 'dev', 'eth0']);
    await deploy(hookFiles('libvirt-on-demand', 'kvm1', 0), made);
    return made;
  }
  async function deploy(files: Files, on = node): Promise<void> {
    const script = 'cat > "$1" && chmod 755 "$1" && rm -f "$2.last"';
    await on.run(['sh', '-c', script, 'deploy', HOOK, NETWORK_MAP_PATH], { stdin: files[QEMU_HOOK_PATH] ?? '' });
    await on.writeFile(NETWORK_MAP_PATH, files[NETWORK_MAP_PATH] ?? '');
  }
  // In a folder that every node has for itself: the hook does not care where it lies.
  const HOOK = '/etc/ssh/qemu-hook';
  const call = (operation: string, guest: string, uses: readonly string[], metadata = '') =>
    node.exec([HOOK, guest, operation, 'begin', '-'], { stdin: domain(guest, uses, metadata) });
  const links = async (): Promise<string[]> =>
    (await node.run(['ls', '/sys/class/net'])).split('\n').filter((name) => /^(?:br|vn|vnet|vxlan)\d+$/.test(name));
  const gone = (delayMs: number) => vi.waitFor(async () => expect(await links()).toEqual([]), { timeout: delayMs + 10_000, interval: 50 });

  beforeAll(async () => {
    await openLab();
    node = await host('kvm1', await lab.node('wire'), '10.5.0.11/24');
  });
  afterAll(closeLab);

  /** As after a boot: neither bridges nor books, and the map as it was deployed. */
  beforeEach(async () => {
    await node.run([
      'sh',
      '-c',
      'cd /sys/class/net && for link in br[0-9]* vn[0-9]* vxlan* tap*; do [ ! -e $link ] || ip link del $link; done; rm -rf /run/trame',
    ]);
    await deploy(hookFiles('libvirt-on-demand', 'kvm1', 0));
  });

  it('builds what each way of flooding needs, and says nothing', async () => {
    const started = Date.now();
    expect(await call('prepare', 'web1', ['br903', 'net:n4001'])).toEqual({ code: 0, stdout: '', stderr: '' });
    const elapsed = Date.now() - started;
    console.log(`the hook, two networks to build: ${elapsed} ms`);
    expect(elapsed).toBeLessThan(2000);
    expect(await links()).toEqual(['br4001', 'br903', 'vxlan4001', 'vxlan903']);
    const tunnel = await node.run(['ip', '-d', 'link', 'show', 'vxlan903']);
    expect(tunnel).toMatch(/LOWER_UP> mtu 1450 .*master br903 /);
    expect(tunnel).toMatch(/vxlan id 903 group 239\.0\.3\.135 local 10\.5\.0\.11 dev eth0 .*dstport 4789 ttl 255/);
    expect(await node.run(['bridge', 'fdb', 'show', 'dev', 'vxlan4001'])).toContain('00:00:00:00:00:00 dst 10.5.0.12 self permanent');
    expect(await node.run(['cat', '/sys/class/net/br903/mtu', '/proc/sys/net/ipv4/conf/br903/forwarding'])).toBe('1450\n0\n');
    expect(await node.run(['ip', '-br', 'address', 'show', 'dev', 'br903'])).not.toMatch(/fe80|\d+\.\d+\.\d+\.\d+/);
  });

  it('leaves learning to EVPN, with the names that EVPN networks have', async () => {
    await node.writeFile(NETWORK_MAP_PATH, hookFiles('libvirt-on-demand-evpn', 'pve1', 0)[NETWORK_MAP_PATH] ?? '');
    expect((await call('prepare', 'web1', ['net:blue'])).code).toBe(0);
    expect(await links()).toEqual(['vn10001', 'vxlan10001']);
    expect(await node.run(['ip', '-d', 'link', 'show', 'vxlan10001'])).toMatch(
      /vxlan id 10001 local 172\.16\.1\.51 .* nolearning .*learning off .*neigh_suppress on/s,
    );
  });

  it('builds nothing for the second guest, and takes the bridge away after the last one', async () => {
    const index = async () => (await node.run(['cat', '/sys/class/net/br903/ifindex', '/sys/class/net/vxlan903/ifindex'])).trim();
    await call('prepare', 'web1', ['br903']);
    const first = await index();
    expect((await call('prepare', 'web2', ['br903', 'br903'])).code).toBe(0);
    expect(await index()).toBe(first);
    await call('release', 'web1', ['br903']);
    expect(await links()).toEqual(['br903', 'vxlan903']);
    await call('release', 'web2', []); // whatever has become of its interfaces in between
    expect(await links()).toEqual([]);
  });

  it('waits before it removes, and not when a guest has come back; libvirt does not wait for that', async () => {
    await node.writeFile(NETWORK_MAP_PATH, hookFiles('libvirt-on-demand', 'kvm1', 1)[NETWORK_MAP_PATH] ?? '');
    await call('prepare', 'web1', ['br903']);
    const started = Date.now();
    await call('release', 'web1', ['br903']); // returns when all its pipes are closed
    expect(Date.now() - started).toBeLessThan(900);
    expect(await links()).toEqual(['br903', 'vxlan903']);
    await call('prepare', 'web1', ['br903']);
    await vi.waitFor(async () => expect(await node.exec(['pgrep', '-f', 'sleep "$1"; exec'])).toMatchObject({ code: 1 }), {
      timeout: 10_000,
      interval: 50,
    });
    expect(await links()).toEqual(['br903', 'vxlan903']);
    await call('release', 'web1', ['br903']);
    await gone(1000);
    await vi.waitFor(async () => expect(await node.run(['cat', LOG])).toContain('expire -: removed br903'), {
      timeout: 10_000,
      interval: 50,
    });
  });

  it('carries frames from host to host over the group, and over a live migration', async () => {
    const other = await host('kvm2', await lab.node('wire2'), '10.5.1.12/24');
    await lab.link(node, 'cable', other, 'cable');
    for (const [machine, address] of [
      [node, '10.5.0.11/24'],
      [other, '10.5.0.12/24'],
    ] as const) {
      await machine.run(['sh', '-c', `ip address flush dev eth0; ip address add ${address} dev cable`]);
      const map = hookFiles('libvirt-on-demand', 'kvm1', 0)[NETWORK_MAP_PATH] ?? '';
      await machine.writeFile(NETWORK_MAP_PATH, map.replaceAll('10.5.0.11', address.slice(0, -3)).replaceAll('eth0', 'cable'));
    }
    const on = (machine: LabNode, operation: string, guest: string) =>
      machine.exec([HOOK, guest, operation, 'begin', '-'], { stdin: domain(guest, ['br307']) });
    const [here, there] = [
      await lab.addVm(node, 'vm1', { address: '10.4.3.1/24' }),
      await lab.addVm(other, 'vm2', { address: '10.4.3.2/24' }),
    ];
    await on(node, 'prepare', 'web1');
    await here.attach('br307');
    for (const operation of ['migrate', 'prepare']) expect(await on(other, operation, 'web2')).toMatchObject({ code: 0, stdout: '' });
    await there.attach('br307');
    expect(await here.ping('10.4.3.2', { withinMs: 5000 })).toMatchObject({ ok: true });
    // web1 moves: the target has its bridge before the source lets go of its own.
    await on(other, 'migrate', 'web1');
    await on(other, 'prepare', 'web1');
    await node.run(['ip', 'link', 'set', here.tap, 'nomaster']);
    await on(node, 'release', 'web1');
    await node.run(['sh', '-c', 'ip link del cable; ip address add 10.5.0.11/24 dev eth0']);
    expect(await links()).toEqual([]);
    expect((await other.run(['ls', '/sys/class/net'])).split('\n')).toContain('br307');
  });

  it('has EVPN announce what it builds, with the RD and the targets that were configured before', async () => {
    const snapshot = scenarios['libvirt-on-demand-evpn']?.();
    const artefacts = snapshot ? renderDevice(deviceIntent(compileFabric(snapshot), 'pve1')) : [];
    const hypervisor = await lab.node('pve1');
    await deploy(hookFiles('libvirt-on-demand-evpn', 'pve1', 0), hypervisor);
    await hypervisor.run(['ip', 'address', 'add', '172.16.1.51/32', 'dev', 'lo']);
    await hypervisor.startFrr(artefacts.find(({ path }) => path === FRR_PATH)?.content);
    const on = (operation: string) => hypervisor.exec([HOOK, 'web1', operation, 'begin', '-'], { stdin: domain('web1', ['net:blue']) });
    const vni = async () => JSON.parse((await hypervisor.run(['vtysh', '-c', 'show bgp l2vpn evpn vni 10001 json'])) || '{}') as unknown;
    const instances = async () => Object.keys(JSON.parse(await hypervisor.run(['vtysh', '-c', 'show evpn vni json'])) as object);
    const leftToChange = async () => (await hypervisor.run(['/usr/lib/frr/frr-reload.py', '--test', '--stdout', FRR_PATH])).trim();
    expect([await instances(), await leftToChange()]).toEqual([[], '']);
    expect(await on('prepare')).toMatchObject({ code: 0 });
    await vi.waitFor(async () => expect(await instances()).toEqual(['10001']), { timeout: 10_000, interval: 100 });
    expect(await vni()).toMatchObject({ rd: '172.16.1.51:1', importRts: ['65051:10001'], exportRts: ['65051:10001'] });
    expect(await leftToChange()).toBe('');
    await on('release');
    await vi.waitFor(async () => expect(await instances()).toEqual([]), { timeout: 10_000, interval: 100 });
    expect(await leftToChange()).toBe('');
  });

  it('makes of what is built what a new map says, and lets what has not changed run', async () => {
    await call('prepare', 'web1', ['br903', 'br307', 'br4001']);
    const index = async (...names: readonly string[]) =>
      (await node.run(['cat', ...names.map((name) => `/sys/class/net/${name}/ifindex`)])).trim();
    const same = await index('br903', 'br307', 'vxlan307', 'br4001', 'vxlan4001');
    const replaced = await index('vxlan903');
    const map = await node.readFile(NETWORK_MAP_PATH);
    await node.writeFile(
      NETWORK_MAP_PATH,
      map
        .replace('multicast 239.0.3.135 eth0', 'evpn - -')
        .replace('static 10.5.0.12', 'static 10.5.0.13,10.5.0.14')
        .replace('307 1450', '307 1400'),
    );
    expect(await node.exec([HOOK, '-', 'refresh'])).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await index('br903', 'br307', 'vxlan307', 'br4001', 'vxlan4001')).toBe(same);
    expect(await index('vxlan903')).not.toBe(replaced);
    expect(await node.run(['ip', '-d', 'link', 'show', 'vxlan903'])).toMatch(/master br903 .*vxlan id 903 local .* nolearning/s);
    const peers = (await node.run(['bridge', 'fdb', 'show', 'dev', 'vxlan4001'])).match(/00:00:00:00:00:00 dst \S+/g);
    expect(peers?.sort()).toEqual(['00:00:00:00:00:00 dst 10.5.0.13', '00:00:00:00:00:00 dst 10.5.0.14']);
    expect(await node.run(['cat', '/sys/class/net/br307/mtu', '/sys/class/net/vxlan307/mtu'])).toBe('1400\n1400\n');
    await call('release', 'web1', []);
    expect(await links()).toEqual([]);
  });

  it('refuses a guest whose network is ours and not known, builds nothing for it, and lets others be', async () => {
    const refused = await call('prepare', 'web1', ['br903', 'br904']);
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^trame: no network has the bridge br904 on this host: attach it/),
    });
    expect(await links()).toEqual([]);
    expect((await call('migrate', 'web1', ['br904'])).code).toBe(1);
    for (const foreign of ['virbr0', 'br-lan', 'br', 'vmbr904']) expect((await call('prepare', 'web2', [foreign])).code).toBe(0);
    await node.run(['ip', 'link', 'add', 'br904', 'type', 'bridge']);
    expect((await call('prepare', 'web1', ['br904'])).code).toBe(0);
    await call('release', 'web1', ['br904']);
    expect(await links()).toEqual(['br904']); // what was not built here is not removed here
  });

  it('goes on with the last map when the map is half, or gone, and with what is built when there is none', async () => {
    await call('prepare', 'web1', ['br903']);
    const map = await node.readFile(NETWORK_MAP_PATH);
    await node.writeFile(NETWORK_MAP_PATH, map.slice(0, map.indexOf('network br903')));
    expect((await call('prepare', 'web2', ['br307'])).code).toBe(0);
    await node.run(['rm', NETWORK_MAP_PATH]);
    expect((await call('prepare', 'web3', ['net:n4001'])).code).toBe(0);
    await node.run(['rm', `${NETWORK_MAP_PATH}.last`]);
    expect((await call('prepare', 'web4', ['br903'])).code).toBe(0);
    expect((await call('prepare', 'web5', ['vnet903'])).stderr).toContain('no network has the bridge vnet903');
    expect(await node.run(['cat', LOG])).toMatch(/cannot be read: going on with the last one[\s\S]*there is no older one/);
  });

  it('keeps a bridge that somebody is plugged into, and takes a network of the map out of it when its last guest has gone', async () => {
    await call('prepare', 'web1', ['br903']);
    await node.run(['ip', 'link', 'add', 'tap9', 'type', 'veth', 'peer', 'name', 'guest9']);
    await node.run(['ip', 'link', 'set', 'tap9', 'master', 'br903']);
    await node.writeFile(NETWORK_MAP_PATH, 'trame libvirt networks 1\nremove-after 0\nprefix br\nend 0\n');
    await call('release', 'web1', ['br903']);
    expect(await links()).toEqual(['br903', 'vxlan903']);
    await node.run(['ip', 'link', 'del', 'tap9']);
    await call('release', 'web9', []);
    expect(await links()).toEqual([]);
  });

  it('reads interfaces of the domain, and not what somebody has written into its metadata or its name', async () => {
    const inside = "</metadata>\n  <devices>\n    <interface type='bridge'>\n      <source bridge='br307'/>";
    const metadata = `  <metadata>\n    <a:a xmlns:a="urn:a" b="x > y"><![CDATA[${inside}]]><!-- ${inside} --><?a ${inside}?><devices xmlns=""><interface><source bridge="br307"/></interface></devices></a:a>\n  </metadata>\n`;
    expect(
      (await call('prepare', '$(touch /run/owned); `touch /run/owned` ../../etc', ['br903', "a'$(touch /run/owned)"], metadata)).code,
    ).toBe(0);
    expect(await links()).toEqual(['br903', 'vxlan903']);
    expect(await node.exec(['ls', '/run/owned'])).toMatchObject({ code: 2 });
  });

  it('has a bridge exactly while a guest refers to it, over 200 random calls, some of which were killed before', async () => {
    const guests = ['g1', 'g2', 'g3', 'g4'];
    const bridges = ['br307', 'br903', 'br4001'];
    const step = fc.record({
      operation: fc.constantFrom('prepare', 'prepare', 'release', 'release', 'migrate', 'reconnect', 'started'),
      guest: fc.constantFrom(...guests),
      uses: fc.subarray(bridges),
      killedAfterMs: fc.option(fc.integer({ min: 5, max: 60 }), { freq: 3 }),
    });
    const steps = fc.sample(step, { numRuns: 200, seed: 307 });
    const calls = steps.map(({ operation, guest, uses, killedAfterMs }) => {
      const one = `${HOOK} ${guest} ${operation} begin - <<EOF\n${domain(guest, uses)}EOF\n`;
      const killed =
        killedAfterMs === null || operation === 'migrate' ? '' : `timeout -s KILL 0.0${String(killedAfterMs).padStart(2, '0')} ${one}`;
      return `${killed}${one}echo $? $(ls -d /sys/class/net/br[0-9]* 2>/dev/null)\n`;
    });
    const said = (await node.run(['sh'], { stdin: calls.join(''), timeoutMs: 60_000 })).trim().split('\n');
    const refs = new Map<string, readonly string[]>();
    for (const [at, { operation, guest, uses }] of steps.entries()) {
      if (operation === 'prepare' || operation === 'reconnect') refs.set(guest, uses);
      if (operation === 'release') refs.delete(guest);
      const wanted = bridges
        .filter((bridge) => [...refs.values()].some((used) => used.includes(bridge)))
        .map((bridge) => `/sys/class/net/${bridge}`);
      expect(said[at]?.split(' '), `step ${at}: ${operation} ${guest} ${uses.join(' ')}`).toEqual(['0', ...wanted.sort()]);
    }
  });

  it('goes on from wherever it was killed', async () => {
    // In the place of ip stands one that kills the hook in its n-th call.
    const program = (await node.run(['readlink', '-f', '/usr/sbin/ip'])).trim();
    await node.run(['cp', program, '/run/ip']);
    await node.writeFile(
      '/run/killer',
      '#!/bin/sh\nread -r left </run/left\necho $((left - 1)) >/run/left\n[ "$left" -ne 1 ] || { kill -9 "$PPID"; exit; }\nexec /run/ip "$@"\n',
    );
    await node.run(['sh', '-c', `chmod 755 /run/killer && mount --bind /run/killer ${program}`]);
    const killedAt = (left: number) => node.writeFile('/run/left', `${left}\n`);
    for (let step = 1; step <= 8; step += 1) {
      await killedAt(step);
      const { code } = await call('prepare', 'web1', ['br903']);
      expect(code, `killed at ${step}`).toBe(step <= 6 ? 137 : 0);
      await killedAt(0);
      expect((await call('prepare', 'web1', ['br903'])).code).toBe(0);
      expect(await node.run(['/run/ip', '-br', 'link', 'show', 'master', 'br903'])).toContain('vxlan903');
      expect(await node.run(['cat', '/sys/class/net/br903/mtu', '/sys/class/net/br903/flags'])).toBe('1450\n0x1003\n');
      await killedAt(step <= 3 ? step : 0);
      await call('release', 'web1', []);
      await killedAt(0);
      await call('release', 'web2', []); // any other call
      expect(await links(), `after a release killed at ${step}`).toEqual([]);
    }
    await node.run(['umount', program]);
  });

  it('lets twenty guests start at once, and end at once', async () => {
    const guests = Array.from({ length: 20 }, (_, number) => `g${number}`);
    const all = async (operation: string) => {
      const results = await Promise.all(
        guests.map((guest, number) => call(operation, guest, [['br307', 'br903', 'br4001'][number % 3] ?? ''])),
      );
      return [...new Set(results.map(({ code, stderr }) => `${code} ${stderr}`))];
    };
    expect(await all('prepare')).toEqual(['0 ']);
    expect(await links()).toEqual(['br307', 'br4001', 'br903', 'vxlan307', 'vxlan4001', 'vxlan903']);
    expect(await all('release')).toEqual(['0 ']);
    await gone(0);
  });

  it('asks for a retry when another call does not end, in less than two seconds', async () => {
    await node.run(['mkdir', '-p', '/run/trame/qemu-hook']);
    await node.run(['sh', '-c', 'exec 9>/run/trame/qemu-hook/lock; flock 9; sleep 4 >/dev/null 2>&1 </dev/null &']);
    const started = Date.now();
    const refused = await call('prepare', 'web1', ['br903']);
    expect(Date.now() - started).toBeLessThan(2500);
    expect(refused).toMatchObject({ code: 1, stderr: 'trame: another call of this hook does not end\n' });
  });
});

describeWith({ missing: missingForLibvirt() }, 'a real libvirtd with the qemu hook', () => {
  let kvm: LibvirtHost;
  const plugged = (bridge: string): string => `<interface type='bridge'><source bridge='${bridge}'/></interface>`;
  const networked = (network: string): string => `<interface type='network'><source network='${network}'/></interface>`;
  const links = async (): Promise<string[]> =>
    (await kvm.node.run(['ls', '/sys/class/net'])).split('\n').filter((name) => /^(?:br|vxlan)\d+$/.test(name));

  beforeAll(async () => {
    await openLab();
    kvm = await LibvirtHost.start(lab, 'kvm1', hookFiles('libvirt-on-demand', 'kvm1', 1));
    await lab.link(kvm.node, 'eth0', await lab.node('wire'), 'eth0');
    await kvm.node.run(['ip', 'address', 'add', '10.5.0.11/24', 'dev', 'eth0']);
  });
  afterAll(closeLab);

  it('starts guests on networks that are not there yet, and leaves nothing behind', async () => {
    const started = Date.now();
    await kvm.startGuest('web1', [plugged('br903')]);
    const elapsed = Date.now() - started;
    console.log(`virsh create with the hook: ${elapsed} ms`);
    expect(elapsed).toBeLessThan(10_000);
    expect(await links()).toEqual(['br903', 'vxlan903']);
    const index = await kvm.node.run(['cat', '/sys/class/net/br903/ifindex']);
    expect(await kvm.node.run(['ip', '-br', 'link', 'show', 'master', 'br903'])).toMatch(/vnet\d/);
    await kvm.startGuest('web2', [plugged('br903')]);
    expect(await links()).toEqual(['br903', 'vxlan903']);
    expect(await kvm.node.run(['cat', '/sys/class/net/br903/ifindex'])).toBe(index);
    for (const guest of ['web1', 'web2']) await kvm.virsh('destroy', guest);
    await vi.waitFor(async () => expect(await links()).toEqual([]), { timeout: 15_000, interval: 100 });
  });

  it('knows again who uses what when libvirtd comes back', async () => {
    await kvm.startGuest('web1', [plugged('br307')]);
    await kvm.stopLibvirtd();
    await kvm.node.run(['sh', '-c', 'rm -r /run/trame/qemu-hook/refs/*']);
    await kvm.startLibvirtd();
    await vi.waitFor(async () => expect(await kvm.node.run(['ls', '/run/trame/qemu-hook/refs'])).toBe('br307\n'), {
      timeout: 10_000,
      interval: 100,
    });
    expect(await links()).toEqual(['br307', 'vxlan307']);
    await kvm.virsh('destroy', 'web1');
    await vi.waitFor(async () => expect(await links()).toEqual([]), { timeout: 15_000, interval: 100 });
  });

  it('tells whoever starts a guest why it does not start', async () => {
    await expect(kvm.startGuest('web1', [plugged('br904')])).rejects.toThrow('no network has the bridge br904 on this host');
    expect(await links()).toEqual([]);
  });

  it('finds the bridge by the name of the libvirt network', async () => {
    const snapshot = scenarios['libvirt-on-demand']?.();
    const artefacts = snapshot ? renderDevice(deviceIntent(compileFabric(snapshot), 'kvm1')) : [];
    const network = artefacts.find(({ path }) => path.endsWith('/n307.xml'));
    await kvm.node.writeFile('/run/n307.xml', network?.content ?? '');
    await kvm.virsh('net-define', '/run/n307.xml');
    await kvm.virsh('net-start', 'n307');
    await kvm.startGuest('web1', [networked('n307')]);
    expect(await links()).toEqual(['br307', 'vxlan307']);
    expect(await kvm.node.run(['ip', '-br', 'link', 'show', 'master', 'br307'])).toMatch(/vnet\d/);
  });
});
