import { checkFabric, type FabricSnapshot, type MlagFacts, type SwitchFacts, type UnderlayFacts } from '#engines/intent';
import { demoFabric, SnapshotBuilder } from '#engines/intent/testing';
import { Cidr, type DeviceId, Ip, type NetworkId, PortName, RouteTarget, VlanId } from '#engines/kernel';

const seen = (snapshot: FabricSnapshot) =>
  checkFabric(snapshot).map(({ code, severity, path, message }) => ({ code, severity, path, message }));
const errors = (snapshot: FabricSnapshot) => seen(snapshot).filter(({ severity }) => severity === 'ERROR');
const blue = { slug: 'blue', vni: 10_001, eviId: 1 } as const;
const facts = (more: Partial<SwitchFacts> = {}): SwitchFacts => ({
  internalVlans: { first: VlanId.parse(3700), last: VlanId.parse(3999) },
  varpAddresses: [],
  tunnelPorts: [],
  translations: [],
  domain: null,
  ...more,
});
const leafs = () =>
  ['leaf1', 'leaf2'].reduce(
    (builder, slug, i) =>
      builder
        .device({
          slug,
          platform: 'ARISTA_EOS',
          vtep: `172.16.1.${i + 1}`,
          ports: ['Ethernet1', 'Ethernet2', 'Ethernet47', 'Port-Channel100'],
        })
        .deviceFacts(slug, { switch: facts() }),
    new SnapshotBuilder(),
  );

describe('an MLAG pair', () => {
  const member = (slug: string, address: string, more: object = {}) => ({
    deviceId: `device-${slug}` as DeviceId,
    peerLink: PortName.parse('Port-Channel100'),
    peerLinkMembers: [PortName.parse('Ethernet47')],
    address: Ip.parse(address),
    prefixLength: 31,
    ...more,
  });
  const mlag = (more: Partial<MlagFacts> = {}, left: object = {}): MlagFacts => ({
    domain: 'rack1',
    vlan: VlanId.parse(4094),
    members: [member('leaf1', '169.254.0.0', left), member('leaf2', '169.254.0.1')],
    ...more,
  });
  const found = (more: Partial<MlagFacts> = {}, left: object = {}) =>
    errors(leafs().mlag(mlag(more, left)).build()).map(({ code, message }) => `${code} ${message}`);

  it('is two switches that see each other', () => {
    expect(found()).toEqual([]);
    expect(found({ sharedVtep: Ip.parse('172.16.1.9') })).toEqual([]);
  });

  it.each<[Partial<MlagFacts>, object, string]>([
    [{ domain: 'a b' }, {}, 'MLAG_INVALID name the MLAG domain with'],
    [{ sharedVtep: Ip.parse('172.16.1.2') }, {}, 'MLAG_INVALID share another VTEP address than 172.16.1.2'],
    [{ sharedVtep: Ip.parse('2001:db8::1') }, {}, 'MLAG_INVALID share an IPv4 VTEP in rack1'],
    [{}, { address: Ip.parse('169.254.0.1') }, 'MLAG_INVALID give each of leaf1 and leaf2 its own peer address'],
    [
      {},
      { address: Ip.parse('169.254.0.8') },
      'MLAG_INVALID put the peer addresses of leaf1 and leaf2 into one subnet: 169.254.0.1 is not in 169.254.0.8/31',
    ],
    [{}, { prefixLength: 24 }, 'MLAG_INVALID put the peer addresses of leaf1 and leaf2 into one /31 or /30'],
    [{}, { peerLink: PortName.parse('Ethernet2') }, 'MLAG_INVALID make the peer link of leaf1 a Port-Channel, not Ethernet2'],
    [{}, { peerLinkMembers: [] }, 'MLAG_INVALID give the peer link of leaf1 a member'],
    [{}, { peerLinkMembers: [PortName.parse('Ethernet99')] }, 'MLAG_INVALID add port Ethernet99 to leaf1'],
    [{}, { deviceId: 'device-ghost' as DeviceId }, 'UNKNOWN_REFERENCE'],
  ])('is refused with %j and %j', (more, left, message) => {
    expect(found(more, left)).toContainEqual(expect.stringContaining(message));
  });

  it('has one domain, and a switch is in one pair', () => {
    const twice = errors(leafs().mlag(mlag()).mlag(mlag()).build()).map(({ message }) => message);
    expect(twice).toContain('give each of the 2 pairs called rack1 its own domain');
    expect(twice).toContain('leave leaf1 in one of the pairs rack1 and rack1');
  });

  it('is Arista’s', () => {
    const host = leafs().device({ slug: 'pve1', platform: 'DEBIAN_FRR', vtep: '172.16.1.51', ports: ['Ethernet47'] });
    const mixed = mlag({ members: [member('pve1', '169.254.0.0'), member('leaf2', '169.254.0.1')] });
    expect(errors(host.mlag(mixed).build())).toContainEqual(
      expect.objectContaining({ message: expect.stringContaining('MLAG is Arista') }),
    );
  });

  it('has one set of VLANs, without those that it keeps for itself', () => {
    const mapped = (left: number, right: number, other?: number) =>
      errors(
        leafs()
          .mlag(mlag())
          .network({ ...blue, on: [tagged('leaf1', left), tagged('leaf2', right)] })
          .network({ slug: 'green', vni: 10_002, eviId: 2, on: other === undefined ? [] : [tagged('leaf2', other)] })
          .build(),
      ).map(({ code, message }) => `${code} ${message}`);
    expect(mapped(100, 100, 101)).toEqual([]);
    expect(mapped(100, 200)).toEqual(['VLAN_CLASH give network blue one VLAN on the pair leaf1 and leaf2: it has 100 and 200']);
    expect(mapped(100, 101, 100)).toContain(
      'VLAN_CLASH give each of blue and green its own VLAN on the pair leaf1 and leaf2: they share 100',
    );
    expect(mapped(4093, 4093)).toContainEqual(
      expect.stringMatching(/^VLAN_RESERVED choose another VLAN than 4093 on leaf1: MLAG domain rack1 keeps 4093 and 4094/),
    );
  });

  it('has a peer link that nothing is attached to', () => {
    const snapshot = leafs()
      .mlag(mlag())
      .network({ ...blue, on: [{ device: 'leaf1', port: 'Port-Channel100', tagging: 'TAGGED', vlan: 100 }] });
    expect(errors(snapshot.build())).toContainEqual(
      expect.objectContaining({ code: 'MLAG_INVALID', message: expect.stringContaining('carries all VLANs already') }),
    );
  });
});

