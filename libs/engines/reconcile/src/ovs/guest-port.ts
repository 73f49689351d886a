/**
 * Ports that hypervisors make when a guest starts and take when it ends: Proxmox (tap100i0, veth100i0, fwln100i0, fwpr100p0) and libvirt
 * (vnet3). Whatever their rows say is between the hypervisor and Open vSwitch.
 */
export const isGuestPort = (name: string): boolean => /^(?:tap|fwln|fwpr|veth|vnet)[0-9]/.test(name);
