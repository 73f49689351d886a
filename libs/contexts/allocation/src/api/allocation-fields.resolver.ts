import { Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Ctx, type RequestContext } from '#contexts/access';
import { PrefixPoolAdminService, toPrefixPoolObject } from '#contexts/addressing';
import { NumberingService, PoolObject, toNumberPoolObject } from '#contexts/numbering';
import { TenancyService, TenantObject, toTenantObject } from '#contexts/tenancy';
import { notFound, type PoolId, type PrefixPoolId, type TenantId } from '#engines/kernel';
import { batched, Database } from '#platform';
import { AllocationObject } from './allocation.object.js';

/** Read only when they are asked for, and once for a page. */
@Resolver(() => AllocationObject)
export class AllocationFieldsResolver {
  constructor(
    private readonly db: Database,
    private readonly numbering: NumberingService,
    private readonly prefixPools: PrefixPoolAdminService,
    private readonly tenancy: TenancyService,
  ) {}

  @ResolveField('tenant', () => TenantObject)
  tenant(@Parent() { tenantUuid }: AllocationObject, @Ctx() ctx: RequestContext): Promise<TenantObject> {
    return batched<TenantId, TenantObject>(ctx, 'allocation.tenant', async (ids) => {
      const tenants = await this.db.inTransaction(ctx.scope, (tx) => this.tenancy.tenantsById(tx, [...new Set(ids)]));
      const byId = new Map(tenants.map((tenant) => [tenant.id, toTenantObject(tenant)]));
      return ids.map((id) => byId.get(id) ?? failed(notFound('tenant', id)));
    })(tenantUuid);
  }

  @ResolveField('pool', () => PoolObject, { nullable: true, description: 'Null for an address: it came out of a subnet.' })
  pool(@Parent() { numberPoolUuid, prefixPoolUuid }: AllocationObject, @Ctx() ctx: RequestContext): Promise<PoolObject | null> {
    if (numberPoolUuid !== null) return this.numberPool(ctx, numberPoolUuid);
    return prefixPoolUuid === null ? Promise.resolve(null) : this.prefixPool(ctx, prefixPoolUuid);
  }

  private numberPool(ctx: RequestContext, id: PoolId): Promise<PoolObject | null> {
    return batched<PoolId, PoolObject | null>(ctx, 'allocation.numberPool', async (ids) => {
      const pools = await this.db.inTransaction(ctx.scope, (tx) => this.numbering.poolsById(tx, [...new Set(ids)]));
      const byId = new Map(pools.map((pool) => [pool.id, toNumberPoolObject(pool)]));
      return ids.map((wanted) => byId.get(wanted) ?? null);
    })(id);
  }

  private prefixPool(ctx: RequestContext, id: PrefixPoolId): Promise<PoolObject | null> {
    return batched<PrefixPoolId, PoolObject | null>(ctx, 'allocation.prefixPool', async (ids) => {
      const pools = await this.db.inTransaction(ctx.scope, (tx) => this.prefixPools.poolsById(tx, [...new Set(ids)]));
      const byId = new Map(pools.map((pool) => [pool.id, toPrefixPoolObject(pool)]));
      return ids.map((wanted) => byId.get(wanted) ?? null);
    })(id);
  }
}

function failed(error: Error): never {
  throw error;
}
