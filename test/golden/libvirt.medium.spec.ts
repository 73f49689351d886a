/**
 * What the goldens of libvirt are worth: its schema and its parser take every rendered network, a real libvirtd gives it back as it was said,
 * and changes one while a guest is plugged into it.
 */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { type LibvirtNetwork, readLibvirtNetwork } from '#engines/adoption';
import { compileFabric, type DeviceIntent, deviceIntent, type LibvirtIntent, type LibvirtNetworkIntent } from '#engines/intent';
import { SnapshotBuilder, scenarios } from '#engines/intent/testing';
import { DeviceName, isDomainError, VlanId } from '#engines/kernel';
import { type Artefact, networkUpdates, renderDevice } from '#engines/rendering';
import { Lab } from '../../apps/lab/src/hosts/index.js';
import { describeWith, missing } from '../support/describe-with.js';
import { LibvirtHost, missingForLibvirt } from '../support/libvirt-host.js';

interface RenderedNetwork {
  /** `intern-vlans of dedibox in <scenario>`. */
  readonly name: string;
  readonly device: DeviceIntent;
  readonly artefact: Artefact;
  readonly intent: LibvirtNetworkIntent;
}

const rendered: readonly RenderedNetwork[] = Object.entries(scenarios).flatMap(([scenario, snapshot]) =>
  compileFabric(snapshot())
    .devices.filter(({ libvirt }) => libvirt !== null)
    .flatMap((device) =>
      renderDevice(device)
        .filter(({ format }) => format === 'libvirt-network')
        .flatMap((artefact) => {
          const intent = device.libvirt?.networks.find(({ name }) => artefact.path.endsWith(`/${name}.xml`));
          return intent ? [{ name: `${intent.name} of ${device.slug} in ${scenario}`, device, artefact, intent }] : [];
        }),
    ),
);

/** What was read, in the terms of what was meant. */
const meaning = ({ name, uuid, bridge, isOpenVswitch, portgroups }: LibvirtNetwork) => ({ name, uuid, bridge, isOpenVswitch, portgroups });

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'trame-libvirt-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe('a rendered network of libvirt', () => {
  it('is there for every host with libvirt', () => {
    expect(rendered.map(({ name }) => name)).toContain('intern-vlans of dedibox in libvirt-portgroups-by-hand');
    expect(rendered.length).toBeGreaterThanOrEqual(9);
  });

  it.each(rendered)('means what was meant when it is read again: $name', ({ artefact, intent }) => {
    const read = readLibvirtNetwork(artefact.content);
    expect(meaning(read)).toEqual(intent);
    expect(read.kept).toEqual([]);
    expect(read.problems).toEqual([]);
  });
});