const tagged = (device: string, vlan: number) => ({ device, port: 'Ethernet2', tagging: 'TAGGED' as const, vlan });

describe('VLANs of a switch', () => {
  const on = (vlan: number) =>
    errors(
      leafs()
        .network({ ...blue, on: [tagged('leaf1', vlan)] })
        .build(),
    );

  it.each([3700, 3850, 3999])('are not %d, which EOS takes itself', (vlan) => {
    expect(on(vlan)).toEqual([
      {
        code: 'VLAN_RESERVED',
        severity: 'ERROR',
        path: `devices.leaf1.vlans.${vlan}`,
        message: `choose a VLAN outside of 3700 to 3999 on leaf1: EOS takes ${vlan} for routed ports and L3 VNIs`,
      },
    ]);
  });

  it.each([2, 1002, 1005, 3699, 4000, 4093, 4094])('may be %d', (vlan) => {
    expect(on(vlan)).toEqual([]);
  });

  it('leave one for each routed port and L3 VNI', () => {
    const narrow = (last: number) =>
      errors(
        demoFabric()
          .deviceFacts('test', { switch: facts({ internalVlans: { first: VlanId.parse(3700), last: VlanId.parse(last) } }) })
          .vrf({ name: 'red', l3vni: 15_000, eviId: 100, loopbacks: [{ device: 'test', number: 100, address: '10.98.0.1' }] })
          .build(),
      ).map(({ message }) => message);
    expect(narrow(3702)).toEqual([]);
    expect(narrow(3701)).toEqual(['keep 3 internal VLANs on test instead of 2: it has 2 routed ports and 1 L3 VNIs']);
    expect(narrow(3699)).toEqual(['begin the internal VLANs of test with the smaller of 3700 and 3699']);
  });

  it('are translated where the network is tagged, and not from a VLAN of another', () => {
    const translated = (from: number, network = 'blue') =>
      errors(
        leafs()
          .deviceFacts('leaf1', {
            switch: facts({
              translations: [{ port: PortName.parse('Ethernet2'), from: VlanId.parse(from), networkId: `network-${network}` as NetworkId }],
            }),
          })
          .network({ ...blue, on: [tagged('leaf1', 100)] })
          .network({ slug: 'green', vni: 10_002, eviId: 2, on: [tagged('leaf1', 200)] })
          .network({ slug: 'grey', vni: 10_003, eviId: 3 })
          .build(),
      ).map(({ message }) => message);
    expect(translated(300)).toEqual([]);
    expect(translated(200)).toEqual([
      'translate another VLAN than 200 to network blue on leaf1 Ethernet2: it stands for another network there',
    ]);
    expect(translated(300, 'grey')).toEqual(['attach network grey tagged to leaf1 Ethernet2, or take its translation from there']);
  });

  it('of a tunnel port are those of one untagged network, whose frames are four bytes longer', () => {
    const tunnel = (tagging: 'TAGGED' | 'UNTAGGED', mtu: number) =>
      errors(
        leafs()
          .deviceFacts('leaf1', { switch: facts({ tunnelPorts: [PortName.parse('Ethernet2')] }) })
          .network({ ...blue, mtu, on: [{ device: 'leaf1', port: 'Ethernet2', tagging, vlan: 100 }] })
          .build(),
      ).map(({ code, message }) => `${code} ${message}`);
    expect(tunnel('UNTAGGED', 1446)).toEqual([]);
    expect(tunnel('TAGGED', 1446)).toEqual([
      expect.stringContaining('ATTACHMENT_INVALID attach one network, untagged, to leaf1 Ethernet2'),
    ]);
    expect(tunnel('UNTAGGED', 1450)).toEqual([
      'MTU_TOO_SMALL lower the MTU of network blue from 1450 to 1446 or raise the underlay of leaf1: VXLAN and the tag inside take 54 bytes',
    ]);
  });
});

