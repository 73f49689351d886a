import { type BgpNeighborIntent, compileFabric, deviceIntent, type FabricSnapshot, type MlagFacts } from '#engines/intent';
import { SnapshotBuilder } from '#engines/intent/testing';
import { type DeviceId, Ip, PortName, VlanId } from '#engines/kernel';

const member = (slug: string, address: string): MlagFacts['members'][number] => ({
  deviceId: `device-${slug}` as DeviceId,
  peerLink: PortName.parse('Port-Channel1000'),
  peerLinkMembers: [PortName.parse('Ethernet47'), PortName.parse('Ethernet48')],
  address: Ip.parse(address),
  prefixLength: 31,
});

/** A spine, and two leafs that are a pair; each of the leafs has one link to the spine. */
function pair(asns: { readonly spine: number; readonly leaf1: number; readonly leaf2: number }): FabricSnapshot {
  const isInternal = asns.spine === asns.leaf1;
  const [above, below] = isInternal ? (['ROUTE_REFLECTOR', 'ROUTE_REFLECTOR_CLIENT'] as const) : (['PEER', 'PEER'] as const);
  const ports = ['Ethernet1', 'Ethernet2', 'Ethernet47', 'Ethernet48'];
  const builder = new SnapshotBuilder().device({ slug: 'spine', platform: 'ARISTA_EOS', vtep: '10.255.0.100', asn: asns.spine, ports });
  for (const [at, slug] of (['leaf1', 'leaf2'] as const).entries()) {
    builder
      .device({ slug, platform: 'ARISTA_EOS', vtep: `10.255.0.${at + 1}`, asn: asns[slug], ports })
      .peering(
        `10.0.${at}.0/31`,
        { device: 'spine', port: `Ethernet${at + 1}`, address: `10.0.${at}.0`, role: above },
        { device: slug, port: 'Ethernet1', address: `10.0.${at}.1`, role: below },
      );
  }
  return builder
    .mlag({
      domain: 'rack1',
      vlan: VlanId.parse(4094),
      members: [member('leaf1', '169.254.0.0'), member('leaf2', '169.254.0.1')],
      sharedVtep: Ip.parse('10.255.1.1'),
    })
    .build();
}

const neighbors = (snapshot: FabricSnapshot, slug: string): readonly BgpNeighborIntent[] =>
  deviceIntent(compileFabric(snapshot), slug).bgp?.neighbors ?? [];
const towards = (snapshot: FabricSnapshot, slug: string, description: string): BgpNeighborIntent => {
  const found = neighbors(snapshot, slug).filter((one) => one.description === description);
  expect(found, `sessions of ${slug} with ${description}`).toHaveLength(1);
  return found[0] as BgpNeighborIntent;
};
const HALVES = [
  ['leaf1', 'leaf2', '169.254.0.0', '169.254.0.1'],
  ['leaf2', 'leaf1', '169.254.0.1', '169.254.0.0'],
] as const;

describe('the session over the peer link of a pair', () => {
  it.each(HALVES)(
    'of %s passes on to %s what the spine said, and the other way round, where the underlay is one AS',
    (here, there, own, other) => {
      const fabric = pair({ spine: 65_000, leaf1: 65_000, leaf2: 65_000 });
      expect(towards(fabric, here, there)).toMatchObject({
        address: other,
        updateSource: own,
        remoteAsn: 65_000,
        families: ['IPV4_UNICAST'],
        routeReflectorClient: true,
        nextHopSelf: true,
      });
      // What the other half said reaches the spine with a next hop that it knows, and the spine stays no client of its own clients.
      expect(towards(fabric, here, 'spine')).toMatchObject({ nextHopSelf: true, routeReflectorClient: false });
    },
  );

  it.each(HALVES)('of %s with %s is eBGP between two AS, and reflects nothing', (here, there, own, other) => {
    const fabric = pair({ spine: 65_000, leaf1: 65_001, leaf2: 65_002 });
    expect(towards(fabric, here, there)).toMatchObject({
      address: other,
      updateSource: own,
      remoteAsn: there === 'leaf1' ? 65_001 : 65_002,
      routeReflectorClient: false,
      nextHopSelf: false,
    });
    expect(towards(fabric, here, 'spine')).toMatchObject({ routeReflectorClient: false, nextHopSelf: false });
  });

  it.each(HALVES)(
    'of %s with %s in one AS reflects nothing where the spine is in another: what eBGP said is passed on anyway',
    (here, there) => {
      const fabric = pair({ spine: 65_000, leaf1: 65_001, leaf2: 65_001 });
      expect(towards(fabric, here, there)).toMatchObject({ remoteAsn: 65_001, routeReflectorClient: false, nextHopSelf: true });
      expect(towards(fabric, here, 'spine')).toMatchObject({ routeReflectorClient: false, nextHopSelf: false });
    },
  );

  it('is none of a switch that is no half of a pair', () => {
    const fabric = pair({ spine: 65_000, leaf1: 65_000, leaf2: 65_000 });
    expect(neighbors(fabric, 'spine').map(({ description }) => description)).toEqual(['leaf1', 'leaf2']);
  });
});
