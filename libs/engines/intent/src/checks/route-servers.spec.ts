import { checkFabric, type FabricSnapshot } from '#engines/intent';
import { demoFabric, SnapshotBuilder } from '#engines/intent/testing';

const seen = (snapshot: FabricSnapshot) =>
  checkFabric(snapshot).map(({ code, severity, path, message }) => ({ code, severity, path, message }));

describe('a route server', () => {
  const a = { device: 'a', port: 'ens19', address: '10.1.0.0' };
  const b = { device: 'b', port: 'ens19', address: '10.1.0.1' };
  const pair = (frr?: string) =>
    new SnapshotBuilder()
      .device({ slug: 'a', platform: 'DEBIAN_FRR', vtep: '10.0.0.1', asn: 65_001, ...(frr && { software: { frr } }), ports: ['ens19'] })
      .device({ slug: 'b', platform: 'DEBIAN_FRR', vtep: '10.0.0.2', asn: 65_002, ports: ['ens19'] });

  it('is asked for with the release of its clients, because later ones drop its routes', () => {
    const served = (frr?: string) =>
      seen(
        pair(frr)
          .peering('10.1.0.0/31', { ...a, role: 'ROUTE_SERVER_CLIENT' }, { ...b, role: 'ROUTE_SERVER' })
          .build(),
      );
    expect(served('8.4.4')).toEqual([]);
    expect(served('10.3.1')).toEqual([]);
    expect(served()).toEqual([expect.objectContaining({ code: 'SOFTWARE_UNKNOWN', severity: 'WARNING', path: 'devices.a.software.frr' })]);
  });

  it.each([
    [
      'in the AS of its client',
      demoFabric().session(
        { device: 'pve1', port: 'lo', address: '172.16.1.51', role: 'ROUTE_SERVER' },
        { device: 'pve2', port: 'lo', address: '172.16.1.52', role: 'ROUTE_SERVER_CLIENT' },
      ),
      'another AS',
    ],
    ['without a client', pair().peering('10.1.0.0/31', { ...a, role: 'ROUTE_SERVER' }, b), 'a route server needs one'],
    ['that is none', pair().peering('10.1.0.0/31', { ...a, role: 'ROUTE_SERVER_CLIENT' }, b), 'the route server of the other'],
  ])('is refused %s', (_what, builder, message) => {
    expect(seen(builder.build())).toContainEqual(
      expect.objectContaining({ code: 'SESSION_INVALID', severity: 'ERROR', message: expect.stringContaining(message) }),
    );
  });
});
