import fc from 'fast-check';
import { compileFabric, deviceIntent, type FabricSnapshot } from '#engines/intent';
import { demoFabric, demoSnapshot, SnapshotBuilder } from '#engines/intent/testing';
import { canonicalJson, isDomainError } from '#engines/kernel';

const compiled = (snapshot: FabricSnapshot, slug: string) => deviceIntent(compileFabric(snapshot), slug);

describe('a compiled fabric', () => {
  it('has its devices in natural order and the revision it was read at', () => {
    const intent = compileFabric(demoFabric().revision(17).build());
    expect(intent.revision).toBe(17);
    expect(intent.devices.map(({ slug }) => slug)).toEqual(['pve1', 'pve2', 'test']);
  });

  it('is the same bytes for the same facts in any order', () => {
    const snapshot = irbFabric().build();
    const reference = canonicalJson(compileFabric(snapshot));
    fc.assert(
      fc.property(shuffled(snapshot), (other) => {
        expect(canonicalJson(compileFabric(other))).toBe(reference);
      }),
    );
  });

  it('has no device that is not in it', () => {
    expect(() => deviceIntent(compileFabric(demoSnapshot()), 'pve9')).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
  });

  it('is refused as a whole, with every error in the facts and no warning', () => {
    const broken = demoFabric().network({
      slug: 'blue',
      vni: 10_001,
      eviId: 1,
      mtu: 9000,
      on: ['pve1'],
      subnets: [{ cidr: '10.0.0.0/24', mode: 'CENTRAL_VRRP' }],
    });
    try {
      compileFabric(broken.build());
      expect.unreachable('compiled a network that no tunnel carries');
    } catch (error) {
      if (!isDomainError(error)) throw error;
      expect(error.code).toBe('CHECK_FAILED');
      expect(error.facts).toMatchObject({ findings: [{ code: 'MTU_TOO_SMALL', severity: 'ERROR' }] });
    }
  });
});

describe('an L2 network', () => {
  it('is on a device exactly when an attachment puts it there', () => {
    const snapshot = demoFabric()
      .network({ slug: 'blue', vni: 10_001, eviId: 1, on: ['pve1', 'pve2'] })
      .network({ slug: 'green', vni: 10_002, eviId: 2, on: ['pve2'] })
      .build();
    const vnis = (slug: string) => compiled(snapshot, slug).l2vnis.map(({ vni }) => vni);
    expect(vnis('pve1')).toEqual([10_001]);
    expect(vnis('pve2')).toEqual([10_001, 10_002]);
    expect(vnis('test')).toEqual([]);
  });

  it('knows the VTEPs that it has to meet, itself excluded, in numeric order', () => {
    expect(compiled(demoSnapshot(), 'pve1').l2vnis[0]?.remoteVteps).toEqual(['172.16.1.1', '172.16.1.52']);
    expect(compiled(demoSnapshot(), 'test').l2vnis[0]?.remoteVteps).toEqual(['172.16.1.51', '172.16.1.52']);
  });

  it('has the RD of the (VTEP, EVI) pair and the same explicit targets everywhere', () => {
    const networks = compileFabric(demoSnapshot()).devices.map(({ l2vnis }) => l2vnis[0]);
    expect(networks.map((network) => network?.rd)).toEqual(['172.16.1.51:1', '172.16.1.52:1', '172.16.1.1:1']);
    for (const network of networks) expect(network).toMatchObject({ importTargets: ['65051:10001'], exportTargets: ['65051:10001'] });
  });

  it('has a VLAN on a switch and none on a host that bridges it', () => {
    expect(compiled(demoSnapshot(), 'test').l2vnis[0]?.vlan).toBe(100);
    expect(compiled(demoSnapshot(), 'pve1').l2vnis[0]?.vlan).toBeNull();
  });

  it('comes out of the ports that it is attached to, tagged with the VLAN of the device', () => {
    const snapshot = demoFabric()
      .network({
        slug: 'blue',
        vni: 10_001,
        eviId: 1,
        on: [
          { device: 'pve1', port: 'ens20' },
          { device: 'test', port: 'Ethernet2', vlan: 100, tagging: 'TAGGED' },
        ],
      })
      .network({
        slug: 'green',
        vni: 10_002,
        eviId: 2,
        on: [
          { device: 'pve1', port: 'ens20', tagging: 'TAGGED', vlan: 7 },
          { device: 'test', port: 'Ethernet2', vlan: 20, tagging: 'TAGGED' },
        ],
      })
      .build();
    expect(compiled(snapshot, 'pve1').edgePorts).toEqual([
      {
        port: 'ens20',
        members: [
          { vni: 10_001, vlan: null, tagging: 'UNTAGGED' },
          { vni: 10_002, vlan: 7, tagging: 'TAGGED' },
        ],
      },
    ]);
    expect(compiled(snapshot, 'test').edgePorts).toEqual([
      {
        port: 'Ethernet2',
        members: [
          { vni: 10_001, vlan: 100, tagging: 'TAGGED' },
          { vni: 10_002, vlan: 20, tagging: 'TAGGED' },
        ],
      },
    ]);
  });
});

