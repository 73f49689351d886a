import { compileFabric, type FabricIntent } from '#engines/intent';
import { demoFabric, demoSnapshot, scenarios } from '#engines/intent/testing';
import { type DeviceId, Ip } from '#engines/kernel';
import { draftPlan, wholePlan } from './make-plan.js';
import type { DeviceRecord } from './plan.js';
import type { PlanCircumstances } from './risk.js';

const QUIET: PlanCircumstances = { management: new Map(), protectedNetworks: new Set(), locks: new Map(), barred: new Map() };
const makeDeploymentPlan = (intent: FabricIntent, records: ReadonlyMap<DeviceId, DeviceRecord>, over: Partial<PlanCircumstances> = {}) =>
  wholePlan(draftPlan(intent, records, { ...QUIET, ...over }), 60);

const scenario = (name: string): FabricIntent => compileFabric((scenarios[name] ?? demoSnapshot)());

/** What is known of devices that have been given `before`. */
function verified(before: FabricIntent): ReadonlyMap<DeviceId, DeviceRecord> {
  return new Map(
    before.devices.map((device) => [
      device.deviceId,
      {
        deviceId: device.deviceId,
        verifiedDigest: 'of something else',
        verifiedIntent: device,
        verifiedArtefacts: [],
        uncertainArtefacts: [],
        isUncertain: false,
        isResting: false,
      },
    ]),
  );
}
const risks = (before: FabricIntent, after: FabricIntent) =>
  Object.fromEntries(makeDeploymentPlan(after, verified(before)).items.map(({ slug, risk }) => [slug, risk]));

describe('the risk of a plan', () => {
  it('is low for a network more', () => {
    const before = compileFabric(demoFabric().build());
    expect(risks(before, compileFabric(demoSnapshot()))).toEqual({ pve1: 'LOW', pve2: 'LOW', test: 'LOW' });
  });

  it('is high where the wiring of a host changes, for it may be the way by which people reach it', () => {
    const before = scenario('host-bond-lacp');
    const after: FabricIntent = {
      ...before,
      devices: before.devices.map((device) => ({
        ...device,
        host: device.host && {
          ...device.host,
          bonds: device.host.bonds.map((bond) => ({ ...bond, mode: 'active-backup' as const, lacpRate: null, hashPolicy: null })),
        },
      })),
    };
    expect(before.devices.some(({ host }) => (host?.bonds.length ?? 0) > 0)).toBe(true);
    expect(Object.values(risks(before, after))).toContain('HIGH');
  });

  it('is high where a VRF leaves the fabric by another gateway', () => {
    const before = scenario('frr-exit-nodes');
    const after: FabricIntent = {
      ...before,
      devices: before.devices.map((device) => ({
        ...device,
        vrfs: device.vrfs.map((vrf) => ({
          ...vrf,
          exit: vrf.exit && { ...vrf.exit, gateways: vrf.exit.gateways.map((gateway) => ({ ...gateway, address: Ip.parse('192.0.2.9') })) },
        })),
      })),
    };
    expect(before.devices.some(({ vrfs }) => vrfs.some(({ exit }) => exit !== null))).toBe(true);
    expect(Object.values(risks(before, after))).toContain('HIGH');
  });

  it('takes what an older release did not keep for nothing', () => {
    const now = compileFabric(demoSnapshot());
    const LATER = new Set(['host', 'lags', 'mlag', 'switch', 'igp', 'vtepDevice', 'software', 'openvswitch', 'libvirt']);
    const devices = now.devices.map((device) => Object.fromEntries(Object.entries(device).filter(([key]) => !LATER.has(key))));
    const older = { ...now, devices } as unknown as FabricIntent;
    expect(new Set(Object.values(risks(older, now)))).toEqual(new Set(['LOW']));
  });
});

