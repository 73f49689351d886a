/**
 * Fabrics that nobody thought of: a number decides all of it, and the same number is the same fabric. Every one is well-formed, so `checkFabric`
 * finds nothing in it; tests break one thing and see that it is found.
 *
 *   leaf1 ── leaf2 … leafN (EOS, a star; pairs and segments among them) ── pve1 … pveM (Debian, each on one leaf)
 */
import { type DeviceId, Ip, Mac, PortName, VlanId } from '#engines/kernel';
import type { FabricSnapshot, LagEnd, MlagMember, NetworkFacts, SwitchFacts } from '../snapshot.js';
import { hostFacts } from './host-facts.js';
import { type PlaceSpec, type SessionSpec, SnapshotBuilder } from './snapshot-builder.js';

export interface FabricShape {
  readonly leafs: number;
  /** None over IPv6: what hosts do there is not without remark. */
  readonly hosts: number;
  readonly networks: number;
  readonly vrfs: number;
  readonly family: 4 | 6;
  readonly underlay: 'REFLECTED' | 'EBGP' | 'UNNUMBERED' | 'IGP';
  readonly isJumbo: boolean;
  readonly hasPair: boolean;
  readonly hasSegment: boolean;
  /** Provider port, protected network, exit node, management. */
  readonly hasExtras: boolean;
}

/** Numbers from 0 to below 1, the same ones for the same seed (mulberry32). */
export function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function randomShape(seed: number): FabricShape {
  const roll = dice(seed ^ 0x5eed);
  const upTo = (least: number, most: number): number => least + Math.floor(roll() * (most - least + 1));
  const family = roll() < 0.15 ? 6 : 4;
  const underlays = ['REFLECTED', 'EBGP', 'UNNUMBERED', 'IGP'] as const;
  return {
    leafs: upTo(2, 6),
    hosts: family === 6 ? 0 : upTo(0, 5),
    networks: upTo(1, 14),
    vrfs: upTo(0, 4),
    family,
    underlay: underlays[upTo(0, 3)] ?? 'REFLECTED',
    isJumbo: roll() < 0.4,
    hasPair: roll() < 0.6,
    hasSegment: roll() < 0.6,
    hasExtras: roll() < 0.6,
  };
}

/** @param shape of the seed itself when absent. */
export function randomFabric(seed: number, shape: FabricShape = randomShape(seed)): FabricSnapshot {
  return new Draft(dice(seed), shape).build();
}

const switchFacts: SwitchFacts = {
  internalVlans: { first: VlanId.parse(3700), last: VlanId.parse(3999) },
  varpAddresses: [],
  tunnelPorts: [],
  translations: [],
  domain: null,
};

const CARD = 1500;
const JUMBO = 9214;
const deviceId = (slug: string): DeviceId => `device-${slug}` as DeviceId;

class Draft {
  private readonly builder = new SnapshotBuilder();
  /** Switches that have one set of VLANs: pairs, and the legs of a segment. */
  private readonly vlanGroup = new Map<string, string>();
  private readonly vlans = new Map<string, number>();
  private readonly nextVlan = new Map<string, number>();
  private readonly untagged = new Set<string>();
  private links = 0;

  constructor(
    private readonly roll: () => number,
    private readonly shape: FabricShape,
  ) {}

  build(): FabricSnapshot {
    const { family, isJumbo, underlay } = this.shape;
    this.builder.fabric({
      underlayFamily: family,
      underlayMtu: isJumbo ? JUMBO : CARD,
      ...(underlay === 'IGP' && { underlay: { protocol: family === 6 ? ('ISIS' as const) : ('OSPF' as const), area: null, bfd: null } }),
    });
    this.devices();
    this.cables();
    this.pair();
    this.segment();
    this.vrfs();
    for (let n = 0; n < this.shape.networks; n++) this.network(n);
    if (this.shape.hasExtras) this.extras();
    return this.builder.build();
  }

  private get leafs(): readonly string[] {
    return Array.from({ length: this.shape.leafs }, (_, i) => `leaf${i + 1}`);
  }

  private get hosts(): readonly string[] {
    return Array.from({ length: this.shape.hosts }, (_, i) => `pve${i + 1}`);
  }

  private upTo(least: number, most: number): number {
    return least + Math.floor(this.roll() * (most - least + 1));
  }

  private vtep(last: number): string {
    return this.shape.family === 6 ? `2001:db8:16::${last}` : `172.16.0.${last}`;
  }

