/** What the switch has learned from its neighbors: from the simulated fabric, or from a real FRR in the leaf's place. */
import type { SimulatedFabric, SimulatedFacts, SimulatedRoute } from '../simulated-fabric.js';
import type { SwitchState } from './switch-state.js';

export interface EvpnPeer {
  readonly address: string;
  readonly asn: number;
  readonly isEstablished: boolean;
}

export interface ControlPlane {
  evpnPeers(): Promise<readonly EvpnPeer[]>;
  /** VTEPs in the flood list of a VNI. */
  remoteVteps(vni: number): Promise<readonly string[]>;
  /** VNIs that are up here. */
  localVnis(): Promise<readonly number[]>;
  /** Type 3 routes in the BGP table; absent where nobody has asked for them yet. */
  multicastRoutes?(): Promise<readonly SimulatedRoute[]>;
  /** Type 2 routes of others, with the MAC; absent where no guest is simulated. */
  macRoutes?(): Promise<readonly (SimulatedRoute & { readonly mac: string })[]>;
  /** Guests on ports of this switch. */
  localMacs?(vni: number): Promise<readonly string[]>;
  /** Whether somebody answers at an address of the underlay, to a packet of that many octets that nobody may cut up. */
  isReachable?(address: string, source?: string, octets?: number): boolean | Promise<boolean>;
}

/** A control plane that also forwards: it is told of every change and the change is answered when it has taken effect. */
export interface Dataplane extends ControlPlane {
  apply(state: SwitchState): Promise<void>;
}

export class FabricControlPlane implements ControlPlane {
  constructor(
    private readonly slug: string,
    private readonly fabric: SimulatedFabric,
    private readonly state: () => SwitchState,
  ) {}

  async evpnPeers(): Promise<readonly EvpnPeer[]> {
    const up = new Set(this.fabric.establishedNeighbors(this.slug).flatMap(({ address, evpn }) => (evpn ? [address] : [])));
    const neighbors = this.state().bgp?.neighbors ?? [];
    return neighbors
      .filter(({ evpn }) => evpn)
      .map(({ address, remoteAsn }) => ({ address, asn: remoteAsn, isEstablished: up.has(address) }));
  }

  async remoteVteps(vni: number): Promise<readonly string[]> {
    return this.fabric.remoteVteps(this.slug, vni);
  }

  async multicastRoutes(): Promise<readonly SimulatedRoute[]> {
    return this.fabric.routes(this.slug);
  }

  isReachable(address: string): boolean {
    return this.fabric.isReachable(address);
  }

  async localVnis(): Promise<readonly number[]> {
    const { vtep, mappings } = this.state();
    return vtep === null ? [] : mappings.map(({ vni }) => vni);
  }
}

const known = new WeakMap<SwitchState, SimulatedFacts>();

/** The configuration as the other simulated devices see it; the same object for the same state. */
export function simulatedFacts(state: SwitchState): SimulatedFacts {
  const facts = known.get(state) ?? readFacts(state);
  known.set(state, facts);
  return facts;
}

function readFacts(state: SwitchState): SimulatedFacts {
  const { bgp, vtep } = state;
  const routes = bgp?.neighbors.some(({ evpn, sendsExtendedCommunities }) => evpn && sendsExtendedCommunities) === true;
  return {
    vtep: vtep?.address ?? null,
    asn: bgp?.asn ?? null,
    addresses: [
      ...state.loopbackAddresses,
      ...state.sviAddresses,
      ...state.ports.filter(({ isShutdown }) => !isShutdown).flatMap(({ addresses }) => addresses),
    ].map((address) => address.split('/')[0] as string),
    neighbors: (bgp?.neighbors ?? []).map(({ address, remoteAsn, evpn, isRouteReflectorClient, password }) => ({
      address,
      remoteAsn,
      evpn,
      routeReflectorClient: isRouteReflectorClient,
      password,
    })),
    evis: (bgp?.macVrfs ?? []).flatMap(({ vlan, rd, importRts, exportRts }) => {
      const vni = state.mappings.find((mapping) => mapping.vlan === vlan)?.vni;
      // Without an RD there is no route; without communities the routes arrive and nobody imports them.
      return vni === undefined || rd === null ? [] : [{ vni, rd, importRts, exportRts: routes ? exportRts : [] }];
    }),
  };
}
