/**
 * What is pushed to a host beside its interfaces and frr.conf, on real daemons: put in force, verified, undone to what was there before.
 * No user-mode kernel is needed; it is here because libvirt and watchfrr take their time.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateSshKeyPair, SshHostTransport } from '#adapters/ssh';
import type { DeviceConnection, PushIdentity } from '#contexts/deployment/ports';
import { digest } from '#engines/kernel';
import {
  type Artefact,
  FRR_DAEMONS_PATH,
  FRR_PATH,
  NETWORK_MAP_PATH,
  OVS_ROWS_PATH,
  QEMU_HOOK_PATH,
  QEMU_HOOK_TEXT,
} from '#engines/rendering';
import { Lab, type LabHost } from '../../apps/lab/src/hosts/index.js';
import { UNDERLAY_ONLY } from '../contract/ssh-transport.contract.js';
import { describeWith } from '../support/describe-with.js';
import { missingForLibvirt } from '../support/libvirt-host.js';
import { missingForOvsSwitch, OvsSwitch } from '../support/ovs-switch.js';

const UUID = '5c1f2a54-8a59-4ac5-b1ba-3d1b0f8b2f11';
const NETWORK_PATH = '/etc/trame/libvirt/networks/guests.xml';

const artefact = (path: string, format: Artefact['format'], content: string, more: Partial<Artefact> = {}): Artefact => ({
  device: 'pve1',
  path,
  format,
  mode: 0o644,
  owner: 'root',
  content,
  sha256: digest(content),
  ...more,
});

const network = (bridge: string, vlan: number): Artefact =>
  artefact(
    NETWORK_PATH,
    'libvirt-network',
    `<!-- Owned by Trame: changes made here by hand are undone. -->
<network>
  <name>guests</name>
  <uuid>${UUID}</uuid>
  <forward mode='bridge'/>
  <bridge name='${bridge}'/>
  <virtualport type='openvswitch'/>
  <portgroup name='web'>
    <vlan>
      <tag id='${vlan}'/>
    </vlan>
  </portgroup>
</network>
`,
  );

const rows = (ports: string): Artefact =>
  artefact(OVS_ROWS_PATH, 'ovsdb', `{"bridges":[\n{"datapath_type":"netdev","name":"br0",\n  "ports":[\n${ports}\n  ]}\n]}\n`);

const START_LIBVIRT = `
rm -f /var/lib/libvirt
getent passwd libvirt-qemu >/dev/null || { groupadd -r libvirt-qemu; useradd -r -g libvirt-qemu -d /var/lib/libvirt -s /usr/sbin/nologin libvirt-qemu; }
mkdir -p /var/lib/libvirt /var/log/libvirt /var/cache/libvirt /run/libvirt
for folder in /var/log/libvirt /var/cache/libvirt; do mount -t tmpfs tmpfs $folder; done
rm -rf /etc/libvirt/qemu /etc/libvirt/hooks
mkdir -p /etc/libvirt/hooks/qemu.d
for setting in 'auth_unix_rw = "none"' 'auth_unix_ro = "none"' 'unix_sock_group = "root"' 'log_outputs = "2:file:/run/libvirtd.log"'; do echo "$setting"; done > /etc/libvirt/libvirtd.conf
for setting in 'security_driver = "none"' 'user = "root"' 'group = "root"' 'cgroup_controllers = []' 'namespaces = []'; do echo "$setting"; done > /etc/libvirt/qemu.conf
libvirtd -d -p /run/libvirtd.pid || exit 1
for try in $(seq 200); do virsh -c qemu:///system list >/dev/null 2>&1 && exit 0; sleep 0.05; done
cat /run/libvirtd.log >&2
exit 1
`;

describeWith({ missing: [...new Set([...missingForLibvirt(), ...missingForOvsSwitch()])] }, 'the breadth of a push to a real host', () => {
  const transport = new SshHostTransport();
  const key = generateSshKeyPair();
  let directory: string;
  let lab: Lab;
  let host: LabHost;
  let connection: DeviceConnection;
  let fence = 0;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'trame-breadth-'));
    lab = await Lab.create(directory);
    const [pve1, far] = await Promise.all([lab.host('pve1', { authorizedKeys: [key.publicKey], ownSystem: true }), lab.node('far')]);
    host = pve1;
    await lab.link(pve1, 'ens19', far, 'eth1');
    connection = await transport.open(
      {
        slug: 'pve1',
        address: host.sshAddress,
        port: host.sshPort,
        username: 'root',
        secret: key.privateKey,
        sshHostKeys: [host.sshHostKey],
        tlsSpkiSha256: [],
      },
      new AbortController().signal,
    );
  });

  afterEach(async () => {
    await connection.close();
    await lab.close();
    await rm(directory, { recursive: true, force: true });
  });

  const nextPush = (): PushIdentity => {
    fence += 1;
    return { planId: `plan-${fence}`, revision: fence, fence };
  };
  /** @returns the diff, after a verification without a complaint. */
  const live = async (identity: PushIdentity, artefacts: readonly Artefact[], previous: readonly Artefact[]): Promise<string> => {
    const { diff } = await connection.stage(identity, artefacts, previous);
    await connection.apply(identity, 60);
    const { checks } = await connection.verify(identity, artefacts, { vnis: [], neighbors: [] }, 5_000);
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
    return diff;
  };
  const confirmed = async (artefacts: readonly Artefact[], previous: readonly Artefact[]): Promise<void> => {
    const identity = nextPush();
    await live(identity, artefacts, previous);
    await connection.confirm(identity);
  };

  it('starts a daemon of FRR without a session lost, and stops it again', async () => {
    const { node } = host;
    const knobs = (act: string) =>
      node.run(['sh', '-c', `cd /proc/sys/net; for knob in ipv4/ip_forward ipv6/conf/all/forwarding; do ${act} $knob; done`]);
    await knobs('echo 0 >'); // As an installed host: what starts a daemon must not let it forward.
    await node.run([
      'sh',
      '-c',
      'kill $(pidof zebra bgpd staticd); while pidof zebra bgpd staticd; do sleep 0.05; done; /usr/lib/frr/frrinit.sh start',
    ]);
    await confirmed(UNDERLAY_ONLY, []);
    const pid = (await node.run(['pidof', 'bgpd'])).trim();
    const daemons = artefact(
      FRR_DAEMONS_PATH,
      'script',
      '# Owned by Trame: changes made here by hand are undone.\nbgpd=yes\nbfdd=yes\nvtysh_enable=yes\nzebra_options="-A 127.0.0.1 -s 90000000"\nbgpd_options="-A 127.0.0.1"\nbfdd_options="-A 127.0.0.1"\nstaticd_options="-A 127.0.0.1"\n',
      { mode: 0o640, owner: 'frr' },
    );
    const withBfd = [
      ...UNDERLAY_ONLY.filter(({ path }) => path !== FRR_PATH),
      daemons,
      ...UNDERLAY_ONLY.filter(({ path }) => path === FRR_PATH).map((file) => ({
        ...file,
        content: file.content.replace(/^( neighbor 192\.168\.100\.1 )remote-as .*\n/m, '$&$1bfd\n'),
      })),
    ];
    const before = await node.readFile(FRR_DAEMONS_PATH);
    const identity = nextPush();
    const diff = await live(identity, withBfd, UNDERLAY_ONLY);
    expect(diff).toContain('+bfdd=yes');
    expect(await node.exec(['vtysh', '-d', 'bfdd', '-c', 'show bfd peers json'])).toMatchObject({ code: 0 });
    expect(await node.run(['vtysh', '-c', 'show running-config'])).toContain('neighbor 192.168.100.1 bfd');
    expect((await node.run(['pidof', 'bgpd'])).trim()).toBe(pid);
    expect(await knobs('cat')).toBe('0\n0\n');
    await connection.revert(identity);
    expect(await knobs('cat')).toBe('0\n0\n');
    expect(await node.readFile(FRR_DAEMONS_PATH)).toBe(before);
    expect(await node.exec(['pidof', 'bfdd'])).not.toMatchObject({ code: 0 });
    expect((await node.run(['pidof', 'bgpd'])).trim()).toBe(pid);

    await expect(
      connection.stage(
        nextPush(),
        [...UNDERLAY_ONLY, { ...daemons, content: `${daemons.content}watchfrr_options="$(id > /root/owned)"\n` }],
        [],
      ),
    ).rejects.toMatchObject({ code: 'CONFIG_REFUSED', facts: { detail: expect.stringContaining('daemons: not allowed here') as string } });
  });

  it('defines, changes and removes libvirt networks and the qemu hook, and puts back what somebody else had', async () => {
    const { node } = host;
    await node.run(['sh', '-c', START_LIBVIRT]);
    const virsh = (...args: string[]): Promise<string> => node.run(['virsh', '-q', '-c', 'qemu:///system', ...args]);
    const bridgeOf = async (): Promise<string> => /bridge name='(\w+)'/.exec(await virsh('net-dumpxml', 'guests'))?.[1] ?? '';
    const map = artefact(NETWORK_MAP_PATH, 'script', 'trame libvirt networks 1\nremove-after 60\nprefix vnet\nend 0\n');
    const hook = artefact(QEMU_HOOK_PATH, 'script', QEMU_HOOK_TEXT, { mode: 0o755 });
    const own = network('br0', 10);

    // A colleague's network of that name and number, which nobody starts.
    await node.writeFile('/run/theirs.xml', own.content.replace("name='br0'", "name='brtheirs'"));
    await virsh('net-define', '/run/theirs.xml');
    const first = nextPush();
    await live(first, [...UNDERLAY_ONLY, own, map, hook], []);
    expect(await bridgeOf()).toBe('br0');
    expect(await virsh('net-list', '--autostart', '--name')).toContain('guests');
    await connection.revert(first);
    expect(await bridgeOf()).toBe('brtheirs');
    expect(await virsh('net-list', '--name')).not.toContain('guests');
    expect(await node.exec(['test', '-e', QEMU_HOOK_PATH])).toMatchObject({ code: 1 });

    await confirmed([...UNDERLAY_ONLY, own, map, hook], []);
    const identity = nextPush();
    await live(identity, [...UNDERLAY_ONLY, network('br0', 11), map, hook], []);
    expect(await virsh('net-dumpxml', 'guests')).toContain("tag id='11'");
    await connection.revert(identity);
    expect(await virsh('net-dumpxml', 'guests')).toContain("tag id='10'");
    // By hand, while the file says something else.
    await virsh('net-destroy', 'guests');
    const drifted = nextPush();
    expect((await connection.stage(drifted, [...UNDERLAY_ONLY, own, map, hook], [])).diff).toContain('is not started');
    await connection.apply(drifted, 60);
    await connection.confirm(drifted);
    expect(await virsh('net-list', '--name')).toContain('guests');

    for (const [wrong, path] of [
      [{ ...hook, content: '#!/bin/sh\nid > /root/owned\n' }, 'qemuhook'],
      [
        {
          ...own,
          content: own.content.replace(
            '<portgroup',
            "<dnsmasq:options><dnsmasq:option value='dhcp-script=/x'/></dnsmasq:options><portgroup",
          ),
        },
        'network:guests.xml',
      ],
    ] as const) {
      const artefacts = [...UNDERLAY_ONLY, own, map, hook].map((one) => (one.path === wrong.path ? wrong : one));
      await expect(connection.stage(nextPush(), artefacts, [])).rejects.toMatchObject({
        code: 'CONFIG_REFUSED',
        facts: { detail: expect.stringContaining(`${path}: not allowed here`) as string },
      });
    }

    await confirmed(UNDERLAY_ONLY, [...UNDERLAY_ONLY, own, map, hook]);
    expect(await virsh('net-list', '--all', '--name')).not.toContain('guests');
    expect(await node.exec(['test', '-e', NETWORK_PATH])).toMatchObject({ code: 1 });
  });

  it('changes Open vSwitch by one transaction, and goes back to the database of before with the guests of now', async () => {
    const { node } = host;
    const ovs = await OvsSwitch.start(node);
    const one = rows('    {"interfaces":[{"name":"in1","type":"internal"}],"name":"in1","tag":10}');
    const two = rows(
      '    {"interfaces":[{"name":"in1","type":"internal"}],"name":"in1","tag":20},\n    {"interfaces":[{"name":"in2","type":"internal"}],"name":"in2"}',
    );
    const identity = nextPush();
    const diff = await live(identity, [one, ...UNDERLAY_ONLY], []);
    expect(diff).toContain('# Open vSwitch: --id=@bridge1 create Bridge name=br0');
    expect(await ovs.vsctl('list-ports', 'br0')).toBe('in1\n');
    await connection.confirm(identity);
    expect(await connection.stage(nextPush(), [one, ...UNDERLAY_ONLY], [one, ...UNDERLAY_ONLY])).toEqual({ diff: '', isNoop: true });

    // Rows that nobody but this host knows of, and a guest that starts while the change is on trial.
    await ovs.vsctl(
      'set',
      'Bridge',
      'br0',
      'external_ids:owner=somebody',
      '--',
      'add-port',
      'br0',
      'tap1i0',
      '--',
      'set',
      'Interface',
      'tap1i0',
      'type=internal',
    );
    const change = nextPush();
    await live(change, [two, ...UNDERLAY_ONLY], [one, ...UNDERLAY_ONLY]);
    expect(await ovs.vsctl('get', 'Port', 'in1', 'tag')).toBe('20\n');
    await ovs.vsctl('add-port', 'br0', 'tap2i0', 'tag=77', '--', 'set', 'Interface', 'tap2i0', 'external_ids:vm=two');
    await ovs.vsctl('del-port', 'br0', 'tap1i0');
    await connection.revert(change);
    expect(await ovs.vsctl('get', 'Port', 'in1', 'tag')).toBe('10\n');
    expect((await ovs.vsctl('list-ports', 'br0')).trim().split('\n')).toEqual(['in1', 'tap2i0']);
    expect(await ovs.vsctl('get', 'Port', 'tap2i0', 'tag')).toBe('77\n');
    expect(await ovs.vsctl('get', 'Interface', 'tap2i0', 'external_ids')).toContain('vm=two');
    expect(await ovs.vsctl('get', 'Bridge', 'br0', 'external_ids')).toContain('owner=somebody');

    // By hand: files are equal, rows are not.
    await ovs.vsctl('set', 'Port', 'in1', 'tag=99');
    const again = nextPush();
    expect((await connection.stage(again, [one, ...UNDERLAY_ONLY], [one, ...UNDERLAY_ONLY])).diff).toContain('tag=10');
    await connection.apply(again, 60);
    await connection.confirm(again);
    expect(await ovs.vsctl('get', 'Port', 'in1', 'tag')).toBe('10\n');

    await expect(
      connection.stage(
        nextPush(),
        [rows('    {"interfaces":[{"name":"in1","type":"internal"}],"name":"in1","tag":5000}'), ...UNDERLAY_ONLY],
        [one],
      ),
    ).rejects.toMatchObject({ code: 'CONFIG_REFUSED', facts: { detail: expect.stringContaining('5000') as string } });
    await confirmed(UNDERLAY_ONLY, [one, ...UNDERLAY_ONLY]);
    expect((await ovs.vsctl('list-ports', 'br0')).trim()).toBe('tap2i0'); // a guest is in it
  });
});
