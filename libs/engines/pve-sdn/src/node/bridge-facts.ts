export interface BridgeFacts {
  readonly kind: 'linux' | 'vlan-aware' | 'ovs';
  /** Physical ports, bonds included. */
  readonly ports: readonly string[];
}
