import { Args, ID, Mutation, Query, Resolver } from '@nestjs/graphql';
import { Authorize, Ctx, operatorOnly, type RequestContext } from '#contexts/access';
import { decodeId, ExternalRef, type NetworkId, type TenantId, type Vni } from '#engines/kernel';
import { atPath, Database, exactlyOne, keyset, orNull, PageArgs, rowsOf, SlugScalar, toConnection, VniScalar, withErrors } from '#platform';
import type { Network, Tenant } from '../domain/network.js';
import { TenancyDescriptions } from '../tenancy-descriptions.js';
import { TenancyService } from '../tenancy.service.js';
import { NetworkConnection, NetworkObject, toNetworkObject, toVrfObject, VrfConnection } from './network.object.js';
import { CreateTenantInput } from './tenancy.input.js';
import { TenantConnection, TenantObject, TenantPayload, toTenantObject } from './tenant.object.js';

@Resolver()
export class TenancyResolver {
  constructor(
    private readonly db: Database,
    private readonly tenancy: TenancyService,
    private readonly descriptions: TenancyDescriptions,
  ) {}

  @Query(() => TenantObject, { nullable: true })
  @Authorize('tenant:read')
  tenant(
    @Ctx() ctx: RequestContext,
    @Args('id', { type: () => ID, nullable: true }) id: string | null,
    @Args('slug', { type: () => SlugScalar, nullable: true }) slug: string | null,
  ): Promise<TenantObject | null> {
    exactlyOne({ id, slug });
    return this.db.inTransaction(ctx.scope, async (tx) =>
      orNull(async () =>
        toTenantObject(
          await (typeof id === 'string'
            ? this.tenancy.tenant(tx, decodeId<TenantId>('tenant', id))
            : this.tenancy.tenantBySlug(tx, slug ?? '')),
        ),
      ),
    );
  }

  @Query(() => TenantConnection)
  @Authorize('tenant:read')
  tenants(@Ctx() ctx: RequestContext, @Args() args: PageArgs): Promise<TenantConnection> {
    const page = keyset(args, ['uuid']);
    return this.db.inTransaction(
      ctx.scope,
      async (tx) =>
        toConnection(await this.tenancy.tenants(tx, rowsOf(page)), page, (t: Tenant) => [t.id], toTenantObject) as TenantConnection,
    );
  }

  @Query(() => NetworkObject, { nullable: true })
  @Authorize('network:read')
  network(
    @Ctx() ctx: RequestContext,
    @Args('id', { type: () => ID, nullable: true }) id: string | null,
    @Args('vni', { type: () => VniScalar, nullable: true }) vni: Vni | null,
    @Args('externalRef', { type: () => String, nullable: true }) externalRef: string | null,
  ): Promise<NetworkObject | null> {
    exactlyOne({ id, vni, externalRef });
    return this.db.inTransaction(ctx.scope, async (tx) => {
      if (typeof id === 'string')
        return orNull(async () => toNetworkObject(await this.tenancy.network(tx, decodeId<NetworkId>('network', id))));
      const found = await this.tenancy.findNetwork(tx, typeof vni === 'number' ? { vni } : { externalRef: ExternalRef.parse(externalRef) });
      return found ? toNetworkObject(found) : null;
    });
  }

  @Query(() => NetworkConnection)
  @Authorize('network:read')
  networks(@Ctx() ctx: RequestContext, @Args() args: PageArgs): Promise<NetworkConnection> {
    const page = keyset(args, ['uuid']);
    return this.db.inTransaction(
      ctx.scope,
      async (tx) =>
        toConnection(await this.tenancy.networks(tx, rowsOf(page)), page, (n: Network) => [n.id], toNetworkObject) as NetworkConnection,
    );
  }

  @Query(() => VrfConnection)
  @Authorize('network:read')
  vrfs(@Ctx() ctx: RequestContext, @Args() args: PageArgs): Promise<VrfConnection> {
    const page = keyset(args, ['uuid']);
    return this.db.inTransaction(
      ctx.scope,
      async (tx) => toConnection(await this.tenancy.vrfs(tx, rowsOf(page)), page, (v) => [v.id], toVrfObject) as VrfConnection,
    );
  }

  @Mutation(() => TenantPayload)
  @Authorize('tenant:write')
  createTenant(@Ctx() ctx: RequestContext, @Args('input') input: CreateTenantInput): Promise<TenantPayload> {
    return withErrors(async () => {
      operatorOnly(ctx);
      const { slug, name, externalRef, description } = input;
      const tenant = {
        slug,
        name,
        externalRef: externalRef === null ? null : atPath(['externalRef'], () => ExternalRef.parse(externalRef)),
      };
      return this.db.inTransaction(ctx.scope, async (tx) => {
        const { id } = await this.tenancy.createTenant(tx, tenant);
        await this.descriptions.set(tx, 'tenant', id, description);
        return { tenant: toTenantObject(await this.tenancy.tenant(tx, id)) };
      });
    });
  }
}
