/**
 * How a device that ran before us says what it does, where that is not how Trame would say it. Rendering honours every one of these values, so
 * that taking a device over changes nothing on it; taking a value away is the fix, and the next plan shows it.
 */

/** Closed set: each has its severity, its sentence and its way out in `engines/onboarding`. */
export type DeviationCode =
  | 'AUTOMATIC_TARGETS'
  | 'OTHER_TARGETS'
  | 'OTHER_DISTINGUISHER'
  | 'REDISTRIBUTES_CONNECTED'
  | 'LOOPBACK_NOT_NAMED'
  | 'DEFAULT_UNICAST'
  | 'FAMILY_OF_ONE_SIDE'
  | 'MULTIHOP_WITHOUT_NEED'
  | 'EXTENDED_NEXT_HOP'
  | 'NEXT_HOP_OF_REFLECTOR'
  | 'REFLECTOR_OF_ONE_SIDE'
  | 'TIMERS_OF_INSTANCE'
  | 'OTHER_TIMERS'
  | 'NEIGHBOR_DESCRIPTION'
  | 'NEIGHBOR_SOURCE'
  | 'COMMUNITIES'
  | 'ROUTE_LIMIT'
  | 'ADMINISTRATIVE_DISTANCE'
  | 'MULTIPATH'
  | 'GRACEFUL_RESTART'
  | 'BFD'
  | 'MAC_VRF_REDISTRIBUTION'
  | 'ROUTER_ID'
  | 'FRR_PROFILE'
  | 'LOGGING'
  | 'HOSTNAME'
  | 'SERVICE'
  | 'VLAN_NAME'
  | 'VLAN_NOT_DEFINED'
  | 'INTERFACE_NAME'
  | 'INTERFACE_TEXT'
  | 'ADDRESS'
  | 'INTERFACE_MODE'
  | 'VTEP_DEVICE'
  | 'NOT_REENTRANT'
  | 'MTU'
  | 'UDP_PORT'
  | 'ENCAPSULATION'
  | 'ND_SUPPRESSION'
  | 'LEARNING'
  | 'SPANNING_TREE'
  | 'HOST_PARTICIPATES'
  | 'GUEST_PORTS'
  | 'GATEWAY'
  | 'ROUTING_SWITCH'
  | 'EDGE_PORT'
  | 'NOT_STARTED'
  | 'HOOK_COMMAND';

export interface AdoptedFacts {
  /** Names of interfaces that Trame would call otherwise, in all files of the device. */
  readonly names: readonly AdoptedName[];
  readonly deviations: readonly Deviation[];
  /** What lies beside the model, as it was found. Where Trame owns a whole file, it is written with it. */
  readonly kept: readonly KeptLine[];
}

export interface AdoptedName {
  /** The name that Trame derives: `vnet1000`, `Loopback1`. */
  readonly derived: string;
  readonly running: string;
}

export interface Deviation {
  readonly code: DeviationCode;
  /** Path of the artefact, as the renderer names it. */
  readonly path: string;
  /** What it is about, in words of the device: `neighbor 192.168.100.2`, `vni 1000`. */
  readonly subject: string;
  readonly edits: readonly AdoptedEdit[];
}

/** One line said otherwise. A header stands for its whole section. */
export interface AdoptedEdit {
  /** Headers above the line, outermost first, as rendered. */
  readonly section: readonly string[];
  /** What Trame says; null = nothing. */
  readonly trame: string | null;
  /** What the device says; null = nothing. */
  readonly running: string | null;
}

export interface KeptLine {
  readonly path: string;
  readonly section: readonly string[];
  readonly text: string;
}
