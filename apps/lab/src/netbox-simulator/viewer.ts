/** Rows as the API shows them: whole, nested, or flat as the change log keeps them. */
import { type Field, type Kind, type Row, type Settings, type World, has } from './model.js';
import type { ChoiceSets } from './choices.js';
import { shownCustom } from './custom-fields.js';
import type { Database } from './database.js';
import { type Json, type JsonObject, textOf } from './json.js';
import type { Release } from './release.js';
import { isoFormat } from './timestamps.js';

export interface Shared {
  readonly release: Release;
  readonly settings: Settings;
  readonly choices: ChoiceSets;
  readonly db: Database;
  readonly kinds: ReadonlyMap<string, Kind>;
}

/** Which fields a client asked for. */
export type Selection = (field: string) => boolean;
const ALL: Selection = () => true;

/** Lives as long as a request: what it has shown once it does not make again. */
export class Viewer implements World {
  readonly release: Release;
  readonly settings: Settings;
  readonly choices: ChoiceSets;
  readonly db: Database;
  private readonly nested = new Map<string, Json>();

  /** @param origin before `/api/`, as the client calls it; empty in webhooks. */
  constructor(
    readonly shared: Shared,
    readonly origin: string,
  ) {
    ({ release: this.release, settings: this.settings, choices: this.choices, db: this.db } = shared);
  }

  kind(type: string): Kind {
    const kind = this.shared.kinds.get(type);
    if (!kind) throw new Error(`the simulator has no ${type}`);
    return kind;
  }

  display(type: string, id: number): string {
    const row = this.db.table(type).get(id);
    return row ? this.kind(type).display(row, this) : '';
  }

  brief(type: string, id: number): Json {
    const key = `${type} ${id}`;
    const known = this.nested.get(key);
    if (known !== undefined) return known;
    const row = this.db.has(type) ? this.db.table(type).get(id) : undefined;
    const shown = row ? this.show(this.kind(type), row, this.nestedFields(type), true) : null;
    this.nested.set(key, shown);
    return shown;
  }

  private nestedFields(type: string): Selection {
    const { brief, fields } = this.kind(type);
    const isShown = (field: Field | undefined): boolean =>
      field?.type !== 'computed' || field.isCount !== true || !this.release.isAtLeast('4.7');
    return (name) => brief.includes(name) && isShown(fields[name]);
  }

  full(kind: Kind, row: Row, selection: Selection = ALL): JsonObject {
    return this.show(kind, row, selection, false);
  }

  private show(kind: Kind, row: Row, selection: Selection, isNested: boolean): JsonObject {
    const shown: JsonObject = {};
    const place = `/${kind.path}/${row.id}/`;
    if (isNested || selection('id')) shown['id'] = row.id;
    if (isNested || selection('url')) shown['url'] = `${this.origin}/api${place}`;
    if (!isNested && selection('display_url')) shown['display_url'] = `${this.origin}${place}`;
    if (isNested || selection('display')) shown['display'] = kind.display(row, this);
    for (const [name, field] of this.fieldsOf(kind)) if (selection(name)) shown[name] = this.value(field, row, name);
    if (isNested) return shown;
    // A set of users or groups (4.5); there are none here.
    if (has(kind, 'tags') && this.release.isAtLeast('4.5') && selection('owner')) shown['owner'] = null;
    if (has(kind, 'tags') && selection('tags')) shown['tags'] = this.tags(row);
    if (has(kind, 'customFields') && selection('custom_fields')) shown['custom_fields'] = shownCustom(this, kind.type, row.custom);
    if (has(kind, 'lastUpdated')) {
      if (selection('created')) shown['created'] = isoFormat(row.created, 'Z');
      if (selection('last_updated')) shown['last_updated'] = isoFormat(row.updated, 'Z');
    }
    return shown;
  }

  private readonly present = new Map<Kind, readonly (readonly [string, Field])[]>();

  private fieldsOf(kind: Kind): readonly (readonly [string, Field])[] {
    const known = this.present.get(kind) ?? Object.entries(kind.fields).filter(([, field]) => this.release.has(field));
    this.present.set(kind, known);
    return known;
  }

  private value(field: Field, row: Row, name: string): Json {
    const value = row.values[name] ?? null;
    switch (field.type) {
      case 'choice':
        return this.choices.shown(field.set, value);
      case 'ref':
        return typeof value === 'number' ? this.brief(field.to, value) : null;
      case 'refs':
        return this.inOrder(field.to, value as number[]).map((id) => this.brief(field.to, id));
      case 'computed':
        return field.of(row, this);
      default:
        return value;
    }
  }

  /** As their own list has them, whatever order they were sent in. */
  private inOrder(type: string, ids: readonly number[]): readonly number[] {
    if (ids.length < 2) return ids;
    const [kind, table] = [this.kind(type), this.db.table(type)];
    const keyOf = (id: number): string => {
      const row = table.get(id);
      return row ? kind.ordering(row, this) : '';
    };
    const keys = new Map(ids.map((id) => [id, keyOf(id)]));
    return [...ids].sort((a, b) => (keys.get(a) === keys.get(b) ? a - b : (keys.get(a) ?? '') < (keys.get(b) ?? '') ? -1 : 1));
  }

  private tags(row: Row): Json {
    const names = (id: number): string => textOf(this.db.table('extras.tag').get(id)?.values['name'] ?? '');
    return [...row.tags].sort((a, b) => (names(a) < names(b) ? -1 : 1)).map((id) => this.brief('extras.tag', id));
  }

  /** For the change log and for snapshots: references by id, tags by name. */
  flat(kind: Kind, row: Row): JsonObject {
    const flat: JsonObject = { created: isoFormat(row.created, 'Z'), last_updated: isoFormat(row.updated, 'Z') };
    for (const [name, field] of this.fieldsOf(kind)) if (field.type !== 'computed') flat[name] = row.values[name] ?? null;
    if (has(kind, 'tags')) flat['tags'] = row.tags.map((id) => textOf(this.db.table('extras.tag').get(id)?.values['name'] ?? '')).sort();
    if (has(kind, 'customFields')) flat['custom_fields'] = { ...row.custom };
    return flat;
  }
}
