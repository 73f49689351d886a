/** What a write comes to, given what is there now: an outcome without writing, or the body to send. Pure. */
import type { ForeignWrite, WriteOutcome } from '#contexts/sync/ports';
import { canonicalJson, isDomainError } from '#engines/kernel';
import type { Fields } from '#engines/reconcile';
import type { Body } from './field-codecs.js';
import { decodeFields } from './kinds.js';
import { toObject } from './netbox-reader.js';
import type { KnownKind } from './probe.js';
import type { NetBoxRelease } from './release.js';
import { DEPRECATED_TAG, MANAGED_TAG, MARK_FIELD, markOf, type Row, tagsOf } from './row.js';

export interface DecideAt {
  readonly kind: KnownKind;
  readonly release: NetBoxRelease;
  /** The object as it is now; null: it is not there. Of CREATE: the one that has the mark. */
  readonly present: Row | null;
  /** Something was sent and its answer was lost: the object as it was before that. */
  readonly before: Row | null | undefined;
}

export type Decision = { readonly outcome: WriteOutcome } | { readonly body: Body };

export function decide(write: ForeignWrite, at: DecideAt): Decision {
  const { kind, present } = at;
  if (write.verb === 'CREATE') return present ? done(kind, present) : refusing(() => createBody(kind, write.mark, write.fields));
  const wasSent = at.before !== undefined;
  if (!present) return { outcome: write.verb === 'DELETE' && wasSent ? { done: null } : { gone: true } };
  if (write.verb === 'MARK') {
    const mark = markOf(present);
    if (mark === write.mark) return done(kind, present);
    if (mark !== null && mark !== write.replaces)
      return { outcome: { refused: `it carries the mark of another owner: ${mark.slice(0, 80)}` } };
  }
  if (write.verb === 'DELETE' && markOf(present) !== write.mark) {
    return { outcome: { refused: `it is not deleted: its mark is ${markOf(present)?.slice(0, 80) ?? 'gone'}, and ${write.mark} was due` } };
  }
  const body = refusing(() => changeBody(write, at, present));
  if ('outcome' in body) return body;
  if (write.version !== null && present.last_updated !== write.version) {
    // Changed since it was read: by us, where an answer was lost and nothing else of it differs, or by somebody else.
    return wasSent && isEmpty(body.body) && isOnlyOurs(write, at, present) ? done(kind, present) : { outcome: { stale: true } };
  }
  return write.verb !== 'DELETE' && isEmpty(body.body) ? done(kind, present) : body;
}

function createBody(kind: KnownKind, mark: string, fields: Fields): Body {
  return {
    ...kind.newBody,
    ...encodeFields(kind, fields, null),
    custom_fields: { [MARK_FIELD]: mark },
    tags: [{ slug: MANAGED_TAG }],
  };
}

function changeBody(write: Exclude<ForeignWrite, { verb: 'CREATE' }>, { kind, release }: DecideAt, present: Row): Body {
  switch (write.verb) {
    case 'UPDATE':
      return { ...encodeFields(kind, write.fields, present), ...tagChange(release, present, { remove: DEPRECATED_TAG }) };
    case 'MARK':
      return { custom_fields: { [MARK_FIELD]: write.mark }, ...tagChange(release, present, { add: MANAGED_TAG }) };
    case 'DEPRECATE':
      if (kind.fields.includes('status')) return encodeFields(kind, { status: 'deprecated' }, present);
      return tagChange(release, present, { add: DEPRECATED_TAG });
    case 'DELETE':
      return {};
  }
}

/** Of the fields that this NetBox has, those that differ from what is there. */
function encodeFields(kind: KnownKind, fields: Fields, present: Row | null): Body {
  const there = present ? decodeFields(kind.codec, kind.fields, present) : {};
  const merged = { ...there, ...fields };
  const due = Object.entries(fields).filter(([name, value]) => {
    if (!kind.fields.includes(name)) return false;
    if (!present) return value !== null; // absent is null there; some columns refuse to be told
    return canonicalJson(there[name] ?? null) !== canonicalJson(value);
  });
  const bodies = due.map(([name, value]) => kind.codec.fields[name]?.encode(value, { merged, present }) ?? {});
  return Object.assign({}, ...bodies) as Body;
}

/** Tags of others stay: told one by one from 4.6, before by the whole list as it was read, under the check of its version. */
function tagChange(release: NetBoxRelease, present: Row, change: { add?: string; remove?: string }): Body {
  const tags = tagsOf(present);
  const has = (slug: string): boolean => tags.some((tag) => tag.slug === slug);
  const add = change.add !== undefined && !has(change.add) ? [{ slug: change.add }] : [];
  const remove = change.remove !== undefined && has(change.remove) ? [{ slug: change.remove }] : [];
  if (add.length + remove.length === 0) return {};
  if (release.hasTagChanges) return add.length > 0 ? { add_tags: add } : { remove_tags: remove };
  const kept = tags.filter(({ slug }) => !remove.some((one) => one.slug === slug)).map(({ id }) => id);
  return { tags: [...kept, ...add] };
}

/** Beside what was written, all fields are as they were before it was sent. */
function isOnlyOurs(write: ForeignWrite, { kind, before }: DecideAt, present: Row): boolean {
  if (!before) return false;
  const written = 'fields' in write ? Object.keys(write.fields) : ['status'];
  const others = (row: Row): string =>
    canonicalJson(Object.entries(decodeFields(kind.codec, kind.fields, row)).filter(([name]) => !written.includes(name)));
  return others(before) === others(present);
}

function refusing(make: () => Body): Decision {
  try {
    return { body: make() };
  } catch (error) {
    if (!isDomainError(error) || error.code !== 'INVALID_VALUE') throw error;
    return { outcome: { refused: error.message } };
  }
}

const isEmpty = (body: Body): boolean => Object.keys(body).length === 0;

const done = (kind: KnownKind, row: Row): Decision => ({ outcome: { done: toObject(kind, row) } });
