import { checkFabric, type FabricSnapshot } from '#engines/intent';
import { demoFabric, SnapshotBuilder } from '#engines/intent/testing';

/** What a person sees of the findings, without the ids. */
const seen = (snapshot: FabricSnapshot) =>
  checkFabric(snapshot)
    .filter(({ code }) => code !== 'IPV6_FORWARDING')
    .map(({ code, severity, path, message }) => ({ code, severity, path, message }));
const blue = { slug: 'blue', vni: 10_001, eviId: 1 } as const;
const green = { slug: 'green', vni: 10_002, eviId: 2 } as const;

describe('the MTU', () => {
  it('of a network leaves room for VXLAN over IPv4', () => {
    expect(
      seen(
        demoFabric()
          .network({ ...blue, mtu: 1450, on: ['pve1'] })
          .build(),
      ),
    ).toEqual([]);
    expect(
      seen(
        demoFabric()
          .network({ ...blue, mtu: 1451, on: ['pve1', 'pve2'] })
          .build(),
      ),
    ).toEqual([
      {
        code: 'MTU_TOO_SMALL',
        severity: 'ERROR',
        path: 'networks.blue.mtu',
        message: 'lower the MTU of network blue from 1451 to 1450 or raise the underlay of pve1 and pve2: VXLAN takes 50 bytes',
      },
    ]);
  });

  it('takes 20 bytes more over IPv6', () => {
    const fabric = (mtu: number) =>
      v6Fabric()
        .network({ ...blue, mtu, on: [{ device: 'a', port: 'Ethernet2', vlan: 100 }] })
        .build();
    expect(seen(fabric(1430)).filter(({ code }) => code === 'MTU_TOO_SMALL')).toEqual([]);
    expect(seen(fabric(1431))).toContainEqual(
      expect.objectContaining({ code: 'MTU_TOO_SMALL', message: expect.stringContaining('to 1430') }),
    );
  });

  it('counts the smallest underlay port of the members, and of the members only', () => {
    const fabric = (on: string[]) =>
      new SnapshotBuilder()
        .fabric({ underlayMtu: 9000 })
        .device({ slug: 'a', platform: 'DEBIAN_FRR', vtep: '10.0.0.1', ports: [{ name: 'ens19', mtu: 1500 }] })
        .device({ slug: 'b', platform: 'DEBIAN_FRR', vtep: '10.0.0.2', ports: ['ens19', { name: 'ens20', mtu: 9000 }] })
        .device({ slug: 'c', platform: 'DEBIAN_FRR', vtep: '10.0.0.3', ports: ['ens19', { name: 'ens20', mtu: 9000 }] })
        .peering('10.1.0.0/31', { device: 'a', port: 'ens19', address: '10.1.0.0' }, { device: 'c', port: 'ens19', address: '10.1.0.1' })
        .peering('10.1.0.2/31', { device: 'b', port: 'ens20', address: '10.1.0.2' }, { device: 'c', port: 'ens20', address: '10.1.0.3' })
        .network({ ...blue, mtu: 1500, on })
        .build();
    // The other end of the port of 1500 is not told, and has 1500 by itself.
    const errors = (snapshot: FabricSnapshot) => seen(snapshot).filter(({ severity }) => severity === 'ERROR');
    expect(errors(fabric(['b']))).toEqual([]);
    expect(errors(fabric(['a', 'b']))).toEqual([
      expect.objectContaining({ code: 'MTU_TOO_SMALL', message: expect.stringContaining('to 1450 or raise the underlay of a:') }),
    ]);
  });

  it('of a network with IPv6 is at least 1280', () => {
    const snapshot = demoFabric()
      .network({ ...blue, mtu: 1279, on: ['pve1'], subnets: [{ cidr: '2001:db8::/64' }] })
      .build();
    expect(seen(snapshot)).toEqual([
      expect.objectContaining({ code: 'MTU_TOO_SMALL', message: 'raise the MTU of network blue to 1280 or more: IPv6 needs it' }),
    ]);
  });
});

