import { compileFabric, type DeviceIntent, type FabricIntent } from '#engines/intent';
import { demoSnapshot, scenarios } from '#engines/intent/testing';
import type { DeviceId } from '#engines/kernel';
import { draftPlan, wholePlan } from './make-plan.js';
import type { DeviceRecord } from './plan.js';
import { barKey, type PlanCircumstances, riskReasons } from './risk.js';
import { causesOf } from './causes.js';

const QUIET: PlanCircumstances = { management: new Map(), protectedNetworks: new Set(), locks: new Map(), barred: new Map() };
const demo = compileFabric(demoSnapshot());
const record = (device: DeviceIntent, over: Partial<DeviceRecord> = {}): DeviceRecord => ({
  deviceId: device.deviceId,
  verifiedDigest: 'of something else',
  verifiedIntent: device,
  verifiedArtefacts: [],
  uncertainArtefacts: [],
  isUncertain: false,
  isResting: false,
  ...over,
});
const was = (intent: FabricIntent): Map<DeviceId, DeviceRecord> =>
  new Map(intent.devices.map((device) => [device.deviceId, record(device)]));
const plan = (before: FabricIntent, after: FabricIntent, over: Partial<PlanCircumstances> = {}) =>
  wholePlan(draftPlan(after, was(before), { ...QUIET, ...over }), 60);
const only = (intent: FabricIntent, slug: string, change: (device: DeviceIntent) => DeviceIntent): FabricIntent => ({
  ...intent,
  devices: intent.devices.map((device) => (device.slug === slug ? change(device) : device)),
});
const reasons = (drafted: ReturnType<typeof plan>, slug: string): string =>
  drafted.items.find((item) => item.slug === slug)?.riskReasons.join(' ') ?? 'not in the plan';
const pve1 = demo.devices.find(({ slug }) => slug === 'pve1') as DeviceIntent;
const keep = (intent: FabricIntent, count: number): FabricIntent =>
  only(intent, 'pve1', (device) => ({ ...device, l2vnis: device.l2vnis.slice(0, count) }));
/** Of one device, without rendering it. */
const asked = (before: DeviceIntent, after: DeviceIntent, over: Partial<PlanCircumstances> = {}): string =>
  riskReasons(after, before, causesOf(before, after), 'digest', { ...QUIET, ...over }).join(' ');
const withNetworks = (count: number): DeviceIntent => ({
  ...pve1,
  l2vnis: Array.from({ length: count }, (_, index) => ({
    ...(pve1.l2vnis[0] as DeviceIntent['l2vnis'][number]),
    networkSlug: `net-${index}` as DeviceIntent['l2vnis'][number]['networkSlug'],
  })),
});

