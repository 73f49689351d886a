import { Injectable } from '@nestjs/common';
import { type Principal, TokenService } from '#contexts/access';
import { AddressingService } from '#contexts/addressing';
import { AuditService } from '#contexts/events';
import { TenancyService } from '#contexts/tenancy';
import { DomainError, type Fqdn, invalidValue, notFound, type PrefixPoolId, Slug, type TenantId, type VrfId } from '#engines/kernel';
import { Database, newId, systemScope, violatedConstraint } from '#platform';
import type { Facade, FacadeId } from './domain/facade.js';
import { FacadeStore } from './store/facade.store.js';

export interface NewFacade {
  readonly slug: string;
  readonly tenantId: TenantId;
  readonly vrfId: VrfId | null;
  readonly poolSlugs: readonly string[];
  readonly dnsZone: Fqdn | null;
  readonly actor: string;
}

/** As long as a token is: a pool or a zone that changes is seen after it. */
const REMEMBERED_MS = 3000;
const MOST_REMEMBERED = 1000;
const LIFE_MS = 365 * 24 * 3600 * 1000;

/** Façades and their tokens, for the operator. */
@Injectable()
export class FacadeService {
  private readonly ofToken = new Map<string, { readonly facade: Facade; readonly until: number }>();
  /** Who asks while it is looked up waits for the same look. */
  private readonly loading = new Map<string, Promise<Facade | undefined>>();

  constructor(
    private readonly db: Database,
    private readonly store: FacadeStore,
    private readonly tokens: TokenService,
    private readonly tenancy: TenancyService,
    private readonly addressing: AddressingService,
    private readonly audit: AuditService,
  ) {}

  /** @returns its first token, which is shown once. @throws NOT_FOUND (tenant, VRF, pool) | ALREADY_EXISTS (slug) | INVALID_VALUE. */
  async create({ slug, tenantId, vrfId, poolSlugs, dnsZone, actor }: NewFacade): Promise<string> {
    const facade = await this.db.inTransaction(systemScope(actor), async (tx) => {
      await this.tenancy.tenant(tx, tenantId);
      if (vrfId !== null && (await this.tenancy.vrf(tx, vrfId)).tenantId !== tenantId) throw notFound('vrf', vrfId);
      if (poolSlugs.length === 0) throw invalidValue('pools', 'none', 'at least one prefix pool');
      const pools: PrefixPoolId[] = [];
      for (const pool of poolSlugs) pools.push((await this.addressing.poolBySlug(tx, pool)).id);
      const made: Facade = { id: newId<FacadeId>(), slug: Slug.parse(slug), tenantId, vrfId, poolIds: pools, dnsZone };
      await this.store.insert(tx, made).catch((error: unknown) => {
        if (violatedConstraint(error) === 'facade_slug_unique')
          throw new DomainError('ALREADY_EXISTS', `there is a façade ${slug} already`, { slug }, { cause: error });
        throw error;
      });
      const detail = { slug: made.slug, vrfId, pools: [...poolSlugs], dnsZone };
      await this.audit.append(tx, { tenantId, action: 'facade.created', subjectKind: 'facade', subjectId: made.id, detail });
      return made;
    });
    return this.issue(facade, actor);
  }

  /** Another token of the same façade, beside those that it has: revoke them when it is in use. @throws NOT_FOUND. */
  async issueToken(slug: string, actor: string): Promise<string> {
    const facade = await this.db.inTransaction(systemScope(actor), (tx) => this.store.bySlug(tx, slug));
    if (!facade) throw notFound('facade', slug);
    return this.issue(facade, actor);
  }

  /** Of who shows a token; undefined: it is no token of a façade. Which one a token belongs to never changes. */
  async ofPrincipal({ tokenId, tenantId, scopes }: Principal): Promise<Facade | undefined> {
    if (tenantId === null || !scopes.has('netbox:facade')) return undefined;
    const known = this.ofToken.get(tokenId);
    if (known && known.until > performance.now()) return known.facade;
    const load = this.loading.get(tokenId) ?? this.load(tokenId);
    this.loading.set(tokenId, load);
    return load;
  }

  private async load(tokenId: string): Promise<Facade | undefined> {
    const facade = await this.db
      .inTransaction(systemScope('facade'), (tx) => this.store.ofToken(tx, tokenId))
      .finally(() => this.loading.delete(tokenId));
    if (this.ofToken.size >= MOST_REMEMBERED) this.ofToken.clear();
    if (facade) this.ofToken.set(tokenId, { facade, until: performance.now() + REMEMBERED_MS });
    return facade;
  }

  /** Made and bound in one transaction: no token is left without a façade. */
  private async issue(facade: Facade, actor: string): Promise<string> {
    const expiresAt = new Date(Date.now() + LIFE_MS);
    const input = { name: `facade ${facade.slug}`, tenantId: facade.tenantId, scopes: ['netbox:facade'], expiresAt, createdBy: actor };
    const { secret } = await this.tokens.create(input, async (tx, { id, scopes }) => {
      await this.store.bindToken(tx, id, facade);
      const detail = { slug: facade.slug, token: id, scopes, expiresAt: expiresAt.toISOString() };
      const { tenantId } = facade;
      await this.audit.append(tx, { tenantId, action: 'facade.token-issued', subjectKind: 'facade', subjectId: facade.id, detail });
    });
    return secret;
  }
}
