/**
 * Names of the kernel interfaces of a VNI. They are derived, never taken from a person: IFNAMSIZ leaves 15 octets, and the longest
 * VNI has 8 digits. The VNI is in the name because a running vxlan device cannot change its VNI (ifupdown2 3.0.0: "Cannot change
 * running vxlan id"), so another VNI has to be another device.
 */
import { DeviceName, type Vni } from '#engines/kernel';

export const bridgeName = (vni: Vni): DeviceName => DeviceName.parse(`vnet${vni}`);
export const vxlanName = (vni: Vni): DeviceName => DeviceName.parse(`vxlan${vni}`);
export const vrfBridgeName = (l3vni: Vni): DeviceName => DeviceName.parse(`vrfbr${l3vni}`);
export const vrfVxlanName = (l3vni: Vni): DeviceName => DeviceName.parse(`vrfvx${l3vni}`);
/** The two ends of the cable between main table and VRF on an exit node. */
export const transitName = (l3vni: Vni): DeviceName => DeviceName.parse(`xvrf${l3vni}`);
export const transitPeerName = (l3vni: Vni): DeviceName => DeviceName.parse(`xvrfp${l3vni}`);

/** Names that the compiler gives away; nothing else on a device may be called so. */
export const isDerivedName = (name: string): boolean => /^(?:vnet|vxlan|vrfbr|vrfvx|xvrfp?)[0-9]+$/.test(name);
