import { checkFabric, type FabricSnapshot, type OpenVswitchFacts, type ReplicationMode } from '#engines/intent';
import { demoFabric, ovsBridge } from '#engines/intent/testing';
import { DeviceName, Ip, type NetworkId, Vni } from '#engines/kernel';

/** What a person sees of the findings, without the ids. */
const seen = (snapshot: FabricSnapshot) =>
  checkFabric(snapshot).map(({ code, severity, path, message }) => ({ code, severity, path, message }));
const blue = { slug: 'blue', vni: 10_001, eviId: 1 } as const;
const green = { slug: 'green', vni: 10_002, eviId: 2 } as const;

/** Lists of VTEPs stand where no FRR speaks EVPN. */
const withoutEvpn = (snapshot: FabricSnapshot): FabricSnapshot => ({
  ...snapshot,
  sessions: snapshot.sessions.map((session) => ({ ...session, families: ['IPV4_UNICAST'] })),
});

const flooding = (replication: ReplicationMode, network: object = {}) =>
  demoFabric()
    .fabric({ replication })
    .network({ ...blue, on: ['pve1', 'pve2'], ...network });

describe('flooding without EVPN', () => {
  it.each<ReplicationMode>(['MULTICAST', 'INGRESS_STATIC'])('by %s is a way for hosts and switches', (replication) => {
    const snapshot = flooding(replication, { on: ['pve1', 'pve2', { device: 'test', port: 'Ethernet2', vlan: 100 }] }).build();
    expect(seen(withoutEvpn(snapshot))).toEqual([]);
  });

  it('by a list is undone by the EVPN sessions of a Linux host, which announce all of its VNIs', () => {
    expect(seen(flooding('INGRESS_STATIC').build())).toEqual([
      {
        code: 'REPLICATION_INVALID',
        severity: 'ERROR',
        path: 'networks.blue',
        message:
          'make network blue INGRESS_EVPN or MULTICAST, or take it or the EVPN sessions from pve1 and pve2: FRR announces every VNI of its host, and deletes a list of VTEPs when a session ends',
      },
    ]);
    const beside = flooding('INGRESS_EVPN')
      .network({ ...green, on: ['pve2'] })
      .networkFacts('green', { replication: 'INGRESS_STATIC' });
    expect(seen(beside.build())).toEqual([
      expect.objectContaining({
        code: 'REPLICATION_INVALID',
        path: 'networks.green',
        message: expect.stringContaining('sessions from pve2:'),
      }),
    ]);
  });

  it('by a group is not, and neither is a list on a switch or on Open vSwitch', () => {
    const br0: OpenVswitchFacts = { managedBy: 'OVSDB', bridges: [ovsBridge('br0', [])] };
    const place = { device: 'pve1', port: 'br0', tagging: 'BRIDGE_ONLY', vlan: 10 };
    const hosts = (on: object[]) => seen(flooding('INGRESS_STATIC', { on }).deviceFacts('pve1', { openvswitch: br0 }).build());
    expect(seen(flooding('MULTICAST').build())).toEqual([]);
    expect(hosts([{ device: 'test', port: 'Ethernet2', vlan: 100 }, place])).toEqual([]);
    expect(hosts([place, { device: 'pve2' }])).toEqual([
      expect.objectContaining({ message: expect.stringContaining('sessions from pve2:') }),
    ]);
  });

  it('needs no EVPN session', () => {
    const snapshot = flooding('INGRESS_STATIC').build();
    expect(seen({ ...snapshot, sessions: [] })).toEqual([]);
  });

  it('has no anycast gateway on Linux, which would learn its MAC from the others', () => {
    const routed = (on: object) => ({
      vrf: 'red',
      on: [on, { device: 'test', port: 'Ethernet2', vlan: 100 }],
      subnets: [{ cidr: '10.0.0.0/24', gateway: '10.0.0.1', mode: 'ANYCAST_VTEP' }],
    });
    const fabric = (on: object) =>
      demoFabric()
        .fabric({ replication: 'INGRESS_STATIC' })
        .device({ slug: 'leaf2', platform: 'ARISTA_EOS', vtep: '172.16.1.2', ports: ['Ethernet2'] })
        .vrf({ name: 'red', l3vni: 15_000, eviId: 100 })
        .network({ ...blue, ...routed(on) } as never)
        .build();
    expect(seen(withoutEvpn(fabric({ device: 'pve1' }))).filter(({ severity }) => severity === 'ERROR')).toEqual([
      expect.objectContaining({ code: 'GATEWAY_INVALID', path: 'networks.blue', message: expect.stringContaining('pve1 would learn') }),
    ]);
    expect(seen(fabric({ device: 'leaf2', port: 'Ethernet2', vlan: 7 })).filter(({ severity }) => severity === 'ERROR')).toEqual([]);
  });
});

