import { compileFabric, FabricCompiler, type FabricIntent, type FabricSnapshot, type NetworkFacts } from '#engines/intent';
import { demoFabric, dice, mutations, randomFabric } from '#engines/intent/testing';
import { canonicalJson, isDomainError, Label, type VlanId } from '#engines/kernel';

/** As text: what is compared is large. */
function outcome(compile: () => FabricIntent): string {
  try {
    return canonicalJson(compile());
  } catch (error) {
    if (isDomainError(error)) return canonicalJson({ findings: error.facts });
    throw error;
  }
}

/** The builder says a VLAN once for each place; a database says it once for each device, and only such a fabric is followed. */
function onceEach(snapshot: FabricSnapshot): FabricSnapshot {
  const mappings = new Map(snapshot.vlanMappings.map((mapping) => [`${mapping.deviceId} ${mapping.networkId}`, mapping]));
  return { ...snapshot, vlanMappings: [...mappings.values()] };
}

/** The facts again, as another reading of the database gives them: nothing is the same object. */
const readAgain = (snapshot: FabricSnapshot): FabricSnapshot => structuredClone(snapshot);
const turned = (snapshot: FabricSnapshot): FabricSnapshot => ({
  ...snapshot,
  attachments: snapshot.attachments.toReversed(),
  networks: snapshot.networks.toReversed(),
  vlanMappings: snapshot.vlanMappings.toReversed(),
  routeDistinguishers: snapshot.routeDistinguishers.toReversed(),
});
const withNetworks = (snapshot: FabricSnapshot, change: (network: NetworkFacts, place: number) => NetworkFacts): FabricSnapshot => ({
  ...snapshot,
  networks: snapshot.networks.map(change),
});

/** Without one network, without one of its places, with another name, VLAN or MTU; and now and then with something wrong. */
function step(snapshot: FabricSnapshot, first: FabricSnapshot, roll: () => number): FabricSnapshot {
  const one = <T>(list: readonly T[]): T | undefined => list[Math.floor(roll() * list.length)];
  const network = one(snapshot.networks);
  const place = one(snapshot.attachments);
  const mapping = one(snapshot.vlanMappings);
  const mutation = one(mutations);
  const changes: (() => FabricSnapshot | null | undefined)[] = [
    () => withoutNetwork(snapshot, network),
    () => ({ ...snapshot, attachments: snapshot.attachments.filter((other) => other !== place) }),
    () => withNetworks(snapshot, (other) => (other === network ? { ...other, name: Label.parse(`name ${roll()}`) } : other)),
    () => withNetworks(snapshot, (other) => (other === network ? { ...other, subnets: [] } : other)),
    () => withNetworks(snapshot, (other) => (other === network ? { ...other, mtu: 1200 + Math.floor(roll() * 400) } : other)),
    () => withNetworks(snapshot, (other) => (other === network ? { ...other, vrfId: one(snapshot.vrfs)?.id ?? null } : other)),
    () => ({
      ...snapshot,
      vlanMappings: snapshot.vlanMappings.map((other) =>
        other === mapping ? { ...other, vlan: (2 + Math.floor(roll() * 60)) as VlanId } : other,
      ),
    }),
    () => mutation?.apply(snapshot, roll),
    () => readAgain(snapshot),
    () => turned(snapshot),
    () => ({ ...first, revision: snapshot.revision }),
  ];
  return { ...(one(changes)?.() ?? first), revision: snapshot.revision + 1 };
}

function withoutNetwork(snapshot: FabricSnapshot, network: NetworkFacts | undefined): FabricSnapshot {
  return {
    ...snapshot,
    networks: snapshot.networks.filter((other) => other !== network),
    attachments: snapshot.attachments.filter(({ networkId }) => networkId !== network?.id),
    vlanMappings: snapshot.vlanMappings.filter(({ networkId }) => networkId !== network?.id),
    routeDistinguishers: snapshot.routeDistinguishers.filter(({ eviId }) => eviId !== network?.eviId),
  };
}

