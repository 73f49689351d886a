import fc from 'fast-check';
import { checkFabric, compileFabric, deviceIntent, type FabricSnapshot, type OvsBridgeFacts, type OvsPortFacts } from '#engines/intent';
import {
  demoFabric,
  internalPort,
  openVswitchScenarios,
  ovsBond,
  ovsBridge,
  ovsHost,
  ovsMirror,
  ovsPort,
  staticVxlan,
} from '#engines/intent/testing';
import type { DeviceName, Ip, Vni } from '#engines/kernel';

const blue = { slug: 'blue', vni: 10_001, eviId: 1 } as const;
const green = { slug: 'green', vni: 10_002, eviId: 2 } as const;
const ports = (snapshot: FabricSnapshot, slug = 'hv1'): Record<string, OvsPortFacts> => {
  const { openvswitch } = deviceIntent(compileFabric(snapshot), slug);
  return Object.fromEntries((openvswitch?.bridges ?? []).flatMap((bridge) => bridge.ports.map((port) => [port.name, port])));
};
const vlansOf = (port: OvsPortFacts | undefined) => port && { mode: port.vlanMode, tag: port.tag, trunks: port.trunks };
const customer = (more: Partial<OvsPortFacts> = {}) =>
  ovsHost('OVSDB', [ovsBridge('br0', [ovsPort('eno1', { vlansFrom: 'ATTACHMENTS', ...more })])]);
const at = (vlan: number, tagging: 'TAGGED' | 'UNTAGGED' = 'TAGGED', port = 'eno1') => ({ device: 'hv1', port, vlan, tagging });

describe('VLANs of Open vSwitch ports', () => {
  it('are those of the attachments, and none when the last one goes: an empty list would be every VLAN', () => {
    expect(vlansOf(ports(customer().build())['eno1'])).toEqual({ mode: null, tag: null, trunks: [4095] });
    expect(
      vlansOf(
        ports(
          customer()
            .network({ ...blue, on: [at(100)] })
            .build(),
        )['eno1'],
      ),
    ).toEqual({ mode: null, tag: null, trunks: [100] });
    const two = customer()
      .network({ ...green, on: [at(7)] })
      .network({ ...blue, on: [at(100)] });
    expect(vlansOf(ports(two.build())['eno1'])).toEqual({ mode: null, tag: null, trunks: [7, 100] });
    expect(
      vlansOf(
        ports(
          customer()
            .network({ ...blue, on: [at(100, 'UNTAGGED')] })
            .build(),
        )['eno1'],
      ),
    ).toEqual({ mode: null, tag: 100, trunks: [] });
  });

  it('make a trunk with a native VLAN of a port with both: a port with a tag alone would ignore the others', () => {
    const both = customer()
      .network({ ...blue, on: [at(100, 'UNTAGGED')] })
      .network({ ...green, on: [at(7)] });
    expect(vlansOf(ports(both.build())['eno1'])).toEqual({ mode: 'native-untagged', tag: 100, trunks: [7] });
    const stated = customer({ tag: 3 }).network({ ...green, on: [at(7)] });
    expect(vlansOf(ports(stated.build())['eno1'])).toEqual({ mode: 'native-untagged', tag: 3, trunks: [7] });
  });

  it('add to those that are stated', () => {
    const snapshot = customer({ trunks: [2, 3] }).network({ ...blue, on: [at(100)] });
    expect(ports(snapshot.build())['eno1']?.trunks).toEqual([2, 3, 100]);
  });

  it('stay as stated where no attachment is', () => {
    const snapshot = ovsHost('OVSDB', [ovsBridge('br0', [ovsPort('eno1'), ovsPort('eno2', { tag: 3 })])]).build();
    expect([vlansOf(ports(snapshot)['eno1']), vlansOf(ports(snapshot)['eno2'])]).toEqual([
      { mode: null, tag: null, trunks: [] },
      { mode: null, tag: 3, trunks: [] },
    ]);
  });

  it("give the hypervisor its VLAN on the bridge's own port, and nothing for networks of guests only", () => {
    const found = ports(openVswitchScenarios['ovs-hypervisor-vlan']?.() as FabricSnapshot);
    expect([found['brint']?.tag, found['br0']?.tag]).toEqual([99, null]);
  });

  it('put the outer tag of customers on a tunnel port', () => {
    const qinq = customer({ vlanMode: 'dot1q-tunnel', cvlans: [10] }).network({ ...blue, on: [at(100, 'UNTAGGED')] });
    expect(ports(qinq.build())['eno1']).toMatchObject({ vlanMode: 'dot1q-tunnel', tag: 100, cvlans: [10] });
    expect(vlansOf(ports(customer({ vlanMode: 'dot1q-tunnel', cvlans: [10] }).build())['eno1'])).toEqual({
      mode: null,
      tag: null,
      trunks: [4095],
    });
  });
});

