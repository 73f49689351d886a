import { checkFabric, type FabricSnapshot, type SubnetFacts, type SwitchFacts } from '#engines/intent';
import { demoFabric, type VrfSpec } from '#engines/intent/testing';
import { Ip, type NetworkId, type RouteDistinguisher, type RouteTarget, VlanId, type VrfId } from '#engines/kernel';

const told = (snapshot: FabricSnapshot) =>
  checkFabric(snapshot)
    .filter(({ code }) => code !== 'IPV6_FORWARDING')
    .map(({ code, severity, message }) => `${severity === 'WARNING' ? 'warning ' : ''}${code} ${message}`);
const red: VrfSpec = { name: 'red', l3vni: 15_000, eviId: 100 };
const grey: VrfSpec = { name: 'grey', l3vni: 15_001, eviId: 101 };
const web = {
  slug: 'web',
  vni: 10_001,
  eviId: 1,
  vrf: 'red',
  on: ['pve1'],
  subnets: [{ cidr: '10.20.1.0/24', gateway: '10.20.1.1', mode: 'ANYCAST_VTEP' as const }],
};
const db = {
  slug: 'db',
  vni: 10_002,
  eviId: 2,
  vrf: 'grey',
  on: ['pve1'],
  subnets: [{ cidr: '10.20.2.0/24', gateway: '10.20.2.1', mode: 'ANYCAST_VTEP' as const }],
};
const out = { device: 'pve1', via: ['ens20 198.51.100.1'] };

describe('exit nodes', () => {
  const exits = (spec: NonNullable<VrfSpec['exits']>) =>
    told(
      demoFabric()
        .vrf({ ...red, exits: spec })
        .network(web)
        .build(),
    );

  it.each<[NonNullable<VrfSpec['exits']>]>([
    [
      [
        { ...out, isPrimary: true },
        { ...out, device: 'pve2' },
      ],
    ],
    [[{ ...out, via: ['ens20 198.51.100.1', 'ens20 2001:db8::1'] }]],
    [[{ device: 'pve1', via: [], hasLocalRouting: true }]],
  ])('may be %j', (spec) => {
    expect(exits(spec)).toEqual([]);
  });

  it.each<[NonNullable<VrfSpec['exits']>, string]>([
    [
      [
        { ...out, isPrimary: true },
        { ...out, device: 'pve2', isPrimary: true },
      ],
      'VRF_INVALID make one of pve1 and pve2 the primary exit node of VRF red',
    ],
    [[out, out], 'VRF_INVALID name pve1 once among the exit nodes of VRF red'],
    [[{ ...out, via: [] }], 'VRF_INVALID give VRF red a gateway on pve1: an exit node sends what leaves to one'],
    [[{ ...out, via: ['ens20 198.51.100.1', 'ens20 198.51.100.2'] }], 'VRF_INVALID keep one gateway per family for VRF red on pve1'],
    [[{ ...out, via: ['ens99 198.51.100.1'] }], 'VRF_INVALID add port ens99 to pve1, or let VRF red leave by one that it has'],
    [[{ device: 'test', via: ['Ethernet2 198.51.100.1'] }], 'NOT_SUPPORTED let a Debian host be exit node of VRF red in place of test'],
  ])('may not be %j', (spec, message) => {
    expect(exits(spec)).toContainEqual(expect.stringContaining(message));
  });

  it('have the subnets of all that leaves there in one table', () => {
    const two = (cidr: string) =>
      told(
        demoFabric()
          .vrf({ ...red, exits: [out] })
          .vrf({ ...grey, exits: [out] })
          .network(web)
          .network({ ...db, subnets: [{ cidr, gateway: cidr.replace('0/24', '1'), mode: 'ANYCAST_VTEP' }] })
          .build(),
      );
    expect(two('10.20.2.0/24')).toEqual([]);
    expect(two('10.20.1.0/24')).toEqual([
      'SUBNET_OVERLAP let VRF grey leave by another device than pve1, or move 10.20.1.0/24: it overlaps 10.20.1.0/24 of VRF red in the main table there',
    ]);
    expect(two('192.168.100.0/24')).toEqual([expect.stringContaining('it overlaps 192.168.100.0/24 of link 192.168.100.0/24')]);
  });
});

