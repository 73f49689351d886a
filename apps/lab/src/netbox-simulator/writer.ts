/** Makes, changes and removes objects: reads what was sent, checks what the model checks, and keeps the change log. */
import { type Draft, type Field, type Kind, type Row, has } from './model.js';
import { type Action, FORBIDDEN, permissionOf, type User } from './auth.js';
import { customDefaults, customProblem, storedCustom, unknownCustom } from './custom-fields.js';
import { keyOfRule } from './database.js';
import { isObject, type Json, type JsonObject, pythonType, textOf } from './json.js';
import { readField } from './read-field.js';
import { readTags, refuseTagsOfOthers } from './read-tags.js';
import { badFields, DataError, detail, type FieldErrors } from './refusal.js';
import { dependents, type Removal } from './removal.js';
import { Viewer } from './viewer.js';

export interface Change {
  readonly action: 'create' | 'update' | 'delete';
  readonly kind: Kind;
  readonly id: number;
  /** As the API shows it, without the address of the server. */
  readonly data: JsonObject;
  readonly before: JsonObject | null;
  readonly after: JsonObject | null;
}

export type Verb = 'POST' | 'PUT' | 'PATCH';

/** Of the column. */
const MAX_MESSAGE = 200;

export class Writer {
  /** What webhooks are told when all is done. */
  readonly changes: Change[] = [];

  /** @param log false where no change is to be kept: what was there before the log begins. */
  constructor(
    private readonly viewer: Viewer,
    private readonly user: User,
    private readonly requestId: string,
    private readonly log = true,
  ) {}

  /** @throws Refusal 400 with what is wrong, by field. */
  draft(kind: Kind, sent: Json, before: Row | null, verb: Verb): Draft {
    if (!isObject(sent)) throw badFields({ [this.noField]: [`Invalid data. Expected a dictionary, but got ${pythonType(sent)}.`] });
    const { values, errors } = this.readFields(kind, sent, before, verb);
    const tags = has(kind, 'tags') ? readTags(sent, before, this.viewer, errors) : [];
    const custom = has(kind, 'customFields') ? this.readCustom(kind, sent, before, errors) : {};
    if (Object.keys(errors).length > 0) throw badFields(errors);
    const draft: Draft = { before, values, tags, custom };
    const problem = this.genericProblem(kind, values) ?? kind.clean?.(draft, this.viewer) ?? this.uniqueProblem(kind, draft);
    if (problem) throw badFields(problem);
    const words = has(kind, 'customFields') ? customProblem(this.viewer, kind.type, before?.id ?? null, custom) : null;
    if (words !== null) throw badFields({ __all__: [words] });
    if (tags !== before?.tags) refuseTagsOfOthers(tags, kind.type, this.viewer);
    return draft;
  }

  private readFields(kind: Kind, sent: JsonObject, before: Row | null, verb: Verb): { values: JsonObject; errors: FieldErrors } {
    const values: JsonObject = { ...before?.values };
    const errors: FieldErrors = {};
    for (const [name, field] of Object.entries(kind.fields)) {
      if (field.type === 'computed') continue;
      const isThere = this.viewer.release.has(field) && name in sent && field.readOnly !== true;
      if (isThere) {
        const read = readField(field, sent[name] ?? null, this.viewer, (type, id) => this.isVisible(type, id));
        if ('errors' in read) errors[name] = [...read.errors];
        else if (field.isUnique && this.isTaken(kind, name, read.value, before))
          errors[name] = [`${kind.label} with this ${name.replaceAll('_', ' ')} already exists.`];
        else values[name] = read.value;
      } else if (verb !== 'PATCH' && field.required === true) errors[name] = ['This field is required.'];
      else if (before === null || (verb === 'PUT' && field.isClearedByPut === true)) values[name] = emptyValue(field);
    }
    return { values, errors };
  }

  private isTaken(kind: Kind, field: string, value: Json, before: Row | null): boolean {
    if (value === null || value === '') return false;
    return [...this.viewer.db.table(kind.type).found(`unique ${field}`, textOf(value))].some((id) => id !== before?.id);
  }

  private readCustom(kind: Kind, sent: JsonObject, before: Row | null, errors: FieldErrors): JsonObject {
    const start = before?.custom ?? customDefaults(this.viewer, kind.type);
    if (!('custom_fields' in sent)) return start;
    const custom = sent['custom_fields'];
    if (!isObject(custom)) {
      errors['custom_fields'] = [
        'Invalid data format. Custom field data must be passed as a dictionary mapping field names to their values.',
      ];
      return start;
    }
    const unknown = this.viewer.release.isAtLeast('4.7') ? unknownCustom(this.viewer, kind.type, custom) : null;
    if (unknown !== null) {
      errors['custom_fields'] = unknown;
      return start;
    }
    const stored = storedCustom(this.viewer, kind.type, custom);
    if (stored === null) errors['custom_fields'] = [`Unknown related object(s): ${JSON.stringify(custom)}`];
    return { ...start, ...stored };
  }

  /** Both halves or none, and of an object that is there. */
  private genericProblem(kind: Kind, values: JsonObject): FieldErrors | null {
    for (const [name, field] of Object.entries(kind.fields)) {
      if (field.type !== 'objectId') continue;
      const typeName = name.replace(/_id$/, '_type');
      const [type, id] = [values[typeName] ?? null, values[name] ?? null];
      if (type !== null && id === null) return { __all__: [`Cannot set ${typeName} without ${name}.`] };
      if (id !== null && type === null) return { __all__: [`Cannot set ${name} without ${typeName}.`] };
      if (typeof type !== 'string' || typeof id !== 'number') continue;
      if (field.isUnchecked === true && this.viewer.release.isAtLeast('4.7')) continue;
      if (!this.viewer.db.has(type) || !this.viewer.db.table(type).get(id)) return { [name]: [`Invalid object ID: ${id}`] };
    }
    return null;
  }

