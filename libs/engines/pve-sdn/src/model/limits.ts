export const LARGEST_VNI = 16_777_215;
export const LARGEST_VLAN = 4094;
export const LARGEST_ASN = 4_294_967_295;
/** Linux allows 15 octets (IFNAMSIZ − 1). */
export const LONGEST_INTERFACE_NAME = 15;
export const DEFAULT_PEER_GROUP = 'VTEP';
