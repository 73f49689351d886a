import { compileFabric, FabricCompiler, type FabricIntent, type FabricSnapshot, type NetworkFacts } from '#engines/intent';
import { dice, randomFabric } from '#engines/intent/testing';
import { canonicalJson, Ip, isDomainError, Label, Mac, RouteTarget } from '#engines/kernel';

/** As text: what is compared is large. */
function outcome(compile: () => FabricIntent): string {
  try {
    return canonicalJson(compile());
  } catch (error) {
    if (isDomainError(error)) return `refused ${canonicalJson(error.facts)}`;
    throw error;
  }
}

/** The builder says a VLAN once for each place; a database says it once for each device, and only such a fabric is followed. */
function onceEach(snapshot: FabricSnapshot): FabricSnapshot {
  const mappings = new Map(snapshot.vlanMappings.map((mapping) => [`${mapping.deviceId} ${mapping.networkId}`, mapping]));
  return { ...snapshot, vlanMappings: [...mappings.values()] };
}

/** What a network may say instead; absent fields take it as well as others. */
const OTHER: { readonly [Field in keyof Required<Omit<NetworkFacts, 'id'>>]: Required<NetworkFacts>[Field] | null } = {
  slug: null,
  name: Label.parse('another'),
  vrfId: null,
  vni: null,
  eviId: null,
  mtu: 1300,
  importTargets: null,
  exportTargets: null,
  subnets: [],
  replication: 'INGRESS_STATIC',
  multicastGroup: Ip.parse('239.1.2.3'),
  bundle: 'one',
  remoteTarget: RouteTarget.parse('65051:77'),
  isProtected: true,
  guestMacs: [Mac.parse('02:00:00:00:00:01')],
};
const NETWORK_FIELDS = Object.keys(OTHER) as (keyof typeof OTHER)[];
const PLACE_FIELDS = ['networkId', 'deviceId', 'port', 'tagging'] as const;

/** The same list, in which two entries have each other's values. */
function swapped<T extends object>(list: readonly T[], a: T, b: T, fields: readonly (keyof T)[]): T[] {
  const taking = (one: T, from: T): T => {
    const made = { ...one };
    for (const field of fields) {
      if (from[field] === undefined) delete made[field];
      else made[field] = from[field];
    }
    return made;
  };
  return list.map((one) => (one === a ? taking(a, b) : one === b ? taking(b, a) : one));
}

/** By name: all that two networks, places, VLANs or RDs of the fabric may exchange, and all that a network may say instead. */
function changes(snapshot: FabricSnapshot, roll: () => number): (readonly [string, FabricSnapshot])[] {
  const two = <T>(list: readonly T[]): readonly [T, T] | null => {
    const [a, b] = [0, 1].map(() => list[Math.floor(roll() * list.length)]);
    return a === undefined || b === undefined || a === b ? null : [a, b];
  };
  const exchanged = (name: string, fields: readonly (keyof NetworkFacts)[]): (readonly [string, FabricSnapshot])[] => {
    const pair = two(snapshot.networks);
    return pair ? [[name, { ...snapshot, networks: swapped(snapshot.networks, ...pair, fields) }]] : [];
  };
  const ofPlaces = PLACE_FIELDS.flatMap((field): (readonly [string, FabricSnapshot])[] => {
    const pair = two(snapshot.attachments);
    return pair ? [[`${field} of places`, { ...snapshot, attachments: swapped(snapshot.attachments, ...pair, [field]) }]] : [];
  });
  const device = two(snapshot.devices)?.[0]?.id;
  const vlans = two(snapshot.vlanMappings.filter(({ deviceId }) => deviceId === device));
  const rds = two(snapshot.routeDistinguishers.filter(({ deviceId }) => deviceId === device));
  return [
    ...NETWORK_FIELDS.flatMap((field) => exchanged(field, [field])),
    ...exchanged('numbers', ['vni', 'importTargets', 'exportTargets']),
    ...exchanged(
      'everything',
      NETWORK_FIELDS.filter((field) => field !== 'eviId'),
    ),
    ...NETWORK_FIELDS.flatMap((field): (readonly [string, FabricSnapshot])[] => {
      const one = two(snapshot.networks)?.[0];
      if (!one || OTHER[field] === null) return [];
      return [
        [
          `another ${field}`,
          { ...snapshot, networks: snapshot.networks.map((other) => (other === one ? { ...one, [field]: OTHER[field] } : other)) },
        ],
      ];
    }),
    ...ofPlaces,
    ...(vlans ? [['vlans', { ...snapshot, vlanMappings: swapped(snapshot.vlanMappings, ...vlans, ['vlan']) }] as const] : []),
    ...(rds ? [['rds', { ...snapshot, routeDistinguishers: swapped(snapshot.routeDistinguishers, ...rds, ['rd']) }] as const] : []),
  ];
}

describe('networks that exchange what they say', { timeout: 120_000 }, () => {
  it('leave nothing behind that was said before: every intent is that of the whole', () => {
    const compiled = new Map<string, number>();
    for (let seed = 0; seed < 16; seed++) {
      const first = onceEach(randomFabric(seed));
      for (const [name, after] of changes(first, dice(seed + 1000))) {
        const expected = outcome(() => compileFabric(after));
        const compiler = new FabricCompiler();
        compiler.compile(first);
        expect(
          outcome(() => compiler.compile(after)),
          `${name}, seed ${seed}`,
        ).toBe(expected);
        if (!expected.startsWith('refused')) compiled.set(name, (compiled.get(name) ?? 0) + 1);
      }
    }
    // A change that is always refused shows nothing.
    for (const name of ['vni', 'slug', 'name', 'mtu', 'subnets', 'vrfId', 'numbers', 'everything', 'vlans', 'rds', 'tagging of places'])
      expect([name, compiled.get(name) ?? 0], 'a change that is compiled now and then').toEqual([
        name,
        expect.toSatisfy((times: number) => times > 1),
      ]);
  });

  it('are followed back again, change after change', () => {
    for (let seed = 0; seed < 6; seed++) {
      const roll = dice(seed + 50);
      const first = onceEach(randomFabric(seed));
      const compiler = new FabricCompiler();
      for (const [name, after] of changes(first, roll)) {
        for (const [step, snapshot] of [after, first].entries()) {
          expect(
            outcome(() => compiler.compile(snapshot)),
            `${name}, seed ${seed}, step ${step}`,
          ).toBe(outcome(() => compileFabric(snapshot)));
        }
      }
    }
  });
});
