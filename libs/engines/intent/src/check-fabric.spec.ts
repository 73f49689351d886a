import { checkFabric, type FabricSnapshot } from '#engines/intent';
import { demoFabric, demoSnapshot } from '#engines/intent/testing';
import { type Asn, type DeviceId, type NetworkId, type PortName, type VrfId, RouteDistinguisher } from '#engines/kernel';

const blue = { slug: 'blue', vni: 10_001, eviId: 1 } as const;
const green = { slug: 'green', vni: 10_002, eviId: 2 } as const;

it('finds nothing in the demo fabric, with and without a network', () => {
  expect(checkFabric(demoFabric().build())).toEqual([]);
  expect(checkFabric(demoSnapshot())).toEqual([]);
});

it('shows all findings at once, errors first, with the objects that they are about', () => {
  const snapshot = demoFabric()
    .network({ ...green, mtu: 9000, on: ['pve1'] })
    .network({ ...blue, on: [{ device: 'test', port: 'Ethernet2' }], subnets: [{ cidr: '10.0.0.0/24', mode: 'CENTRAL_VRRP' }] })
    .build();
  expect(checkFabric(snapshot).map(({ code, subjects }) => [code, subjects])).toEqual([
    ['VLAN_MISSING', ['attachment-blue-test-Ethernet2']],
    ['MTU_TOO_SMALL', ['device-pve1', 'network-green']],
    ['NOT_SUPPORTED', ['network-blue']],
  ]);
});

it('names references that lead nowhere, and does not stumble over them', () => {
  const snapshot = demoSnapshot();
  const ghost = 'ghost' as DeviceId;
  const broken: FabricSnapshot = {
    ...snapshot,
    networks: snapshot.networks.map((network) => ({ ...network, vrfId: 'ghost' as VrfId })),
    attachments: [{ id: 'a' as never, networkId: 'ghost' as NetworkId, deviceId: ghost, port: 'ens20' as PortName, tagging: 'UNTAGGED' }],
    sessions: snapshot.sessions.map((session) => ({
      ...session,
      ends: [{ ...session.ends[0], deviceId: ghost }, session.ends[1]] as const,
    })),
    links: snapshot.links.map((link) => ({ ...link, ends: [{ ...link.ends[0], deviceId: ghost }, link.ends[1]] as const })),
    routeDistinguishers: [{ deviceId: ghost, eviId: 9 as never, rd: RouteDistinguisher.parse('1:1') }],
    devices: snapshot.devices.map((device) => ({ ...device, vtep: device.vtep && { ...device.vtep, asn: 65_051 as Asn } })),
  };
  const paths = checkFabric(broken)
    .filter(({ code }) => code === 'UNKNOWN_REFERENCE')
    .map(({ path }) => path);
  expect(paths).toEqual(
    expect.arrayContaining([
      'networks.blue.vrf',
      'attachments.a.device',
      'attachments.a.network',
      'links.192.168.100.0/24.device',
      'routeDistinguishers.1:1.device',
      'routeDistinguishers.1:1.evi',
      'sessions.192.168.100.1.device',
    ]),
  );
});