  private uniqueProblem(kind: Kind, { values, before }: Draft): FieldErrors | null {
    const broken = (kind.unique ?? []).filter((rule) => {
      const taken = keyOfRule(rule, values).flatMap((key) => [...this.viewer.db.table(kind.type).found(rule.name, key)]);
      return taken.some((id) => id !== before?.id);
    });
    const [first] = broken;
    if (first === undefined) return null;
    if (!this.viewer.release.isAtLeast('4.7')) return { [this.noField]: [`The fields ${first.fields.join(', ')} must make a unique set.`] };
    // The constraints of the model say it, all of them.
    return {
      [this.noField]: broken.map(({ fields, words }) => words ?? `${kind.label} with this ${fields.join(' and ')} already exists.`),
    };
  }

  /** Key of an error of no field: releases before 4.7 have two, by where it comes from. */
  private get noField(): string {
    return this.viewer.release.isAtLeast('4.7') ? '__all__' : 'non_field_errors';
  }

  private isVisible(type: string, id: number): boolean {
    const row = this.viewer.db.table(type).get(id);
    return row !== undefined && this.may(this.viewer.kind(type), row, 'view');
  }

  /** Events are made without a request: nothing in them knows the address of the server. */
  private bare(kind: Kind, row: Row): JsonObject {
    return new Viewer(this.viewer.shared, '').full(kind, row);
  }

  may(kind: Kind, row: Row, action: Action): boolean {
    const permission = permissionOf(this.user, kind.type, action);
    if (permission === null || permission === true) return permission === true;
    return permission(this.bare(kind, row));
  }

  /** @throws IntegrityError when a row came between; Refusal 403 when what was made is outside of what the user may make. */
  save(kind: Kind, draft: Draft, message: string | null): Row {
    const { db } = this.viewer;
    const now = db.now();
    const values = kind.save?.(draft.values, this.viewer) ?? draft.values;
    const table = db.table(kind.type);
    const flat = draft.before && this.log ? this.viewer.flat(kind, draft.before) : null;
    // What was read a while ago may have changed; an update writes all that it has, as the ORM does.
    const { before, tags, custom } = draft;
    const saved: Row = { id: before?.id ?? table.takeId(), created: before?.created ?? now, updated: now, values, tags, custom };
    db.put(kind.type, saved);
    if (draft.before === null) kind.created?.(saved, this.viewer);
    if (!this.may(kind, saved, draft.before ? 'change' : 'add')) throw detail(403, FORBIDDEN);
    this.record(draft.before ? 'update' : 'create', kind, saved, flat, message);
    return saved;
  }

  /** @throws Refusal 409 that names what depends on it. */
  remove(kind: Kind, row: Row, message: string | null): void {
    const removal = dependents(this.viewer, kind, row);
    if (removal.protectors.length > 0) throw detail(409, removalWords(removal, this.viewer));
    for (const gone of removal.removed)
      this.record('delete', gone.kind, gone.row, this.log ? this.viewer.flat(gone.kind, gone.row) : null, message);
    removal.carryOut();
    for (const gone of removal.removed) gone.kind.deleted?.(gone.row, this.viewer);
  }

  private record(action: Change['action'], kind: Kind, row: Row, before: JsonObject | null, message: string | null): void {
    if (!this.log || !has(kind, 'changeLog')) return;
    const after = action === 'delete' ? null : this.viewer.flat(kind, row);
    this.changes.push({ action, kind, id: row.id, data: this.bare(kind, row), before, after });
    if (action === 'update' && isSame(before, after)) return; // CHANGELOG_SKIP_EMPTY_CHANGES
    // Nothing looks at its length before the column does, so it matters only where a change is kept.
    if ((message ?? '').length > MAX_MESSAGE) throw new DataError(`value too long for type character varying(${MAX_MESSAGE})`);
    const { db } = this.viewer;
    const table = db.table('core.objectchange');
    const now = db.now();
    const values: JsonObject = {
      user: this.user.id,
      user_name: this.user.name,
      request_id: this.requestId,
      action,
      changed_object_type: kind.type,
      changed_object_id: row.id,
      object_repr: kind.display(row, this.viewer).slice(0, 200),
      message: message ?? '',
      prechange_data: before,
      postchange_data: after,
    };
    db.put('core.objectchange', { id: table.takeId(), created: now, updated: now, values, tags: [], custom: {} });
  }
}

function emptyValue(field: Field): Json {
  if (field.default !== undefined) return field.default;
  return field.type === 'text' && field.nullable !== true ? '' : null;
}

function isSame(before: JsonObject | null, after: JsonObject | null): boolean {
  return JSON.stringify({ ...before, last_updated: null }) === JSON.stringify({ ...after, last_updated: null });
}

export function removalWords({ protectors }: Removal, viewer: Viewer): string {
  const names = protectors.map(({ kind, row }) => `${kind.display(row, viewer)} (${row.id})`);
  return `Unable to delete object. ${protectors.length} dependent objects were found: ${names.join(', ')}`;
}
