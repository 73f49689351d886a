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

export class SimulatedFabric {
  private readonly devices = new Map<string, SimulatedDevice>();
  /** Which routes arrive where, found once for these facts: it does not depend on the VNI. */
  private reach: { readonly facts: readonly (SimulatedFacts | null)[]; readonly arrives: Map<string, boolean> } = {
    facts: [],
    arrives: new Map(),
  };

  /** A device registers once; registering the same slug again replaces it. @returns takes it off the fabric. */
  register(device: SimulatedDevice): () => void {
    this.devices.set(device.slug, device);
    return () => {
      if (this.devices.get(device.slug) === device) this.devices.delete(device.slug);
    };
  }

  /** Configured neighbors of a device whose session is up, with the slug of the device at the other end. */
  establishedNeighbors(slug: string): { readonly address: string; readonly peer: string; readonly evpn: boolean }[] {
    const self = this.factsOf(slug);
    if (self === null) return [];
    return self.neighbors.flatMap((neighbor) => {
      const peer = this.peerOf(slug, self, neighbor);
      return peer === null ? [] : [{ address: neighbor.address, peer: peer.slug, evpn: peer.evpn }];
    });
  }

  /** VTEPs whose inclusive multicast route (EVPN type 3) a device has imported for a VNI, sorted. */
  remoteVteps(slug: string, vni: number): string[] {
    const own = this.factsOf(slug);
    const evi = own?.evis.find((candidate) => candidate.vni === vni);
    if (evi === undefined) return [];
    this.forgetReachOfOtherFacts();
    const found = new Set<string>();
    for (const origin of this.devices.keys()) {
      const facts = this.factsOf(origin);
      if (origin === slug || facts === null || facts.vtep === null || facts.vtep === own?.vtep) continue; // the other one of a pair
      const imported = facts.evis.some((other) => other.vni === vni && other.exportRts.some((rt) => evi.importRts.includes(rt)));
      if (imported && this.doRoutesArrive(origin, slug)) found.add(facts.vtep);
    }
    return [...found].sort();
  }

  private forgetReachOfOtherFacts(): void {
    const facts = [...this.devices.values()].map((device) => device.facts());
    const isSame = facts.length === this.reach.facts.length && facts.every((one, index) => one === this.reach.facts[index]);
    if (!isSame) this.reach = { facts, arrives: new Map() };
  }

  private doRoutesArrive(origin: string, target: string): boolean {
    const path = `${origin} ${target}`;
    const arrives = this.reach.arrives.get(path) ?? this.routesArrive(origin, target);
    this.reach.arrives.set(path, arrives);
    return arrives;
  }

  private factsOf(slug: string): SimulatedFacts | null {
    return this.devices.get(slug)?.facts() ?? null;
  }

  /** The other end, provided that it points back at one of our addresses, and the AS numbers and the password agree both ways. */
  private peerOf(slug: string, self: SimulatedFacts, neighbor: SimulatedNeighbor): { slug: string; evpn: boolean } | null {
    for (const other of this.devices.keys()) {
      const facts = other === slug ? null : this.factsOf(other);
      if (facts === null || !facts.addresses.includes(neighbor.address) || facts.asn !== neighbor.remoteAsn) continue;
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
   * Do EVPN routes of `origin` reach `target`? Routes learned over iBGP go on only when the speaker reflects them
   * (RFC 4456 §6: from a client to everyone, from a non-client to clients); over eBGP they always go on.
   */
  private routesArrive(origin: string, target: string): boolean {
    const seen = new Set<string>();
    const queue: { at: string; from: string | null }[] = [{ at: origin, from: null }];
    for (let hop = queue.shift(); hop !== undefined; hop = queue.shift()) {
      if (hop.at === target) return true;
      for (const next of this.establishedNeighbors(hop.at)) {
        const step = `${hop.from ?? ''}>${hop.at}>${next.peer}`;
        if (!next.evpn || next.peer === hop.from || seen.has(step) || !this.passesOn(hop.at, hop.from, next.peer)) continue;
        seen.add(step);
        queue.push({ at: next.peer, from: hop.at });
      }
    }
    return false;
  }

  private passesOn(at: string, from: string | null, to: string): boolean {
    if (from === null) return true;
    const self = this.factsOf(at);
    const towards = (peer: string): SimulatedNeighbor | undefined =>
      self?.neighbors.find((neighbor) => this.factsOf(peer)?.addresses.includes(neighbor.address) === true);
    const [source, sink] = [towards(from), towards(to)];
    if (self === null || source === undefined || sink === undefined) return false;
    const internal = source.remoteAsn === self.asn && sink.remoteAsn === self.asn;
    return !internal || source.routeReflectorClient || sink.routeReflectorClient;
  }
}
