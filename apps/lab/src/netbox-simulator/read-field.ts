/** What a client sent for one field, as the column holds it, or what is wrong with it. */
import type { Field, FieldOf, World } from './model.js';
import { addressText, parseAddress } from './addresses.js';
import { isObject, type Json, type JsonObject, pythonText, textOf } from './json.js';

export type Read = { readonly value: Json } | { readonly errors: readonly string[] };
const wrong = (...errors: readonly string[]): Read => ({ errors });

/** Which objects of a type the client may look up by attributes. */
export type Visible = (type: string, id: number) => boolean;

export function readField(field: Field, sent: Json, world: World, isVisible: Visible): Read {
  if (sent === null) {
    if (field.type === 'choice' && field.nullable !== true) return wrong('This field may not be blank.');
    if (field.type === 'text' || field.type === 'flag' || field.type === 'refs' || field.nullable !== true)
      return field.type === 'text' && field.nullable === true ? { value: null } : wrong('This field may not be null.');
    return { value: null };
  }
  switch (field.type) {
    case 'text':
      return readText(field, sent);
    case 'integer':
      return readInteger(field, sent);
    case 'flag':
      return readFlag(sent);
    case 'choice':
      return readChoice(field, sent, world);
    case 'choices':
      return readChoices(field, sent, world);
    case 'ref':
      return readRef(field.to, sent, world, isVisible);
    case 'refs':
      return readRefs(field.to, sent, world);
    case 'objectType':
      return readObjectType(sent, world, field.isUnchecked === true && world.release.isAtLeast('4.7') ? null : field.allowed);
    case 'objectTypes':
      return readObjectTypes(sent, world);
    case 'objectId':
      return readInteger({ min: 0, max: Number.MAX_SAFE_INTEGER }, sent);
    case 'prefix':
    case 'address':
      return readAddress(field.type, sent, world);
    default:
      return readJson(field, sent);
  }
}

function readText(field: FieldOf<'text'>, sent: Json): Read {
  if (typeof sent !== 'string' && typeof sent !== 'number') return wrong('Not a valid string.');
  const value = String(sent).trim();
  if (value === '' && field.required === true) return wrong('This field may not be blank.');
  if (value === '' && field.nullable === true) return { value: null };
  if (value.length > field.max) return wrong(`Ensure this field has no more than ${field.max} characters.`);
  if (value !== '' && field.pattern && !field.pattern.test(value)) return wrong(field.patternWords ?? 'Enter a valid value.');
  return { value };
}

function readInteger({ min, max }: { readonly min: number; readonly max: number }, sent: Json): Read {
  const value = typeof sent === 'string' && /^\s*-?\d+\s*$/.test(sent) ? Number(sent) : sent;
  if (typeof value !== 'number' || !Number.isInteger(value)) return wrong('A valid integer is required.');
  if (value < min) return wrong(`Ensure this value is greater than or equal to ${min}.`);
  return value > max ? wrong(`Ensure this value is less than or equal to ${max}.`) : { value };
}

const TRUE: readonly Json[] = [true, 1, 'true', 'True', 't', 'yes', 'on', '1'];
const FALSE: readonly Json[] = [false, 0, 'false', 'False', 'f', 'no', 'off', '0'];

function readFlag(sent: Json): Read {
  if (TRUE.includes(sent)) return { value: true };
  return FALSE.includes(sent) ? { value: false } : wrong('Must be a valid boolean.');
}

function readChoice(field: FieldOf<'choice'>, sent: Json, { choices }: World): Read {
  if (sent === '') return field.nullable === true ? { value: null } : wrong('This field may not be blank.');
  if (typeof sent === 'object') return wrong('Value must be passed directly (e.g. "foo": 123); do not use a dictionary or list.');
  return choices.has(field.set, String(sent)) ? { value: String(sent) } : wrong(`${String(sent)} is not a valid choice.`);
}

function readChoices(field: FieldOf<'choices'>, sent: Json, { choices }: World): Read {
  if (!Array.isArray(sent)) return wrong('Expected a list of items.');
  const strange = sent.find((one) => typeof one !== 'string' || !choices.has(field.set, one));
  return strange === undefined ? { value: [...new Set(sent)] } : wrong(`"${textOf(strange)}" is not a valid choice.`);
}