describe('bundles and domains', () => {
  it('are EOS and EVPN alone', () => {
    const bundle = (on: string[], name = 'TENANT') =>
      errors(
        demoFabric()
          .network({ ...blue, on: [...on, tagged('test', 100)] })
          .networkFacts('blue', { bundle: name })
          .build(),
      ).map(({ code, message }) => `${code} ${message}`);
    expect(bundle([])).toEqual([]);
    expect(bundle(['pve1', 'pve2'])).toEqual([
      'BUNDLE_INVALID take network blue out of bundle TENANT, or off pve1 and pve2: a VLAN-aware bundle marks its routes with a tag, and only EOS reads it',
    ]);
    expect(bundle([], 'a b')).toEqual([expect.stringContaining('NAME_INVALID name the bundle')]);
    const flooded = demoFabric().network(blue).networkFacts('blue', { bundle: 'TENANT', replication: 'INGRESS_STATIC' });
    expect(errors(flooded.build())).toEqual([
      expect.objectContaining({ code: 'BUNDLE_INVALID', message: expect.stringContaining('a bundle is EVPN') }),
    ]);
  });

  const between = (
    left: SwitchFacts['domain'],
    right: SwitchFacts['domain'],
    families: readonly ('L2VPN_EVPN' | 'IPV4_UNICAST')[] = ['L2VPN_EVPN'],
  ) =>
    errors(
      leafs()
        .deviceFacts('leaf1', { switch: facts({ domain: left }) })
        .deviceFacts('leaf2', { switch: facts({ domain: right }) })
        .session(
          { device: 'leaf1', port: '', address: '172.16.1.1' },
          { device: 'leaf2', port: '', address: '172.16.1.2' },
          { families, domain: 'REMOTE' },
        )
        .build(),
    ).map(({ code, message }) => `${code} ${message}`);
  const domain = (id: string, remoteId: string | null = null) => ({ id, remoteId });

  it('meet at gateways', () => {
    expect(between(domain('1:1'), domain('2:1'))).toEqual([]);
    expect(between(domain('1:1'), null)).toEqual(['DOMAIN_INVALID give leaf2 an EVPN domain, or make its session LOCAL']);
    expect(between(domain('1:1'), domain('2:1'), ['IPV4_UNICAST'])).toEqual([
      expect.stringContaining('carry EVPN on the session between domains'),
    ]);
    expect(between(domain('one'), domain('2:1'))).toEqual(['DOMAIN_INVALID write an EVPN domain of leaf1 as 65000:1, not one']);
    expect(between(domain('1:1', '1:1'), domain('2:1'))).toEqual([expect.stringContaining('another EVPN domain than 1:1')]);
  });

  it('are no business of FRR', () => {
    const hosts = demoFabric().session(
      { device: 'pve1', port: '', address: '172.16.1.51' },
      { device: 'pve2', port: '', address: '172.16.1.52' },
      { domain: 'REMOTE' },
    );
    expect(errors(hosts.build())).toEqual([
      expect.objectContaining({ code: 'DOMAIN_INVALID', message: expect.stringContaining('not on pve1 and pve2') }),
    ]);
  });

  it('have stretched networks on a gateway, each with a target of its own', () => {
    const remoteTarget = RouteTarget.parse('65000:1');
    const stretched = (gateway: boolean, others: object = {}) =>
      errors(
        leafs()
          .deviceFacts('leaf1', { switch: facts({ domain: gateway ? domain('1:1') : null }) })
          .network({ ...blue, on: [tagged('leaf1', 100)] })
          .networkFacts('blue', { remoteTarget })
          .network({ slug: 'green', vni: 10_002, eviId: 2, on: [tagged('leaf1', 200)] })
          .networkFacts('green', others)
          .build(),
      ).map(({ code }) => code);
    expect(stretched(true)).toEqual([]);
    expect(stretched(false)).toEqual(['DOMAIN_INVALID']);
    expect(stretched(true, { remoteTarget })).toEqual(['RT_LEAK']);
  });
});