describe('a network on Open vSwitch', () => {
  const on = (...places: readonly (readonly [string, number])[]) =>
    places.map(([device, vlan]) => ({ device, port: 'vmbr1', tagging: 'BRIDGE_ONLY' as const, vlan }));

  it('has a protected tunnel to every other VTEP, in its VLAN, where frames are flooded to a list', () => {
    const snapshot = staticVxlan([])
      .network({ ...blue, on: on(['ovs1', 100], ['ovs2', 200], ['ovs3', 300]) })
      .build();
    const found = Object.values(ports(snapshot, 'ovs2')).filter(({ interfaces }) => interfaces[0]?.type === 'vxlan');
    expect(found.map(({ tag, isProtected, interfaces }) => ({ tag, isProtected, ...interfaces[0] }))).toEqual([
      {
        tag: 200,
        isProtected: true,
        type: 'vxlan',
        name: 'v7pt-ac100201',
        vni: 10_001,
        remote: '172.16.2.1',
        local: '172.16.2.2',
        udpPort: 4789,
      },
      {
        tag: 200,
        isProtected: true,
        type: 'vxlan',
        name: 'v7pt-ac100203',
        vni: 10_001,
        remote: '172.16.2.3',
        local: '172.16.2.2',
        udpPort: 4789,
      },
    ]);
  });

  it('keeps the tags of customers in its tunnels where it has a tunnel port, which an access port would drop', () => {
    const modes = (snapshot: FabricSnapshot) =>
      Object.values(ports(snapshot, 'ovs2')).flatMap(({ vlanMode, isProtected }) => (isProtected ? [vlanMode] : []));
    const network = (port: string) =>
      staticVxlan()
        .network({ ...blue, mtu: 1400, on: [{ device: 'ovs1', port, vlan: 100 }, ...on(['ovs2', 200])] })
        .build();
    expect([modes(network('eno4')), modes(network('eno2'))]).toEqual([['dot1q-tunnel'], [null]]);
  });

  it('is no bridge of Linux beside it', () => {
    const snapshot = staticVxlan([])
      .network({ ...blue, on: on(['ovs1', 100], ['ovs2', 200]) })
      .build();
    expect(deviceIntent(compileFabric(snapshot), 'ovs1')).toMatchObject({ l2vnis: [], edgePorts: [] });
  });

  it('is only a VLAN on a host without a VTEP, and no VTEP of others', () => {
    const snapshot = demoFabric()
      .device({ slug: 'hv1', platform: 'DEBIAN_FRR', vtep: null, ports: ['eno1'] })
      .deviceFacts('hv1', {
        openvswitch: { managedBy: 'OVSDB', bridges: [ovsBridge('br0', [ovsPort('eno1', { vlansFrom: 'ATTACHMENTS' })])] },
      })
      .network({ ...blue, on: ['pve1', at(100)] })
      .build();
    expect(Object.keys(ports(snapshot))).toEqual(['br0', 'eno1']);
    expect(deviceIntent(compileFabric(snapshot), 'pve1').l2vnis[0]?.remoteVteps).toEqual([]);
  });
});

