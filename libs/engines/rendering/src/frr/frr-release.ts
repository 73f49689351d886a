import type { DeviceIntent } from '#engines/intent';

/** Is the FRR of a device known to be of this release or a later one? Debian 12 has 8.4, Debian 13 and Proxmox 9 have 10.3. */
export function isSinceFrr({ software }: Pick<DeviceIntent, 'software'>, major: number, minor: number): boolean {
  const [, hasMajor, hasMinor] = /^(\d+)\.(\d+)/.exec(software.frr ?? '') ?? [];
  return hasMajor !== undefined && (Number(hasMajor) > major || (Number(hasMajor) === major && Number(hasMinor) >= minor));
}
