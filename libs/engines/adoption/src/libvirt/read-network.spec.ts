import { readLibvirtNetwork } from '#engines/adoption';

const portgroup = (name: string, tags: string, attributes = ''): string =>
  `<portgroup name='${name}'${attributes}><vlan>${tags}</vlan></portgroup>`;
const network = (...parts: readonly string[]): string =>
  `<network>\n<name>intern-vlans</name>\n<forward mode='bridge'/>\n<bridge name='brint'/>\n<virtualport type='openvswitch'/>\n${parts.join('\n')}\n</network>\n`;
const tag = (...ids: readonly (number | string)[]): string => ids.map((id) => `<tag id='${id}'/>`).join('');

describe('a network of libvirt', () => {
  it('is read as its file says it: name, bridge, portgroups with tags and trunks', () => {
    const text = network(
      `<portgroup name='vlansadmin'>\n<vlan trunk='yes'>\n<tag id='99'/>\n<tag id='250' nativeMode='untagged'/>\n</vlan>\n</portgroup>`,
      portgroup('vlan10', tag(10), ` default='yes'`),
      `<portgroup name='all'/>`,
    );
    expect(readLibvirtNetwork(text)).toEqual({
      name: 'intern-vlans',
      uuid: null,
      forward: 'bridge',
      bridge: 'brint',
      isOpenVswitch: true,
      portgroups: [
        { name: 'vlansadmin', isDefault: false, isTrunk: true, tags: [99, 250], nativeTag: { vlan: 250, mode: 'untagged' } },
        { name: 'vlan10', isDefault: true, isTrunk: false, tags: [10], nativeTag: null },
        { name: 'all', isDefault: false, isTrunk: false, tags: [], nativeTag: null },
      ],
      kept: [],
      problems: [],
    });
  });

  it('keeps what no field holds, with the place where it was', () => {
    const text = `<network connections='1'><name>default</name><uuid>3F2504E0-4F89-41D3-9A0C-0305E82C3301</uuid><forward/>
<bridge name='virbr0' stp='on' delay='0'/><mac address='52:54:00:00:00:01'/>
<ip address='192.168.122.1' netmask='255.255.255.0'><dhcp><range start='192.168.122.2' end='192.168.122.254'/></dhcp></ip></network>`;
    const { uuid, forward, kept, problems } = readLibvirtNetwork(text);
    expect({ uuid, forward, problems }).toEqual({ uuid: '3f2504e0-4f89-41d3-9a0c-0305e82c3301', forward: 'nat', problems: [] });
    expect(kept).toEqual([
      { path: 'network', xml: `<network connections='1'/>` },
      { path: 'network/bridge', xml: `<bridge name='virbr0' stp='on' delay='0'/>` },
      { path: 'network/mac', xml: `<mac address='52:54:00:00:00:01'/>` },
      {
        path: 'network/ip',
        xml: `<ip address='192.168.122.1' netmask='255.255.255.0'><dhcp><range start='192.168.122.2' end='192.168.122.254'/></dhcp></ip>`,
      },
    ]);
  });

  it('keeps a tag that is no number, which libvirt itself refuses', () => {
    const { kept, portgroups } = readLibvirtNetwork(network(portgroup('word', tag('ten', 10))));
    expect([kept, portgroups[0]?.tags]).toEqual([[{ path: 'network/portgroup/vlan/tag', xml: `<tag id='ten'/>` }], [10]]);
  });

  it.each([
    ['DUPLICATE_PORTGROUP', network(portgroup('vlan10', tag(10)), portgroup('vlan10', tag(20)))],
    ['TAGS_WITHOUT_TRUNK', network(portgroup('vlansadmin', tag(99, 250)))],
    ['TAGS_WITHOUT_TRUNK', network(portgroup('native', `<tag id='99' nativeMode='tagged'/>`))],
    ['TAG_OUT_OF_RANGE', network(portgroup('far', tag(4095)))],
    ['TAG_OUT_OF_RANGE', network(portgroup('none', tag(0)))],
    ['DUPLICATE_TAG', network(`<portgroup name='twice'><vlan trunk='yes'>${tag(30, 30)}</vlan></portgroup>`)],
    ['PORTGROUP_NAME', network(portgroup('vlan 10', tag(10)))],
    ['SEVERAL_DEFAULTS', network(portgroup('a', tag(1), ` default='yes'`), portgroup('b', tag(2), ` default='yes'`))],
    ['VLAN_WITHOUT_OPENVSWITCH', network(portgroup('a', tag(1))).replace(`<virtualport type='openvswitch'/>`, '')],
    ['BRIDGE_MISSING', network().replace(`<bridge name='brint'/>`, '')],
  ])('that libvirt takes and that is wrong has a problem: %s', (code, text) => {
    const { problems } = readLibvirtNetwork(text);
    expect(problems.map((problem) => problem.code)).toEqual([code]);
    expect(problems[0]?.message).toMatch(/^(?:take|say|use|name|make) /);
  });

  it.each(['<domain><name>web1</name></domain>', '<network><bridge name="br0"/></network>', 'ovs-front'])(
    'is refused where there is none: %s',
    (text) => {
      expect(() => readLibvirtNetwork(text)).toThrow(expect.objectContaining({ code: 'INVALID_VALUE' }));
    },
  );
});
