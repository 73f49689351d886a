/**
 * How a device that ran before us says what it does, where that is not how Trame would say it. Rendering honours every one of these values, so
 * that taking a device over changes nothing on it; taking a value away is the fix, and the next plan shows it.
 */

/** Closed set: each has its severity, its sentence and its way out in `engines/onboarding`. */
export const DEVIATION_CODES = [
  'ADMINISTRATIVE_DISTANCE',
  'AUTOMATIC_TARGETS',
  'BFD',
  'COMMUNITIES',
  'DEFAULT_UNICAST',
  'EDGE_PORT',
  'ENCAPSULATION',
  'EXTENDED_NEXT_HOP',
  'FAMILY_OF_ONE_SIDE',
  'FRR_PROFILE',
  'GATEWAY',
  'GRACEFUL_RESTART',
  'GUEST_PORTS',
  'HOOK_COMMAND',
  'HOSTNAME',
  'HOST_PARTICIPATES',
  'INTERFACE_MODE',
  'INTERFACE_TEXT',
  'LEARNING',
  'LOGGING',
  'LOOPBACK_NOT_NAMED',
  'MAC_VRF_REDISTRIBUTION',
  'MTU',
  'MULTIHOP_WITHOUT_NEED',
  'MULTIPATH',
  'ND_SUPPRESSION',
  'NEIGHBOR_DESCRIPTION',
  'NEIGHBOR_SOURCE',
  'NEXT_HOP_OF_REFLECTOR',
  'NOT_CONFIGURED',
  'NOT_STARTED',
  'OTHER_DISTINGUISHER',
  'OTHER_ORDER',
  'OTHER_TARGETS',
  'OTHER_TIMERS',
  'OTHER_VALUE',
  'PEER_GROUP',
  'REDISTRIBUTES_CONNECTED',
  'REFLECTOR_OF_ONE_SIDE',
  'ROUTER_ID',
  'ROUTE_FILTER',
  'ROUTE_LIMIT',
  'ROUTING_SWITCH',
  'SERVICE',
  'SPANNING_TREE',
  'SUBNETS_NOT_NAMED',
  'TIMERS_OF_INSTANCE',
  'UDP_PORT',
  'VLAN_NAME',
  'VLAN_NOT_DEFINED',
  'VTEP_DEVICE',
] as const;
export type DeviationCode = (typeof DEVIATION_CODES)[number];

export interface AdoptedFacts {
  /** Names of interfaces that Trame would call otherwise, in all files of the device. */
  readonly names: readonly AdoptedName[];
  readonly deviations: readonly Deviation[];
  /** What lies beside the model, as it was found. Where Trame owns a whole file, or the whole stanza, it is written with it. */
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
  /** Where the order is what is said otherwise: these lines of the section come in this one. */
  readonly order?: { readonly section: readonly string[]; readonly lines: readonly string[] };
  /**
   * All that Trame said when the device was taken over, and that means something else without the line that is taken away here. With more, or
   * with other values, the deviation holds no longer, and Trame's lines come: one network cannot have the other meaning of a word.
   */
  readonly covers?: { readonly section: readonly string[]; readonly word: string; readonly lines: readonly string[] };
}

/** One line said otherwise. A header stands for its whole section. */
export interface AdoptedEdit {
  /** Headers above the line, outermost first, as rendered. */
  readonly section: readonly string[];
  /** What Trame says; null = nothing. */
  readonly trame: string | null;
  /** What the device says; null = nothing. */
  readonly running: string | null;
  /**
   * Of a line more: the first words of the line of Trame's that it goes with, in the section or one around it (`neighbor 192.0.2.1`, `iface
   * ens19`). When Trame does not say that any more, this is not said either.
   */
  readonly with?: string;
}

export interface KeptLine {
  readonly path: string;
  readonly section: readonly string[];
  readonly text: string;
  /** As of an edit; absent for what has nothing to do with what Trame says. */
  readonly with?: string;
}
