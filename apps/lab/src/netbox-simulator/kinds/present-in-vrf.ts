import type { Filter } from '../model.js';

/** In the VRF, or in one whose exports it imports. */
export const presentInVrf: Filter = (wanted, { world: { db } }) => {
  const vrfs = db.table('ipam.vrf');
  const targets = (id: number, field: string): readonly number[] => (vrfs.get(id)?.values[field] ?? []) as number[];
  return ({ values }) => {
    const mine = values['vrf'];
    if (typeof mine !== 'number') return false;
    return wanted.some(
      (one) => String(mine) === one || targets(Number(one), 'import_targets').some((id) => targets(mine, 'export_targets').includes(id)),
    );
  };
};