/** By number, or by attributes that exactly one visible object has. */
function readRef(to: string, sent: Json, world: World, isVisible: Visible): Read {
  const table = world.db.table(to);
  if (isObject(sent)) return readByAttributes(to, sent, world, isVisible);
  const id = typeof sent === 'string' && /^\d+$/.test(sent) ? Number(sent) : sent;
  if (typeof id !== 'number')
    return wrong(
      `Related objects must be referenced by numeric ID or by dictionary of attributes. Received an unrecognized value: ${pythonText(sent)}`,
    );
  return table.get(id) ? { value: id } : wrong(`Related object not found using the provided numeric ID: ${id}`);
}

function readByAttributes(to: string, sent: JsonObject, world: World, isVisible: Visible): Read {
  const { fields } = world.kind(to);
  const strange = Object.keys(sent).find((key) => key !== 'id' && !(key in fields));
  if (strange !== undefined) return wrong(`Cannot resolve keyword '${strange}' into field.`);
  const isMeant = (row: { id: number; values: JsonObject }): boolean =>
    Object.entries(sent).every(([key, value]) => {
      if (key === 'id') return row.id === Number(value);
      const field = fields[key];
      if (field?.type !== 'ref' || !isObject(value)) return row.values[key] === value;
      const inner = readByAttributes(field.to, value, world, isVisible);
      return 'value' in inner && row.values[key] === inner.value;
    });
  const found = world.db
    .table(to)
    .all()
    .filter((row) => isVisible(to, row.id) && isMeant(row));
  if (found.length > 1) return wrong(`Multiple objects match the provided attributes: ${pythonText(sent)}`);
  const [row] = found;
  return row ? { value: row.id } : wrong(`Related object not found using the provided attributes: ${pythonText(sent)}`);
}

function readRefs(to: string, sent: Json, { db }: World): Read {
  if (!Array.isArray(sent)) return wrong(`Expected a list of items but got type "${typeof sent === 'string' ? 'str' : 'dict'}".`);
  const ids: number[] = [];
  for (const one of sent) {
    const id = typeof one === 'string' && /^\d+$/.test(one) ? Number(one) : one;
    if (typeof id !== 'number') return wrong(`Incorrect type. Expected pk value, received ${isObject(one) ? 'dict' : 'str'}.`);
    if (!db.table(to).get(id)) return wrong(`Invalid pk "${id}" - object does not exist.`);
    if (!ids.includes(id)) ids.push(id);
  }
  return { value: ids.sort((a, b) => a - b) };
}

function readObjectType(sent: Json, { db }: World, allowed: readonly string[] | null): Read {
  if (typeof sent !== 'string' || !/^[^.]+\.[^.]+$/.test(sent))
    return wrong("Invalid value. Specify a content type as '<app_label>.<model_name>'.");
  const isKnown = allowed === null ? db.has(sent) : allowed.includes(sent);
  return isKnown ? { value: sent } : wrong(`Invalid content type: ${sent}`);
}

function readObjectTypes(sent: Json, world: World): Read {
  if (!Array.isArray(sent)) return wrong('Expected a list of items.');
  for (const one of sent) {
    const read = readObjectType(one, world, null);
    if ('errors' in read) return read;
  }
  return { value: [...new Set(sent as string[])].sort() };
}

function readAddress(type: 'prefix' | 'address', sent: Json, { release }: World): Read {
  const isNew = release.isAtLeast('4.7');
  const address = typeof sent === 'string' ? parseAddress(isNew ? sent : sent.trim()) : null;
  const what = isNew && type === 'prefix' ? 'prefix' : 'address';
  if (address === null) return wrong(`Invalid IP ${what} format: ${String(typeof sent === 'object' ? JSON.stringify(sent) : sent)}`);
  if (address.length === 0) return wrong(`Cannot create ${type === 'prefix' ? 'prefix' : 'IP address'} with /0 mask.`);
  return { value: addressText(address) };
}

function readJson(field: Field, sent: Json): Read {
  const problem = field.type === 'json' ? (field.problem?.(sent) ?? null) : null;
  return problem === null ? { value: sent } : wrong(problem);
}
