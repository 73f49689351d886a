/** The custom field that holds the id of ours, and the tags that people see. */
import { z } from 'zod';
import type { NetBoxClient } from './netbox-client.js';
import { NetBoxError } from './netbox-error.js';
import { DEPRECATED_TAG, MANAGED_TAG, MARK_FIELD, otherShape } from './row.js';

const FIELDS = 'extras/custom-fields';
const fieldsShape = z.looseObject({
  results: z.array(
    z.looseObject({
      id: z.int().positive(),
      name: z.string(),
      object_types: z.array(z.string()),
      type: z.object({ value: z.string() }),
      unique: z.boolean(),
    }),
  ),
});
const tagsShape = z.looseObject({ results: z.array(z.looseObject({ slug: z.string() })) });

/** The custom field as it is there. */
export interface MarkField {
  readonly id: number;
  readonly objectTypes: readonly string[];
  readonly isUnique: boolean;
}

/** @returns null: there is none. @throws NETBOX_NOT_PREPARED: there is one of this name that is something else. */
export async function findMarkField(client: NetBoxClient, signal: AbortSignal): Promise<MarkField | null> {
  const parsed = fieldsShape.safeParse((await client.get(FIELDS, [['name', MARK_FIELD]], signal)).json);
  if (!parsed.success) throw otherShape(`GET /api/${FIELDS}/`, parsed.error.issues[0]?.path.join('.') ?? 'results');
  const field = parsed.data.results.find(({ name }) => name === MARK_FIELD);
  if (!field) return null;
  if (field.type.value !== 'text') {
    const words = `the custom field ${MARK_FIELD} is of type ${field.type.value}; one of type text is needed, and a type cannot be changed`;
    throw new NetBoxError('NETBOX_NOT_PREPARED', { call: `GET /api/${FIELDS}/`, words, retriable: false });
  }
  return { id: field.id, objectTypes: field.object_types, isUnique: field.unique };
}

/**
 * Makes the field and the tags where they are not there; a field that is there keeps what people set of it, and gets what is lacking.
 * @returns whether something was lacking. @throws NetBoxError.
 */
export async function makeMarks(client: NetBoxClient, objectTypes: readonly string[], signal: AbortSignal): Promise<boolean> {
  const field = await findMarkField(client, signal);
  const missing = objectTypes.filter((type) => !field?.objectTypes.includes(type));
  const isLacking = missing.length > 0 || !field?.isUnique;
  if (!field) await client.send({ method: 'POST', path: FIELDS, body: newField(objectTypes) }, signal);
  else if (isLacking) {
    const body = { object_types: [...field.objectTypes, ...missing], unique: true };
    await client.send({ method: 'PATCH', path: `${FIELDS}/${field.id}`, body }, signal);
  }
  await makeTags(client, signal);
  return isLacking;
}

const newField = (objectTypes: readonly string[]) => ({
  object_types: objectTypes,
  type: 'text',
  name: MARK_FIELD,
  label: 'Trame id',
  description: 'Id of the object in Trame. Written by Trame; do not change.',
  required: false,
  unique: true, // a create that comes twice is refused
  filter_logic: 'exact',
  ui_visible: 'hidden',
  ui_editable: 'hidden',
});

const TAG_WORDS = { [MANAGED_TAG]: 'Kept right by Trame', [DEPRECATED_TAG]: 'Removed from Trame; will be deleted' };

async function makeTags(client: NetBoxClient, signal: AbortSignal): Promise<void> {
  const path = 'extras/tags';
  const slugs = Object.keys(TAG_WORDS).map((slug) => ['slug', slug] as const);
  const parsed = tagsShape.safeParse((await client.get(path, slugs, signal)).json);
  if (!parsed.success) throw otherShape(`GET /api/${path}/`, 'results');
  const there = new Set(parsed.data.results.map(({ slug }) => slug));
  for (const [slug, description] of Object.entries(TAG_WORDS)) {
    if (!there.has(slug)) await client.send({ method: 'POST', path, body: { name: slug, slug, description } }, signal);
  }
}
