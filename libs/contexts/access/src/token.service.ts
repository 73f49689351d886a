import { createHmac, createSecretKey, hash, type KeyObject, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { DomainError, invalidValue, Label, type TenantId } from '#engines/kernel';
import { CLOCK, type Clock, CONFIG, type Config, Database, type Scope, systemScope, tenantScope, type Tx } from '#platform';
import { isTokenScope, TOKEN_SCOPES, type TokenScope } from './domain/token-scope.js';
import { type StoredToken, type TokenRow, TokenStore } from './store/token.store.js';
import { newTokenText, parseTokenText } from './token-text.js';

/** Who calls, after a token was proved. */
export interface Principal {
  readonly tokenId: string;
  readonly actor: string;
  /** Null: the operator. */
  readonly tenantId: TenantId | null;
  readonly scopes: ReadonlySet<string>;
  /** Rows this principal may see and write. */
  readonly scope: Scope;
}

export interface NewToken {
  readonly name: string;
  readonly tenantId: TenantId | null;
  readonly scopes: readonly string[];
  /** At most one year away. */
  readonly expiresAt: Date;
  readonly createdBy: string;
}

/** Writes who did it, in the transaction in which it is done; what the audit is, this context does not know. */
export type RecordToken = (tx: Tx, token: TokenRow) => Promise<void>;

/** With what it proves, made once and not for each request. */
interface ProvenToken extends StoredToken {
  readonly principal: Principal;
}

/** A revoked token stops working after this time at the latest, in every process. */
const REMEMBERED_MS = 3000;
const REMEMBERED_TOKENS = 10_000;
const LONGEST_LIFE_MS = 366 * 24 * 3600 * 1000;
const PEPPER_VERSION = 1;
const SCOPE = systemScope('access');

@Injectable()
export class TokenService {
  /** What was proved, by a digest of the text that proved it: neither the text is kept, nor is a guess compared with it. */
  private readonly remembered = new Map<string, { token: ProvenToken; until: number }>();
  private readonly loading = new Map<string, Promise<ProvenToken | undefined>>();
  private readonly pepper: KeyObject;

  constructor(
    private readonly db: Database,
    private readonly store: TokenStore,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(CONFIG) config: Config,
  ) {
    this.pepper = createSecretKey(config.TRAME_TOKEN_PEPPER.reveal(), 'base64');
  }

  /**
   * The secret is in the answer and nowhere else: only its HMAC is stored, so that a stolen table opens nothing.
   * @throws DomainError INVALID_VALUE for a name, a scope or an expiry that cannot be.
   */
  async create(input: NewToken, record?: RecordToken): Promise<{ token: TokenRow; secret: string }> {
    const name = Label.parse(input.name);
    const scopes = parseScopes(input.scopes);
    const now = this.clock.now().getTime();
    const expires = input.expiresAt.getTime();
    if (!(expires > now && expires <= now + LONGEST_LIFE_MS))
      throw invalidValue('expiry', input.expiresAt, 'a time within the next 366 days');
    const text = newTokenText();
    const row = {
      id: text.id,
      name,
      tenantId: input.tenantId,
      scopes,
      expiresAt: input.expiresAt,
      secretHash: this.hash(text.secret),
      pepperVersion: PEPPER_VERSION,
    };
    const token = await this.db.inTransaction(systemScope(input.createdBy), async (tx) => {
      const made = await this.store.insert(tx, row);
      await record?.(tx, made);
      return made;
    });
    return { token, secret: text.text };
  }

  /** @returns undefined for everything that does not prove a principal; which of the reasons it was is nobody's business. */
  async authenticate(bearer = ''): Promise<Principal | undefined> {
    const shown = hash('sha256', bearer, 'base64url');
    const now = this.clock.now();
    const known = this.remembered.get(shown);
    const token = known && known.until > now.getTime() ? known.token : await this.loadOnce(shown, bearer, now);
    return token && token.revokedAt === null && token.expiresAt > now ? token.principal : undefined;
  }

  /** Works at once in this process, elsewhere within three seconds. @throws DomainError NOT_FOUND. */
  async revoke(id: string, actor = SCOPE.actor, record?: RecordToken): Promise<void> {
    this.forget(id);
    const isKnown = await this.db.inTransaction(systemScope(actor), async (tx) => {
      const isEnded = await this.store.revoke(tx, id, this.clock.now());
      const token = await this.store.byId(tx, id);
      if (token && isEnded) await record?.(tx, token);
      return token !== undefined;
    });
    this.forget(id); // A request in between may have remembered it again.
    if (!isKnown) throw new DomainError('NOT_FOUND', 'there is no such token', { kind: 'token', id: id.slice(0, 64) });
  }

  private forget(id: string): void {
    for (const [shown, { token }] of this.remembered) if (token.id === id) this.remembered.delete(shown);
    this.loading.clear();
  }

  /** True while nobody could administer this installation: then the first start hands out a token. */
  async hasOperatorToken(): Promise<boolean> {
    return (await this.db.inTransaction(SCOPE, (tx) => this.store.countOperatorTokens(tx, this.clock.now()))) > 0;
  }

  /**
   * One question to the database for all who show the same token at the same moment. Only what was proved is remembered: guesses must
   * not push real tokens out; and nothing that was read before a revocation is.
   */
  private async loadOnce(shown: string, bearer: string, now: Date): Promise<ProvenToken | undefined> {
    const underWay = this.loading.get(shown);
    if (underWay) return underWay;
    const load = this.load(bearer, now);
    this.loading.set(shown, load);
    try {
      const token = await load;
      if (token && this.loading.get(shown) === load) {
        if (this.remembered.size >= REMEMBERED_TOKENS) this.remembered.clear();
        this.remembered.set(shown, { token, until: now.getTime() + REMEMBERED_MS });
      }
      return token;
    } finally {
      if (this.loading.get(shown) === load) this.loading.delete(shown);
    }
  }

  private async load(bearer: string, now: Date): Promise<ProvenToken | undefined> {
    const text = parseTokenText(bearer);
    if (!text) return undefined;
    const token = await this.db.inTransaction(SCOPE, async (tx) => {
      const found = await this.store.byId(tx, text.id);
      if (!found || !timingSafeEqual(found.secretHash, this.hash(text.secret))) return undefined;
      if (found.lastUsedAt === null || now.getTime() - found.lastUsedAt.getTime() >= 60_000) await this.store.touch(tx, text.id, now);
      return found;
    });
    return token && { ...token, principal: toPrincipal(token) };
  }

  private hash(secret: string): Buffer {
    return createHmac('sha256', this.pepper).update(secret).digest();
  }
}

function parseScopes(scopes: readonly string[]): TokenScope[] {
  const unknown = scopes.find((scope) => !isTokenScope(scope));
  if (unknown !== undefined || scopes.length === 0) throw invalidValue('scope', unknown ?? '', `one or more of ${TOKEN_SCOPES.join(', ')}`);
  return [...new Set(scopes)] as TokenScope[];
}

function toPrincipal(token: StoredToken): Principal {
  const actor = `token:${token.id}`;
  return {
    tokenId: token.id,
    actor,
    tenantId: token.tenantId,
    scopes: new Set(token.scopes),
    scope: token.tenantId === null ? systemScope(actor) : tenantScope(token.tenantId, actor),
  };
}
