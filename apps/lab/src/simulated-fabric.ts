/**
 * The control plane that simulated devices share: each one registers what its live configuration says, and all of them
 * derive sessions and remote VTEPs from the whole. Nothing is canned: a session is Established only when both ends agree.
 */

export interface SimulatedNeighbor {
  /** Address of the other end as this device's configuration names it. */
  readonly address: string;
  readonly remoteAsn: number;
  /** True for a session with the family `l2vpn evpn` activated. */
  readonly evpn: boolean;
  /** True where this device reflects EVPN routes to that neighbor (RFC 4456). */
  readonly routeReflectorClient: boolean;
  /** TCP password (RFC 2385) in clear; null for none, absent where the device cannot say. */
  readonly password?: string | null;
}

export interface SimulatedEvi {
  readonly vni: number;
  /** `172.16.1.51:1`; absent where the device cannot say. */
  readonly rd?: string;
  /** `65051:10000`, as configured. */
  readonly importRts: readonly string[];
  readonly exportRts: readonly string[];
}

/** What a device's live configuration says at this moment; nulls and empty lists where nothing is configured. */
export interface SimulatedFacts {
  /** Source address of its VXLAN tunnels. */
  readonly vtep: string | null;
  /** BGP autonomous system. */
  readonly asn: number | null;
  /** Every address of its underlay: where a neighbor may point to. */
  readonly addresses: readonly string[];
  readonly neighbors: readonly SimulatedNeighbor[];
  readonly evis: readonly SimulatedEvi[];
}

export interface SimulatedDevice {
  readonly slug: string;
  /**
   * Read at each question, so that a reverted configuration is seen at once; another object exactly when something changed. A
   * powered-off device says `null`.
   */
  facts(): SimulatedFacts | null;
}

/** Segments with another digest are dropped without an answer: the session stays down. */
const isSamePassword = (one: string | null | undefined, other: string | null | undefined): boolean =>
  one === undefined || other === undefined || one === other;

interface Session {
  readonly address: string;
  readonly peer: string;
  readonly evpn: boolean;
}

/** An inclusive multicast route (EVPN type 3). */
export interface SimulatedRoute {
  readonly vtep: string;
  readonly rd: string;
  readonly targets: readonly string[];
}

export class SimulatedFabric {
  private readonly devices = new Map<string, SimulatedDevice>();
  private moment = new Moment(new Map());

  /** A device registers once; registering the same slug again replaces it. @returns takes it off the fabric. */
  register(device: SimulatedDevice): () => void {
    this.devices.set(device.slug, device);
    return () => {
      if (this.devices.get(device.slug) === device) this.devices.delete(device.slug);
    };
  }

  /** Configured neighbors of a device whose session is up, with the slug of the device at the other end. */
  establishedNeighbors(slug: string): readonly Session[] {
    return this.now().sessions(slug);
  }

  /** VTEPs whose inclusive multicast route (EVPN type 3) a device has imported for a VNI, sorted. */
  remoteVteps(slug: string, vni: number): string[] {
    return this.now().remoteVteps(slug, vni);
  }

  /** Type 3 routes that a device has learned, imported or not. */
  routes(slug: string): SimulatedRoute[] {
    return this.now().routes(slug);
  }

  /** True when a device that is switched on has the address. */
  isReachable(address: string): boolean {
    return this.now().isOwned(address);
  }

  /** What was found out is good as long as every device says the same: a hundred of them are asked thousands of times in between. */
  private now(): Moment {
    const facts = new Map([...this.devices.values()].map((device) => [device.slug, device.facts()]));
    if (!this.moment.isOf(facts)) this.moment = new Moment(facts);
    return this.moment;
  }
}

/** The fabric as its devices say it is at one time; each question is answered once. */
class Moment {
  private readonly owners = new Map<string, string[]>();
  private readonly members = new Map<number, { readonly slug: string; readonly vtep: string; readonly exportRts: readonly string[] }[]>();
  private readonly up = new Map<string, readonly Session[]>();
  private readonly reached = new Map<string, ReadonlySet<string>>();

  constructor(private readonly facts: ReadonlyMap<string, SimulatedFacts | null>) {
    for (const [slug, said] of facts) {
      for (const address of new Set(said?.addresses)) put(this.owners, address, slug);
      for (const { vni, exportRts } of said?.evis ?? []) if (said?.vtep) put(this.members, vni, { slug, vtep: said.vtep, exportRts });
    }
  }