  private devices(): void {
    const isApart = this.shape.underlay === 'EBGP' || this.shape.underlay === 'UNNUMBERED';
    const mtu = this.shape.isJumbo ? { mtu: JUMBO } : {};
    this.leafs.forEach((slug, i) => {
      const ports = Array.from({ length: 40 }, (_, port) => ({ name: `Ethernet${port + 1}`, ...mtu }));
      const bundles = ['Port-Channel10', 'Port-Channel20', 'Port-Channel100'];
      this.builder
        .device({
          slug,
          platform: 'ARISTA_EOS',
          vtep: this.vtep(i + 1),
          ...(isApart && { asn: 65_101 + i }),
          ports: [...ports, ...bundles],
        })
        .deviceFacts(slug, { switch: switchFacts });
      this.vlanGroup.set(slug, slug);
    });
    this.hosts.forEach((slug, i) => {
      this.builder
        .device({
          slug,
          platform: 'DEBIAN_FRR',
          vtep: this.vtep(101 + i),
          ...(isApart && { asn: 65_201 + i }),
          software: { frr: '10.3.1', ifupdown2: '3.0.0' },
          ports: ['ens18', { name: 'ens19', ...mtu }, 'ens20', 'eno1', 'eno2', 'bond0', 'wan0', 'wan1'],
        })
        .deviceFacts(slug, { management: { port: PortName.parse('ens18'), address: Ip.parse(`192.168.7.${10 + i}`) } });
      this.vlanGroup.set(slug, slug);
    });
  }

  private cables(): void {
    this.leafs.slice(1).forEach((leaf, i) => {
      this.cable({ device: 'leaf1', port: `Ethernet${i + 2}` }, { device: leaf, port: 'Ethernet1' });
    });
    this.hosts.forEach((host, i) => {
      const leaf = this.leafs[i % this.leafs.length] ?? 'leaf1';
      this.cable({ device: leaf, port: `Ethernet${20 + i}` }, { device: host, port: 'ens19' });
    });
    if (this.shape.underlay !== 'IGP') return;
    const loopbacks = [
      ...this.leafs.slice(1).map((slug, i) => ({ slug, last: i + 2 })),
      ...this.hosts.map((slug, i) => ({ slug, last: 101 + i })),
    ];
    for (const { slug, last } of loopbacks) {
      this.builder.session(
        { device: 'leaf1', port: 'Loopback1', address: this.vtep(1), role: 'ROUTE_REFLECTOR' },
        { device: slug, port: 'lo', address: this.vtep(last), role: 'ROUTE_REFLECTOR_CLIENT' },
        { families: ['L2VPN_EVPN'] },
      );
    }
  }

  private cable(near: { readonly device: string; readonly port: string }, far: { readonly device: string; readonly port: string }): void {
    const { underlay, family } = this.shape;
    const spec: SessionSpec = { families: [family === 6 ? 'IPV6_UNICAST' : 'IPV4_UNICAST', 'L2VPN_EVPN'] };
    if (underlay === 'UNNUMBERED') {
      this.builder.unnumberedPeering(near, far, spec);
      return;
    }
    const at = this.links++;
    const [prefix, a, b] =
      family === 6
        ? [`2001:db8:1:${at.toString(16)}::/127`, `2001:db8:1:${at.toString(16)}::`, `2001:db8:1:${at.toString(16)}::1`]
        : [`10.1.${at}.0/31`, `10.1.${at}.0`, `10.1.${at}.1`];
    this.builder.link(prefix, { ...near, address: a }, { ...far, address: b });
    if (underlay === 'EBGP') this.builder.session({ ...near, address: a }, { ...far, address: b }, spec);
    if (underlay !== 'REFLECTED') return;
    this.builder.session({ ...near, address: a, role: 'ROUTE_REFLECTOR' }, { ...far, address: b, role: 'ROUTE_REFLECTOR_CLIENT' }, spec);
  }

