import type { FabricFacts } from './snapshot.js';

/**
 * Bytes that VXLAN puts in front of the IP packet of a guest, outer IP header included:
 * inner Ethernet 14 + VXLAN 8 + UDP 8 + IPv4 20 or IPv6 40 (RFC 7348 §5).
 */
export const vxlanOverhead = (underlayFamily: 4 | 6): number => (underlayFamily === 4 ? 50 : 70);

/** Largest IP packet that a guest can send through an underlay of that IP MTU. A larger one is dropped without a word. */
export function overlayMtu({ underlayMtu, underlayFamily }: Pick<FabricFacts, 'underlayMtu' | 'underlayFamily'>): number {
  return underlayMtu - vxlanOverhead(underlayFamily);
}
