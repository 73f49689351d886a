import type { DeviceName } from '#engines/kernel';

/** Where a host has its VTEP address. */
export interface VtepDeviceIntent {
  readonly name: DeviceName;
  /** LOOPBACK: added to `lo`. DUMMY: a device is made for it. PRESENT: an interface has it for another reason; nothing is said about it. */
  readonly kind: 'LOOPBACK' | 'DUMMY' | 'PRESENT';
  /** Interface over which multicast groups of the underlay are sent to and heard; null where there is no link. */
  readonly multicastPort: DeviceName | null;
}