describe('a VRF', () => {
  it('is on a device exactly when one of its networks has an anycast gateway there', () => {
    const snapshot = irbFabric().build();
    expect(compiled(snapshot, 'pve1').vrfs.map(({ name }) => name)).toEqual(['red']);
    expect(compiled(snapshot, 'pve2').vrfs).toEqual([]); // it has `dmz` only, whose gateway is a firewall
    expect(compiled(snapshot, 'test').vrfs.map(({ name }) => name)).toEqual(['red']);
  });

  it('routes the networks that have a gateway, and no others', () => {
    const [web, dmz] = compiled(irbFabric().build(), 'pve1').l2vnis;
    expect(web).toMatchObject({
      vrf: 'red',
      gateways: [
        { address: '10.20.1.1', prefixLength: 24 },
        { address: '2001:db8:1::1', prefixLength: 64 },
      ],
    });
    expect(dmz).toMatchObject({ vrf: null, gateways: [] });
  });

  it('has a router MAC per VTEP, and an MTU that fits the underlay', () => {
    const snapshot = irbFabric().build();
    expect(compiled(snapshot, 'pve1').vrfs[0]).toMatchObject({
      routerMac: '02:00:ac:10:01:33',
      mtu: 1450,
      rd: '172.16.1.51:100',
      bridgeName: 'vrfbr15000',
    });
    expect(compiled(snapshot, 'test').vrfs[0]?.routerMac).toBe('02:00:ac:10:01:01');
  });
});

describe('a BGP session', () => {
  it('is on both devices, made of the one record', () => {
    const [host] = compiled(demoSnapshot(), 'pve1').bgp?.neighbors ?? [];
    const [reflector] = compiled(demoSnapshot(), 'test').bgp?.neighbors ?? [];
    expect(host).toMatchObject({
      address: '192.168.100.1',
      updateSource: '192.168.100.2',
      remoteAsn: 65_051,
      keepaliveSeconds: 20,
      holdSeconds: 60,
    });
    expect(reflector).toMatchObject({
      address: '192.168.100.2',
      updateSource: '192.168.100.1',
      remoteAsn: 65_051,
      keepaliveSeconds: 20,
      holdSeconds: 60,
    });
    expect(host?.families).toEqual(reflector?.families);
  });

  it('is reflected, with a new underlay next hop, by the reflector towards its client only', () => {
    expect(compiled(demoSnapshot(), 'test').bgp?.neighbors[0]).toMatchObject({ routeReflectorClient: true, nextHopSelf: true });
    expect(compiled(demoSnapshot(), 'pve1').bgp?.neighbors[0]).toMatchObject({ routeReflectorClient: false, nextHopSelf: false });
  });

  it('keeps every next hop when it carries EVPN alone', () => {
    const snapshot = new SnapshotBuilder()
      .device({ slug: 'a', platform: 'ARISTA_EOS', vtep: '10.0.0.1', ports: ['Ethernet1'] })
      .device({ slug: 'b', platform: 'ARISTA_EOS', vtep: '10.0.0.2', ports: ['Ethernet1'] })
      .link('10.1.0.0/31', { device: 'a', port: 'Ethernet1', address: '10.1.0.0' }, { device: 'b', port: 'Ethernet1', address: '10.1.0.1' })
      .session(
        { device: 'a', port: 'Ethernet1', address: '10.0.0.1', role: 'ROUTE_REFLECTOR' },
        { device: 'b', port: 'Ethernet1', address: '10.0.0.2', role: 'ROUTE_REFLECTOR_CLIENT' },
        { families: ['L2VPN_EVPN'] },
      )
      .build();
    expect(compiled(snapshot, 'a').bgp?.neighbors[0]).toMatchObject({ routeReflectorClient: true, nextHopSelf: false });
  });

  it('carries the loopback of the device and nothing that is merely connected', () => {
    expect(compiled(demoSnapshot(), 'pve1').bgp?.originate).toEqual(['172.16.1.51/32']);
  });
});

