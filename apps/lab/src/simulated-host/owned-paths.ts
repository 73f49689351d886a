import { HOST_FILES, hostFileAt, hostFileOf, type HostSlot } from '#adapters/ssh';

/** Path of a file that Trame owns, by the slot under which the push program knows it. */
export function pathOf(slot: HostSlot): string {
  const file = hostFileOf(slot);
  if (file === null) throw new Error(`no file for slot ${slot}`);
  return file.path;
}

/** Slots of the files that are always ours, and of those of `paths` that are. */
export function ownedSlots(paths: Iterable<string>): HostSlot[] {
  const present = [...paths].flatMap((path) => hostFileAt(path)?.slot ?? []);
  return [...new Set([...HOST_FILES.map(({ slot }) => slot), ...present])];
}

export const INTERFACES_PATH = pathOf('interfaces');
export const FRR_PATH = pathOf('frr');