  isOf(facts: ReadonlyMap<string, SimulatedFacts | null>): boolean {
    return facts.size === this.facts.size && [...facts].every(([slug, said]) => this.facts.get(slug) === said && this.facts.has(slug));
  }

  sessions(slug: string): readonly Session[] {
    const known = this.up.get(slug) ?? this.findSessions(slug);
    this.up.set(slug, known);
    return known;
  }

  remoteVteps(slug: string, vni: number): string[] {
    const own = this.facts.get(slug);
    const evi = own?.evis.find((candidate) => candidate.vni === vni);
    if (evi === undefined) return [];
    const found = (this.members.get(vni) ?? []).filter(
      (other) =>
        other.slug !== slug &&
        other.vtep !== own?.vtep && // the other one of a pair
        other.exportRts.some((rt) => evi.importRts.includes(rt)) &&
        this.reachedFrom(other.slug).has(slug),
    );
    return [...new Set(found.map(({ vtep }) => vtep))].sort();
  }

  routes(slug: string): SimulatedRoute[] {
    return [...this.facts].flatMap(([origin, said]) => {
      const vtep = said?.vtep ?? null;
      if (said === null || vtep === null || origin === slug || !this.reachedFrom(origin).has(slug)) return [];
      return said.evis.flatMap(({ rd, exportRts }) => (rd === undefined ? [] : [{ vtep, rd, targets: exportRts }]));
    });
  }

  isOwned(address: string): boolean {
    return this.owners.has(address);
  }

  private findSessions(slug: string): readonly Session[] {
    const self = this.facts.get(slug) ?? null;
    if (self === null) return [];
    return self.neighbors.flatMap((neighbor) => {
      const peer = this.peerOf(slug, self, neighbor);
      return peer === null ? [] : [{ address: neighbor.address, peer: peer.slug, evpn: peer.evpn }];
    });
  }

  /** The other end, provided that it points back at one of our addresses, and the AS numbers and the password agree both ways. */
  private peerOf(slug: string, self: SimulatedFacts, neighbor: SimulatedNeighbor): { slug: string; evpn: boolean } | null {
    for (const other of this.owners.get(neighbor.address) ?? []) {
      const facts = other === slug ? null : this.facts.get(other);
      if (!facts || facts.asn !== neighbor.remoteAsn) continue;
      const back = facts.neighbors.find(
        (candidate) =>
          self.addresses.includes(candidate.address) &&
          candidate.remoteAsn === self.asn &&
          isSamePassword(candidate.password, neighbor.password),
      );
      if (back !== undefined) return { slug: other, evpn: back.evpn && neighbor.evpn };
    }
    return null;
  }

  /**
   * Where EVPN routes of `origin` arrive. Routes learned over iBGP go on only when the speaker reflects them
   * (RFC 4456 §6: from a client to everyone, from a non-client to clients); over eBGP they always go on.
   */
  private reachedFrom(origin: string): ReadonlySet<string> {
    const known = this.reached.get(origin);
    if (known !== undefined) return known;
    const arrived = new Set<string>();
    const seen = new Set<string>();
    const queue: { at: string; from: string | null }[] = [{ at: origin, from: null }];
    for (let hop = queue.shift(); hop !== undefined; hop = queue.shift()) {
      arrived.add(hop.at);
      for (const next of this.sessions(hop.at)) {
        const step = `${hop.from ?? ''}>${hop.at}>${next.peer}`;
        if (!next.evpn || next.peer === hop.from || seen.has(step) || !this.passesOn(hop.at, hop.from, next.peer)) continue;
        seen.add(step);
        queue.push({ at: next.peer, from: hop.at });
      }
    }
    this.reached.set(origin, arrived);
    return arrived;
  }

  private passesOn(at: string, from: string | null, to: string): boolean {
    if (from === null) return true;
    const self = this.facts.get(at);
    const towards = (peer: string): SimulatedNeighbor | undefined =>
      self?.neighbors.find((neighbor) => this.owners.get(neighbor.address)?.includes(peer) === true);
    const [source, sink] = [towards(from), towards(to)];
    if (!self || source === undefined || sink === undefined) return false;
    const internal = source.remoteAsn === self.asn && sink.remoteAsn === self.asn;
    return !internal || source.routeReflectorClient || sink.routeReflectorClient;
  }
}

function put<Key, Value>(lists: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
