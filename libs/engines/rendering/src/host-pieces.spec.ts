import fc from 'fast-check';
import {
  compileFabric,
  type DeviceIntent,
  deviceIntent,
  FabricCompiler,
  type FabricIntent,
  type FabricSnapshot,
  type L2VniIntent,
  type OnDemandNetworkIntent,
} from '#engines/intent';
import { demoFabric } from '#engines/intent/testing';
import type { Cidr, DeviceName, Ip, Mac, PortName, RouteDistinguisher, VlanId } from '#engines/kernel';
import { frrArtefacts, FRR_PATH } from './frr/index.js';
import { ifupdown2Artefacts, INTERFACES_PATH } from './ifupdown2/index.js';
import type { Piece, Template } from './piece.js';
import { renderDevice } from './render-device.js';
import { withoutPieces } from './text.js';

interface Wanted {
  readonly id: number;
  readonly name: string;
  /** In a VRF, with gateways. */
  readonly isRouted: boolean;
  readonly hasV6: boolean;
  readonly places: readonly ('TAGGED' | 'BRIDGE_ONLY')[];
}

const wanted = (id: number, more: Partial<Wanted> = {}): Wanted => ({
  id,
  name: `network ${id}`,
  isRouted: id % 2 === 0,
  hasV6: id % 4 === 0,
  places: ['TAGGED', 'BRIDGE_ONLY'],
  ...more,
});

/** Networks of two hosts; nine VNIs lie between two of them. */
function fabricOf(networks: readonly Wanted[]): FabricSnapshot {
  const builder = demoFabric().vrf({ name: 'red', l3vni: 4001, eviId: 4001 });
  for (const { id, name, isRouted, hasV6, places } of networks) {
    builder.network({
      slug: `n${id}`,
      name,
      vni: 10_000 + 9 * id,
      eviId: id + 1,
      ...(isRouted && { vrf: 'red' }),
      on: places.map((tagging, place) => ({
        device: `pve${place + 1}`,
        ...(tagging === 'TAGGED' && { port: 'ens20', tagging, vlan: 100 + id }),
      })),
      subnets: [
        ...(isRouted ? [{ cidr: `10.20.${id}.0/24`, gateway: `10.20.${id}.1`, mode: 'ANYCAST_VTEP' as const }] : []),
        ...(isRouted && hasV6 ? [{ cidr: `2001:db8:${id}::/64`, gateway: `2001:db8:${id}::1`, mode: 'ANYCAST_VTEP' as const }] : []),
      ],
    });
  }
  return builder.build();
}

const onDemand = ({ vni, bridgeName, vxlanName, mtu }: L2VniIntent): OnDemandNetworkIntent => ({
  vni,
  bridge: bridgeName,
  tunnel: vxlanName,
  mtu,
  udpPort: 4789,
  local: '172.16.1.51' as Ip,
  flooding: { kind: 'EVPN' },
  libvirtNetworks: [],
});

const isHost = ({ platform }: DeviceIntent): boolean => platform === 'DEBIAN_FRR';
const contents = ({ devices }: FabricIntent): string[] =>
  devices
    .filter(isHost)
    .flatMap(renderDevice)
    .map(({ device, path, content, sha256 }) => `${device} ${path} ${sha256}\n${content}`);
const piecesOf = (intent: DeviceIntent): readonly Piece[] =>
  [...ifupdown2Artefacts(intent), ...frrArtefacts(intent)].flatMap(({ text }) =>
    text.flatMap((line) => (typeof line === 'string' ? [] : [line])),
  );
const templatesOf = (intent: DeviceIntent): readonly Template[] => piecesOf(intent).flatMap(({ templates }) => templates);
const fileOf = (intent: DeviceIntent, path: string): string => renderDevice(intent).find((one) => one.path === path)?.content ?? '';