describe('subnets', () => {
  const vrfs = () => demoFabric().vrf({ name: 'red', l3vni: 15_000, eviId: 100 }).vrf({ name: 'grey', l3vni: 15_001, eviId: 101 });
  const on = (vrf: string | undefined, cidrs: string[]) => ({
    ...(vrf === undefined ? {} : { vrf }),
    subnets: cidrs.map((cidr) => ({ cidr })),
  });

  it('may not overlap inside one VRF', () => {
    const snapshot = vrfs()
      .network({ ...blue, ...on('red', ['10.0.0.0/16']) })
      .network({ ...green, ...on('red', ['10.1.0.0/24', '10.0.7.0/24']) })
      .build();
    expect(seen(snapshot)).toEqual([
      {
        code: 'SUBNET_OVERLAP',
        severity: 'ERROR',
        path: 'networks.green.subnets.10.0.7.0/24',
        message: 'move 10.0.7.0/24 of network green out of 10.0.0.0/16 of network blue: they overlap in one routing table',
      },
    ]);
  });

  it('may overlap in two VRFs, and in networks that nothing here routes', () => {
    expect(
      seen(
        vrfs()
          .network({ ...blue, ...on('red', ['10.0.0.0/24']) })
          .network({ ...green, ...on('grey', ['10.0.0.0/24']) })
          .build(),
      ),
    ).toEqual([]);
    expect(
      seen(
        demoFabric()
          .network({ ...blue, ...on(undefined, ['10.0.0.0/24']) })
          .network({ ...green, ...on(undefined, ['10.0.0.0/24']) })
          .build(),
      ),
    ).toEqual([]);
  });

  it('may not overlap inside one network', () => {
    expect(
      seen(
        demoFabric()
          .network({ ...blue, ...on(undefined, ['10.0.0.0/24', '10.0.0.128/25', '2001:db8::/32', '2001:db8:1::/48']) })
          .build(),
      ).map(({ path }) => path),
    ).toEqual(['networks.blue.subnets.10.0.0.128/25', 'networks.blue.subnets.2001:db8:1::/48']);
  });
});

describe('gateways', () => {
  const gateway = (cidr: string, address: string | undefined, vrf = 'red') =>
    seen(
      demoFabric()
        .vrf({ name: 'red', l3vni: 15_000, eviId: 100 })
        .network({
          ...blue,
          ...(vrf === '' ? {} : { vrf }),
          on: ['pve1'],
          subnets: [{ cidr, mode: 'ANYCAST_VTEP', ...(address === undefined ? {} : { gateway: address }) }],
        })
        .build(),
    );

  it.each([
    ['10.0.0.0/24', '10.0.0.1'],
    ['10.0.0.0/31', '10.0.0.0'],
    ['2001:db8::/64', '2001:db8::1'],
    ['2001:db8::/127', '2001:db8::'],
  ])('of %s may be %s', (cidr, address) => {
    expect(gateway(cidr, address)).toEqual([]);
  });

  it.each([
    ['10.0.0.0/24', '10.0.1.1', 'choose a gateway inside 10.0.0.0/24 instead of 10.0.1.1'],
    ['10.0.0.0/24', '2001:db8::1', 'choose a gateway inside 10.0.0.0/24 instead of 2001:db8::1'],
    ['10.0.0.0/24', '10.0.0.0', 'choose another gateway than 10.0.0.0: it is the network or broadcast address of 10.0.0.0/24'],
    ['10.0.0.0/24', '10.0.0.255', 'choose another gateway than 10.0.0.255: it is the network or broadcast address of 10.0.0.0/24'],
    ['2001:db8::/64', '2001:db8::', 'choose another gateway than 2001:db8::: it is the network or broadcast address of 2001:db8::/64'],
    ['10.0.0.0/24', undefined, 'choose the gateway address of 10.0.0.0/24'],
  ])('of %s may not be %s', (cidr, address, message) => {
    expect(gateway(cidr, address)).toEqual([
      { code: 'GATEWAY_INVALID', severity: 'ERROR', path: `networks.blue.subnets.${cidr}`, message },
    ]);
  });

  it('on the VTEPs need a VRF', () => {
    expect(gateway('10.0.0.0/24', '10.0.0.1', '')).toEqual([
      expect.objectContaining({ code: 'GATEWAY_INVALID', message: expect.stringContaining('put network blue into a VRF') }),
    ]);
  });
});

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