describe('routes and loopbacks of a VRF', () => {
  const vrf = (more: Partial<VrfSpec>) =>
    told(
      demoFabric()
        .vrf({ ...red, ...more })
        .network(web)
        .build(),
    );
  const route = (prefix: string, nextHop: string, on = ['pve1']) => vrf({ routes: [{ prefix, nextHop, on }] });

  it('go over a neighbor in a subnet of it', () => {
    expect(route('10.9.0.0/16', '10.20.1.9')).toEqual([]);
    expect(route('0.0.0.0/0', '10.20.1.9')).toEqual([]);
    expect(route('10.20.0.0/16', '10.20.1.9')).toEqual([]);
    expect(route('10.9.0.0/16', '10.77.1.9')).toEqual([
      expect.stringContaining('warning VRF_INVALID see that 10.77.1.9 is to be found in VRF red on pve1'),
    ]);
    expect(route('10.20.1.0/25', '10.20.1.9')).toEqual([
      expect.stringContaining('VRF_INVALID choose a next hop outside of 10.20.1.0/25 in VRF red'),
    ]);
    expect(route('10.9.0.0/16', '2001:db8::9')).toEqual([
      expect.stringContaining('VRF_INVALID choose a next hop of the family of 10.9.0.0/16'),
    ]);
    expect(route('10.9.0.0/16', '10.20.1.9', [])).toEqual([
      expect.stringContaining('VRF_INVALID say which devices have the route to 10.9.0.0/16'),
    ]);
  });

  it.each([
    [{ device: 'test', number: 100, address: '10.98.0.1' }, null],
    [{ device: 'test', number: 2, address: '10.98.0.1' }, 'VRF_INVALID number the loopback of VRF red on test from 3 to 1000, not 2'],
    [
      { device: 'pve1', number: 100, address: '10.98.0.9' },
      'VRF_INVALID give each of pve2 and pve1 its own loopback in VRF red: they share 10.98.0.9',
    ],
    [
      { device: 'test', number: 100, address: '10.20.1.77' },
      'VRF_INVALID choose a loopback outside of 10.20.1.0/24 in VRF red instead of 10.20.1.77',
    ],
  ])('have %j: %s', (loopback, message) => {
    expect(vrf({ loopbacks: [{ device: 'pve2', number: 100, address: '10.98.0.9' }, loopback] })).toEqual(
      message === null ? [] : [expect.stringContaining(message)],
    );
  });

  it('have a number once on a switch', () => {
    const two = demoFabric()
      .vrf({ ...red, loopbacks: [{ device: 'test', number: 100, address: '10.98.0.1' }] })
      .vrf({ ...grey, loopbacks: [{ device: 'test', number: 100, address: '10.98.0.1' }] });
    expect(told(two.build())).toEqual(['VRF_INVALID give the loopbacks of VRFs red and grey numbers of their own on test: they share 100']);
  });
});

describe('VRFs that leak', () => {
  const leaking = (more: Partial<VrfSpec>, cidr = '10.20.2.0/24', provider: Partial<VrfSpec> = {}) =>
    told(
      demoFabric()
        .vrf({ ...grey, ...provider })
        .vrf({ ...red, ...more })
        .network(web)
        .network({ ...db, subnets: [{ cidr }] })
        .build(),
    );

  it('do so along an edge, in one direction, and only there', () => {
    expect(leaking({ importsFrom: ['grey'] })).toEqual([]);
    expect(leaking({ importTargets: ['65051:15000', '65051:15001'], importsFrom: ['grey'] })).toEqual([]); // Said twice.
    expect(leaking({ importTargets: ['65051:15000', '65051:15001'] })).toEqual([
      expect.stringContaining('RT_LEAK give each of VRF grey and VRF red its own route target'),
    ]);
    expect(leaking({ importsFrom: ['grey'] }, undefined, { importTargets: ['65051:15000', '65051:15001'] })).toEqual([
      expect.stringContaining('RT_LEAK'), // The way back has no edge.
    ]);
    expect(leaking({ importsFrom: ['grey'] }, undefined, { exportTargets: [] })).toContainEqual(
      expect.stringContaining('RT_UNREACHABLE let VRF grey export a route target'),
    );
    expect(leaking({ importsFrom: ['red'] })).toEqual([expect.stringContaining('VRF_INVALID take VRF red from what it imports')]);
  });

  it('have no subnet in common, which may be where they do not', () => {
    expect(leaking({}, '10.20.1.0/25')).toEqual([]);
    expect(leaking({ importsFrom: ['grey'] }, '10.20.1.0/25')).toEqual([
      'SUBNET_OVERLAP move 10.20.1.0/25 of network db in VRF grey out of 10.20.1.0/24 of network web in VRF red: VRF red would have both in its table',
    ]);
  });

  it('may be two tenants with the same services, unless these have one subnet', () => {
    const blue = { name: 'blue', l3vni: 15_002, eviId: 102 };
    const services = (importsFrom: string[], cidr: string) =>
      told(
        demoFabric()
          .vrf({ ...grey, importsFrom })
          .vrf({ ...red, importsFrom: ['grey'] })
          .vrf({ ...blue, importsFrom: ['grey'] })
          .network(web)
          .network(db)
          .network({ slug: 'shop', vni: 10_003, eviId: 3, vrf: 'blue', on: ['pve2'], subnets: [{ cidr }] })
          .build(),
      );
    expect(services(['red', 'blue'], '10.20.3.0/24')).toEqual([]);
    expect(services([], '10.20.1.0/24')).toEqual([]); // Nobody has both.
    expect(services(['red', 'blue'], '10.20.1.0/24')).toEqual([expect.stringContaining('VRF grey would have both in its table')]);
  });
});

