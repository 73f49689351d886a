/** How loopbacks become reachable: the protocol of the underlay, once per fabric, so that both ends of a link speak the same. */
import type { Cidr } from '#engines/kernel';

/** BGP: the sessions of the snapshot carry the loopbacks. The others run on the ports of the links, beside the EVPN sessions. */
export type UnderlayProtocol = 'BGP' | 'OSPF' | 'ISIS' | 'OPENFABRIC';

/** Milliseconds, milliseconds, packets (RFC 5880 §6.8.1). */
export interface BfdFacts {
  readonly transmitMs: number;
  readonly receiveMs: number;
  readonly multiplier: number;
}

export interface UnderlayFacts {
  readonly protocol: UnderlayProtocol;
  /** OSPF: dotted, `0.0.0.0` when null. IS-IS and OpenFabric: `49.0001` when null. */
  readonly area: string | null;
  /** On every session and adjacency of the fabric; null = none. */
  readonly bfd: BfdFacts | null;
  /** Prefixes in which all loopbacks lie; a BGP underlay takes and gives hosts of these only. Absent: whatever a peer says. */
  readonly loopbacks?: readonly Cidr[];
}
