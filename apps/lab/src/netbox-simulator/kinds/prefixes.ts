/** Prefixes: where they lie in one another, and that none is there twice, where somebody asks for that. */
import type { Filter, Kind, Row, World } from '../model.js';
import { addressText, firstOf, hostKey, isWithin, lastOf, networkOf, parseAddress, prefixKey } from '../addresses.js';
import { COMMENTS, choice, computed, DESCRIPTION, flag, genericRef, ref } from '../fields.js';
import { type Json, type JsonObject, textOf } from '../json.js';
import { familyOf } from './family.js';
import { presentInVrf } from './present-in-vrf.js';

export const spaceOf = (values: JsonObject): string => textOf(values['vrf'] ?? 'global');
const parsed = (value: Json | undefined) => parseAddress(textOf(value)) ?? { family: 4 as const, host: 0n, length: 32 };
const keyOf = (values: JsonObject): string => prefixKey(parsed(values['prefix']));

function depthOf({ values }: Row, { db }: World): number {
  const table = db.table('ipam.prefix');
  const prefix = parsed(values['prefix']);
  let depth = 0;
  for (const bucket of table.buckets(spaceOf(values)).keys()) {
    const [family, length] = bucket.split('/').map(Number);
    if (family !== prefix.family || length === undefined || length >= prefix.length) continue;
    depth += table.found('place', `${spaceOf(values)} ${prefixKey(networkOf({ ...prefix, length }))}`).size;
  }
  return depth;
}

function childrenOf({ values }: Row, { db }: World): number {
  const prefix = parsed(values['prefix']);
  const keys = db.table('ipam.prefix').space(spaceOf(values));
  if (!keys) return 0;
  // Longer ones at the same start come after it; those at later starts are all inside, or before the end.
  const after = `${prefixKey(prefix)}~`;
  const end = `${hostKey(prefix.family, lastOf(prefix))}~`;
  return keys.countBetween(after, end);
}

const anyPrefix =
  (test: (row: ReturnType<typeof parsed>, wanted: ReturnType<typeof parsed>) => boolean): Filter =>
  (wanted) => {
    const prefixes = wanted.flatMap((text) => parseAddress(text) ?? []);
    return ({ values }) => prefixes.some((one) => test(parsed(values['prefix']), one));
  };

const byLength =
  (test: (length: number, wanted: number) => boolean): Filter =>
  (wanted) =>
  ({ values }) =>
    wanted.some((one) => test(parsed(values['prefix']).length, Number(one)));

export const PREFIX: Kind = {
  type: 'ipam.prefix',
  path: 'ipam/prefixes',
  label: 'prefix',
  fields: {
    family: familyOf('prefix'),
    prefix: { type: 'prefix', required: true },
    vrf: ref('ipam.vrf'),
    ...genericRef('scope', ['dcim.region', 'dcim.sitegroup', 'dcim.site', 'dcim.location'], { isClearedByPut: true }),
    tenant: ref('tenancy.tenant'),
    vlan: ref('ipam.vlan'),
    status: choice('Prefix.status', { default: 'active' }),
    role: ref('ipam.role', { onDelete: 'clear' }),
    is_pool: flag(false),
    mark_utilized: flag(false),
    description: DESCRIPTION,
    comments: COMMENTS,
    children: computed(childrenOf),
    _depth: computed(depthOf),
  },
  brief: ['family', 'prefix', 'description', '_depth'],
  display: ({ values }) => textOf(values['prefix']),
  ordering: ({ values }) => `${values['vrf'] === null ? '' : textOf(values['vrf']).padStart(9, '0')} ${keyOf(values)}`,
  lookups: { place: ({ values }) => [`${spaceOf(values)} ${keyOf(values)}`] },
  sorted: ({ values }) => {
    const prefix = parsed(values['prefix']);
    return { space: spaceOf(values), key: prefixKey(prefix), bucket: `${prefix.family}/${prefix.length}` };
  },
  clean: ({ values, before }, world) => {
    const { db, settings } = world;
    const prefix = parsed(values['prefix']);
    // The validator of the model's field comes before the `save()` that would clear these bits (ipam/validators.py).
    if (prefix.host !== firstOf(prefix))
      return { prefix: [`${addressText(prefix)} is not a valid prefix. Did you mean ${addressText(networkOf(prefix))}?`] };
    const vrf = typeof values['vrf'] === 'number' ? db.table('ipam.vrf').get(values['vrf']) : undefined;
    if (vrf ? vrf.values['enforce_unique'] !== true : !settings.enforceGlobalUnique) return null;
    const same = [...db.table('ipam.prefix').found('place', `${spaceOf(values)} ${keyOf(values)}`)].filter((id) => id !== before?.id);
    if (same.length === 0) return null;
    const place = vrf ? `VRF ${world.display('ipam.vrf', vrf.id)}` : 'global table';
    return { prefix: [`Duplicate prefix found in ${place}: ${addressText(prefix)}`] };
  },
  filterIds: { present_in_vrf_id: 'ipam.vrf' },
  filters: {
    prefix: anyPrefix((row, wanted) => row.host === wanted.host && row.length === wanted.length && row.family === wanted.family),
    within: anyPrefix((row, wanted) => isWithin(row, wanted) && row.length > wanted.length),
    within_include: anyPrefix(isWithin),
    contains: anyPrefix((row, wanted) => isWithin(wanted, row)),
    present_in_vrf_id: presentInVrf,
    mask_length: byLength((length, wanted) => length === wanted),
    mask_length__gte: byLength((length, wanted) => length >= wanted),
    mask_length__lte: byLength((length, wanted) => length <= wanted),
    family:
      (wanted) =>
      ({ values }) =>
        wanted.includes(String(parsed(values['prefix']).family)),
    vlan_vid:
      (wanted, { world: { db } }) =>
      ({ values }) =>
        wanted.includes(textOf(db.table('ipam.vlan').get(Number(values['vlan'] ?? 0))?.values['vid'])),
  },
};
