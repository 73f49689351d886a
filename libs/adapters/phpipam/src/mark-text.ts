/**
 * What stands in our column: `ten_06… slug=acme deprecated`. The first word is the id of ours, and the mark. phpIPAM has no place for the slug of a
 * tenant, and none that all kinds share for "on its way out" (only addresses have a tag that says it): the column is ours alone, people see it in
 * every table, and a description that is theirs is left alone.
 */
export interface MarkText {
  readonly id: string;
  readonly slug: string | null;
  readonly isDeprecated: boolean;
}

const SLUG = 'slug=';
const DEPRECATED = 'deprecated';
/** A tenant's id, a slug of 63 and the rest. */
export const MARK_CHARACTERS = 112;

export function parseMark(text: string | null): MarkText | null {
  const [id, ...rest] = (text ?? '').trim().split(/\s+/);
  if (id === undefined || id === '') return null;
  const slug = rest.find((word) => word.startsWith(SLUG))?.slice(SLUG.length) ?? '';
  return { id, slug: slug === '' ? null : slug, isDeprecated: rest.includes(DEPRECATED) };
}

export const printMark = ({ id, slug, isDeprecated }: MarkText): string =>
  [id, ...(slug === null ? [] : [`${SLUG}${slug}`]), ...(isDeprecated ? [DEPRECATED] : [])].join(' ');

/** For `filter_match=regex`: the text of one of these marks, whatever stands behind. */
export function marksExpression(marks: readonly string[]): string {
  return `/^(${marks.map((mark) => mark.replace(/[^A-Za-z0-9_]/g, String.raw`\$&`)).join('|')})( |$)/`;
}