describe('a fabric that is compiled again and again', () => {
  it('gives what compiling it whole gives, intents and findings, whatever happened to it', () => {
    const seen = { intents: 0, refusals: 0 };
    for (let seed = 0; seed < 12; seed++) {
      const roll = dice(seed);
      const first = onceEach(randomFabric(seed));
      const compiler = new FabricCompiler();
      let snapshot = first;
      for (let round = 0; round < 8; round++) {
        const expected = outcome(() => compileFabric(snapshot));
        expect(
          outcome(() => compiler.compile(snapshot)),
          `seed ${seed}, round ${round}`,
        ).toBe(expected);
        const isRefused = expected.startsWith('{"findings"');
        seen[isRefused ? 'refusals' : 'intents']++;
        snapshot = step(isRefused ? first : snapshot, first, roll);
      }
    }
    expect(Math.min(seen.intents, seen.refusals)).toBeGreaterThan(8);
  });

  it('finds every error that one change brings', () => {
    for (const [place, mutation] of mutations.entries()) {
      for (let seed = 0; seed < 1; seed++) {
        const fabric = onceEach(randomFabric(seed * 31 + place));
        const broken = mutation.apply(fabric, dice(seed));
        if (!broken) continue;
        const compiler = new FabricCompiler();
        compiler.compile(fabric);
        expect(
          outcome(() => compiler.compile(broken)),
          `${mutation.name}, seed ${seed}`,
        ).toBe(outcome(() => compileFabric(broken)));
      }
    }
  });
});

describe('devices of which nothing is another', () => {
  const blue = { slug: 'blue', vni: 10_001, eviId: 1, on: ['pve1', { device: 'test', port: 'Ethernet2', vlan: 100 }] } as const;
  const green = { slug: 'green', vni: 10_002, eviId: 2, on: ['pve2'] } as const;
  const build = (...networks: Parameters<ReturnType<typeof demoFabric>['network']>[0][]): FabricSnapshot =>
    networks.reduce((builder, network) => builder.network(network), demoFabric()).build();
  const kept = (before: FabricIntent, after: FabricIntent): string[] =>
    after.devices.filter((device) => before.devices.includes(device)).map(({ slug }) => slug);

  it.each([
    ['another name of a network', build({ ...blue, name: 'Azure' }, green), ['pve2']],
    ['a network less', build(green), ['pve2']],
    ['a network more', build(blue, green, { slug: 'red', vni: 10_003, eviId: 3, on: ['pve2'] }), ['pve1', 'test']],
    ['a place more', build({ ...blue, on: [...blue.on, 'pve2'] }, green), []],
    ['nothing', build(blue, green), ['pve1', 'pve2', 'test']],
    ['nothing but the order of the facts', turned(build(blue, green)), ['pve1', 'pve2', 'test']],
  ])('are the same objects after %s', (_what, after, same) => {
    for (const again of [after, readAgain(after)]) {
      const compiler = new FabricCompiler();
      const before = compiler.compile(build(blue, green));
      const now = compiler.compile(again);
      expect(kept(before, now)).toEqual(same);
      expect(now).toEqual(compileFabric(again));
    }
  });

  it('are compiled anew where the fabric is another', () => {
    const compiler = new FabricCompiler();
    compiler.compile(build(blue, green));
    const other = demoFabric().fabric({ vtepUdpPort: 8472 }).network(blue).network(green).build();
    expect(compiler.compile(other)).toEqual(compileFabric(other));
  });

  it('keep what they say of networks that are not another', () => {
    const compiler = new FabricCompiler();
    const before = compiler.compile(build(blue, { ...green, on: ['pve1'] }));
    const now = compiler.compile(build({ ...blue, name: 'Azure' }, { ...green, on: ['pve1'] }));
    const of = (intent: FabricIntent) => intent.devices.find(({ slug }) => slug === 'pve1')?.l2vnis;
    expect(of(now)?.[0]).not.toBe(of(before)?.[0]);
    expect(of(now)?.[1]).toBe(of(before)?.[1]);
  });
});
