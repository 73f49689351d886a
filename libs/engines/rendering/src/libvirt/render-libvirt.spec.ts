import { compileFabric, deviceIntent, type LibvirtNetworkIntent, type LibvirtPortgroupFacts, type OnDemandIntent } from '#engines/intent';
import { scenarios } from '#engines/intent/testing';
import { DeviceName, VlanId } from '#engines/kernel';
import { NETWORK_MAP_PATH, networkUpdates, QEMU_HOOK_PATH, renderDevice } from '#engines/rendering';
import { assertNetworkMap, renderNetworkMap } from './network-map.js';
import { assertNetwork } from './network-outline.js';
import { renderNetwork } from './render-network.js';

const portgroup = (name: string, tags: readonly number[], more: Partial<LibvirtPortgroupFacts> = {}): LibvirtPortgroupFacts => ({
  name,
  isDefault: false,
  isTrunk: tags.length > 1,
  tags: tags.map(VlanId.parse),
  nativeTag: null,
  ...more,
});
const network = (...portgroups: readonly LibvirtPortgroupFacts[]): LibvirtNetworkIntent => ({
  name: 'guests',
  uuid: '3f2504e0-4f89-41d3-9a0c-0305e82c3301',
  bridge: DeviceName.parse('brint'),
  isOpenVswitch: true,
  portgroups,
});
const intentOf = (scenario: string, slug: string) => {
  const snapshot = scenarios[scenario]?.();
  if (!snapshot) throw new Error(`there is no scenario ${scenario}`);
  return deviceIntent(compileFabric(snapshot), slug);
};

describe('the artefacts of libvirt', () => {
  it('are a file per network, and map and hook only where bridges come and go', () => {
    const files = (scenario: string, slug: string) =>
      renderDevice(intentOf(scenario, slug))
        .filter(({ path }) => /libvirt/.test(path))
        .map(({ path, format, mode }) => `${path} ${format} ${mode.toString(8)}`);
    expect(files('libvirt-on-demand', 'kvm2')).toEqual([`${NETWORK_MAP_PATH} script 644`, `${QEMU_HOOK_PATH} script 755`]);
    expect(files('libvirt-portgroups-by-hand', 'dedibox')).toEqual([
      '/etc/trame/libvirt/networks/intern-vlans.xml libvirt-network 644',
      '/etc/trame/libvirt/networks/ovs-front.xml libvirt-network 644',
    ]);
    expect(files('l2-two-hosts-one-leaf', 'pve1')).toEqual([]);
  });

  it('leave the bridges that come and go to the hook alone', () => {
    const interfaces = renderDevice(intentOf('libvirt-on-demand', 'kvm1')).find(({ format }) => format === 'ifupdown2')?.content;
    expect(interfaces).not.toMatch(/vxlan|vnet|br903/);
  });
});

