import type { Row, World } from './model.js';
import { isObject, type Json, type JsonObject, pythonText, textOf } from './json.js';
import type { FieldErrors } from './refusal.js';
import { detail } from './refusal.js';

/** `tags` replaces all; `add_tags` and `remove_tags` (4.6) change some. Tags are ids or attributes of those that are there. */
export function readTags(sent: JsonObject, before: Row | null, world: World, errors: FieldErrors): readonly number[] {
  const present = before?.tags ?? [];
  const [all, added, removed] = ['tags', 'add_tags', 'remove_tags'].map((name) => read(sent, name, world, errors));
  if (added === undefined && removed === undefined) return all ?? present;
  if (all !== undefined) {
    const key = world.release.isAtLeast('4.7') ? '__all__' : 'non_field_errors';
    errors[key] = ['"tags" cannot be combined with "add_tags" or "remove_tags".'];
  }
  if (before === null && removed !== undefined) errors['remove_tags'] = ['Cannot remove tags from an object that is being created.'];
  return [...new Set([...present, ...(added ?? [])])].filter((id) => !removed?.includes(id));
}

function read(sent: JsonObject, name: string, world: World, errors: FieldErrors): readonly number[] | undefined {
  const value = sent[name];
  const isKnown = name === 'tags' || world.release.isAtLeast('4.6');
  if (value === undefined || !isKnown) return undefined;
  if (!Array.isArray(value)) {
    errors[name] = [`Expected a list of items but got type "${value === null ? 'NoneType' : typeof value}".`];
    return undefined;
  }
  const ids = value.map((one) => tagOf(one, world));
  const strange = value.find((_one, at) => ids[at] === null);
  if (strange !== undefined) errors[name] = [wordsFor(strange)];
  return [...new Set(ids.flatMap((id) => id ?? []))];
}

function tagOf(sent: Json, { db }: World): number | null {
  const tags = db.table('extras.tag');
  if (!isObject(sent)) return tags.get(Number(sent))?.id ?? null;
  if (Object.keys(sent).length === 0) return null;
  const found = tags
    .all()
    .filter(({ id, values }) =>
      Object.entries(sent).every(([key, value]) =>
        key === 'id' ? id === value : ['url', 'display'].includes(key) ? false : values[key] === value,
      ),
    );
  return found.length === 1 ? (found[0]?.id ?? null) : null;
}

const wordsFor = (sent: Json): string =>
  isObject(sent)
    ? `Related object not found using the provided attributes: ${pythonText(sent)}`
    : typeof sent === 'number'
      ? `Related object not found using the provided numeric ID: ${sent}`
      : `Related objects must be referenced by numeric ID or by dictionary of attributes. Received an unrecognized value: ${pythonText(sent)}`;

/** A tag may be for some types only. @throws Refusal as a signal receiver does. */
export function refuseTagsOfOthers(tags: readonly number[], type: string, { db }: World): void {
  for (const id of tags) {
    const values = db.table('extras.tag').get(id)?.values ?? {};
    const types = (values['object_types'] ?? []) as string[];
    if (types.length > 0 && !types.includes(type))
      throw detail(400, `Tag ${textOf(values['name'])} cannot be assigned to this object type.`);
  }
}
