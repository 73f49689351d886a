/** Custom fields: which there are for a type, what they take and what they show. */
import type { Row, World } from './model.js';
import { isObject, type Json, type JsonObject, pythonType, textOf } from './json.js';
import { parseTime } from './timestamps.js';

const isEmpty = (value: Json | undefined): boolean =>
  value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);

export function customFieldsOf({ db }: World, type: string): readonly Row[] {
  return db.table('extras.customfield').rowsWith('for type', type);
}

export function customDefaults(world: World, type: string): JsonObject {
  return Object.fromEntries(customFieldsOf(world, type).map(({ values }) => [textOf(values['name']), values['default'] ?? null]));
}

/** Names that are no field of the type, with what is said of them from 4.7 on. Null: none. */
export function unknownCustom(world: World, type: string, custom: JsonObject): JsonObject | null {
  const known = new Set(customFieldsOf(world, type).map(({ values }) => values['name']));
  const strange = Object.keys(custom).filter((name) => !known.has(name));
  if (strange.length === 0) return null;
  return Object.fromEntries(strange.map((name) => [name, `Custom field '${name}' does not exist for this object type.`]));
}

/** What a model says of these values, in the order in which it finds it. Null: nothing. */
export function customProblem(world: World, type: string, id: number | null, custom: JsonObject): string | null {
  const fields = new Map(customFieldsOf(world, type).map((field) => [textOf(field.values['name']), field]));
  for (const [name, value] of Object.entries(custom)) {
    const field = fields.get(name);
    if (!field) return `Unknown field name '${name}' in custom field data.`;
    const problem = isEmpty(value) && !isListForNone(field, value) ? requiredProblem(field) : valueProblem(field, value, world);
    if (problem) return `Invalid value for custom field '${name}': ${problem}`;
    if (field.values['unique'] === true && !isEmpty(value) && isTaken(world, type, id, name, value))
      return `Custom field '${name}' must have a unique value.`;
  }
  const missing = [...fields].find(([name, field]) => field.values['required'] === true && !(name in custom));
  return missing ? `Missing required custom field '${missing[0]}'.` : null;
}

/** An empty list is nothing for a field that takes lists; for others it is a wrong value. */
const isListForNone = ({ values }: Row, value: Json): boolean =>
  Array.isArray(value) && !['multiselect', 'multiobject', 'json'].includes(textOf(values['type']));

const requiredProblem = ({ values }: Row): string | null => (values['required'] === true ? 'Required field cannot be empty.' : null);

function isTaken({ db }: World, type: string, id: number | null, name: string, value: Json): boolean {
  return db
    .table(type)
    .rowsWithCustom(name, value)
    .some((row) => row.id !== id);
}

function valueProblem({ values }: Row, value: Json, world: World): string | null {
  switch (values['type']) {
    case 'text':
    case 'longtext': {
      if (typeof value !== 'string') return 'Value must be a string.';
      const regex = textOf(values['validation_regex'] ?? '');
      return regex !== '' && !new RegExp(`^(?:${regex})`).test(value) ? `Value must match regex '${regex}'` : null;
    }
    case 'integer':
      return typeof value !== 'number' || !Number.isInteger(value) ? 'Value must be an integer.' : boundsProblem(values, value);
    case 'decimal':
      return Number.isNaN(Number(value)) ? 'Value must be a decimal.' : boundsProblem(values, Number(value));
    case 'boolean':
      return [true, false, 0, 1].includes(value as boolean | number) ? null : 'Value must be true or false.';
    case 'date':
      return typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value) ? null : 'Date values must be in ISO 8601 format (YYYY-MM-DD).';
    case 'datetime':
      return typeof value === 'string' && parseTime(value) !== null
        ? null
        : 'Date and time values must be in ISO 8601 format (YYYY-MM-DD HH:MM:SS).';
    case 'select':
      return choicesOf(values, world).some(([one]) => one === value) ? null : `Invalid choice (${textOf(value)}) for choice set.`;
    case 'multiselect':
      return Array.isArray(value) && value.every((one) => choicesOf(values, world).some(([known]) => known === one))
        ? null
        : `Invalid choice(s) (${JSON.stringify(value)}) for choice set.`;
    case 'object':
      return typeof value === 'number' ? null : `Value must be an object ID, not ${pythonType(value)}`;
    case 'multiobject':
      return Array.isArray(value) && value.every((one) => typeof one === 'number') ? null : 'Value must be a list of object IDs';
    default:
      return null;
  }
}

function boundsProblem(values: JsonObject, value: number): string | null {
  const [least, most] = [values['validation_minimum'], values['validation_maximum']];
  if (typeof least === 'number' && value < least) return `Value must be at least ${least}`;
  if (typeof most === 'number' && value > most) return `Value must not exceed ${most}`;
  return null;
}

function choicesOf(values: JsonObject, { db }: World): readonly [string, string][] {
  const set = db.table('extras.customfieldchoiceset').get(Number(values['choice_set'] ?? 0));
  return (set?.values['extra_choices'] ?? []) as [string, string][];
}

/** What a client sent, as the column holds it: objects by id. Null: no such object. */
export function storedCustom(world: World, type: string, sent: JsonObject): JsonObject | null {
  const stored: JsonObject = { ...sent };
  for (const { values } of customFieldsOf(world, type)) {
    const name = textOf(values['name']);
    const value = stored[name];
    if (isEmpty(value) || value === undefined) continue;
    if (values['type'] === 'object') {
      const id = idOf(world, textOf(values['related_object_type']), value);
      if (id === null) return null;
      stored[name] = id;
    }
    if (values['type'] === 'multiobject' && Array.isArray(value)) {
      const ids = value.map((one) => idOf(world, textOf(values['related_object_type']), one));
      if (ids.includes(null)) return null;
      stored[name] = ids;
    }
  }
  return stored;
}

function idOf({ db }: World, type: string, value: Json): number | null {
  const id = Number(isObject(value) ? value['id'] : value);
  return db.has(type) && db.table(type).get(id) ? id : null;
}

/** All custom fields of the type, whatever the object has. */
export function shownCustom(world: World, type: string, custom: JsonObject): JsonObject {
  const shown: JsonObject = {};
  for (const { values } of customFieldsOf(world, type)) {
    const name = textOf(values['name']);
    shown[name] = shownValue(world, values, custom[name] ?? null);
  }
  return shown;
}

function shownValue(world: World, values: JsonObject, value: Json): Json {
  if (value === null) return null;
  const related = textOf(values['related_object_type']);
  if (values['type'] === 'object') return typeof value === 'number' ? world.brief(related, value) : null;
  if (values['type'] === 'multiobject') return (value as number[]).map((id) => world.brief(related, id));
  if (!world.release.isAtLeast('4.7')) return value;
  const labelled = (one: Json): Json => ({
    value: one,
    label: choicesOf(values, world).find(([known]) => known === one)?.[1] ?? textOf(one),
  });
  if (values['type'] === 'select') return labelled(value);
  return values['type'] === 'multiselect' && Array.isArray(value) ? value.map(labelled) : value;
}