describe('the third wall of a network', () => {
  const wanted = network(portgroup('web', [10]), portgroup('all', [10, 20], { nativeTag: { vlan: VlanId.parse(20), mode: 'untagged' } }));
  const text = renderNetwork(wanted);

  it('lets through what was meant', () => {
    expect(() => assertNetwork('pve1', 'x.xml', text, wanted)).not.toThrow();
  });

  it.each<[string, (line: string) => string | readonly string[]]>([
    ['an element more', (line) => (line.includes('<forward') ? [line, `  <ip address='10.0.0.1'/>`] : line)],
    ['an element less', (line) => (line.includes(`id='20'`) ? [] : line)],
    ['another value', (line) => line.replace(`id='10'`, `id='11'`)],
    ['an attribute more', (line) => line.replace(`<bridge name='brint'/>`, `<bridge name='brint' stp='on'/>`)],
    ['a text more', (line) => line.replace('</name>', ' and more</name>')],
    ['a tag that is not closed', (line) => line.replace('</network>', '')],
    ['a document type', (line) => line.replace('<network>', '<!DOCTYPE network><network>')],
    ['another native mode', (line) => line.replace('untagged', 'tagged')],
  ])('stops %s', (_what, change) => {
    const changed = text.flatMap(change);
    expect(changed).not.toEqual(text);
    expect(() => assertNetwork('pve1', 'x.xml', changed, wanted)).toThrow(expect.objectContaining({ code: 'RENDER_ESCAPE' }));
  });

  it('stops a map whose names would be fields or lines', () => {
    const onDemand = intentOf('libvirt-on-demand', 'kvm1').libvirt?.onDemand;
    const map = (name: string): OnDemandIntent => ({
      removeAfterSeconds: 60,
      bridgePrefix: 'br',
      networks: (onDemand?.networks ?? []).slice(0, 1).map((one) => ({ ...one, libvirtNetworks: [name] })),
    });
    const judged = (name: string) => () =>
      assertNetworkMap('kvm1', NETWORK_MAP_PATH, renderNetworkMap(map(name)).join('\n').split('\n'), map(name));
    expect(judged('n307')).not.toThrow();
    for (const name of ['a b', 'a\nnetwork br1', 'a,', ''])
      expect(judged(name)).toThrow(expect.objectContaining({ code: 'RENDER_ESCAPE' }));
  });
});

describe('a change of a network', () => {
  const before = { ...network(portgroup('a', [10], { isDefault: true }), portgroup('b', [20]), portgroup('c', [30])), isActive: true };
  const path = '/etc/trame/libvirt/networks/guests.xml';

  it('defines, starts and keeps what is not there', () => {
    expect(networkUpdates(null, network())).toEqual([
      ['net-define', path],
      ['net-start', 'guests'],
      ['net-autostart', 'guests'],
    ]);
  });

  it('is nothing where nothing has changed, in whatever order it was said', () => {
    expect(networkUpdates(before, network(...[...before.portgroups].reverse()))).toEqual([]);
    expect(networkUpdates({ ...before, portgroups: [portgroup('a', [20, 10])] }, network(portgroup('a', [10, 20])))).toEqual([]);
  });

  it('goes portgroup by portgroup, into what runs and what is kept; the old default goes before the new one comes', () => {
    const after = network(portgroup('a', [10]), portgroup('b', [21], { isDefault: true }), portgroup('d', []));
    expect(networkUpdates(before, after)).toEqual([
      [
        'net-update',
        'guests',
        'delete',
        'portgroup',
        `<portgroup name='c'>  <vlan>    <tag id='30'/>  </vlan></portgroup>`,
        '--live',
        '--config',
      ],
      [
        'net-update',
        'guests',
        'modify',
        'portgroup',
        `<portgroup name='a'>  <vlan>    <tag id='10'/>  </vlan></portgroup>`,
        '--live',
        '--config',
      ],
      [
        'net-update',
        'guests',
        'modify',
        'portgroup',
        `<portgroup name='b' default='yes'>  <vlan>    <tag id='21'/>  </vlan></portgroup>`,
        '--live',
        '--config',
      ],
      ['net-update', 'guests', 'add', 'portgroup', `<portgroup name='d'></portgroup>`, '--live', '--config'],
    ]);
  });

  it('starts a network that somebody has stopped', () => {
    expect(networkUpdates({ ...before, isActive: false }, before)).toEqual([['net-start', 'guests']]);
    const [first] = networkUpdates(
      { ...before, isActive: false },
      network(portgroup('a', [10], { isDefault: true }), portgroup('b', [20])),
    );
    expect(first?.slice(-1)).toEqual(['--config']);
  });

  it('of the bridge defines and starts anew, which guests do not notice', () => {
    const moved = { ...before, bridge: DeviceName.parse('br0') };
    expect(networkUpdates(before, moved)).toEqual([
      ['net-define', path],
      ['net-destroy', 'guests'],
      ['net-start', 'guests'],
    ]);
  });
});
