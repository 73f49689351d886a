import fc from 'fast-check';
import { checkFabric, compileFabric, type DeviceIntent, type FabricSnapshot, type Finding } from '#engines/intent';
import { dice, lacking, mutations, randomFabric } from '#engines/intent/testing';
import { cidrsOverlap, Cidr, Ip, RouteDistinguisher, RouteTarget } from '#engines/kernel';

const told = (findings: readonly Finding[]): string[] =>
  findings.map(({ severity, code, path, message }) => `${severity} ${code} ${path}: ${message}`);
/** The seed is what a failure prints; the fabric is made of it. */
const holds = (property: (snapshot: FabricSnapshot) => void, numRuns = 25): void =>
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), (seed) => {
      property(randomFabric(seed));
    }),
    { numRuns },
  );
const intents = (snapshot: FabricSnapshot): readonly DeviceIntent[] => compileFabric(snapshot).devices;

it('nothing is found in a fabric that is well-formed', () => {
  // A host that routes IPv6 waits for a person, however well its fabric is formed.
  holds((snapshot) => expect(told(checkFabric(snapshot).filter(({ code }) => code !== 'IPV6_FORWARDING'))).toEqual([]), 120);
});

describe('one thing that is wrong is found, whatever else the fabric has:', () => {
  it.each(mutations)('$name ($code)', ({ code, apply }) => {
    let broken = 0;
    for (let seed = 1; seed < 400 && broken < 5; seed++) {
      const wrong = apply(randomFabric(seed), dice(seed));
      if (wrong === null) continue;
      broken++;
      const found = checkFabric(wrong);
      expect(
        found.map((finding) => finding.code),
        `seed ${seed}`,
      ).toContain(code);
      expect(found.some((finding) => finding.code === code && finding.severity === 'ERROR')).toBe(true);
      expect(() => compileFabric(wrong)).toThrow(expect.objectContaining({ code: 'CHECK_FAILED' }));
    }
    expect(broken).toBe(5); // Or nothing was tried.
  });
});

it('a reference that leads nowhere is found, wherever it stands, and nothing stumbles over it', () => {
  for (let seed = 1; seed <= 150; seed++) {
    const roll = dice(seed);
    const { wrong, where } = withGhost(randomFabric(seed), roll);
    expect(
      checkFabric(wrong).map(({ code }) => code),
      `seed ${seed}: ${where}`,
    ).toContain('UNKNOWN_REFERENCE');
    expect(() => compileFabric(wrong)).toThrow(expect.objectContaining({ code: 'CHECK_FAILED' }));
  }
});

