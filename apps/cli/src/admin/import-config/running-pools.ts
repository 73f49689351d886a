/** Pools that hold what runs, and as good as nothing more: what an operator orders next comes from pools that somebody has thought about. */
import { Cidr, cidrsOverlap } from '#engines/kernel';

type NumberKind = 'VNI' | 'L3VNI' | 'EVI';
interface Range {
  readonly first: number;
  readonly last: number;
}

/** EVI ids that Trame gives by itself begin here. */
const FIRST_EVI = 10_000;
const LAST_EVI = 65_535;
const OUTSIDE = 'imported';

export class Pools {
  private readonly numbers = new Map<NumberKind, Set<number>>();
  private readonly vlans = new Map<string, Set<number>>();
  private readonly subnets = new Map<string, Cidr[]>();

  constructor(private readonly fabric: string) {}

  number(kind: NumberKind, value: number): void {
    this.numbers.set(kind, (this.numbers.get(kind) ?? new Set()).add(value));
  }

  /** Each device numbers its own VLANs. @returns the slug of the domain. */
  vlan(device: string, vlan: number): string {
    this.vlans.set(device, (this.vlans.get(device) ?? new Set()).add(vlan));
    return device;
  }

  /** Each VRF has addresses of its own. @returns the slug of the space; null: the prefix overlaps one that is in it. */
  subnet(vrf: string | null, cidr: Cidr): string | null {
    const space = vrf === null ? OUTSIDE : `vrf-${vrf}`.slice(0, 50);
    const known = this.subnets.get(space) ?? [];
    if (known.some((other) => cidrsOverlap(other, cidr))) return null;
    this.subnets.set(space, [...known, cidr]);
    return space;
  }

  vlanDomains() {
    return [...this.vlans.keys()].map((device) => ({ slug: device, kind: 'VTEP' as const, devices: [device] }));
  }

  numberPools() {
    const evis = [...(this.numbers.get('EVI') ?? [])].filter((evi) => evi < FIRST_EVI);
    const made = (['VNI', 'L3VNI'] as const).flatMap((kind) => {
      const ranges = runsOf(this.numbers.get(kind) ?? []);
      return ranges.length === 0 ? [] : [{ slug: this.slug(kind.toLowerCase()), kind, ranges }];
    });
    return [
      ...made,
      { slug: this.slug('evi'), kind: 'EVI' as const, ranges: [{ first: FIRST_EVI, last: LAST_EVI }] },
      ...(evis.length === 0 ? [] : [{ slug: this.slug('evi-adopted'), kind: 'EVI' as const, isAdopted: true, ranges: runsOf(evis) }]),
      ...[...this.vlans].map(([device, vlans]) => ({
        slug: this.slug(`vlan-${device}`),
        kind: 'VLAN' as const,
        vlanDomain: device,
        ranges: runsOf(vlans),
      })),
    ];
  }

  addressSpaces() {
    return [...this.subnets].map(([slug, cidrs]) => ({ slug, name: slug, pools: this.prefixPools(slug, cidrs) }));
  }

  /** One for each family and length: what lies in it has that length. */
  private prefixPools(space: string, cidrs: readonly Cidr[]) {
    const keyOf = (cidr: Cidr): string => `v${Cidr.family(cidr)}-${Cidr.length(cidr)}`;
    return [...new Set(cidrs.map(keyOf))].sort().map((key) => {
      const ranges = cidrs.filter((cidr) => keyOf(cidr) === key);
      const length = ranges[0] === undefined ? 0 : Cidr.length(ranges[0]);
      return { slug: this.slug(`${space}-${key}`), ranges, minLength: length, defaultLength: length, maxLength: length };
    });
  }

  /** Slugs of pools are one space for all fabrics. */
  private slug(name: string): string {
    return `${this.fabric}-${name}`.slice(0, 63).replace(/-+$/, '');
  }
}

function runsOf(values: Iterable<number>): Range[] {
  const runs: { first: number; last: number }[] = [];
  for (const value of [...values].sort((a, b) => a - b)) {
    const open = runs.at(-1);
    if (open !== undefined && open.last + 1 === value) open.last = value;
    else runs.push({ first: value, last: value });
  }
  return runs;
}