describe('a device that needs what nobody can push', () => {
  it.each([
    ['frr-bfd', /secret/],
    ['ovs-hypervisor-vlan-classic', /classic ifupdown/],
  ])('of %s is neither planned nor taken for done', (name, because) => {
    const intent = scenario(name);
    const plan = makeDeploymentPlan(intent, new Map());
    expect(plan.withheld.length).toBeGreaterThan(0);
    for (const device of plan.withheld) expect(device.because).toMatch(because);
    const withheld = new Set(plan.withheld.map(({ slug }) => slug));
    expect(plan.items.filter(({ slug }) => withheld.has(slug))).toEqual([]);
    const ids = new Set(intent.devices.filter(({ slug }) => withheld.has(slug)).map(({ deviceId }) => deviceId));
    expect(plan.settled.filter((id) => ids.has(id))).toEqual([]);
  });

  it.each([
    ['frr-ospf', '/etc/frr/daemons'],
    ['libvirt-on-demand', '/etc/libvirt/hooks/qemu.d/trame'],
    ['ovs-hypervisor-vlan', '/var/lib/trame/openvswitch.json'],
  ])('is not one of %s: %s is pushed, too', (name, path) => {
    const plan = makeDeploymentPlan(scenario(name), new Map());
    expect(plan.withheld).toEqual([]);
    expect(plan.items.flatMap(({ artefacts }) => artefacts.map((artefact) => artefact.path))).toContain(path);
  });

  it('is none of an everyday fabric', () => {
    expect(makeDeploymentPlan(compileFabric(demoSnapshot()), new Map()).withheld).toEqual([]);
  });
});

describe('a plan for a fabric of which devices are not ours yet', () => {
  const fabric = compileFabric(demoSnapshot());
  const idOf = (slug: string): DeviceId => (fabric.devices.find((device) => device.slug === slug) as { deviceId: DeviceId }).deviceId;
  const adopted: FabricIntent = {
    ...fabric,
    devices: fabric.devices.map((device) =>
      device.slug === 'pve1' ? { ...device, adopted: { names: [], deviations: [], kept: [] } } : device,
    ),
  };
  const planned = (over: Partial<PlanCircumstances>) => makeDeploymentPlan(adopted, new Map(), over).items;
  const pve1 = planned({}).find(({ slug }) => slug === 'pve1');

  it('has none of those that are only observed', () => {
    expect(planned({ observed: new Set([idOf('pve1'), idOf('test')]) }).map(({ slug }) => slug)).toEqual(['pve2']);
  });

  it('has none that was adopted before somebody has read it for what shall be pushed', () => {
    const other = { desiredDigest: 'of something else', differences: [], error: null };
    for (const takeovers of [new Map(), new Map([[idOf('pve1'), other]])])
      expect(
        planned({ takeovers })
          .map(({ slug }) => slug)
          .sort(),
      ).toEqual(['pve2', 'test']);
  });

  it.each([
    [[], /means the same, and nothing changes/, true],
    [['x / "a" instead of "b"', 'y / "c" instead of nothing'], /2 of its lines become others, the first: x/, false],
  ])('says what reading it has found: %j', (differences, reason, isUnchanged) => {
    const takeovers = new Map([[idOf('pve1'), { desiredDigest: pve1?.desiredDigest ?? '', differences, error: null }]]);
    const item = planned({ takeovers }).find(({ slug }) => slug === 'pve1');
    expect(item).toMatchObject({ risk: 'HIGH', riskReasons: [expect.stringMatching(reason)] });
    expect({ diff: item?.diff === '', hunks: item?.hunks.length === 0 }).toEqual({ diff: isUnchanged, hunks: isUnchanged });
  });

  it('is made with the reason why a device could not be read', () => {
    const takeovers = new Map([[idOf('pve1'), { desiredDigest: null, differences: [], error: 'UNREACHABLE: no route' }]]);
    expect(planned({ takeovers }).find(({ slug }) => slug === 'pve1')?.riskReasons).toEqual([
      expect.stringContaining('UNREACHABLE: no route'),
    ]);
  });
});