describe('a hostile name in a network of libvirt', () => {
  const [device] = rendered.flatMap(({ device: intent }) => (intent.libvirt?.onDemand === null ? [intent] : []));
  const hostile = fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }),
    fc.constantFrom("x'/><portgroup name='y", '</name><bridge name="virbr0"/>', ']]>', '<!--', '&lt;', '&#60;', 'a\nb', '\t', 'é', '\ud800', '\u0000', "'", '🚀', '${x}'),
  );

  /** Rendered, or refused with the one code that says so. */
  function files(libvirt: LibvirtIntent): readonly Artefact[] | null {
    if (!device) throw new Error('the scenario is gone');
    try {
      return renderDevice({ ...device, libvirt }).filter(({ format }) => format === 'libvirt-network' || format === 'script');
    } catch (cause) {
      if (isDomainError(cause) && cause.code === 'RENDER_ESCAPE') return null;
      throw cause;
    }
  }

  it('is that name, or nothing is handed out', () => {
    fc.assert(
      fc.property(hostile, hostile, fc.boolean(), (name, portgroupName, isDefault) => {
        const portgroup = { name: portgroupName, isDefault, isTrunk: false, tags: [VlanId.parse(10)], nativeTag: null };
        const uuid = '3f2504e0-4f89-41d3-9a0c-0305e82c3301';
        const network = { name: `n${name}n`, uuid, bridge: DeviceName.parse('brint'), isOpenVswitch: true, portgroups: [portgroup] };
        const [artefact, ...more] = files({ networks: [network], onDemand: null }) ?? [];
        if (artefact === undefined) return;
        const read = readLibvirtNetwork(artefact.content);
        expect(meaning(read)).toEqual({ ...network, portgroups: [portgroup] });
        expect({ more, kept: read.kept, lines: artefact.content.split('\n').length }).toEqual({ more: [], kept: [], lines: 14 });
        expect(artefact.path).toMatch(/^\/etc\/trame\/libvirt\/networks\/[^/]+\.xml$/);
      }),
      { numRuns: 300 },
    );
  });

  it('makes no field and no line in the map of the hook', () => {
    fc.assert(
      fc.property(hostile, (name) => {
        const onDemand = rendered.flatMap(({ device: intent }) => intent.libvirt?.onDemand ?? [])[0];
        const [network] = onDemand?.networks ?? [];
        if (!onDemand || !network) throw new Error('the scenario is gone');
        const [map] = files({ networks: [], onDemand: { ...onDemand, networks: [{ ...network, libvirtNetworks: [name] }] } }) ?? [];
        const lines = map?.content.trimEnd().split('\n');
        if (lines) expect([lines.length, lines[3]?.split(' ').length, lines[3]?.split(' ')[10]]).toEqual([5, 11, name]);
      }),
      { numRuns: 300 },
    );
  });
});

describeWith({ missing: missing({ programs: { 'libvirt-clients': '/usr/bin/virsh' } }) }, "libvirt's own parser", () => {
  /** The schema, and net-define in a driver that lives as long as the call. */
  async function judge(content: string) {
    const file = join(directory, 'network.xml');
    await writeFile(file, content);
    const schema = spawnSync('/usr/bin/virt-xml-validate', [file, 'network'], { encoding: 'utf8' });
    const [, name = ''] = /<name>(.*)<\/name>/.exec(content) ?? [];
    const define = spawnSync('/usr/bin/virsh', ['-q', '-c', 'test:///default', `net-define ${file} --validate; net-dumpxml ${name}`], { encoding: 'utf8' });
    return { schema: schema.status, define: define.status, said: define.stderr, back: define.stdout.slice(define.stdout.indexOf('<network')) };
  }

  it.each(rendered)('takes $name, and prints it as it was', async ({ artefact }) => {
    const { back, ...verdict } = await judge(artefact.content);
    expect(verdict).toEqual({ schema: 0, define: 0, said: '' });
    expect(back.trim()).toBe(artefact.content.split('\n').slice(1).join('\n').trim());
  });

  it('would have noticed a tag that is none', async () => {
    const { artefact } = rendered.find(({ intent }) => intent.name === 'intern-vlans') ?? {};
    const { schema, said } = await judge(artefact?.content.replace("<tag id='99'/>", "<tag id='4096'/>") ?? '');
    expect({ schema, said }).toMatchObject({ schema: 3, said: expect.stringContaining('Element portgroup failed to validate') });
  });

  it('takes what our own reader finds wrong', async () => {
    const wrong = `<network><name>n</name><forward mode='bridge'/><bridge name='brint'/><virtualport type='openvswitch'/>
<portgroup name='a'><vlan><tag id='10'/></vlan></portgroup><portgroup name='a'><vlan><tag id='10'/><tag id='20'/></vlan></portgroup></network>`;
    expect(await judge(wrong)).toMatchObject({ schema: 0, define: 0 });
    expect(readLibvirtNetwork(wrong).problems.map(({ code }) => code)).toEqual(['DUPLICATE_PORTGROUP', 'TAGS_WITHOUT_TRUNK']);
  });
});