describe('targets and distinguishers', () => {
  it('say who a target without an importer belongs to', () => {
    const two = demoFabric()
      .vrf({ ...red, importTargets: [], exportTargets: ['65051:7'] })
      .vrf({ ...grey, importTargets: [], exportTargets: ['65051:7'] });
    expect(told(two.build())).toEqual(['DUPLICATE_RT let one of VRF red and VRF grey export 65051:7: a route target has one owner']);
  });

  it('are shared inside a bundle', () => {
    const bundle = (other: string) =>
      told(
        demoFabric()
          .network({ slug: 'a', vni: 10_001, eviId: 1, importTargets: ['65051:7'], exportTargets: ['65051:7'] })
          .network({ slug: 'b', vni: 10_002, eviId: 2, importTargets: ['65051:7'], exportTargets: ['65051:7'] })
          .networkFacts('a', { bundle: 'T' })
          .networkFacts('b', { bundle: other })
          .build(),
      );
    expect(bundle('T')).toEqual([]);
    expect(bundle('U')).toEqual([expect.stringContaining('RT_LEAK')]);
  });

  it.each(['4200000000:70000', '65051:4294967296', '10.0.0.1:65536', '65051', 'x:1', '65051:01'])(
    'refuse the target %s, wherever it comes from',
    (text) => {
      const snapshot = demoFabric()
        .network({ slug: 'blue', vni: 10_001, eviId: 1 })
        .networkFacts('blue', { exportTargets: [text as RouteTarget] });
      expect(told(snapshot.build())).toEqual([
        expect.stringContaining(`ROUTE_NOT_ENCODABLE give network blue another route target than ${text}`),
      ]);
    },
  );

  it.each(['172.16.1.51:65536', '172.16.1.999:1', '4200000000:65536', '65051:4294967296', '65051:', '65051:1x', '65051:01', 'no'])(
    'refuse the distinguisher %s',
    (text) => {
      const snapshot = demoFabric()
        .network({ slug: 'blue', vni: 10_001, eviId: 1, on: ['pve1'] })
        .build();
      const wrong = {
        ...snapshot,
        routeDistinguishers: snapshot.routeDistinguishers.map((entry) => ({ ...entry, rd: text as RouteDistinguisher })),
      };
      expect(told(wrong)).toEqual([
        expect.stringContaining(`ROUTE_NOT_ENCODABLE give EVI 1 on pve1 another route distinguisher than ${text}, made of the router id`),
      ]);
    },
  );

  it.each(['172.16.1.51:0', '172.16.1.51:65535', '4200000000:65535', '65051:4294967295'])('take the distinguisher %s', (text) => {
    const snapshot = demoFabric()
      .network({ slug: 'blue', vni: 10_001, eviId: 1, on: ['pve1'] })
      .build();
    expect(
      told({
        ...snapshot,
        routeDistinguishers: snapshot.routeDistinguishers.map((entry) => ({ ...entry, rd: text as RouteDistinguisher })),
      }),
    ).toEqual([]);
  });

  it('come from an administrator that leaves room for the VNI', () => {
    const fabric = (rtAdministrator: number, vni: number) =>
      told(
        demoFabric()
          .fabric({ rtAdministrator })
          .network({ slug: 'blue', vni, eviId: 1, importTargets: ['65051:1'], exportTargets: ['65051:1'] })
          .build(),
      );
    expect(fabric(4_200_000_000, 65_535)).toEqual([]);
    expect(fabric(65_535, 70_000)).toEqual([]);
    expect(fabric(4_200_000_000, 70_000)).toEqual([
      'ROUTE_NOT_ENCODABLE choose an RT administrator from 1 to 65535 for fabric demo: 4200000000 takes four octets, and the VNI of network blue does not fit into the other two',
    ]);
    expect(fabric(-1, 10_000)).toEqual([expect.stringContaining('not -1')]);
  });
});

