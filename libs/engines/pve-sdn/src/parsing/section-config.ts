/**
 * Proxmox' own file format: `type: id`, then indented `key value` lines until the next head. A key that comes again is a list.
 * Knows nothing of what the keys mean.
 */
import { invalidValue } from '#engines/kernel';

export interface Section {
  readonly type: string;
  readonly id: string;
  /** A key that stands once is a string, one that stands more often a list; from JSON also numbers, booleans and objects. */
  readonly properties: Readonly<Record<string, unknown>>;
}

/** @param file what the text is, for the error: `zones.cfg`. */
export function parseSections(file: string, text: string): readonly Section[] {
  const sections: { type: string; id: string; values: Map<string, string[]> }[] = [];
  for (const [at, line] of text.split('\n').entries()) {
    if (/^\s*(?:#|$)/.test(line)) continue;
    const property = /^\s+(\S+)(?:\s+(.*\S))?\s*$/.exec(line);
    const head = /^([a-z][a-z0-9_-]*):\s*(\S+)\s*$/.exec(line);
    const open = sections.at(-1);
    if (property !== null && open !== undefined) {
      const [, key = '', value = ''] = property;
      open.values.set(key, [...(open.values.get(key) ?? []), value]);
    } else if (head !== null) {
      const [, type = '', id = ''] = head;
      sections.push({ type, id, values: new Map() });
    } else {
      throw invalidValue(`line ${at + 1} of ${file}`, line, '"type: id", or below one an indented "key value"');
    }
  }
  return onceEach(
    file,
    sections.map(({ type, id, values }) => ({
      type,
      id,
      properties: Object.fromEntries([...values].map(([key, [first, ...more]]) => [key, more.length === 0 ? first : [first, ...more]])),
    })),
  );
}

/**
 * The same as JSON, in both of its shapes: `{ids: {id: {type, …}}}` of `.running-config`, or `{id: {type, …}}`.
 * @param file what the object is, for the error: `zones`.
 */
export function sectionsOfJson(file: string, value: unknown): readonly Section[] {
  if (value === undefined || value === null) return [];
  const outer = record(file, value);
  const inner = outer['ids'] !== undefined && !isSection(outer['ids']) ? record(file, outer['ids']) : outer;
  return Object.entries(inner).map(([id, properties]) => {
    const { type, id: _id, digest: _digest, ...rest } = record(`${file} ${id}`, properties);
    return { type: typeof type === 'string' ? type : '', id, properties: rest };
  });
}

/** A section named `ids` is a section all the same. */
const isSection = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && typeof Reflect.get(value, 'type') === 'string';

function record(what: string, value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalidValue(what, value, 'an object of sections by id');
  return value as Record<string, unknown>;
}

function onceEach(file: string, sections: readonly Section[]): readonly Section[] {
  const seen = new Set<string>();
  for (const { id } of sections) {
    if (seen.has(id)) throw invalidValue(`section of ${file}`, id, 'each id once');
    seen.add(id);
  }
  return sections;
}