describe('hosts whose networks come, go and change', () => {
  const network = fc.record({
    id: fc.integer({ min: 0, max: 60 }),
    name: fc.constantFrom('front', 'back', 'Société "x"'),
    isRouted: fc.boolean(),
    hasV6: fc.boolean(),
    places: fc.constantFrom<Wanted['places'][number][][]>(
      ['TAGGED', 'TAGGED'],
      ['BRIDGE_ONLY', 'TAGGED'],
      ['TAGGED'],
      ['BRIDGE_ONLY', 'BRIDGE_ONLY'],
    ),
  });
  const networks = fc.uniqueArray(network, { selector: ({ id }) => id, maxLength: 40 });
  /** Of the first list some, and a few that are others. */
  const steps = fc.array(
    fc.tuple(
      fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 5 }),
      fc.uniqueArray(network, { selector: ({ id }) => id, maxLength: 5 }),
    ),
    {
      maxLength: 4,
    },
  );

  it('have the files of hosts that are rendered for the first time, byte for byte', () => {
    fc.assert(
      fc.property(networks, steps, (first, changes) => {
        const compiler = new FabricCompiler();
        let current = first;
        expect(contents(compiler.compile(fabricOf(current)))).toEqual(contents(compileFabric(fabricOf(current))));
        for (const [gone, come] of changes) {
          const others = new Set([...gone, ...come.map(({ id }) => id)]);
          current = [...current.filter(({ id }) => !others.has(id)), ...come];
          expect(contents(compiler.compile(fabricOf(current)))).toEqual(contents(compileFabric(fabricOf(current))));
        }
      }),
      { numRuns: 40 },
    );
  });

  it.each([
    { what: 'that is bridged', id: 21, paths: ['interfaces(5)', 'router bgp'] },
    { what: 'that is routed', id: 20, paths: ['interfaces(5)', 'router bgp', 'router bgp vrf'] }, // its subnets are looked at again
  ])('keep all pieces but those of a network with another name: $what', ({ id, paths }) => {
    const networksNow = Array.from({ length: 50 }, (_, other) => wanted(other));
    const compiler = new FabricCompiler();
    const before = piecesOf(deviceIntent(compiler.compile(fabricOf(networksNow)), 'pve1'));
    const renamed = fabricOf(networksNow.map((one) => (one.id === id ? wanted(id, { name: 'another' }) : one)));
    const after = piecesOf(deviceIntent(compiler.compile(renamed), 'pve1'));
    const made = after.filter((piece) => !before.includes(piece));
    expect(before.length).toBeGreaterThan(20);
    expect(made).toHaveLength(paths.length);
    expect(made.flatMap(({ templates }) => templates).length).toBeLessThan(12);
  });

  it('share the lines of their networks and VRFs with other hosts', () => {
    const fabric = compileFabric(fabricOf(Array.from({ length: 50 }, (_, id) => wanted(id, { places: ['TAGGED', 'TAGGED'] }))));
    const [one, other] = ['pve1', 'pve2'].map((slug) => new Set(templatesOf(deviceIntent(fabric, slug))));
    expect(one?.size).toBeGreaterThan(100);
    expect(one).toEqual(other);
    for (const template of one ?? []) expect(other?.has(template)).toBe(true);
  });
});

