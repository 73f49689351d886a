import type { Row, World } from './model.js';
import { isObject, type Json, type JsonObject, pythonText, pythonType, textOf } from './json.js';
import type { FieldErrors } from './refusal.js';
import { detail, ValidationError } from './refusal.js';

/** `tags` replaces all; `add_tags` and `remove_tags` (4.6) change some. Tags are ids or attributes of those that are there. */
export function readTags(sent: JsonObject, before: Row | null, world: World, errors: FieldErrors): readonly number[] {
  const present = before?.tags ?? [];
  const all = read(sent, 'tags', world, errors);
  const [added, removed] = ['add_tags', 'remove_tags'].map((name) => readChange(sent, name, world, errors));
  if (all === undefined && added === undefined && removed === undefined) return present;
  const [some, more, less] = [all ?? [], added ?? [], removed ?? []];
  // Empty lists are no wish: only tags that clash do.
  if (some.length > 0 && more.length + less.length > 0)
    errors['tags'] = ['Cannot specify "tags" together with "add_tags" or "remove_tags".'];
  if (before === null && less.length > 0) errors['remove_tags'] = ['Cannot use "remove_tags" when creating a new object.'];
  const both = more.filter((id) => less.includes(id)).map((id) => textOf(world.db.table('extras.tag').get(id)?.values['name']));
  if (both.length > 0) errors['remove_tags'] = [`Tags may not be present in both "add_tags" and "remove_tags": ${both.join(', ')}`];
  // With `tags`, also with none of them, the others are not looked at.
  return all ?? [...new Set([...present, ...more])].filter((id) => !less.includes(id));
}

/** Read beside the fields of the serializer: what is no list is an error of no field, and a tag that is not there one of the server (4.7.3). */
function readChange(sent: JsonObject, name: string, world: World, errors: FieldErrors): readonly number[] | undefined {
  if (!world.release.isAtLeast('4.6')) return undefined;
  const wrong: FieldErrors = {};
  const ids = read(sent, name, world, wrong);
  const [words] = (wrong[name] ?? []) as string[];
  if (words === undefined) return ids;
  if (!world.release.isAtLeast('4.7')) errors[name] = [words];
  else if (Array.isArray(sent[name])) throw new ValidationError(pythonText([words]));
  else errors['__all__'] = [words];
  return undefined;
}

function read(sent: JsonObject, name: string, world: World, errors: FieldErrors): readonly number[] | undefined {
  const value = sent[name];
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) {
    errors[name] = [`Expected a list of items but got type "${pythonType(value)}".`];
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
