/** The files that Trame owns on a host. The push program knows them by slot, so that no path ever travels to a host. */
import type { DeviceConnection } from '#contexts/deployment/ports';

export type Artefact = Parameters<DeviceConnection['stage']>[1][number];

export type HostSlot = 'interfaces' | 'frr';

export interface HostFile {
  readonly slot: HostSlot;
  readonly path: string;
  readonly mode: number;
  readonly owner: 'root' | 'frr';
}

/** In the order in which they are put in force. */
export const HOST_FILES: readonly HostFile[] = [
  { slot: 'interfaces', path: '/etc/network/interfaces.d/trame', mode: 0o644, owner: 'root' },
  { slot: 'frr', path: '/etc/frr/frr.conf', mode: 0o640, owner: 'frr' },
];

export const hostFileAt = (path: string): HostFile | null => HOST_FILES.find((file) => file.path === path) ?? null;