describe('the underlay', () => {
  const carried = (underlay: UnderlayFacts, fabric = demoFabric()) =>
    errors(fabric.fabric({ underlay }).build()).map(({ code, message }) => `${code} ${message}`);
  const loopbacks = [Cidr.parse('172.16.0.0/16')];

  it.each<[UnderlayFacts]>([
    [{ protocol: 'OSPF', area: '0.0.0.0', bfd: { transmitMs: 300, receiveMs: 300, multiplier: 3 } }],
    [{ protocol: 'OSPF', area: null, bfd: null }],
    [{ protocol: 'ISIS', area: '49.0001', bfd: null }],
    [{ protocol: 'BGP', area: null, bfd: null, loopbacks }],
  ])('may be %j', (underlay) => {
    expect(carried(underlay)).toEqual([]);
  });

  it.each<[UnderlayFacts, string]>([
    [{ protocol: 'OSPF', area: '49.0001', bfd: null }, 'write the OSPF area as 0.0.0.0, not 49.0001'],
    [{ protocol: 'ISIS', area: '0.0.0.0', bfd: null }, 'write the area as 49.0001, not 0.0.0.0'],
    [{ protocol: 'BGP', area: null, bfd: { transmitMs: 10, receiveMs: 300, multiplier: 3 } }, 'every 50 to 60000 ms'],
    [
      { protocol: 'OPENFABRIC', area: null, bfd: null },
      'take IS-IS as protocol of the underlay, or the links from test: EOS speaks no OpenFabric',
    ],
    [
      { protocol: 'BGP', area: null, bfd: null, loopbacks: [Cidr.parse('10.255.0.0/16')] },
      'add a prefix of loopbacks that has 172.16.1.1 of test',
    ],
  ])('may not be %j', (underlay, message) => {
    expect(carried(underlay)).toContainEqual(expect.stringMatching(new RegExp(`^UNDERLAY_INVALID .*${message.replaceAll('.', '\\.')}`)));
  });

  it('of OSPF is IPv4', () => {
    expect(carried({ protocol: 'OSPF', area: null, bfd: null }, new SnapshotBuilder().fabric({ underlayFamily: 6 }))).toEqual([
      expect.stringContaining('take IS-IS below an IPv6 fabric'),
    ]);
  });
});
