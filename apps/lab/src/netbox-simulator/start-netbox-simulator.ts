/** A NetBox in process: its REST API over HTTP on 127.0.0.1. */
import { type Permissions, type Token, Tokens, type User } from './auth.js';
import { type Choice, ChoiceSets } from './choices.js';
import { Database } from './database.js';
import type { Faults } from './faults.js';
import { type JsonObject, textOf } from './json.js';
import { KINDS } from './kinds/index.js';
import { NetBoxServer } from './netbox-server.js';
import { type NetBoxRelease, Release } from './release.js';
import { type Shared, Viewer } from './viewer.js';
import type { Delivery } from './webhooks.js';
import { Writer } from './writer.js';

export interface NetBoxSimulatorOptions {
  /** Default `4.6`. */
  readonly version?: NetBoxRelease;
  /** What `token` is; default 2 where the release has it. */
  readonly tokenVersion?: 1 | 2;
  /** Before `/api/`: `/netbox`; default nothing. */
  readonly basePath?: string;
  /** ENFORCE_GLOBAL_UNIQUE, default true. */
  readonly enforceGlobalUnique?: boolean;
  /** MAX_PAGE_SIZE, default 1000; 0: no cap. */
  readonly maxPageSize?: number;
  /** PAGINATE_COUNT, default 50. */
  readonly paginateCount?: number;
  /** FIELD_CHOICES: sets that replace those of NetBox, by `Prefix.status`. */
  readonly fieldChoices?: Readonly<Record<string, readonly Choice[]>>;
  /** For `background=true`; default true. */
  readonly hasWorkers?: boolean;
}

/** An object as it is stored, for looking at it without asking. */
export interface StoredObject {
  readonly id: number;
  readonly values: JsonObject;
  readonly tags: readonly string[];
  readonly custom: JsonObject;
}

export interface NetBoxState {
  /** Makes objects as a POST would, without the change log and webhooks: what was there long before. @param path `ipam/prefixes` */
  seed(path: string, bodies: readonly JsonObject[]): readonly number[];
  /** As a colleague does in the user interface: logged, and told by webhooks. */
  change(path: string, id: number, body: JsonObject): void;
  remove(path: string, id: number): void;
  /** As a restore of an older copy does: gone without a word, whatever depends on it. @returns as the right copy does: they are there again, as they were. */
  lose(path: string, ids: readonly number[]): () => void;
  count(path: string): number;
  objects(path: string): readonly StoredObject[];
  /** Another user with a token of his own. @param permissions null: all */
  user(name: string, permissions: Permissions | null, tokenVersion?: 1 | 2): Token;
}

export interface NetBoxSimulator {
  /** `http://127.0.0.1:4711`, and the base path */
  readonly url: string;
  /** Value of a superuser's token. */
  readonly token: string;
  /** The header that goes with it. */
  readonly authorization: string;
  readonly version: NetBoxRelease;
  readonly admin: Token;
  readonly faults: Faults;
  readonly state: NetBoxState;
  /** `METHOD /api/path/?query`, in the order in which they came. */
  readonly requests: string[];
  /** Webhooks that were sent, in the order in which they ended. */
  readonly deliveries: readonly Delivery[];
  /** Until no webhook, no background job and no request that was answered for too early is under way. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

export async function startNetBoxSimulator(options: NetBoxSimulatorOptions = {}): Promise<NetBoxSimulator> {
  const release = new Release(options.version ?? '4.6');
  const settings = {
    enforceGlobalUnique: options.enforceGlobalUnique ?? true,
    paginateCount: options.paginateCount ?? 50,
    maxPageSize: options.maxPageSize ?? 1000,
  };
  const db = new Database(KINDS);
  const kinds = new Map(KINDS.map((kind) => [kind.type, kind]));
  const shared: Shared = { release, settings, choices: new ChoiceSets(options.fieldChoices ?? {}), db, kinds };
  const [tokens, users] = [new Tokens(release), [] as User[]];
  const state = stateOf(shared, tokens, users);
  const admin = state.user('admin', null, options.tokenVersion);
  const server = new NetBoxServer(shared, users, tokens, options.basePath ?? '', options.hasWorkers ?? true);
  const port = await server.listen();
  return {
    url: `http://127.0.0.1:${port}${options.basePath ?? ''}`,
    token: admin.value,
    authorization: `${admin.version === 2 ? 'Bearer' : 'Token'} ${admin.value}`,
    version: release.name,
    admin,
    faults: server.faults,
    state: {
      ...state,
      change: (path, id, body) => server.changeBy(admin, path, id, body),
      remove: (path, id) => server.changeBy(admin, path, id, null),
    },
    requests: server.requests,
    deliveries: server.webhooks.deliveries,
    idle: () => server.idle(),
    close: () => server.close(),
  };
}

function stateOf(shared: Shared, tokens: Tokens, users: User[]): Omit<NetBoxState, 'change' | 'remove'> {
  const { db } = shared;
  const kindOf = (path: string) => {
    const kind = KINDS.find((one) => one.path === path);
    if (!kind) throw new Error(`there is no ${path}; there are ${KINDS.map((one) => one.path).join(', ')}`);
    return kind;
  };
  const root: User = { id: 0, name: 'seed', password: '', permissions: null };
  return {
    seed(path, bodies) {
      const kind = kindOf(path);
      const writer = new Writer(new Viewer(shared, ''), root, '', false);
      return bodies.map((body) => writer.save(kind, writer.draft(kind, body, null, 'POST'), null).id);
    },
    lose(path, ids) {
      const { type } = kindOf(path);
      const rows = ids.flatMap((id) => db.table(type).get(id) ?? []);
      for (const { id } of rows) db.remove(type, id);
      return () => {
        for (const row of rows) db.put(type, row);
      };
    },
    count: (path) => db.table(kindOf(path).type).size,
    objects: (path) =>
      db
        .table(kindOf(path).type)
        .all()
        .map(({ id, values, tags, custom }) => ({
          id,
          values,
          tags: tags.map((tag) => textOf(db.table('extras.tag').get(tag)?.values['slug'])),
          custom,
        })),
    user(name, permissions, tokenVersion) {
      const table = db.table('users.user');
      const user: User = { id: table.takeId(), name, password: `${name}-password`, permissions };
      const now = db.now();
      db.put('users.user', { id: user.id, created: now, updated: now, values: { username: name }, tags: [], custom: {} });
      users.push(user);
      return tokens.make(user, tokenVersion ?? (shared.release.isAtLeast('4.5') ? 2 : 1));
    },
  };
}
