import { checkFabric, type FabricSnapshot, refusedNetworks } from '#engines/intent';
import { demoFabric, hostFacts, type SnapshotBuilder } from '#engines/intent/testing';
import type { NetworkId } from '#engines/kernel';
import { PortName, VlanId } from '#engines/kernel';

const id = (slug: string): NetworkId => `network-${slug}` as NetworkId;
const told = (snapshot: FabricSnapshot, ...candidates: string[]) =>
  [...refusedNetworks(snapshot, candidates.map(id))].map(([network, { code }]) => `${network} ${code}`);
const fine = (builder: SnapshotBuilder, count: number) => {
  for (let i = 1; i <= count; i++) builder.network({ slug: `net${i}`, vni: 10_000 + i, eviId: i, on: ['pve2'] });
  return builder;
};
/** pve1 with a bridge on ens20, which another use would take from there. */
const bridged = () =>
  demoFabric().deviceFacts('pve1', {
    host: hostFacts({ bridges: [{ name: 'vmbr1', ports: ['ens20'] }] }),
    ports: ['ens19', 'ens20'].map((name) => ({ name: PortName.parse(name), description: null, mtu: null })),
  });
const onTheBridge = { slug: 'bad', vni: 10_900, eviId: 900, on: [{ device: 'pve1', port: 'ens20', tagging: 'UNTAGGED' as const }] };

describe('a fabric that cannot be built', () => {
  it('does without the one that takes a port from another use, and keeps all others', () => {
    const snapshot = fine(bridged(), 20).network(onTheBridge).build();
    expect(checkFabric(snapshot).map(({ code }) => code)).toEqual(['PORT_CLASH']);
    expect(told(snapshot, ...Array.from({ length: 20 }, (_, i) => `net${i + 1}`), 'bad')).toEqual(['network-bad PORT_CLASH']);
  });

  it('keeps whoever was first where there is room for some only', () => {
    const builder = demoFabric().deviceFacts('test', {
      // Two routed ports, and one L3 VNI.
      switch: {
        internalVlans: { first: VlanId.parse(3700), last: VlanId.parse(3702) },
        varpAddresses: [],
        tunnelPorts: [],
        translations: [],
        domain: null,
      },
    });
    for (const n of [1, 2, 3]) {
      builder.vrf({ name: `vrf${n}`, l3vni: 15_000 + n, eviId: 100 + n }).network({
        slug: `net${n}`,
        vni: 10_000 + n,
        eviId: n,
        vrf: `vrf${n}`,
        on: [{ device: 'test', port: 'Ethernet2', tagging: 'TAGGED', vlan: 100 + n }],
        subnets: [{ cidr: `10.20.${n}.0/24`, gateway: `10.20.${n}.1`, mode: 'ANYCAST_VTEP' }],
      });
    }
    const snapshot = builder.build();
    expect(checkFabric(snapshot).map(({ message }) => message)).toEqual([
      'keep 5 internal VLANs on test instead of 3: it has 2 routed ports and 3 L3 VNIs',
    ]);
    expect(told(snapshot, 'net1', 'net2', 'net3')).toEqual(['network-net2 VLAN_RESERVED', 'network-net3 VLAN_RESERVED']);
    expect(told(snapshot, 'net3', 'net1', 'net2')).toEqual(['network-net1 VLAN_RESERVED', 'network-net2 VLAN_RESERVED']);
  });

  it('blames nobody where it is broken without them, or is not broken at all', () => {
    const broken = fine(bridged(), 2)
      .deviceFacts('pve1', { host: hostFacts({ bridges: [{ name: 'vmbr1', ports: ['ens19'] }] }) })
      .build();
    expect(checkFabric(broken).map(({ code }) => code)).toContain('PORT_CLASH');
    expect(told(broken, 'net1', 'net2')).toEqual([]);
    expect(told(fine(bridged(), 2).build(), 'net1', 'net2')).toEqual([]);
  });

  it('blames nobody who is not a candidate', () => {
    expect(told(fine(bridged(), 2).network(onTheBridge).build(), 'net1', 'net2', 'not-there')).toEqual([]);
  });
});
