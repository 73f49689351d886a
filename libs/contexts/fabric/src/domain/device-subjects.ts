import type { DeviceSubjects } from './inventory.js';

const SUBJECTS = [
  'software',
  'host',
  'openvswitch',
  'libvirt',
  'switch',
  'openbsd',
  'comware',
  'opennebula',
  'proxmox',
  'management',
  'adopted',
] as const satisfies readonly (keyof DeviceSubjects)[];

/** The subjects that a device has, and nothing else of it: what is stored beside its columns. */
export function subjectsOf(device: DeviceSubjects): DeviceSubjects {
  return Object.fromEntries(SUBJECTS.flatMap((subject) => (device[subject] === undefined ? [] : [[subject, device[subject]]])));
}
