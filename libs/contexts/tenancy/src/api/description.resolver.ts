import { Args, ID, Mutation, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Authorize, Ctx, operatorOnly, type RequestContext } from '#contexts/access';
import { decodeId, type Description, type NetworkId, type TenantId, type VrfId } from '#engines/kernel';
import { batched, Database, DescriptionScalar, withErrors } from '#platform';
import { type DescribedKind, TenancyDescriptions } from '../tenancy-descriptions.js';
import { TenancyService } from '../tenancy.service.js';
import { NetworkObject, NetworkPayload, toNetworkObject, toVrfObject, VrfObject, VrfPayload } from './network.object.js';
import { TenantObject, TenantPayload, toTenantObject } from './tenant.object.js';

const ID_ARG = { type: () => ID } as const;
const DESCRIPTION_ARG = { type: () => DescriptionScalar, nullable: true, description: 'Null: nothing is said any more.' } as const;
const FIELD = { nullable: true, description: 'What people write about it, here or in a system that is kept right.' } as const;

/** One statement for all objects of a page. */
const read = (db: Database, descriptions: TenancyDescriptions, ctx: RequestContext, kind: DescribedKind, publicId: string) =>
  batched<string, Description | null>(ctx, `${kind}.description`, (ids) =>
    db.inTransaction(ctx.scope, (tx) => descriptions.of(tx, kind, ids)),
  )(decodeId(kind, publicId));

@Resolver(() => TenantObject)
export class TenantDescriptionResolver {
  constructor(
    private readonly db: Database,
    private readonly descriptions: TenancyDescriptions,
    private readonly tenancy: TenancyService,
  ) {}

  @ResolveField('description', () => DescriptionScalar, { nullable: true, description: 'What the operator writes about it, and reads.' })
  description(@Parent() { id }: TenantObject, @Ctx() ctx: RequestContext): Promise<Description | null> | null {
    return ctx.scope.kind === 'system' ? read(this.db, this.descriptions, ctx, 'tenant', id) : null;
  }

  @Mutation(() => TenantPayload, { description: 'For the operator.' })
  @Authorize('tenant:write')
  describeTenant(
    @Ctx() ctx: RequestContext,
    @Args('id', ID_ARG) id: string,
    @Args('description', DESCRIPTION_ARG) description: Description | null,
  ): Promise<TenantPayload> {
    return withErrors(async () => {
      operatorOnly(ctx);
      const tenantId = decodeId<TenantId>('tenant', id);
      return this.db.inTransaction(ctx.scope, async (tx) => {
        await this.descriptions.set(tx, 'tenant', tenantId, description ?? null);
        return { tenant: toTenantObject(await this.tenancy.tenant(tx, tenantId)) };
      });
    });
  }
}

@Resolver(() => VrfObject)
export class VrfDescriptionResolver {
  constructor(
    private readonly db: Database,
    private readonly descriptions: TenancyDescriptions,
    private readonly tenancy: TenancyService,
  ) {}

  @ResolveField('description', () => DescriptionScalar, FIELD)
  description(@Parent() { id }: VrfObject, @Ctx() ctx: RequestContext): Promise<Description | null> {
    return read(this.db, this.descriptions, ctx, 'vrf', id);
  }

  @Mutation(() => VrfPayload)
  @Authorize('network:write')
  describeVrf(
    @Ctx() ctx: RequestContext,
    @Args('id', ID_ARG) id: string,
    @Args('description', DESCRIPTION_ARG) description: Description | null,
  ): Promise<VrfPayload> {
    return withErrors(async () => {
      const vrfId = decodeId<VrfId>('vrf', id);
      return this.db.inTransaction(ctx.scope, async (tx) => {
        await this.descriptions.set(tx, 'vrf', vrfId, description ?? null);
        return { vrf: toVrfObject(await this.tenancy.vrf(tx, vrfId)) };
      });
    });
  }
}

@Resolver(() => NetworkObject)
export class NetworkDescriptionResolver {
  constructor(
    private readonly db: Database,
    private readonly descriptions: TenancyDescriptions,
    private readonly tenancy: TenancyService,
  ) {}

  @ResolveField('description', () => DescriptionScalar, FIELD)
  description(@Parent() { id }: NetworkObject, @Ctx() ctx: RequestContext): Promise<Description | null> {
    return read(this.db, this.descriptions, ctx, 'network', id);
  }

  @Mutation(() => NetworkPayload)
  @Authorize('network:write')
  describeNetwork(
    @Ctx() ctx: RequestContext,
    @Args('id', ID_ARG) id: string,
    @Args('description', DESCRIPTION_ARG) description: Description | null,
  ): Promise<NetworkPayload> {
    return withErrors(async () => {
      const networkId = decodeId<NetworkId>('network', id);
      return this.db.inTransaction(ctx.scope, async (tx) => {
        await this.descriptions.set(tx, 'network', networkId, description ?? null);
        return { network: toNetworkObject(await this.tenancy.network(tx, networkId)) };
      });
    });
  }
}