  /** leaf2 and leaf3, with a box of somebody else on both. */
  private pair(): void {
    if (!this.hasPair) return;
    const member = (slug: string, last: number): MlagMember => ({
      deviceId: deviceId(slug),
      peerLink: PortName.parse('Port-Channel100'),
      peerLinkMembers: ['Ethernet39', 'Ethernet40'].map(PortName.parse),
      address: Ip.parse(`169.254.0.${last}`),
      prefixLength: 31,
    });
    this.builder
      .mlag({
        domain: 'rack1',
        vlan: VlanId.parse(4094),
        members: [member('leaf2', 0), member('leaf3', 1)],
        ...(this.roll() < 0.7 && { sharedVtep: Ip.parse(this.vtep(99)) }),
      })
      .device({ slug: 'box1', platform: 'EXTERNAL', vtep: null, ports: ['bond0', 'eno1', 'eno2'] })
      .lag({
        mode: 'LACP',
        segment: null,
        ends: [
          end('leaf2', 'Port-Channel10', 'Ethernet31'),
          end('leaf3', 'Port-Channel10', 'Ethernet31'),
          end('box1', 'bond0', 'eno1', 'eno2'),
        ],
      });
    this.vlanGroup.set('leaf3', 'leaf2');
  }

  private get hasPair(): boolean {
    return this.shape.hasPair && this.shape.leafs >= 3;
  }

  /** Two leafs that are no pair, with pve1 on both where there is one. */
  private get segmentLegs(): readonly [string, string] | null {
    if (!this.shape.hasSegment) return null;
    if (this.shape.leafs >= 5) return ['leaf4', 'leaf5'];
    return this.hasPair ? null : ['leaf1', 'leaf2'];
  }

  private segment(): void {
    const legs = this.segmentLegs;
    if (!legs) return;
    const hasHost = this.hosts.length > 0;
    if (!hasHost) this.builder.device({ slug: 'box2', platform: 'EXTERNAL', vtep: null, ports: ['bond0'] });
    else {
      const bond = {
        name: 'bond0',
        mode: '802.3ad' as const,
        members: ['eno1', 'eno2'],
        lacpRate: 'fast' as const,
        hashPolicy: 'layer3+4' as const,
      };
      const bridge = { name: 'vmbr1', ports: ['bond0'], vlans: [[2, 4094]] as const, addresses: ['10.77.0.1/24'] };
      const vlan = { name: 'bond0.50', parent: 'bond0', vlan: 50 };
      this.builder.deviceFacts('pve1', { host: hostFacts({ bonds: [bond], bridges: [bridge], vlans: [vlan] }) });
    }
    this.builder.lag({
      mode: 'LACP',
      segment: Mac.parse('00:01:10:10:10:10'),
      ends: [
        ...legs.map((leg) => end(leg, 'Port-Channel20', 'Ethernet33')),
        hasHost ? end('pve1', 'bond0', 'eno1', 'eno2') : end('box2', 'bond0'),
      ],
    });
    this.vlanGroup.set(legs[1], this.vlanGroup.get(legs[0]) ?? legs[0]);
  }

  private vrfs(): void {
    for (let i = 0; i < this.shape.vrfs; i++) {
      const earlier = Array.from({ length: i }, (_, j) => `vrf${j}`).filter(() => this.roll() < 0.3);
      this.builder.vrf({
        name: `vrf${i}`,
        l3vni: 15_000 + i,
        eviId: 20_000 + i,
        ...(earlier.length > 0 && { importsFrom: earlier }),
        ...(this.roll() < 0.4 && { loopbacks: [{ device: 'leaf1', number: 100 + i, address: `10.98.${i}.1` }] }),
      });
    }
  }

  private network(n: number): void {
    const slug = `net${n}`;
    const kind = this.roll();
    const replication = kind < 0.76 || (kind >= 0.88 && this.shape.family === 6) ? undefined : kind < 0.88 ? 'INGRESS_STATIC' : 'MULTICAST';
    const isBundled = replication === undefined && this.roll() < 0.15;
    const vrf =
      replication === undefined && !isBundled && this.shape.vrfs > 0 && this.roll() < 0.6
        ? `vrf${this.upTo(0, this.shape.vrfs - 1)}`
        : undefined;
    const routed = [
      { cidr: `10.${100 + (n >> 8)}.${n & 255}.0/24`, gateway: `10.${100 + (n >> 8)}.${n & 255}.1`, mode: 'ANYCAST_VTEP' as const },
      { cidr: `2001:db8:${(n + 256).toString(16)}::/64`, gateway: `2001:db8:${(n + 256).toString(16)}::1`, mode: 'ANYCAST_VTEP' as const },
    ].slice(0, this.upTo(1, 2));
    this.builder.network({
      slug,
      vni: 10_000 + n,
      eviId: 1 + n,
      ...(vrf !== undefined && { vrf }),
      mtu: this.roll() < 0.5 ? this.room : this.upTo(1280, this.room),
      subnets: vrf === undefined ? [{ cidr: '192.0.2.0/24' }] : routed, // Without a VRF nobody routes it: the same one everywhere is no overlap.
      // Lists of VTEPs and the EVPN sessions of a host do not go together.
      on: this.places(slug, n, isBundled || replication === 'INGRESS_STATIC'),
    });
    const facts: Partial<NetworkFacts> = { ...(replication && { replication }), ...(isBundled && { bundle: 'TENANT' }) };
    this.builder.networkFacts(slug, facts);
  }