describe('hosts with the same networks and something else about them', () => {
  const pve1 = deviceIntent(compileFabric(fabricOf([wanted(0), wanted(1), wanted(40)])), 'pve1');
  const { vtep, bgp, edgePorts, vrfs, l2vnis } = pve1;
  const others: Readonly<Record<string, Partial<DeviceIntent>>> = {
    'other VLANs of a port': {
      edgePorts: edgePorts.map((port) => ({
        ...port,
        members: port.members.map((member) => ({ ...member, vlan: 7 as VlanId })).slice(0, 1),
      })),
    },
    'no ports': { edgePorts: [] },
    'another VTEP address': { vtep: vtep && { ...vtep, address: '172.16.1.99' as Ip } },
    'a VTEP address of IPv6': { vtep: vtep && { ...vtep, address: '2001:db8::99' as Ip } },
    'another UDP port': { vtep: vtep && { ...vtep, udpPort: 8472 } },
    'another gateway MAC': { anycastGatewayMac: '00:1c:73:00:00:99' as Mac },
    'another router id': { bgp: bgp && { ...bgp, routerId: '172.16.1.98' as Ip } },
    'a newer FRR': { software: { frr: '10.8' } },
    'a static route': {
      vrfs: vrfs.map((vrf) => ({ ...vrf, staticRoutes: [{ prefix: '10.9.0.0/16' as Cidr, nextHop: '10.20.0.9' as Ip }] })),
    },
    'a network less': { l2vnis: l2vnis.slice(1) },
    'a network made on demand': {
      libvirt: { networks: [], onDemand: { removeAfterSeconds: 60, bridgePrefix: 'br', networks: l2vnis.slice(0, 1).map(onDemand) } },
    },
  };

  it.each(Object.keys(others))('have their own files: %s', (what) => {
    const changed: DeviceIntent = { ...pve1, ...others[what] };
    const files = (intent: DeviceIntent): string[] =>
      [...ifupdown2Artefacts(intent), ...frrArtefacts(intent)].flatMap(({ text }) => withoutPieces(text));
    files(pve1);
    expect(files(changed)).not.toEqual(files(pve1));
    expect(files(changed)).toEqual(files(structuredClone(changed)));
  });
});

describe('what a host puts into shared lines', () => {
  const pve1 = deviceIntent(compileFabric(fabricOf([wanted(0), wanted(1)])), 'pve1');
  const refused = expect.objectContaining({ code: 'RENDER_ESCAPE' });
  const hostile = ['1.2.3.4\n    post-up reboot', '1.2.3.4; reboot', '$(reboot)', 'a b', '', 'é'];

  it.each(hostile)('is never handed out as an address, a MAC or a port: %j', (value) => {
    const { vtep, vrfs, edgePorts } = pve1;
    expect(() => renderDevice({ ...pve1, vtep: vtep && { ...vtep, address: value as Ip } })).toThrow(refused);
    expect(() => renderDevice({ ...pve1, vrfs: vrfs.map((vrf) => ({ ...vrf, routerMac: value as Mac })) })).toThrow(refused);
    expect(() => renderDevice({ ...pve1, edgePorts: edgePorts.map((port) => ({ ...port, port: value as PortName })) })).toThrow(refused);
  });

  it.each(['1:1\n  exit-vni', '1:1 x', '', 'é'])('is never handed out as a route distinguisher: %j', (value) => {
    const rd = value as RouteDistinguisher;
    expect(() => renderDevice({ ...pve1, l2vnis: pve1.l2vnis.map((network) => ({ ...network, rd })) })).toThrow(refused);
    expect(() => renderDevice({ ...pve1, vrfs: pve1.vrfs.map((vrf) => ({ ...vrf, rd })) })).toThrow(refused);
  });

  it('is one stanza for each name, where a VRF is called like the VLAN of a port', () => {
    const name = 'ens20.100' as DeviceName;
    const text = fileOf({ ...pve1, vrfs: pve1.vrfs.map((vrf) => ({ ...vrf, name })) }, INTERFACES_PATH);
    expect(text.match(/^iface ens20\.100$/gm)).toHaveLength(1);
    expect(text).toContain('vlan-raw-device ens20\n    vlan-id 100\n    vrf-table auto');
  });

  it('is one stanza for each name, where a port is called like the VLAN of another', () => {
    const [port] = pve1.edgePorts;
    const vlan = { port: 'ens20.100' as PortName, members: [] };
    const text = fileOf({ ...pve1, edgePorts: [...pve1.edgePorts, vlan] }, INTERFACES_PATH);
    expect(port?.members.map((member) => member.vlan as VlanId)).toContain(100);
    expect(text.match(/^iface ens20\.100$/gm)).toHaveLength(1);
    expect(fileOf(pve1, FRR_PATH)).toContain('vni 10000');
  });
});