describe('multicast groups', () => {
  it.each([
    [70_000, 'choose a VNI up to 65535 for network blue, or give the fabric the scheme EXPLICIT'],
    [65_536, 'choose a VNI up to 65535'],
    [255, 'choose a VNI from 256 for network blue: the group of 255 has the MAC of 224.0.0.255'],
  ])('of the low 16 bits do not exist for VNI %d', (vni, message) => {
    expect(seen(flooding('MULTICAST', { vni }).build())).toEqual([
      {
        code: 'MULTICAST_GROUP_INVALID',
        severity: 'ERROR',
        path: 'networks.blue.multicastGroup',
        message: expect.stringContaining(message),
      },
    ]);
  });

  it.each([256, 307, 903, 65_535])('of the low 16 bits exist for VNI %d', (vni) => {
    expect(seen(flooding('MULTICAST', { vni }).build())).toEqual([]);
  });

  it('of the low 16 bits are not chosen', () => {
    const chosen = (group: string) => flooding('MULTICAST', { vni: 307 }).networkFacts('blue', { multicastGroup: Ip.parse(group) });
    expect(seen(chosen('239.0.1.51').build())).toEqual([]);
    expect(seen(chosen('239.0.1.52').build())).toEqual([
      expect.objectContaining({ code: 'MULTICAST_GROUP_INVALID', message: expect.stringContaining('by its VNI the group is 239.0.1.51') }),
    ]);
  });

  it.each([
    [undefined, 'give network blue a multicast group of 239.0.0.0/8'],
    ['224.1.1.1', 'choose a multicast group of 239.0.0.0/8 for network blue instead of 224.1.1.1'],
    ['ff15::1', 'instead of ff15::1'],
    ['239.0.0.9', 'choose another group than 239.0.0.9'],
    ['239.128.0.9', 'choose another group than 239.128.0.9'],
  ])('that are chosen may not be %s', (group, message) => {
    const fabric = flooding('MULTICAST', { vni: 70_000 }).fabric({ multicastScheme: 'EXPLICIT' });
    if (group !== undefined) fabric.networkFacts('blue', { multicastGroup: Ip.parse(group) });
    expect(seen(fabric.build())).toEqual([
      expect.objectContaining({ code: 'MULTICAST_GROUP_INVALID', message: expect.stringContaining(message) }),
    ]);
  });

  it.each([
    ['239.1.1.1', '239.1.1.2', []],
    ['239.1.1.1', '239.1.1.1', ['all of them hear 239.1.1.1']],
    ['239.1.1.1', '239.129.1.1', ['239.1.1.1 and 239.129.1.1 have one MAC']],
  ])('that are chosen, %s and %s, are shared with a warning', (first, second, messages) => {
    const fabric = flooding('MULTICAST', { vni: 70_000 })
      .fabric({ multicastScheme: 'EXPLICIT' })
      .network({ ...green, on: ['pve1', 'pve2'] })
      .networkFacts('blue', { multicastGroup: Ip.parse(first) })
      .networkFacts('green', { multicastGroup: Ip.parse(second) });
    expect(seen(fabric.build())).toEqual(
      messages.map((message) =>
        expect.objectContaining({
          code: 'MULTICAST_GROUP_SHARED',
          severity: 'WARNING',
          message: expect.stringMatching(new RegExp(`^give each of networks blue and green its own group.*${message}$`)),
        }),
      ),
    );
  });

  it('are IPv4, and so is their underlay', () => {
    const fabric = demoFabric().fabric({ underlayFamily: 6 }).network(blue).networkFacts('blue', { replication: 'MULTICAST' });
    expect(seen(fabric.build())).toContainEqual(
      expect.objectContaining({ code: 'MULTICAST_GROUP_INVALID', message: expect.stringContaining('the underlay of demo is IPv6') }),
    );
  });
});

