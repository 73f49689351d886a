import { compileFabric, type DeviceIntent, type FabricIntent } from '#engines/intent';
import { demoSnapshot, scenarios } from '#engines/intent/testing';
import { draftPlan, wholePlan } from './make-plan.js';
import { redundancyGroups } from './redundancy-groups.js';

const scenario = (name: string): FabricIntent => {
  const build = scenarios[name];
  if (!build) throw new Error(`there is no scenario ${name}`);
  return compileFabric(build());
};
const sharing = (devices: readonly DeviceIntent[]): string[][] => {
  const members = new Map<string, string[]>();
  for (const [slug, groups] of redundancyGroups(devices))
    for (const group of groups) members.set(group, [...(members.get(group) ?? []), slug]);
  return [...members.values()].map((slugs) => slugs.sort());
};

describe('devices that stand in for each other', () => {
  it('are the two of an MLAG pair', () => {
    const pair = scenario('eos-mlag-pair').devices.filter(({ mlag }) => mlag !== null);
    expect(pair).toHaveLength(2);
    expect(sharing(scenario('eos-mlag-pair').devices)).toContainEqual(pair.map(({ slug }) => slug as string).sort());
  });

  it('are the switches of an Ethernet segment, and not the host that hangs on them', () => {
    const { devices } = scenario('eos-ethernet-segment');
    const peers = devices.filter(({ lags }) => lags.some(({ segment }) => segment !== null)).map(({ slug }) => slug as string);
    expect(peers.length).toBeGreaterThan(1);
    expect(sharing(devices)).toContainEqual(peers.sort());
  });

  it('are the ways out of a VRF', () => {
    const { devices } = scenario('frr-exit-nodes');
    const exits = devices.filter(({ vrfs }) => vrfs.some(({ exit }) => exit !== null)).map(({ slug }) => slug as string);
    expect(exits.length).toBeGreaterThan(1);
    expect(sharing(devices)).toContainEqual(exits.sort());
  });

  it('are route reflectors of the same clients, as one group however many clients there are', () => {
    const demo = compileFabric(demoSnapshot()).devices;
    const reflector = demo.find(({ bgp }) => bgp?.neighbors.some((peer) => peer.routeReflectorClient)) as DeviceIntent;
    expect(sharing([reflector])).toEqual([]);
    const second = { ...reflector, slug: 'test2' as DeviceIntent['slug'] };
    expect(sharing([...demo, second])).toEqual([['test', 'test2']]);
  });

  it('are never in one step of a plan, whatever else the plan is about', () => {
    for (const name of ['eos-mlag-pair', 'eos-ethernet-segment', 'frr-exit-nodes']) {
      const intent = scenario(name);
      const nothing = { management: new Map(), protectedNetworks: new Set<string>(), locks: new Map(), barred: new Map() };
      const { items } = wholePlan(draftPlan(intent, new Map(), nothing), 0);
      const places = items.flatMap(({ wave, step, redundancy }) => redundancy.map((group) => `${group} ${wave}.${step}`));
      expect(places.length).toBeGreaterThan(1);
      expect(new Set(places).size).toBe(places.length);
    }
  });
});