it('every finding says what to do, where, and about what', () => {
  for (const [seed, { apply }] of mutations.entries()) {
    const wrong = apply(randomFabric(seed), dice(seed));
    for (const { message, path, subjects } of wrong ? checkFabric(wrong) : []) {
      expect(message).toMatch(/^[a-z][^\n]{15,400}$/);
      expect(message).not.toMatch(/undefined|null|\[object|NaN/);
      expect(path).not.toMatch(/undefined|null/);
      expect(subjects.length).toBeGreaterThan(0);
      expect(subjects).toEqual([...new Set(subjects)].sort());
    }
  }
});

describe('what is compiled', () => {
  it('has distinguishers and targets of eight octets that come back', () => {
    holds((snapshot) => {
      for (const { l2vnis, vrfs } of intents(snapshot))
        for (const { rd, importTargets, exportTargets } of [...l2vnis, ...vrfs]) {
          expect(RouteDistinguisher.toHex(rd)).toMatch(/^[0-9a-f]{16}$/);
          expect(fromHex(RouteDistinguisher.toHex(rd), 4)).toBe(rd);
          for (const target of [...importTargets, ...exportTargets]) expect(fromHex(RouteTarget.toHex(target), 2)).toBe(target);
        }
    });
  });

  it('lets members of one instance reach each other both ways, and nobody else', () => {
    holds((snapshot) => {
      const all = intents(snapshot).flatMap(({ slug, l2vnis, vrfs }) => [
        ...l2vnis.map((network) => ({ ...network, slug, name: network.bundle ?? `network ${network.vni}`, from: [] as string[] })),
        ...vrfs.map((vrf) => ({
          ...vrf,
          slug,
          name: `vrf ${vrf.name}`,
          importTargets: [...vrf.importTargets, ...vrf.leaksFrom.flatMap(({ targets }) => targets)],
          from: vrf.leaksFrom.map(({ name }) => `vrf ${name}`),
        })),
      ]);
      const wrong: string[] = [];
      for (const here of all)
        for (const there of all) {
          const hears = here.importTargets.some((target) => there.exportTargets.includes(target));
          const may = here.name === there.name || here.from.includes(there.name);
          const must = may && ('l3vni' in here || ('vni' in there && 'vni' in here && here.vni === there.vni));
          if (must !== hears && (must || !may)) wrong.push(`${here.name} on ${here.slug}, ${there.name} on ${there.slug}`);
        }
      expect(wrong).toEqual([]);
    }, 15);
  });

  it('has a VNI once on a device, and for one network in the whole fabric', () => {
    holds((snapshot) => {
      const owners = new Map<number, string>();
      for (const { l2vnis, vrfs } of intents(snapshot)) {
        const here = [
          ...l2vnis.map(({ vni, networkSlug }) => [vni, networkSlug] as const),
          ...vrfs.map(({ l3vni, name }) => [l3vni, name] as const),
        ];
        expect(new Set(here.map(([vni]) => vni)).size).toBe(here.length);
        for (const [vni, owner] of here) expect(owners.get(vni) ?? owner).toBe(owner);
        for (const [vni, owner] of here) owners.set(vni, owner);
      }
    });
  });

  it('has one VLAN for one VNI on every switch', () => {
    holds((snapshot) => {
      for (const { platform, l2vnis } of intents(snapshot)) {
        if (platform !== 'ARISTA_EOS') continue;
        const used = l2vnis.map(({ vlan }) => vlan);
        expect(used).not.toContain(null);
        expect(new Set(used).size).toBe(l2vnis.length);
      }
    });
  });

  it('has the same gateways, with one MAC, wherever a network is routed', () => {
    holds((snapshot) => {
      const known = new Map<number, unknown>();
      for (const { l2vnis, anycastGatewayMac } of intents(snapshot))
        for (const { vni, gateways } of l2vnis) {
          const here = { anycastGatewayMac, gateways: gateways.map(({ address, prefixLength }) => `${address}/${prefixLength}`) };
          expect(known.get(vni) ?? here).toEqual(here);
          known.set(vni, here);
        }
    });
  });

  it('has legs of one segment or pair that agree in identifiers, VLANs and members of the trunk', () => {
    holds((snapshot) => {
      for (const { ends } of snapshot.lags ?? []) {
        const legs = intents(snapshot).flatMap(({ deviceId, platform, lags, edgePorts }) => {
          const end = ends.find((one) => one.deviceId === deviceId);
          if (!end || platform !== 'ARISTA_EOS') return [];
          const own = lags.find(({ name }) => name === end.name);
          return [
            { segment: own?.segment, mlag: own?.mlag, mode: own?.mode, members: edgePorts.find(({ port }) => port === end.name)?.members },
          ];
        });
        expect(legs).toHaveLength(2);
        expect(legs[0]).toEqual(legs[1]);
      }
    });
  });

  it('has two ends of every session that agree', () => {
    holds((snapshot) => {
      const devices = intents(snapshot);
      const bySlug = new Map(devices.map((device) => [String(device.slug), device]));
      for (const here of devices)
        for (const near of here.bgp?.neighbors ?? []) {
          const there = bySlug.get(near.description);
          const far = there?.bgp?.neighbors.find(
            ({ description, updateSource }) => description === here.slug && updateSource === near.address,
          );
          expect(far).toMatchObject({
            address: near.updateSource,
            remoteAsn: here.bgp?.asn,
            families: near.families,
            keepaliveSeconds: near.keepaliveSeconds,
            holdSeconds: near.holdSeconds,
            multihop: near.multihop,
            passwordSecret: near.passwordSecret,
            bfd: near.bfd,
          });
          expect(near.remoteAsn).toBe(there?.bgp?.asn);
          expect([near.port, far?.port].filter((port) => port === null)).not.toHaveLength(1);
        }
    });
  });

  it('has no network that does not fit through every VTEP of it', () => {
    holds((snapshot) => {
      const overhead = snapshot.fabric.underlayFamily === 6 ? 70 : 50;
      for (const { l2vnis, underlayPorts, vrfs } of intents(snapshot)) {
        const least = Math.min(snapshot.fabric.underlayMtu, ...underlayPorts.map(({ mtu }) => mtu ?? 1500));
        for (const { mtu } of [...l2vnis, ...vrfs]) expect(mtu + overhead).toBeLessThanOrEqual(least);
      }
    });
  });
});

describe('a naive look at everything comes to the same end', () => {
  const TARGETS = ['65051:1', '65051:2', '65051:3', '65051:4'].map(RouteTarget.parse);
  const some = fc.subarray(TARGETS, { maxLength: 2 });

  /** Few targets on many instances: most are wrong in some way. */
  const targeted = fc
    .record({
      seed: fc.integer({ min: 0, max: 100_000 }),
      networks: fc.array(fc.record({ imports: some, exports: some, bundle: fc.constantFrom(undefined, 'B', 'C') }), { maxLength: 4 }),
      vrfs: fc.array(fc.record({ imports: some, exports: some, edges: fc.subarray([0, 1, 2]) }), { maxLength: 3 }),
    })
    .map(({ seed, networks, vrfs }) => {
      const base = randomFabric(seed, {
        leafs: 3,
        hosts: 0,
        networks: networks.length,
        vrfs: vrfs.length,
        family: 4,
        underlay: 'REFLECTED',
        isJumbo: false,
        hasPair: false,
        hasSegment: false,
        hasExtras: false,
      });
      const ids = base.vrfs.map(({ id }) => id);
      return {
        ...base,
        networks: base.networks.map((network, i) => {
          const bundle = networks[i]?.bundle;
          const replication = 'INGRESS_EVPN' as const;
          return {
            ...lacking(network, 'bundle'),
            replication,
            importTargets: networks[i]?.imports ?? [],
            exportTargets: networks[i]?.exports ?? [],
            ...(bundle && { bundle }),
          };
        }),
        vrfs: base.vrfs.map((vrf, i) => ({
          ...lacking(vrf, 'importsFrom', 'loopbacks'),
          importTargets: vrfs[i]?.imports ?? [],
          exportTargets: vrfs[i]?.exports ?? [],
          importsFrom: (vrfs[i]?.edges ?? []).flatMap((at) => (at === i ? [] : (ids[at] ?? []))),
        })),
      };
    });

  it('about who hears whom', () => {
    fc.assert(
      fc.property(targeted, (snapshot) => {
        const codes = new Set(checkFabric(snapshot).map(({ code }) => code));
        expect(codes.has('RT_LEAK')).toBe(isJoined(snapshot));
      }),
      { numRuns: 200 },
    );
  });

  it('about subnets of VRFs and of those that they import', () => {
    const subnet = fc
      .tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 22, max: 25 }))
      .map(([at, length]) => `10.0.${length < 24 ? at & ~3 : at}.0/${length}`);
    const placed = fc.record({
      owners: fc.array(fc.record({ vrf: fc.integer({ min: 0, max: 2 }), cidr: subnet }), { minLength: 1, maxLength: 5 }),
      edges: fc.uniqueArray(fc.constantFrom([0, 1], [0, 2], [1, 2], [2, 0]), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(placed, ({ owners, edges }) => {
        const base = randomFabric(7, {
          leafs: 2,
          hosts: 0,
          networks: owners.length,
          vrfs: 3,
          family: 4,
          underlay: 'REFLECTED',
          isJumbo: false,
          hasPair: false,
          hasSegment: false,
          hasExtras: false,
        });
        const vrfs = base.vrfs.map((vrf, i) => ({
          ...lacking(vrf, 'importsFrom', 'loopbacks'),
          importsFrom: edges.flatMap(([from, to]) => (from === i ? (base.vrfs[to ?? 0]?.id ?? []) : [])),
        }));
        const networks = base.networks.map((network, i) => ({
          ...lacking(network, 'bundle'),
          vrfId: vrfs[owners[i]?.vrf ?? 0]?.id ?? null,
          subnets: [{ cidr: Cidr.parse(owners[i]?.cidr), gatewayMode: 'NONE' as const, gatewayAddress: null }],
        }));
        const codes = new Set(checkFabric({ ...base, vrfs, networks }).map(({ code }) => code));
        const meets = (a: number, b: number): boolean =>
          a === b || vrfs.some(({ id, importsFrom }, i) => [a, b].every((vrf) => vrf === i || importsFrom.includes(vrfs[vrf]?.id ?? id)));
        const overlaps = owners.some((a, i) =>
          owners.slice(0, i).some((b) => meets(a.vrf, b.vrf) && cidrsOverlap(Cidr.parse(a.cidr), Cidr.parse(b.cidr))),
        );
        expect(codes.has('SUBNET_OVERLAP')).toBe(overlaps);
      }),
      { numRuns: 150 },
    );
  });
});