describeWith({ missing: [...missingForLibvirt(), ...missing({ programs: { 'openvswitch-switch': '/usr/sbin/ovs-vswitchd' } })] }, 'a real libvirtd', () => {
  let lab: Lab;
  let kvm: LibvirtHost;

  beforeEach(async () => {
    lab = await Lab.create(join(directory, 'lab'));
    kvm = await LibvirtHost.start(lab, 'kvm1');
  });
  afterEach(() => lab.close());

  const read = async (name: string, ...flags: string[]): Promise<LibvirtNetwork> => readLibvirtNetwork(await kvm.virsh('net-dumpxml', name, ...flags));

  /** From what libvirt has to what is meant, as a deployment does it. @returns the commands that it took. */
  async function deploy(desired: LibvirtNetworkIntent, artefact?: Artefact): Promise<readonly (readonly string[])[]> {
    const active = (await kvm.virsh('net-list', '--name')).split('\n');
    const isKnown = (await kvm.virsh('net-list', '--all', '--name')).split('\n').includes(desired.name);
    const running = isKnown ? { ...desired, ...asIntent(await read(desired.name)), isActive: active.includes(desired.name) } : null;
    const commands = networkUpdates(running, desired);
    if (artefact) await kvm.node.writeFile(artefact.path, artefact.content);
    for (const command of commands) await kvm.virsh(...command);
    return commands;
  }

  it('has the networks of a host as they were rendered, and nothing is left to do', async () => {
    for (const { artefact, intent } of rendered.filter(({ name }) => name.includes('libvirt-portgroups'))) {
      await deploy(intent, artefact);
      expect(meaning(await read(intent.name))).toEqual(intent);
      expect(await deploy(intent)).toEqual([]);
    }
    expect((await kvm.virsh('net-list', '--autostart', '--name')).trim().split('\n')).toContain('intern-vlans');
  });

  it('has networks that somebody wrote by hand, and nothing is left to do once they are ours', async () => {
    const tags = (...ids: readonly number[]) => ids.map((id) => `<tag id='${id}'/>`).join('\n');
    const byHand = `<network>\n<name>intern-vlans</name>\n<forward mode='bridge'/>\n<bridge name='brint'/>\n<virtualport type='openvswitch'/>
<portgroup name='vlansadmin'>\n<vlan trunk='yes'>\n${tags(99, 250)}\n</vlan>\n</portgroup>
<portgroup name='vlan10'>\n<vlan>\n${tags(10)}\n</vlan>\n</portgroup>
<portgroup name='100'>\n<vlan>\n${tags(100)}\n</vlan>\n</portgroup>\n</network>\n`;
    await kvm.node.writeFile('/run/intern.xml', byHand);
    await kvm.virsh('net-define', '/run/intern.xml');
    await kvm.virsh('net-start', 'intern-vlans');
    const { name, uuid, isOpenVswitch, portgroups } = asIntent(await read('intern-vlans'));
    expect(portgroups).toEqual(asIntent(readLibvirtNetwork(byHand)).portgroups);
    const snapshot = new SnapshotBuilder()
      .device({ slug: 'dedibox', platform: 'DEBIAN_FRR', vtep: null, ports: ['eno1'] })
      .deviceFacts('dedibox', { libvirt: { isOnDemand: false, networks: [{ name, uuid, bridge: DeviceName.parse('brint'), isOpenVswitch, portgroups }] } });
    const device = deviceIntent(compileFabric(snapshot.build()), 'dedibox');
    const [network] = device.libvirt?.networks ?? [];
    if (!network) throw new Error('the network is gone');
    expect(await deploy(network)).toEqual([]);
    const [artefact] = renderDevice(device).filter(({ format }) => format === 'libvirt-network');
    await kvm.node.writeFile('/run/ours.xml', artefact?.content ?? '');
    await kvm.virsh('net-define', '/run/ours.xml'); // the UUID is libvirt's own, or this is refused
    expect(await deploy({ ...network, portgroups: network.portgroups.map((one) => (one.name === '100' ? { ...one, tags: [VlanId.parse(101)] } : one)) })).toHaveLength(1);
  });

  it('takes another set of portgroups while a guest is plugged in, and the guest keeps its port and its VLAN', async () => {
    await kvm.node.run(['sh', '-c', START_OPEN_VSWITCH]);
    const { artefact, intent } = rendered.find(({ name }) => name.startsWith('intern-vlans')) ?? {};
    if (!artefact || !intent) throw new Error('the scenario is gone');
    await deploy(intent, artefact);
    await kvm.startGuest('web1', [`<interface type='network'><source network='intern-vlans' portgroup='vlan10'/></interface>`]);
    const port = () => kvm.node.run(['ovs-vsctl', '--columns=_uuid,name,tag', 'list', 'Port', 'vnet0']);
    const before = await port();
    expect(before).toMatch(/tag +: 10\n/);
    const changed: LibvirtNetworkIntent = {
      ...intent,
      portgroups: [
        ...intent.portgroups.filter(({ name }) => name !== '109').map((one) => (one.name === 'vlan10' ? { ...one, tags: [VlanId.parse(11)] } : one)),
        { name: 'zz-new', isDefault: true, isTrunk: false, tags: [VlanId.parse(30)], nativeTag: null },
      ],
    };
    const verbs = (await deploy(changed)).map(([command, , verb]) => `${command} ${verb}`);
    expect(verbs).toEqual(['net-update delete', 'net-update modify', 'net-update add']);
    expect(asIntent(await read('intern-vlans')).portgroups).toEqual(changed.portgroups);
    expect(asIntent(await read('intern-vlans', '--inactive')).portgroups).toEqual(changed.portgroups);
    expect(await port()).toBe(before);
    await kvm.startGuest('web2', [`<interface type='network'><source network='intern-vlans' portgroup='vlan10'/></interface>`]);
    expect(await kvm.node.run(['ovs-vsctl', 'get', 'Port', 'vnet1', 'tag'])).toBe('11\n');
    const moved = { ...changed, bridge: DeviceName.parse('br0') };
    await kvm.node.writeFile(artefact.path, artefact.content.replace("<bridge name='brint'/>", "<bridge name='br0'/>"));
    expect((await deploy(moved)).map(([command]) => command)).toEqual(['net-define', 'net-destroy', 'net-start']);
    expect(await port()).toBe(before);
    expect((await kvm.node.run(['ovs-vsctl', 'list-ports', 'brint'])).split('\n')).toContain('vnet0');
  });
});

