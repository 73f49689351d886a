import { Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Ctx, type RequestContext } from '#contexts/access';
import { NumberingService, type NumberPoolObject, PoolObject, toNumberPoolObject } from '#contexts/numbering';
import { TenancyService, TenantObject, toTenantObject } from '#contexts/tenancy';
import { notFound, type PoolId, type TenantId } from '#engines/kernel';
import { batched, Database } from '#platform';
import { AllocationObject } from './allocation.object.js';

/** Read only when they are asked for, and once for a page. */
@Resolver(() => AllocationObject)
export class AllocationFieldsResolver {
  constructor(
    private readonly db: Database,
    private readonly numbering: NumberingService,
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

  @ResolveField('pool', () => PoolObject, { nullable: true })
  pool(@Parent() { numberPoolUuid }: AllocationObject, @Ctx() ctx: RequestContext): Promise<NumberPoolObject | null> {
    if (numberPoolUuid === null) return Promise.resolve(null);
    return batched<PoolId, NumberPoolObject | null>(ctx, 'allocation.numberPool', async (ids) => {
      const pools = await this.db.inTransaction(ctx.scope, (tx) => this.numbering.poolsById(tx, [...new Set(ids)]));
      const byId = new Map(pools.map((pool) => [pool.id, toNumberPoolObject(pool)]));
      return ids.map((id) => byId.get(id) ?? null);
    })(numberPoolUuid);
  }
}

function failed(error: Error): never {
  throw error;
}
