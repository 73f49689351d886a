/** VLANs of an interface, of a device or of a virtual machine: which filter finds it by them. */
import type { Field, Filter, Kind, Row } from '../model.js';
import { choice, ref, refs } from '../fields.js';
import { badFields } from '../refusal.js';

export const VLAN_FIELDS: Readonly<Record<string, Field>> = {
  mode: choice('Interface.mode', { nullable: true }),
  untagged_vlan: ref('ipam.vlan', { onDelete: 'clear' }),
  tagged_vlans: refs('ipam.vlan'),
  qinq_svlan: ref('ipam.vlan', { onDelete: 'clear' }),
};

/** A CharFilter: of several values the last one counts, and one that is no VLAN finds nothing (dcim/filtersets.py). */
const vlanId: Filter = (values) => {
  const wanted = Number(values.at(-1));
  if (!Number.isInteger(wanted)) throw badFields({ vlan_id: ['Enter a whole number.'] });
  return ({ values: of }) =>
    of['untagged_vlan'] === wanted || of['qinq_svlan'] === wanted || (of['tagged_vlans'] as number[]).includes(wanted);
};

/** The filter joins the tagged VLANs and asks for no distinct rows: one that is found by another column comes once for each of them. */
function repeated(parameters: URLSearchParams, { values }: Row): number {
  const wanted = Number(parameters.getAll('vlan_id').at(-1) ?? 'none');
  return values['untagged_vlan'] === wanted || values['qinq_svlan'] === wanted
    ? Math.max(1, (values['tagged_vlans'] as number[]).length)
    : 1;
}

export const VLAN_FILTERS: Pick<Kind, 'filters' | 'repeated'> = { filters: { vlan_id: vlanId }, repeated };
