import { decodeId, DomainError, notFound, type TenantId } from '#engines/kernel';
import type { TokenScope } from './domain/token-scope.js';
import type { RequestContext } from './request-context.js';

/** On whose behalf a change is made, and by whom. */
export interface ActingTenant {
  readonly tenantId: TenantId;
  readonly actor: string;
}

/** The operator acts for the tenant it names; a tenant's token for itself only: any other id does not exist. @throws DomainError NOT_FOUND. */
export function tenantIn(ctx: RequestContext, publicId: string): ActingTenant {
  const tenantId = decodeId<TenantId>('tenant', publicId);
  if (ctx.scope.kind === 'tenant' && ctx.scope.tenantId !== tenantId) throw notFound('tenant', publicId);
  return { tenantId, actor: ctx.actor };
}

/** What concerns the whole fabric is not for a tenant's token, whatever its scopes. @throws DomainError FORBIDDEN. */
export function operatorOnly(ctx: RequestContext): void {
  if (ctx.scope.kind !== 'system') throw new DomainError('FORBIDDEN', 'this is for the operator of the fabric', {});
}

/** For what only the input shows that it needs: `@Authorize` has let the caller in already. @throws DomainError FORBIDDEN. */
export function needScope(ctx: RequestContext, ...accepted: readonly TokenScope[]): void {
  if (accepted.some((scope) => ctx.scopes.has(scope))) return;
  throw new DomainError('FORBIDDEN', `this token lacks the scope ${accepted.join(' or ')}`, { scopes: accepted });
}
