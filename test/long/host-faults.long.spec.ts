/** What goes wrong on a host in the middle of a push, on real ones: each ends with the old configuration, the new one, or an error that says which. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateSshKeyPair, installScript, SshHostTransport } from '#adapters/ssh';
import type { DeviceConnection, DeviceTarget, PushIdentity } from '#contexts/deployment/ports';
import { type Artefact, FRR_PATH, INTERFACES_PATH } from '#engines/rendering';
import { Lab, type LabHost, missingForRealHosts } from '../../apps/lab/src/hosts/index.js';
import { UNDERLAY_ONLY, WITH_NETWORK } from '../contract/ssh-transport.contract.js';
import { describeWith, missing } from '../support/describe-with.js';

const VNI = 10_001;
const PATHS = [INTERFACES_PATH, FRR_PATH];
const lacking = [...missingForRealHosts(), ...missing({ programs: { sudo: '/usr/bin/sudo' } })];

describeWith({ missing: lacking }, 'faults in the middle of a push to a real host', () => {
  const transport = new SshHostTransport({ connectMs: 5_000 });
  const [rootKey, userKey] = [generateSshKeyPair(), generateSshKeyPair()];
  let directory: string;
  let lab: Lab;
  let host: LabHost;
  let connections: DeviceConnection[];

  beforeEach(async () => {
    connections = [];
    directory = await mkdtemp(join(tmpdir(), 'trame-faults-'));
    lab = await Lab.create(directory);
    const [pve1, far] = await Promise.all([lab.host('pve1', { authorizedKeys: [rootKey.publicKey], ownSystem: true }), lab.node('far')]);
    host = pve1;
    await lab.link(pve1, 'ens19', far, 'eth1');
  });

  afterEach(async () => {
    await Promise.all(connections.map((connection) => connection.close()));
    await lab.close();
    await rm(directory, { recursive: true, force: true });
  });

  const target = (): DeviceTarget => ({
    slug: 'pve1',
    address: host.sshAddress,
    port: host.sshPort,
    username: 'root',
    secret: rootKey.privateKey,
    sshHostKeys: [host.sshHostKey],
    tlsSpkiSha256: [],
  });
  const open = async (other: Partial<DeviceTarget> = {}): Promise<DeviceConnection> => {
    const connection = await transport.open({ ...target(), ...other }, new AbortController().signal);
    connections.push(connection);
    return connection;
  };
  const asUser = { username: 'trame', secret: userKey.privateKey };
  const install = (): Promise<string> => host.node.run(['sh', '-s'], { stdin: installScript([userKey.publicKey]) });
  const push = (fence: number, more: Partial<PushIdentity> = {}): PushIdentity => ({
    planId: `plan-${fence}`,
    revision: fence,
    fence,
    ...more,
  });
  const files = async (): Promise<(string | null)[]> =>
    Promise.all(PATHS.map(async (path) => ((await host.node.exec(['test', '-e', path])).code === 0 ? host.node.readFile(path) : null)));
  const wanted = WITH_NETWORK.map(({ content }) => content);
  const edited = (path: string, edit: (content: string) => string): readonly Artefact[] =>
    WITH_NETWORK.map((artefact) => (artefact.path === path ? { ...artefact, content: edit(artefact.content) } : artefact));

  it('needs no root: a user without rights pushes, verifies, confirms, is undone by the timer, and can do nothing else', async () => {
    await install();
    expect(await install()).toContain('is installed for Trame');
    const connection = await open(asUser);
    expect(await connection.inspect(PATHS)).toMatchObject({ hostname: 'pve1', pending: null, undoesAtBoot: true, selfReverted: null });
    expect(await connection.stage(push(1), UNDERLAY_ONLY, [])).toMatchObject({ isNoop: false });
    await connection.apply(push(1), 60);
    expect(await connection.verify(push(1), UNDERLAY_ONLY, { vnis: [], neighbors: [] }, 5_000)).toMatchObject({ ok: true });
    await connection.confirm(push(1));
    const before = await files();

    await connection.stage(push(2), WITH_NETWORK, UNDERLAY_ONLY);
    await connection.apply(push(2), 1);
    host.dropConnections();
    expect(await files()).toEqual(wanted);
    const later = await open(asUser);
    await vi.waitFor(
      async () => expect(await later.inspect(PATHS)).toMatchObject({ pending: null, selfReverted: { fence: 2, by: 'TIMER' } }),
      {
        timeout: 15_000,
        interval: 200,
      },
    );
    expect(await files()).toEqual(before);

    const asTrame = (script: string) => host.node.exec(['setpriv', '--reuid=trame', '--regid=trame', '--clear-groups', 'sh', '-c', script]);
    const [program = ''] = (await host.node.run(['sh', '-c', 'ls /usr/local/lib/trame/push-*'])).trim().split('\n');
    for (const attempt of [
      'sudo -n id',
      'sudo -n sh -c id',
      `sudo -n ${program} boot`,
      `sudo -n PATH=/tmp ${program}`,
      `echo id > ${program}`,
      'echo ssh-ed25519 > /usr/local/lib/trame/home/.ssh/authorized_keys',
      'cat /var/lib/trame/fence',
    ])
      expect(await asTrame(attempt), attempt).not.toMatchObject({ code: 0 });
    // What the key may start, whatever it asks for.
    const shell = (command: string) =>
      host.node.exec([
        'env',
        `SSH_ORIGINAL_COMMAND=${command}`,
        'setpriv',
        '--reuid=trame',
        '--regid=trame',
        '--clear-groups',
        '/usr/local/lib/trame/login',
      ]);
    for (const command of [
      '',
      'sh',
      `sudo -n -- ${program} boot`,
      `sudo -n -- ${program};id`,
      'sudo -n -- /usr/local/lib/trame/push-../../../../bin/sh',
    ])
      expect(await shell(command), command).toMatchObject({ code: 126 });
  });

  it('says so when this version of the push program is not installed for the user', async () => {
    await install();
    await host.node.run(['sh', '-c', 'rm /usr/local/lib/trame/push-* /etc/sudoers.d/trame-*']);
    const connection = await open(asUser);
    await expect(connection.inspect(PATHS)).rejects.toMatchObject({
      code: 'AUTHENTICATION_FAILED',
      message: expect.stringContaining('install the host for this version of Trame') as string,
    });
  });

  it('refuses what a shell would run and Trame did not write, whoever sends it', async () => {
    const connection = await open();
    const edits: Readonly<Record<string, (text: string) => string>> = {
      'a command of a stranger': (text) => text.replace('iface ens19\n', 'iface ens19\n    post-up id > /root/owned\n'),
      'a command in a line that goes on': (text) => text.replace('iface ens19\n', 'iface ens19\n    pre-\\\nup id > /root/owned\n'),
      'a template': (text) => `${text}# <% import os; os.system("id > /root/owned") %>\n`,
      'an interface whose name is a command': (text) => `${text}\nauto $(id)\niface $(id)\n`,
    };
    for (const [what, edit] of Object.entries(edits)) {
      await expect(connection.stage(push(1), edited(INTERFACES_PATH, edit), []), what).rejects.toMatchObject({
        code: 'CONFIG_REFUSED',
        facts: { detail: expect.stringContaining('not allowed here') as string },
      });
    }
    expect(await host.node.exec(['ls', '/root/owned'])).not.toMatchObject({ code: 0 });
    expect((await connection.inspect(PATHS)).pending).toBeNull();
  });

  it('refuses everything when there is no room to judge it', async () => {
    const { node } = host;
    const connection = await open();
    await node.run(['sh', '-c', 'mount -o remount,size=2m /run && { cat /dev/zero > /run/full; true; }']);
    const withCommand = edited(INTERFACES_PATH, (text) => text.replace('iface ens19\n', 'iface ens19\n    post-up id > /root/owned\n'));
    for (const artefacts of [withCommand, WITH_NETWORK])
      await expect(connection.stage(push(1), artefacts, [])).rejects.toMatchObject({
        code: 'CONFIG_REFUSED',
        facts: { detail: expect.stringContaining('cannot be judged: there is no room') as string },
      });
    await node.run(['rm', '/run/full']);
    await expect(connection.stage(push(1), withCommand, [])).rejects.toMatchObject({ code: 'CONFIG_REFUSED' });
    await expect(connection.stage(push(1), WITH_NETWORK, [])).resolves.toMatchObject({ isNoop: false });
  });

  it('changes nothing on a full disk, and says which', async () => {
    const { node } = host;
    const connection = await open();
    await connection.stage(push(1), UNDERLAY_ONLY, []);
    await connection.apply(push(1), 60);
    await connection.confirm(push(1));
    const before = await files();
    const running = await node.run(['vtysh', '-c', 'show running-config']);
    await node.run([
      'sh',
      '-c',
      'cp -a /etc/frr /run/frr-of-before && mount -t tmpfs -o size=64k tmpfs /etc/frr && cp -a /run/frr-of-before/. /etc/frr/',
    ]);
    await connection.stage(push(2), WITH_NETWORK, UNDERLAY_ONLY);
    await node.exec(['sh', '-c', 'cat /dev/zero > /etc/frr/full']);
    const refusal = await connection.apply(push(2), 60).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'APPLY_FAILED', facts: { detail: expect.stringContaining('no room on /etc/frr') as string } });
    expect(await files()).toEqual(before);
    expect(await node.run(['vtysh', '-c', 'show running-config'])).toBe(running);
    expect((await connection.inspect(PATHS)).pending).toBeNull();
    await node.run(['rm', '/etc/frr/full']);

    // Full just after it went live: the way back needs no room.
    await connection.stage(push(3), WITH_NETWORK, UNDERLAY_ONLY);
    await connection.apply(push(3), 60);
    await node.exec(['sh', '-c', 'cat /dev/zero > /etc/frr/full']);
    await connection.revert(push(3));
    expect(await files()).toEqual(before);
    expect(await node.run(['vtysh', '-c', 'show running-config'])).toBe(running);

    await node.run([
      'sh',
      '-c',
      'cp -a /var/lib/trame /run/state && mount -t tmpfs -o size=64k tmpfs /var/lib/trame && cp -a /run/state/. /var/lib/trame/',
    ]);
    await node.exec(['sh', '-c', 'cat /dev/zero > /var/lib/trame/full']);
    await expect(connection.stage(push(4), WITH_NETWORK, UNDERLAY_ONLY)).rejects.toMatchObject({
      code: 'APPLY_FAILED',
      facts: { detail: expect.stringContaining('no room on /var/lib/trame') as string },
    });
    expect(await files()).toEqual(before);
  });

  it('is not taken in by an ifreload that says yes and does nothing', async () => {
    const { node } = host;
    const before = await files();
    const connection = await open();
    await connection.stage(push(1), WITH_NETWORK, []);
    await node.run(['mount', '--bind', '/bin/true', '/usr/sbin/ifreload']);
    await connection.apply(push(1), 60);
    const { ok, checks } = await connection.verify(push(1), WITH_NETWORK, { vnis: [VNI], neighbors: [] }, 0);
    expect(ok).toBe(false);
    expect(checks.filter((check) => !check.ok).map(({ name }) => name)).toEqual(expect.arrayContaining(['interfaces', `vni ${VNI}`]));
    await connection.revert(push(1));
    expect(await files()).toEqual(before);
  });

  it('undoes at boot what was not confirmed when the host went down, before the network comes up', async () => {
    await install();
    const before = await files();
    const connection = await open(asUser);
    await connection.stage(push(1), WITH_NETWORK, []);
    await connection.apply(push(1), 60);
    await host.node.stop();
    await host.node.start();
    await install(); // its /usr/local is in memory
    expect(await files()).toEqual(wanted);
    await host.node.run(['/etc/init.d/trame-undo', 'start']);
    expect(await files()).toEqual(before);
    await host.node.startFrr();
    const next = await open(asUser);
    expect(await next.inspect(PATHS)).toMatchObject({ pending: null, selfReverted: { fence: 1, by: 'BOOT' } });
    await host.node.run(['/etc/init.d/trame-undo', 'start']);
    await next.stage(push(2), WITH_NETWORK, []);
    await next.apply(push(2), 60);
    await next.confirm(push(2));
    expect(await next.inspect(PATHS)).toMatchObject({ pending: null, selfReverted: null });
    // What is confirmed stays, whatever the hook finds.
    await host.node.run(['/etc/init.d/trame-undo', 'start']);
    expect(await files()).toEqual(wanted);
  });

  it('refuses to touch the way by which it is reached; told to do so all the same, it comes back by itself and says so', async () => {
    const { node } = host;
    const admin = await lab.node('admin');
    await lab.link(host, 'mgmt0', admin, 'eth0');
    await admin.run(['ip', 'address', 'add', '192.0.2.1/24', 'dev', 'eth0']);
    await node.writeFile(
      '/etc/network/interfaces',
      'auto lo\niface lo inet loopback\n\nauto mgmt0\niface mgmt0\n    address 192.0.2.51/24\n\nsource /etc/network/interfaces.d/*\n',
    );
    await node.run(['ifreload', '-a']);
    const way = await host.reachedFrom(admin, '192.0.2.51');
    const throughCable = { port: way.port };
    const before = await files();
    const cut = edited(INTERFACES_PATH, (content) => `${content}\nauto mgmt0\niface mgmt0\n    link-down yes\n`);

    const connection = await open(throughCable);
    await expect(connection.stage(push(1), cut, [])).rejects.toMatchObject({
      code: 'CONFIG_REFUSED',
      facts: { detail: expect.stringMatching(/management: interfaces would change mgmt0 .*192\.0\.2\.51/) as string },
    });
    // What has nothing to do with it goes the same way.
    await connection.stage(push(2), WITH_NETWORK, []);

    const forced = push(3, { mayTouchManagement: true });
    await connection.stage(forced, cut, []);
    const started = performance.now();
    const applying = connection.apply(forced, 2).catch((error: unknown) => error);
    const answers = async (): Promise<boolean> => (await admin.exec(['ping', '-c', '1', '-W', '0.3', '192.0.2.51'])).code === 0;
    await vi.waitFor(async () => expect(await answers()).toBe(false), { timeout: 10_000, interval: 100 });
    await vi.waitFor(async () => expect(await answers()).toBe(true), { timeout: 30_000, interval: 200 });
    console.log(`cut off and back by itself ${Math.round(performance.now() - started)} ms after apply, with 2 s to confirm`);
    const next = await open(throughCable);
    await vi.waitFor(
      async () => expect(await next.inspect(PATHS)).toMatchObject({ pending: null, selfReverted: { fence: 3, by: 'TIMER' } }),
      {
        timeout: 15_000,
        interval: 200,
      },
    );
    expect(await files()).toEqual(before);
    await connection.close();
    await applying;
  });
});
