import { checkFabric, type FabricSnapshot } from '#engines/intent';
import { demoFabric, demoSnapshot } from '#engines/intent/testing';
import { RouteDistinguisher, RouteTarget } from '#engines/kernel';

/** What a person sees of the findings, without the ids. */
const seen = (snapshot: FabricSnapshot) =>
  checkFabric(snapshot).map(({ code, severity, path, message }) => ({ code, severity, path, message }));
const blue = { slug: 'blue', vni: 10_001, eviId: 1 } as const;
const green = { slug: 'green', vni: 10_002, eviId: 2 } as const;

describe('route targets', () => {
  it('must let every pair of members of a network reach each other', () => {
    const snapshot = demoFabric()
      .network({ ...blue, on: ['pve1', 'pve2'], importTargets: ['65051:1'], exportTargets: ['65051:2'] })
      .build();
    expect(seen(snapshot)).toEqual([
      {
        code: 'RT_UNREACHABLE',
        severity: 'ERROR',
        path: 'networks.blue',
        message: 'let network blue import one of the route targets that it exports: no two of its 2 VTEPs reach each other',
      },
    ]);
  });

  it('do not matter while a network has one member', () => {
    expect(
      seen(
        demoFabric()
          .network({ ...blue, on: ['pve1'], importTargets: [], exportTargets: [] })
          .build(),
      ),
    ).toEqual([]);
  });

  it('may not be shared by two networks, in either direction', () => {
    const shared = (targets: object) =>
      seen(
        demoFabric()
          .network({ ...blue, on: ['pve1'] })
          .network({ ...green, on: ['pve2'], ...targets })
          .build(),
      );
    const leak = expect.objectContaining({
      code: 'RT_LEAK',
      severity: 'ERROR',
      path: 'routeTargets.65051:10001',
      message: expect.stringContaining('network blue and network green'),
    });
    expect(shared({ importTargets: ['65051:10002', '65051:10001'] })).toEqual([leak]);
    expect(shared({ exportTargets: ['65051:10002', '65051:10001'] })).toEqual([leak]);
  });

  it('may not be shared by a network and a VRF, nor by two VRFs', () => {
    const network = demoFabric()
      .vrf({ name: 'red', l3vni: 15_000, eviId: 100 })
      .network({ ...blue, on: ['pve1'], exportTargets: ['65051:10001', '65051:15000'] });
    expect(seen(network.build())).toEqual([
      expect.objectContaining({ code: 'RT_LEAK', message: expect.stringContaining('network blue and VRF red') }),
    ]);
    const vrfs = demoFabric()
      .vrf({ name: 'red', l3vni: 15_000, eviId: 100 })
      .vrf({ name: 'grey', l3vni: 15_001, eviId: 101, importTargets: ['65051:15000'] });
    expect(seen(vrfs.build())).toEqual([
      expect.objectContaining({ code: 'RT_LEAK', message: expect.stringContaining('VRF red and VRF grey') }),
    ]);
  });

  it('make one finding when a thousand networks share one, not a million', () => {
    const builder = demoFabric();
    for (let i = 0; i < 1000; i++)
      builder.network({ slug: `n${i}`, vni: 10_000 + i, eviId: i + 1, importTargets: ['65051:1'], exportTargets: ['65051:1'] });
    const findings = checkFabric(builder.build());
    expect(findings).toHaveLength(1);
    expect(findings[0]?.message).toBe(
      'give each of network n0, network n1, network n2, network n3 and 996 more its own route target: with 65051:1 in common the routes of one reach the other',
    );
  });

  it('may not be the one that FRR derives by itself', () => {
    const target = RouteTarget.of(65_051, 0x1000_0000 + 10_001);
    const snapshot = demoFabric()
      .network({ ...blue, on: ['pve1'], importTargets: [target], exportTargets: [target] })
      .build();
    expect(seen(snapshot)).toEqual([
      expect.objectContaining({ code: 'NOT_SUPPORTED', path: 'networks.blue', message: expect.stringContaining('65051:268445457') }),
    ]);
  });
});

describe('numbers', () => {
  it.each([
    [
      'a VNI of two networks',
      { ...green, vni: 10_001, importTargets: ['65051:5'], exportTargets: ['65051:5'] },
      'DUPLICATE_VNI',
      'vnis.10001',
    ],
    ['an EVI id of two networks', { ...green, eviId: 1 }, 'DUPLICATE_EVI', 'evis.1'],
    [
      'a VNI that is bridged and routed',
      { ...green, vni: 15_000, importTargets: ['65051:5'], exportTargets: ['65051:5'] },
      'DUPLICATE_VNI',
      'vnis.15000',
    ],
    ['an EVI id of a network and a VRF', { ...green, eviId: 100 }, 'DUPLICATE_EVI', 'evis.100'],
  ])('refuses %s', (_what, other, code, path) => {
    const snapshot = demoFabric().vrf({ name: 'red', l3vni: 15_000, eviId: 100 }).network(blue).network(other).build();
    expect(seen(snapshot)).toEqual([expect.objectContaining({ code, path, message: expect.stringContaining('network green') })]);
  });

  it('refuses a route distinguisher that two VTEPs have: a reflector would hide one of them', () => {
    const snapshot = demoSnapshot();
    const rd = RouteDistinguisher.parse('65051:1000');
    const findings = seen({ ...snapshot, routeDistinguishers: snapshot.routeDistinguishers.map((entry) => ({ ...entry, rd })) });
    expect(findings).toEqual([
      expect.objectContaining({
        code: 'DUPLICATE_RD',
        message: 'give each of EVI 1 on pve1, EVI 1 on pve2 and EVI 1 on test its own route distinguisher: they share 65051:1000',
      }),
    ]);
  });

  it('refuses two route distinguishers of one EVI on one VTEP', () => {
    const snapshot = demoSnapshot();
    const [first] = snapshot.routeDistinguishers;
    if (!first) throw new Error('the demo has route distinguishers');
    const twice = {
      ...snapshot,
      routeDistinguishers: [...snapshot.routeDistinguishers, { ...first, rd: RouteDistinguisher.parse('172.16.1.51:9') }],
    };
    expect(seen(twice)).toEqual([expect.objectContaining({ code: 'DUPLICATE_RD', path: 'evis.1.pve1' })]);
  });

  it('asks for the route distinguisher that a VTEP lacks, of networks and of VRFs', () => {
    const snapshot = demoFabric()
      .vrf({ name: 'red', l3vni: 15_000, eviId: 100 })
      .network({ ...blue, vrf: 'red', on: ['pve1'], subnets: [{ cidr: '10.0.0.0/24', gateway: '10.0.0.1', mode: 'ANYCAST_VTEP' }] })
      .build();
    expect(seen({ ...snapshot, routeDistinguishers: [] })).toEqual([
      expect.objectContaining({ code: 'RD_MISSING', path: 'networks.blue.pve1', message: 'claim a route distinguisher for EVI 1 on pve1' }),
      expect.objectContaining({ code: 'RD_MISSING', path: 'vrfs.red.pve1', message: 'claim a route distinguisher for EVI 100 on pve1' }),
    ]);
  });
});