it('compiles 5,000 networks on 60 devices while a person waits', () => {
  const builder = new SnapshotBuilder();
  for (let device = 0; device < 60; device++) {
    builder.device({ slug: `pve${device}`, platform: 'DEBIAN_FRR', vtep: `172.16.1.${device + 1}`, ports: ['ens19'] });
  }
  for (let network = 0; network < 5000; network++) {
    const on = [0, 7, 19].map((offset) => `pve${(network + offset) % 60}`);
    builder.network({
      slug: `n${network}`,
      vni: 10_000 + network,
      eviId: network + 1,
      on,
      subnets: [{ cidr: `10.${network >> 8}.${network & 255}.0/24` }],
    });
  }
  const snapshot = builder.build();
  const started = performance.now();
  expect(compileFabric(snapshot).devices.reduce((sum, { l2vnis }) => sum + l2vnis.length, 0)).toBe(15_000);
  expect(performance.now() - started).toBeLessThan(4000);
});

/** Two routed networks and one behind a firewall, on three devices. */
function irbFabric(): SnapshotBuilder {
  return demoFabric()
    .vrf({ name: 'red', l3vni: 15_000, eviId: 100 })
    .network({
      slug: 'web',
      vni: 10_010,
      eviId: 10,
      vrf: 'red',
      on: ['pve1', { device: 'test', port: 'Ethernet2', vlan: 110, tagging: 'TAGGED' }],
      subnets: [
        { cidr: '2001:db8:1::/64', gateway: '2001:db8:1::1', mode: 'ANYCAST_VTEP' },
        { cidr: '10.20.1.0/24', gateway: '10.20.1.1', mode: 'ANYCAST_VTEP' },
      ],
    })
    .network({
      slug: 'dmz',
      vni: 10_011,
      eviId: 11,
      vrf: 'red',
      on: ['pve2', 'pve1', { device: 'test', port: 'Ethernet2', vlan: 63, tagging: 'TAGGED' }],
      subnets: [{ cidr: '10.20.2.0/24', gateway: '10.20.2.1', mode: 'EXTERNAL_FIREWALL' }],
    });
}

/** The same facts in other orders, the ends of links and sessions included. */
function shuffled(snapshot: FabricSnapshot): fc.Arbitrary<FabricSnapshot> {
  const any = <T>(list: readonly T[]): fc.Arbitrary<T[]> => fc.shuffledSubarray([...list], { minLength: list.length });
  return fc.record({
    fabric: fc.constant(snapshot.fabric),
    revision: fc.constant(snapshot.revision),
    devices: any(snapshot.devices),
    links: any(snapshot.links),
    sessions: fc
      .tuple(any(snapshot.sessions), fc.boolean())
      .map(([sessions, swap]) =>
        sessions.map((session) =>
          swap ? { ...session, ends: [session.ends[1], session.ends[0]] as const, families: [...session.families].reverse() } : session,
        ),
      ),
    vrfs: any(snapshot.vrfs),
    networks: any(snapshot.networks).map((networks) =>
      networks.map((network) => ({ ...network, subnets: [...network.subnets].reverse() })),
    ),
    attachments: any(snapshot.attachments),
    vlanMappings: any(snapshot.vlanMappings),
    routeDistinguishers: any(snapshot.routeDistinguishers),
  });
}