/** One id that a fact gives for another, replaced by one that nobody has. */
function withGhost(snapshot: FabricSnapshot, roll: () => number): { wrong: FabricSnapshot; where: string } {
  const places: string[] = [];
  const isReference = (path: string, value: unknown): boolean =>
    typeof value === 'string' && /^(?:device|network|vrf)-/.test(value) && !/^(?:devices|networks|vrfs)\.\d+\.id$/.test(path);
  const walk = (path: string, value: unknown, chosen: string | null): unknown => {
    if (isReference(path, value)) {
      places.push(path);
      return path === chosen ? 'ghost' : value;
    }
    if (Array.isArray(value)) return value.map((entry, i) => walk(`${path}.${i}`, entry, chosen));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, entry]) => [key, walk(path === '' ? key : `${path}.${key}`, entry, chosen)]),
    );
  };
  walk('', snapshot, null);
  const where = places[Math.floor(roll() * places.length)] ?? '';
  return { wrong: walk('', snapshot, where) as FabricSnapshot, where };
}

/** Every ordered pair of instances, one by one. */
function isJoined({ networks, vrfs }: FabricSnapshot): boolean {
  const provided = (ids: readonly string[] = []) => vrfs.filter(({ id }) => ids.includes(id)).flatMap(({ exportTargets }) => exportTargets);
  const all = [
    ...networks.map(({ id, importTargets, exportTargets, bundle }) => ({
      id: String(id),
      hears: importTargets,
      says: exportTargets,
      bundle,
      from: [] as readonly string[],
    })),
    ...vrfs.map(({ id, importTargets, exportTargets, importsFrom = [] }) => ({
      id: String(id),
      hears: [...importTargets, ...provided(importsFrom)],
      says: exportTargets,
      bundle: undefined,
      from: importsFrom as readonly string[],
    })),
  ];
  return all.some((here) =>
    all.some((there) => {
      const may = here.id === there.id || here.from.includes(there.id) || (here.bundle !== undefined && here.bundle === there.bundle);
      return !may && here.hears.some((target) => there.says.includes(target));
    }),
  );
}

/** RFC 4360 and RFC 4364, the other way round. @param head hexadecimal digits of the type. */
function fromHex(hex: string, head: 2 | 4): string {
  const type = Number.parseInt(head === 4 ? hex.slice(0, 4) : hex.slice(0, 2), 16);
  const value = hex.slice(4);
  const split = type === 0 ? 4 : 8;
  const administrator = Number.parseInt(value.slice(0, split), 16);
  return `${type === 1 ? Ip.fromBigInt(4, BigInt(administrator)) : administrator}:${Number.parseInt(value.slice(split), 16)}`;
}
