/**
 * Bytes that VXLAN adds to a guest's packet: inner Ethernet 14 + VXLAN 8 + UDP 8 + outer IP 20 or 40 (RFC 7348 §5).
 * The guest's MTU is the underlay's minus this; packets that do not fit are dropped and not fragmented (RFC 7348 §4.3).
 */
export const vxlanOverhead = (underlayFamily: 4 | 6): number => (underlayFamily === 4 ? 50 : 70);