describe('a person is asked', () => {
  it('about a first takeover', () => {
    const first = wholePlan(draftPlan(demo, new Map(), QUIET), 60);
    expect(first.risk).toBe('HIGH');
    expect(reasons(first, 'pve1')).toMatch(/for the first time/);
  });

  it('about more than five networks that go, when they are more than a tenth', () => {
    expect(asked(withNetworks(20), withNetworks(15))).toBe('');
    expect(asked(withNetworks(20), withNetworks(14))).toBe('6 of the 20 networks on pve1 are removed.');
    expect(asked(withNetworks(60), withNetworks(54))).toBe('');
    expect(asked(withNetworks(60), withNetworks(53))).toBe('7 of the 60 networks on pve1 are removed.');
  });

  it('about a protected network, whatever happens to it', () => {
    const [network] = pve1.l2vnis;
    const protectedNetworks = new Set([network?.networkSlug as string]);
    expect(reasons(plan(demo, keep(demo, 0), { protectedNetworks }), 'pve1')).toMatch(/protected network .* is removed on pve1/);
    expect(reasons(plan(keep(demo, 0), demo, { protectedNetworks }), 'pve1')).toMatch(/protected network .* is added on pve1/);
    expect(plan(demo, keep(demo, 0), { protectedNetworks: new Set(['another']) }).risk).toBe('LOW');
  });

  it('about a network that comes out at the port by which the device is managed, or at what that stands on', () => {
    const scenario = scenarios['host-bond-lacp'];
    if (!scenario) throw new Error('there is no host with a bond');
    const fabric = compileFabric(scenario());
    const host = fabric.devices.find(({ host: facts }) => (facts?.bonds.length ?? 0) > 0) as DeviceIntent;
    const [bond] = host.host?.bonds ?? [];
    const [member] = bond?.members ?? [];
    if (!bond || !member) throw new Error('the host has a bond with members');
    const at = (port: string): DeviceIntent => ({
      ...host,
      edgePorts: [
        ...host.edgePorts,
        { port, members: [{ vni: 10_000, vlan: null, tagging: 'TAGGED' }] } as unknown as DeviceIntent['edgePorts'][number],
      ],
    });
    const management = new Map([[host.deviceId, { address: '192.0.2.1', port: bond.name as string }]]);
    for (const port of [bond.name, member]) expect(asked(host, at(port), { management })).toContain(`managed over ${bond.name}`);
    expect(asked(host, at('ens99'), { management })).toBe('');
  });

  it('about the port that has the management address, where nobody said which it is', () => {
    const link = pve1.underlayPorts.find(({ address }) => address !== null);
    if (!link?.address) throw new Error('pve1 has a link');
    const management = new Map([[pve1.deviceId, { address: link.address as string, port: null }]]);
    const changed = only(demo, 'pve1', (device) => ({
      ...device,
      underlayPorts: device.underlayPorts.map((one) => (one.port === link.port ? { ...one, mtu: 9000 } : one)),
    }));
    expect(reasons(plan(demo, changed, { management }), 'pve1')).toContain(`managed over ${link.port}`);
  });

  it('about what was stopped before, and not about anything else', () => {
    const [item] = plan(keep(demo, 0), demo).items.filter(({ slug }) => slug === 'pve1');
    if (!item) throw new Error('pve1 is in the plan');
    const barred = new Map([[barKey(item.deviceId, item.desiredDigest), 'pve1: BGP peer is down']]);
    const again = plan(keep(demo, 0), demo, { barred });
    expect(reasons(again, 'pve1')).toContain('was stopped: pve1: BGP peer is down');
    expect(again.items.filter(({ risk }) => risk === 'HIGH').map(({ slug }) => slug)).toEqual(['pve1']);
  });

  it('about more than ten devices that change, when they are more than a fifth of all', () => {
    const fabric = (count: number): FabricIntent => ({
      ...demo,
      devices: Array.from({ length: count }, (_, index) => ({
        ...pve1,
        slug: `host${index}` as DeviceIntent['slug'],
        deviceId: `id-${index}` as DeviceId,
      })),
    });
    const changing = (changed: number, all: number): string => {
      const intent = fabric(all);
      const records = was(intent);
      const settled = draftPlan(intent, records, QUIET).changed.slice(changed);
      for (const { deviceId, desiredDigest } of settled) {
        const known = records.get(deviceId);
        if (known) records.set(deviceId, { ...known, verifiedDigest: desiredDigest });
      }
      return wholePlan(draftPlan(intent, records, QUIET), 60).risk;
    };
    expect([changing(10, 20), changing(11, 60), changing(12, 59)]).toEqual(['LOW', 'LOW', 'HIGH']);
  });
});

describe('a locked device', () => {
  it('is withheld with the reason, where it has something to do', () => {
    const until = new Date('2026-11-21T18:00:00Z');
    const locks = new Map([[pve1.deviceId, { reason: 'new fans', heldBy: 'alice', until }]]);
    const drafted = draftPlan(demo, was(demo), { ...QUIET, locks });
    expect(drafted.changed.map(({ slug }) => slug)).not.toContain('pve1');
    expect(drafted.withheld).toEqual([
      { deviceId: pve1.deviceId, slug: 'pve1', because: 'locked by alice until 2026-11-21T18:00:00.000Z: new fans', isLocked: true },
    ]);
  });
});

describe('everyday work', () => {
  it('does not soak, what a person is asked about does, and a wish is part of what is approved', () => {
    const [before, after] = [keep(demo, 0), demo];
    const everyday = plan(before, after);
    expect([everyday.risk, everyday.strategy.soakSeconds]).toEqual(['LOW', 0]);
    expect(wholePlan(draftPlan(demo, new Map(), QUIET), 60).strategy.soakSeconds).toBe(60);
    expect(wholePlan(draftPlan(after, was(before), QUIET), 60, { soakSeconds: 5 }).digest).not.toBe(everyday.digest);
  });
});
