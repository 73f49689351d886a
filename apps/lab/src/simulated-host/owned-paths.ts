import { HOST_FILES, type HostSlot } from '#adapters/ssh';

/** Path of a file that Trame owns, by the slot under which the push program knows it. */
export function pathOf(slot: HostSlot): string {
  const file = HOST_FILES.find((known) => known.slot === slot);
  if (file === undefined) throw new Error(`no file for slot ${slot}`);
  return file.path;
}

export const INTERFACES_PATH = pathOf('interfaces');
export const FRR_PATH = pathOf('frr');
