/** What of a zone waits for a person. */
export interface ZoneStop {
  /** All that were told since it waits. */
  readonly codes: readonly string[];
  /** Lines that waited when it was told, or the fewest since. */
  readonly held: number;
  /** The zone could not be read: it waits as it did before. */
  readonly isUnread?: true;
}

/** By zone. */
export type ZoneStops = Readonly<Record<string, ZoneStop>>;

/** Whoever was told of so few is told again when there are twice as many, and five more: of a few each one more would be. */
const hasGrown = (held: number, told: number): boolean => held >= told * 2 && held >= told + 5;

/**
 * In a busy zone more comes to what waits with each run: it is told when it begins to wait, and when it is much more than what was told.
 * @param unread zones of which a run does not know what stands there.
 * @returns what waits now, and whether it is news.
 */
export function stopsAfter(
  before: ZoneStops,
  now: Readonly<Record<string, Pick<ZoneStop, 'codes' | 'held'>>>,
  unread: readonly string[],
): { readonly stops: ZoneStops; readonly isNews: boolean } {
  const stops: Record<string, ZoneStop> = {};
  let isNews = false;
  for (const [zone, { codes, held }] of Object.entries(now)) {
    const known = before[zone];
    const isNew = known === undefined || hasGrown(held, known.held) || codes.some((code) => !known.codes.includes(code));
    isNews ||= isNew;
    // At its threshold a guard comes and goes.
    stops[zone] = { codes: [...new Set([...(known?.codes ?? []), ...codes])], held: isNew ? held : Math.min(held, known.held) };
  }
  for (const zone of unread) {
    const known = before[zone];
    if (known) stops[zone] = { codes: known.codes, held: known.held, isUnread: true };
  }
  return { stops, isNews };
}