describe('checks of Open vSwitch', () => {
  const codes = (snapshot: FabricSnapshot) =>
    checkFabric(snapshot).flatMap(({ severity, code, message }) => (severity === 'ERROR' ? [`${code}: ${message}`] : []));
  const host = (...own: readonly OvsPortFacts[]) => ovsHost('OVSDB', [ovsBridge('br0', own)]).build();
  const host2 = (own: readonly OvsPortFacts[], more: Partial<OvsBridgeFacts> = {}) =>
    ovsHost('IFUPDOWN2', [ovsBridge('br0', own, more)]).build();
  const lacpOff = { mode: 'balance-tcp', lacp: 'off', lacpTime: null } as const;

  it.each([
    ['EVPN', staticVxlan([]).fabric({ replication: 'INGRESS_EVPN' }), 'NOT_SUPPORTED: make the network INGRESS_STATIC'],
    ['groups', staticVxlan([]).fabric({ replication: 'MULTICAST' }), 'NOT_SUPPORTED: make the network INGRESS_STATIC'],
  ])('refuse a network by %s, with the way out', (_mode, builder, expected) => {
    const snapshot = builder.network({ ...blue, on: [{ device: 'ovs1', port: 'vmbr1', tagging: 'BRIDGE_ONLY', vlan: 100 }] }).build();
    expect(codes(snapshot).some((text) => text.startsWith(expected))).toBe(true);
  });

  it.each<[string, FabricSnapshot, string]>([
    ["a guest's port", host(ovsPort('tap100i0')), 'NAME_INVALID: give tap100i0 another name: ports of guests'],
    ['a name of a tunnel of the fabric', host(ovsPort('v7pt-ac100201')), 'NAME_INVALID: give v7pt-ac100201 another name'],
    ['a name that is an option', host({ ...ovsPort('eno1'), name: '-eno1' as DeviceName }), 'NAME_INVALID: name it with 1 to 15'],
    ['a port twice', host(ovsPort('eno1'), ovsPort('eno1')), 'DUPLICATE_NAME: say eno1 once'],
    [
      'a card in two bonds',
      host(ovsBond('b0', ['eno1', 'eno2'], { ...lacpOff, mode: 'balance-slb' }), ovsPort('eno1')),
      'DUPLICATE_NAME: say eno1 once',
    ],
    ['a VLAN out of range', host(ovsPort('eno1', { tag: 4096 })), 'VLAN_CLASH: use VLANs from 0 to 4095 on port eno1 instead of 4096'],
    ['trunks of an access port', host(ovsPort('eno1', { tag: 3, trunks: [4] })), 'VLAN_CLASH: take the trunks from port eno1'],
    ['a tag of a trunk', host(ovsPort('eno1', { vlanMode: 'trunk', tag: 3 })), 'VLAN_CLASH: take tag 3 from trunk eno1'],
    ['a tunnel port without its tag', host(ovsPort('eno1', { vlanMode: 'dot1q-tunnel' })), 'VLAN_MISSING: give port eno1 the tag'],
    ['inner VLANs of a plain port', host(ovsPort('eno1', { cvlans: [10] })), 'VLAN_CLASH: make port eno1 a dot1q-tunnel'],
    ['balance-tcp without LACP', host(ovsBond('b0', ['eno1', 'eno2'], lacpOff)), 'LINK_INVALID: let bond b0 speak LACP'],
    [
      'two cards without a bond',
      host(ovsBond('b0', ['eno1', 'eno2'], lacpOff, { bond: null })),
      'LINK_INVALID: say how port b0 bonds its 2 interfaces',
    ],
    ["another interface for the bridge's own port", host(ovsPort('br0')), 'NAME_INVALID: give port br0 one internal interface br0'],
    [
      'a mirror of nothing',
      ovsHost('OVSDB', [ovsBridge('br0', [internalPort('i0', [])], { mirrors: [ovsMirror('m0', 'eno9')] })]).build(),
      'UNKNOWN_REFERENCE: add port eno9 to br0',
    ],
    [
      'a mirror of a guest where ifup makes the rows',
      ovsHost('IFUPDOWN', [ovsBridge('br0', [], { mirrors: [ovsMirror('m0', 'tap1i0')] })]).build(),
      'NOT_SUPPORTED: let OVSDB manage',
    ],
    [
      'a collector by name',
      ovsHost('OVSDB', [
        ovsBridge('br0', [], { sflow: { agent: null, targets: ['a:1'], header: null, sampling: null, polling: null } }),
      ]).build(),
      'LINK_INVALID: write collector "a:1" as 192.0.2.1:6343',
    ],
    [
      'a gateway that is somewhere else',
      host(internalPort('i0', ['10.0.0.3/24'], {}, '10.0.1.254')),
      'GATEWAY_INVALID: choose a gateway of i0',
    ],
    ['a gateway without an address', host(internalPort('i0', [], {}, '10.0.0.254')), 'GATEWAY_INVALID: choose a gateway of i0'],
    ['an address without a length', host(internalPort('i0', ['10.0.0.3/0'])), 'LINK_INVALID: give i0 addresses with their lengths'],
    [
      'classic ifupdown beside things of ifupdown2',
      ovsHost('IFUPDOWN', [ovsBridge('br0', [])], '172.16.2.9').build(),
      'NOT_SUPPORTED: install ifupdown2 on hv1',
    ],
    [
      'a tagged attachment on a tunnel port',
      customer({ vlanMode: 'dot1q-tunnel' })
        .network({ ...blue, on: [at(9)] })
        .build(),
      'PORT_CLASH: attach it untagged to eno1',
    ],
    [
      'an attachment whose VLAN is not the stated tag',
      customer({ tag: 3 })
        .network({ ...blue, on: [at(9, 'UNTAGGED')] })
        .build(),
      'PORT_CLASH: take tag 3 from eno1',
    ],
    [
      'an attachment without a VLAN',
      customer()
        .network({ ...blue, on: [{ device: 'hv1', port: 'eno1' }] })
        .build(),
      'VLAN_MISSING: map network blue',
    ],
  ])('refuse %s', (_what, snapshot, expected) => {
    expect(codes(snapshot).find((text) => text.startsWith(expected))).toBeDefined();
  });

  it('want to know the bridge of a tunnel when a host has two, and take one only', () => {
    const bridges = [ovsBridge('br0', []), ovsBridge('br1', [])];
    const host2 = () => ovsHost('OVSDB', bridges, '172.16.2.9').fabric({ replication: 'INGRESS_STATIC' });
    const anywhere = host2().network({ ...blue, on: [{ device: 'hv1', vlan: 100 }] });
    expect(codes(anywhere.build())).toEqual(['ATTACHMENT_INVALID: name the bridge of hv1 as port of network blue: it has 2']);
    const both = ['br0', 'br1'].map((port) => ({ device: 'hv1', port, tagging: 'BRIDGE_ONLY' as const, vlan: 100 }));
    expect(
      codes(
        host2()
          .network({ ...blue, on: both })
          .build(),
      ),
    ).toEqual([expect.stringContaining('ATTACHMENT_INVALID: attach network blue to one bridge of hv1')]);
  });

  it('stop a stranger wherever a text stands, or it is rendered as one word', () => {
    const texts = fc.oneof(
      fc.string({ maxLength: 20 }),
      fc.constantFrom('a b', 'x\n up reboot', '$(reboot)', '`id`', '-- del-br br0', 'a;b', "a'b", 'a"b', '@p0', 'br0=x', '1,2'),
    );
    const places: Readonly<Record<string, (text: string) => FabricSnapshot>> = {
      bridge: (text) => ovsHost('IFUPDOWN2', [{ ...ovsBridge('br9', []), name: text as DeviceName }]).build(),
      port: (text) => host2([{ ...ovsPort('eno1'), name: text as DeviceName }]),
      member: (text) => host2([ovsPort('eno1', { interfaces: [{ type: 'system', name: text as DeviceName, mtu: null }] })]),
      peer: (text) => host2([ovsPort('p0', { interfaces: [{ type: 'patch', name: 'p0' as DeviceName, peer: text as DeviceName }] })]),
      remote: (text) =>
        host2([
          ovsPort('x0', {
            interfaces: [{ type: 'vxlan', name: 'x0' as DeviceName, vni: 7 as Vni, remote: text as Ip, local: null, udpPort: 4789 }],
          }),
        ]),
      mirror: (text) => host2([ovsPort('eno1')], { mirrors: [{ ...ovsMirror('m', 'eno1', { selectAll: true }), name: text }] }),
      mirrored: (text) => host2([ovsPort('eno1')], { mirrors: [ovsMirror('m', 'eno1', { selectSource: [text as DeviceName] })] }),
      agent: (text) =>
        host2([], { sflow: { agent: text as DeviceName, targets: ['192.0.2.1:6343'], header: null, sampling: null, polling: null } }),
      collector: (text) => host2([], { sflow: { agent: null, targets: [text], header: null, sampling: null, polling: null } }),
    };
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(places)), texts, (place, text) => {
        const found = codes((places[place] as (text: string) => FabricSnapshot)(text));
        expect(
          found.length > 0 || /^(?:[A-Za-z0-9_.][A-Za-z0-9_.-]*|[0-9a-f.:[\]]+)$/.test(text),
          `${place}: ${JSON.stringify(text)}`,
        ).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('find nothing in any scenario of Open vSwitch', () => {
    for (const [name, snapshot] of Object.entries(openVswitchScenarios)) expect(codes(snapshot()), name).toEqual([]);
  });
});