describe('gateways of switches', () => {
  const varp = (address: string, networkId = 'network-web' as NetworkId): SwitchFacts => ({
    internalVlans: { first: VlanId.parse(3700), last: VlanId.parse(3999) },
    varpAddresses: [{ networkId, address: Ip.parse(address), prefixLength: 24 }],
    tunnelPorts: [],
    translations: [],
    domain: null,
  });
  const on = (address: string, other?: string) => {
    const builder = demoFabric()
      .device({ slug: 'leaf2', platform: 'ARISTA_EOS', vtep: '172.16.1.2', ports: ['Ethernet2'] })
      .vrf(red)
      .network({
        ...web,
        on: [
          { device: 'test', port: 'Ethernet2', vlan: 100 },
          { device: 'leaf2', port: 'Ethernet2', vlan: 100 },
        ],
      })
      .deviceFacts('test', { switch: varp(address) });
    if (other !== undefined) builder.deviceFacts('leaf2', { switch: varp(other) });
    return told(builder.build()).filter((text) => !text.startsWith('warning'));
  };

  it('have beside the shared address one of their own', () => {
    expect(on('10.20.1.2', '10.20.1.3')).toEqual([]);
    expect(on('10.20.1.2', '10.20.1.2')).toEqual(['DUPLICATE_ADDRESS give each of leaf2 and test its own address: they share 10.20.1.2']);
    expect(on('10.20.1.1')).toEqual([expect.stringContaining('GATEWAY_INVALID give test an address of its own in 10.20.1.0/24')]);
    expect(on('10.77.1.2')).toEqual([expect.stringContaining('GATEWAY_INVALID choose an own address of test in a subnet of network web')]);
    expect(on('10.20.1.255')).toEqual([expect.stringContaining('GATEWAY_INVALID')]);
  });

  const relayed = (relay: NonNullable<SubnetFacts['dhcpRelay']>, loopbacks: VrfSpec['loopbacks'], place: 'test' | 'pve1' = 'test') => {
    const builder = demoFabric()
      .vrf({ ...red, ...(loopbacks && { loopbacks }) })
      .network({ ...web, on: [place === 'test' ? { device: 'test', port: 'Ethernet2', vlan: 100 } : 'pve1'] });
    const snapshot = builder.build();
    return told({
      ...snapshot,
      networks: snapshot.networks.map((network) => ({
        ...network,
        subnets: network.subnets.map((subnet) => ({ ...subnet, dhcpRelay: relay })),
      })),
    });
  };
  const server = { servers: [Ip.parse('10.9.9.9')], vrfId: null };
  const loopbacks = [{ device: 'test', number: 100, address: '10.98.0.1' }];

  it('relay from an address that no other has', () => {
    expect(relayed(server, loopbacks)).toEqual([]);
    expect(relayed(server, undefined)).toEqual([expect.stringContaining('GATEWAY_INVALID give test a loopback in VRF red')]);
    expect(relayed({ ...server, servers: [Ip.parse('2001:db8::9')] }, loopbacks)).toEqual([
      expect.stringContaining('GATEWAY_INVALID relay 10.20.1.0/24 to servers of its own family'),
    ]);
    expect(relayed({ ...server, vrfId: 'vrf-ghost' as VrfId }, loopbacks)).toContainEqual(expect.stringContaining('UNKNOWN_REFERENCE'));
    expect(relayed(server, undefined, 'pve1')).toEqual([
      expect.stringContaining('warning NOT_SUPPORTED run a DHCP relay or server for 10.20.1.0/24 on pve1 yourself'),
    ]);
  });
});