/** What libvirt has, as an intent: what it says beside that is not ours to compare. */
function asIntent(network: LibvirtNetwork): LibvirtNetworkIntent {
  const { name, uuid, isOpenVswitch } = network;
  return {
    name,
    uuid: uuid ?? '',
    bridge: DeviceName.parse(network.bridge),
    isOpenVswitch,
    portgroups: network.portgroups.map((one) => ({
      ...one,
      tags: one.tags.map(VlanId.parse),
      nativeTag: one.nativeTag && { ...one.nativeTag, vlan: VlanId.parse(one.nativeTag.vlan) },
    })),
  };
}

/** In user space: this machine's kernel may have no Open vSwitch. */
const START_OPEN_VSWITCH = `
set -e
mkdir -p /run/openvswitch /etc/openvswitch
ovsdb-tool create /run/openvswitch/conf.db /usr/share/openvswitch/vswitch.ovsschema
ovsdb-server --remote=punix:/run/openvswitch/db.sock --pidfile --detach --log-file=/run/ovsdb.log /run/openvswitch/conf.db
ovs-vsctl --no-wait init
ovs-vswitchd --pidfile --detach --log-file=/run/vswitchd.log
for bridge in br0 brint; do ovs-vsctl add-br $bridge -- set bridge $bridge datapath_type=netdev; done
`;
