import type { Kind, Row, RowTest } from './model.js';
import type { Action, Token, User } from './auth.js';
import { FORBIDDEN, permissionOf } from './auth.js';
import { type Json, type JsonObject, textOf } from './json.js';
import { detail, Refusal } from './refusal.js';
import { isoFormat } from './timestamps.js';
import { type Shared, Viewer } from './viewer.js';
import { Writer } from './writer.js';

export interface Answer {
  readonly status: number;
  readonly body?: Json;
  /** Title of a page for people that comes instead. */
  readonly page?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One request of somebody who is known, on its way through the API. */
export class Act {
  readonly writer: Writer;
  readonly viewer: Viewer;

  constructor(
    readonly shared: Shared,
    readonly token: Token,
    readonly requestId: string,
    readonly origin: string,
    readonly method: string,
    readonly path: string,
    readonly parameters: URLSearchParams,
    readonly body: Json | undefined,
    private readonly ifMatch: string | undefined,
    /** Between checking and writing. */
    readonly gap: () => Promise<void>,
  ) {
    this.viewer = new Viewer(shared, origin);
    this.writer = new Writer(this.viewer, token.user, requestId);
  }

  get user(): User {
    return this.token.user;
  }

  get hasPrecondition(): boolean {
    return this.ifMatch !== undefined;
  }

  /** @throws Refusal 403 */
  demand(kind: Kind, action: Action): void {
    if (action !== 'view' && !this.token.writeEnabled) throw detail(403, FORBIDDEN);
    if (permissionOf(this.user, kind.type, action) === null) throw detail(403, FORBIDDEN);
  }

  /** Which rows the permissions let pass; null: all. */
  test(kind: Kind, action: Action): RowTest | null {
    return permissionOf(this.user, kind.type, action) === true ? null : (row) => this.writer.may(kind, row, action);
  }

  /** @throws Refusal 404 where there is none, or none for this client. */
  find(kind: Kind, id: number, action: Action): Row {
    const row = this.shared.db.table(kind.type).get(id);
    if (row && this.writer.may(kind, row, action)) return row;
    throw detail(404, `No ${modelOf(kind)} matches the given query.`);
  }

  /** @throws Refusal 412 with the tag that the object has now. */
  checkPrecondition(row: Row): void {
    const asked = this.ifMatch?.trim() ?? '';
    if (!this.shared.release.isAtLeast('4.6') || asked === '' || asked === '*') return;
    const tags = asked.split(',').map((tag) => tag.trim());
    const current = etagOf(row);
    if (!tags.includes(current)) throw new Refusal(412, { detail: 'Precondition failed.' }, { etag: current });
  }

  /** As it is now: what was shown before is not asked. */
  show(kind: Kind, row: Row): JsonObject {
    return new Viewer(this.shared, this.origin).full(kind, row);
  }

  /** With the tag of the row where the release has tags. */
  single(status: 200 | 201, kind: Kind, row: Row): Answer {
    const headers = this.shared.release.isAtLeast('4.6') && !kind.lacks?.includes('lastUpdated') ? { etag: etagOf(row) } : {};
    return { status, body: this.show(kind, row), headers };
  }

  message(of: Json | undefined): string | null {
    const message = of !== null && typeof of === 'object' && !Array.isArray(of) ? of['changelog_message'] : undefined;
    // Whatever it is becomes text.
    return message === undefined || message === null || !this.shared.release.isAtLeast('4.4') ? null : textOf(message);
  }
}

/** `VLAN group` → `VLANGroup` */
const modelOf = ({ label }: Kind): string => label.replaceAll(/(?:^| )(\S)/g, (_, letter: string) => letter.toUpperCase());

const etagOf = (row: Row): string => `W/"${isoFormat(row.updated, '+00:00')}"`;