  private get room(): number {
    return (this.shape.isJumbo ? JUMBO : CARD) - (this.shape.family === 6 ? 70 : 50);
  }

  private places(network: string, n: number, isEosOnly: boolean): PlaceSpec[] {
    const places: PlaceSpec[] = [];
    const tagged = (device: string, port: string): void => {
      places.push({ device, port, tagging: 'TAGGED', vlan: this.vlan(device, network) });
    };
    for (const leaf of this.leafs) if (this.roll() < 0.5) tagged(leaf, `Ethernet${10 + (n % 9)}`);
    if (this.hasPair && this.roll() < 0.5) for (const leg of ['leaf2', 'leaf3']) tagged(leg, 'Port-Channel10');
    if (this.segmentLegs && this.roll() < 0.5) for (const leg of this.segmentLegs) tagged(leg, 'Port-Channel20');
    const leaf = this.leafs[this.upTo(0, this.leafs.length - 1)] ?? 'leaf1';
    if (!this.untagged.has(leaf)) {
      this.untagged.add(leaf);
      places.push({ device: leaf, port: 'Ethernet19', tagging: 'UNTAGGED', vlan: this.vlan(leaf, network) });
    }
    for (const host of isEosOnly ? [] : this.hosts) {
      const kind = this.roll();
      if (kind < 0.3) places.push({ device: host });
      else if (kind < 0.5) tagged(host, 'ens20');
    }
    return places;
  }

  /** VLANs are local: a network has another one on every switch, and the same one on switches that are one. */
  private vlan(device: string, network: string): number {
    const group = this.vlanGroup.get(device) ?? device;
    const key = `${group} ${network}`;
    const known = this.vlans.get(key);
    if (known !== undefined) return known;
    const vlan = (this.nextVlan.get(group) ?? this.upTo(100, 900)) + this.upTo(1, 9);
    this.nextVlan.set(group, vlan);
    this.vlans.set(key, vlan);
    return vlan;
  }

  private extras(): void {
    const [first] = this.hosts;
    const last = this.hosts.at(-1);
    if (!first || !last) return;
    const guest = Mac.parse('52:54:00:00:00:01');
    const ports = ['ens18', 'ens20', 'eno1', 'eno2', 'bond0', 'wan1'].map((name) => ({
      name: PortName.parse(name),
      description: null,
      mtu: null,
    }));
    const ens19 = { name: PortName.parse('ens19'), description: null, mtu: this.shape.isJumbo ? JUMBO : null };
    const wan0 = { name: PortName.parse('wan0'), description: null, mtu: null, allowedMacs: [guest, Mac.parse('52:54:00:00:00:02')] };
    this.builder
      .deviceFacts(last, { ports: [...ports, ens19, wan0] })
      .network({ slug: 'wan', vni: 14_000, eviId: 14_000, mtu: 1400, on: [{ device: last, port: 'wan0' }] })
      .networkFacts('wan', { guestMacs: [guest] })
      .network({ slug: 'storage', vni: 14_001, eviId: 14_001, mtu: 1400, subnets: [{ cidr: '10.99.0.0/24' }], on: [...this.hosts] })
      .networkFacts('storage', { isProtected: true })
      .vrf({
        name: 'out',
        l3vni: 15_100,
        eviId: 20_100,
        exits: [{ device: last, via: ['wan1 198.51.100.1'], isPrimary: true, snat: 'MASQUERADE' }],
      })
      .network({
        slug: 'dmz',
        vni: 14_002,
        eviId: 14_002,
        mtu: 1400,
        vrf: 'out',
        subnets: [{ cidr: '10.88.0.0/24', gateway: '10.88.0.1', mode: 'ANYCAST_VTEP' }],
        on: [last],
      });
  }
}

function end(slug: string, name: string, ...members: string[]): LagEnd {
  return { deviceId: deviceId(slug), name: PortName.parse(name), members: members.map(PortName.parse) };
}
