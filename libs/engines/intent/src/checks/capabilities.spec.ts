import { checkFabric, type DeviceFacts, type FabricSnapshot, type Platform } from '#engines/intent';
import { demoFabric, ovsBridge, ovsPort, SnapshotBuilder } from '#engines/intent/testing';
import type { VlanId } from '#engines/kernel';

/** What a person sees of the findings, without the ids. */
const seen = (snapshot: FabricSnapshot) =>
  checkFabric(snapshot).map(({ code, severity, path, message }) => ({ code, severity, path, message }));
const blue = { slug: 'blue', vni: 10_001, eviId: 1 } as const;

/** Two switches over IPv6. */
function v6Fabric(): SnapshotBuilder {
  return new SnapshotBuilder()
    .fabric({ underlayFamily: 6 })
    .device({ slug: 'a', platform: 'ARISTA_EOS', vtep: '2001:db8:16::1', ports: ['Ethernet1', 'Ethernet2'] })
    .device({ slug: 'b', platform: 'ARISTA_EOS', vtep: '2001:db8:16::2', ports: ['Ethernet1'] })
    .peering(
      '2001:db8:1::/127',
      { device: 'a', port: 'Ethernet1', address: '2001:db8:1::' },
      { device: 'b', port: 'Ethernet1', address: '2001:db8:1::1' },
    );
}

describe('FRR with an IPv6 VTEP', () => {
  const host = (software: DeviceFacts['software'], fabric = v6Fabric()) =>
    seen(
      fabric.device({ slug: 'pve1', platform: 'DEBIAN_FRR', vtep: '2001:db8:16::51', ports: [], ...(software && { software }) }).build(),
    );
  const codes = (software: DeviceFacts['software'], fabric?: SnapshotBuilder) =>
    host(software, fabric).map(({ code, severity }) => `${severity} ${code}`);

  it('is refused before 10.6, which fails without a word, with three ways out', () => {
    expect(host({ frr: '10.3.1' })).toContainEqual({
      code: 'SOFTWARE_TOO_OLD',
      severity: 'ERROR',
      path: 'devices.pve1.vtep',
      message:
        'upgrade FRR of pve1 from 10.3.1 to 10.6 or later, or give pve1 an IPv4 VTEP, or make its networks INGRESS_STATIC and take its EVPN sessions: this one does not carry EVPN over IPv6, and does not say so',
    });
  });

  it.each([undefined, {}, { frr: 'stable' }])('is not promised where the release is %j', (software) => {
    expect(host(software)).toContainEqual(
      expect.objectContaining({ code: 'SOFTWARE_UNKNOWN', severity: 'ERROR', message: expect.stringContaining('say which FRR pve1 runs') }),
    );
  });

  it.each(['8.4.4-1.1~deb12u1', '10.5.9', '9.10.12'])('counts %s as older than 10.6', (frr) => {
    expect(codes({ frr })).toContain('ERROR SOFTWARE_TOO_OLD');
  });

  it('is accepted from 10.6, with the fallback of ifupdown2 said', () => {
    expect(codes({ frr: '10.7.1' })).toEqual(['WARNING FALLBACK_USED']);
    expect(codes({ frr: '10.6' }, new SnapshotBuilder().fabric({ underlayFamily: 6 }))).toEqual(['WARNING FALLBACK_USED']);
  });

  it('is warned of beside EOS until 10.7', () => {
    expect(codes({ frr: '10.6.1' })).toEqual(['WARNING FALLBACK_USED', 'WARNING SOFTWARE_TOO_OLD']);
  });

  it('may flood statically with any FRR', () => {
    const fabric = () => v6Fabric().fabric({ replication: 'INGRESS_STATIC' });
    expect(codes({ frr: '8.4.4' }, fabric().network({ ...blue, mtu: 1430, on: ['pve1'] }))).toEqual(['WARNING FALLBACK_USED']);
    expect(codes({ frr: '8.4.4' }, fabric())).toEqual(['WARNING FALLBACK_USED']);
    const one = fabric().network({ ...blue, mtu: 1430, on: ['pve1'] });
    one.network({ slug: 'green', vni: 10_002, eviId: 2, mtu: 1430, on: ['pve1'] }).networkFacts('green', { replication: 'INGRESS_EVPN' });
    expect(codes({ frr: '8.4.4' }, one)).toContain('ERROR SOFTWARE_TOO_OLD');
  });
});

describe('platforms', () => {
  it('refuse an EOS without VXLAN over IPv6, and believe one that does not say its release', () => {
    expect(seen(v6Fabric().build())).toEqual([]);
    const old = v6Fabric().device({
      slug: 'c',
      platform: 'ARISTA_EOS',
      vtep: '2001:db8:16::3',
      ports: [],
      software: { eos: '4.23.8M' },
    });
    expect(seen(old.build())).toEqual([expect.objectContaining({ code: 'SOFTWARE_TOO_OLD', severity: 'ERROR', path: 'devices.c.vtep' })]);
  });

  it('refuse a VTEP of the other family than the fabric', () => {
    const snapshot = demoFabric().device({ slug: 'leaf2', platform: 'ARISTA_EOS', vtep: '2001:db8:16::2', ports: [] }).build();
    expect(seen(snapshot)).toEqual([
      expect.objectContaining({ code: 'NOT_SUPPORTED', message: 'give leaf2 an IPv4 VTEP like the rest of the fabric' }),
    ]);
  });

  it.each<Platform>(['HP_COMWARE', 'OPENNEBULA'])('refuse a VTEP on %s', (platform) => {
    const snapshot = demoFabric().device({ slug: 'x', platform, vtep: '172.16.1.99', ports: [] }).build();
    expect(seen(snapshot)).toEqual([expect.objectContaining({ code: 'NOT_SUPPORTED', path: 'devices.x.vtep' })]);
  });

  it('refuse a second tag where Open vSwitch has none', () => {
    const tunnel = ovsPort('ens20', { vlanMode: 'dot1q-tunnel', tag: 100 as VlanId });
    const host = (openvswitch: string) =>
      seen(
        demoFabric()
          .deviceFacts('pve1', { software: { openvswitch }, openvswitch: { managedBy: 'OVSDB', bridges: [ovsBridge('br0', [tunnel])] } })
          .build(),
      );
    expect(host('3.1.0')).toEqual([]);
    expect(host('2.5.9')).toEqual([expect.objectContaining({ code: 'SOFTWARE_TOO_OLD', path: 'devices.pve1.openvswitch.ens20' })]);
  });

  it('refuse what another platform would read, because this one would drop it in silence', () => {
    expect(
      seen(
        demoFabric()
          .deviceFacts('test', { openvswitch: { managedBy: 'OVSDB', bridges: [] } })
          .build(),
      ),
    ).toEqual([
      {
        code: 'NOT_SUPPORTED',
        severity: 'ERROR',
        path: 'devices.test.openvswitch',
        message: 'take the openvswitch facts from test, or make it DEBIAN_FRR: ARISTA_EOS has no such thing',
      },
    ]);
  });
});
