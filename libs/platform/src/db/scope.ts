import type { TenantId } from '#engines/kernel';

/**
 * Whose rows a transaction may see and write. It becomes the Postgres role and `app.tenant_id` of the transaction, so the
 * database enforces it: a tenant's transaction runs as `trame_tenant` under row-level security, the system's as `trame_system`.
 */
export type Scope =
  | { readonly kind: 'tenant'; readonly tenantId: TenantId; readonly actor: string }
  | { readonly kind: 'system'; readonly actor: string };

export const systemScope = (actor: string): Scope => ({ kind: 'system', actor });
export const tenantScope = (tenantId: TenantId, actor: string): Scope => ({ kind: 'tenant', tenantId, actor });
