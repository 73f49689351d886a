import type { PlanItem } from './plan.js';

/** VNIs of the networks that an item brings or changes; all that the device has where something else of it changes too. */
export function changedNetworks({ causes, intent }: Pick<PlanItem, 'causes' | 'intent'>): ReadonlySet<number> {
  const slugs = new Set(causes.flatMap(({ kind, slug }) => (kind === 'NETWORK' ? [slug as string] : [])));
  const isMore = causes.length === 0 || causes.some(({ kind }) => kind !== 'NETWORK');
  return new Set(intent.l2vnis.filter(({ networkSlug }) => isMore || slugs.has(networkSlug)).map(({ vni }) => vni));
}
