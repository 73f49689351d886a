import { Args, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { Authorize, Ctx, type RequestContext } from '#contexts/access';
import { NetworkObject } from '#contexts/tenancy';
import type { NetworkId, SubnetId } from '#engines/kernel';
import { batched, Database, orNull, SlugScalar } from '#platform';
import { AddressingService } from '../addressing.service.js';
import { IpAddressObject, PrefixPoolObject, SubnetObject, toIpAddressObject, toPrefixPoolObject, toSubnetObject } from './subnet.object.js';

@Resolver(() => NetworkObject)
export class NetworkSubnetsResolver {
  constructor(
    private readonly db: Database,
    private readonly addressing: AddressingService,
  ) {}

  @Query(() => [PrefixPoolObject])
  @Authorize('pool:read')
  prefixPools(@Ctx() ctx: RequestContext): Promise<PrefixPoolObject[]> {
    return this.db.inTransaction(ctx.scope, async (tx) => (await this.addressing.pools(tx)).map(toPrefixPoolObject));
  }

  @Query(() => PrefixPoolObject, { nullable: true })
  @Authorize('pool:read')
  prefixPool(@Ctx() ctx: RequestContext, @Args('slug', { type: () => SlugScalar }) slug: string): Promise<PrefixPoolObject | null> {
    return this.db.inTransaction(ctx.scope, (tx) => orNull(async () => toPrefixPoolObject(await this.addressing.poolBySlug(tx, slug))));
  }

  @ResolveField('subnets', () => [SubnetObject])
  @Authorize('network:read', 'order:read')
  subnets(@Parent() network: NetworkObject, @Ctx() ctx: RequestContext): Promise<SubnetObject[]> {
    return batched<NetworkId, SubnetObject[]>(ctx, 'network.subnets', async (ids) => {
      const subnets = await this.db.inTransaction(ctx.scope, (tx) => this.addressing.subnetsOf(tx, ids));
      return ids.map((id) => subnets.filter((subnet) => subnet.networkId === id).map(toSubnetObject));
    })(network.uuid);
  }
}

@Resolver(() => SubnetObject)
export class SubnetAddressesResolver {
  constructor(
    private readonly db: Database,
    private readonly addressing: AddressingService,
  ) {}

  @ResolveField('addresses', () => [IpAddressObject])
  @Authorize('network:read', 'order:read')
  addresses(@Parent() subnet: SubnetObject, @Ctx() ctx: RequestContext): Promise<IpAddressObject[]> {
    return batched<SubnetId, IpAddressObject[]>(ctx, 'subnet.addresses', async (ids) => {
      const addresses = await this.db.inTransaction(ctx.scope, (tx) => this.addressing.addressesOf(tx, ids));
      return ids.map((id) => addresses.filter((address) => address.subnetId === id).map(toIpAddressObject));
    })(subnet.uuid);
  }
}