describe('members that flood in another way', () => {
  const openvswitch = (udpPort = 4789): OpenVswitchFacts => ({
    managedBy: 'OVSDB',
    bridges: [
      {
        name: DeviceName.parse('br0'),
        datapath: 'system',
        failMode: null,
        hasRstp: false,
        mirrors: [],
        sflow: null,
        ports: [
          {
            name: DeviceName.parse('vx1'),
            vlanMode: 'access',
            tag: null,
            trunks: [],
            cvlans: [],
            outerTag: null,
            isProtected: false,
            bond: null,
            interfaces: [
              {
                type: 'vxlan',
                name: DeviceName.parse('vx1'),
                vni: Vni.parse(10_001),
                remote: Ip.parse('172.16.1.52'),
                local: null,
                udpPort,
              },
            ],
          },
        ],
      },
    ],
  });

  it.each<ReplicationMode>(['MULTICAST', 'INGRESS_EVPN'])('are tunnels of Open vSwitch in a network of %s', (replication) => {
    expect(seen(flooding(replication).deviceFacts('pve1', { openvswitch: openvswitch() }).build())).toContainEqual(
      expect.objectContaining({ code: 'REPLICATION_INVALID', severity: 'ERROR', path: 'networks.blue.pve1' }),
    );
  });

  it('are not tunnels of Open vSwitch in a static network, on the same UDP port', () => {
    const codes = (udpPort: number) =>
      seen(
        withoutEvpn(
          flooding('INGRESS_STATIC')
            .deviceFacts('pve1', { openvswitch: openvswitch(udpPort) })
            .build(),
        ),
      ).filter(({ code }) => code === 'REPLICATION_INVALID');
    expect(codes(4789)).toEqual([]);
    expect(codes(8472)).toEqual([expect.objectContaining({ message: expect.stringContaining('use UDP port 4789') })]);
  });

  it('are OpenBSD gateways where there is EVPN, or a list of more than one', () => {
    const gateway = (replication: ReplicationMode, on: string[]) =>
      seen(
        withoutEvpn(
          flooding(replication, { on })
            .device({ slug: 'fw', platform: 'OPENBSD', vtep: null, ports: [] })
            .deviceFacts('fw', {
              openbsd: { tunnelAddress: Ip.parse('172.16.1.200'), gateways: [{ networkId: 'network-blue' as NetworkId, addresses: [] }] },
            })
            .build(),
        ),
      ).filter(({ code }) => code === 'REPLICATION_INVALID');
    expect(gateway('MULTICAST', ['pve1', 'pve2'])).toEqual([]);
    expect(gateway('INGRESS_STATIC', ['pve1'])).toEqual([]);
    expect(gateway('INGRESS_STATIC', ['pve1', 'pve2'])).toEqual([expect.objectContaining({ path: 'networks.blue.fw' })]);
    expect(gateway('INGRESS_EVPN', ['pve1'])).toEqual([
      expect.objectContaining({ message: expect.stringContaining('make network blue MULTICAST') }),
    ]);
  });
});
