import type { DeviceIntent } from '#engines/intent';
import type { Line } from './piece.js';

/** Dialect of an artefact: who reads it, and what its parser is. */
export type Format =
  | 'ifupdown2'
  /** Classic ifupdown of Debian, with the hook of Open vSwitch. */
  | 'ifupdown'
  | 'frr'
  | 'eos'
  /** Desired rows of ovs-vswitchd's database as JSON; the transaction is computed from what is there. */
  | 'ovsdb'
  | 'libvirt-network'
  | 'hostname.if'
  | 'comware'
  | 'opennebula'
  /** SDN objects of a Proxmox VE cluster; the API writes what differs. */
  | 'pve-sdn'
  | 'json'
  | 'ansible'
  /** A program that the device runs, and what it reads. */
  | 'script';

/** The one type between the stages: what a device shall have, by path. */
export interface Artefact {
  /** Device slug. */
  readonly device: string;
  /** Absolute path on a host; `running-config` for the owned lines of an EOS device. */
  readonly path: string;
  readonly format: Format;
  /** Octal file mode, e.g. 0o644; unused for EOS. */
  readonly mode: number;
  readonly owner: 'root' | 'frr';
  readonly content: string;
  /** SHA-256 of `content`, hexadecimal. */
  readonly sha256: string;
}

/** What a renderer of one dialect says about one device, before it is counted and signed. */
export interface Draft<L extends Line = string> extends Pick<Artefact, 'path' | 'format' | 'mode' | 'owner'> {
  /** Lines without their ends. */
  readonly text: readonly L[];
}

/** Renderer of one dialect; nothing for a device that has no use of it. It reads its own text again before it hands it out. */
export type Renderer<L extends Line = string> = (intent: DeviceIntent) => readonly Draft<L>[];
