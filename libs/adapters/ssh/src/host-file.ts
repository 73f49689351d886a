/** The files that Trame owns on a host. The push program knows them by slot, so that no path ever travels to a host. */
import type { DeviceConnection } from '#contexts/deployment/ports';

export type Artefact = Parameters<DeviceConnection['stage']>[1][number];

export type HostSlot = 'ovs' | 'ovsinterfaces' | 'interfaces' | 'daemons' | 'frr' | 'networkmap' | 'qemuhook' | `network:${string}`;

export interface HostFile {
  readonly slot: HostSlot;
  readonly path: string;
  readonly mode: number;
  readonly owner: 'root' | 'frr';
}

const file = (slot: HostSlot, path: string, mode = 0o644, owner: HostFile['owner'] = 'root'): HostFile => ({ slot, path, mode, owner });

/** Those whose names are known, in the order in which they are put in force; libvirt networks, one file each, come last. */
export const HOST_FILES: readonly HostFile[] = [
  file('ovs', '/var/lib/trame/openvswitch.json'),
  file('ovsinterfaces', '/etc/network/interfaces.d/trame-ovs'),
  file('interfaces', '/etc/network/interfaces.d/trame'),
  file('daemons', '/etc/frr/daemons', 0o640, 'frr'),
  file('frr', '/etc/frr/frr.conf', 0o640, 'frr'),
  file('networkmap', '/var/lib/trame/libvirt-networks'),
  file('qemuhook', '/etc/libvirt/hooks/qemu.d/trame', 0o755),
];

const NETWORKS = '/etc/trame/libvirt/networks/';
/** Names that the push program takes, too. */
const NETWORK_FILE = /^[A-Za-z0-9_%-][A-Za-z0-9_.%-]*\.xml$/;

export function hostFileAt(path: string): HostFile | null {
  const name = path.startsWith(NETWORKS) ? path.slice(NETWORKS.length) : '';
  return NETWORK_FILE.test(name) ? file(`network:${name}`, path) : (HOST_FILES.find((known) => known.path === path) ?? null);
}

/** @returns null for a name that is none of a slot, such as those of other answers. */
export function hostFileOf(slot: string): HostFile | null {
  return slot.startsWith('network:') ? hostFileAt(NETWORKS + slot.slice(8)) : (HOST_FILES.find((known) => known.slot === slot) ?? null);
}
