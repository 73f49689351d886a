import { Args, Int, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Authorize, Ctx, type RequestContext } from '#contexts/access';
import { NetworkObject } from '#contexts/tenancy';
import type { Ip, NetworkId, SubnetId } from '#engines/kernel';
import { batched, BigCountScalar, Database, IpAddressScalar, keyset } from '#platform';
import { AddressingService } from '../addressing.service.js';
import { SubnetService } from '../subnet.service.js';
import {
  AddressExtentObject,
  AddressRangeObject,
  IpAddressObject,
  SubnetObject,
  toIpAddressObject,
  toSubnetObject,
} from './subnet.object.js';

@Resolver(() => NetworkObject)
export class NetworkSubnetsResolver {
  constructor(
    private readonly db: Database,
    private readonly addressing: AddressingService,
  ) {}

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
    private readonly subnets: SubnetService,
  ) {}

  @ResolveField('addresses', () => [IpAddressObject])
  @Authorize('network:read', 'order:read')
  addresses(@Parent() subnet: SubnetObject, @Ctx() ctx: RequestContext): Promise<IpAddressObject[]> {
    return batched<SubnetId, IpAddressObject[]>(ctx, 'subnet.addresses', async (ids) => {
      const addresses = await this.db.inTransaction(ctx.scope, (tx) => this.addressing.addressesOf(tx, ids));
      return ids.map((id) => addresses.filter((address) => address.subnetId === id).map(toIpAddressObject));
    })(subnet.uuid);
  }
  @ResolveField('ranges', () => [AddressRangeObject], { description: 'Of DHCP, and reserved.' })
  ranges(@Parent() { uuid }: SubnetObject, @Ctx() ctx: RequestContext): Promise<AddressRangeObject[]> {
    return this.db.inTransaction(ctx.scope, (tx) => this.subnets.ranges(tx, uuid));
  }

  @ResolveField('total', () => BigCountScalar, { description: 'Addresses that stations may have.' })
  async total(@Parent() { uuid }: SubnetObject, @Ctx() ctx: RequestContext): Promise<bigint> {
    return (await this.db.inTransaction(ctx.scope, (tx) => this.subnets.fill(tx, uuid))).size;
  }

  @ResolveField('free', () => BigCountScalar, { description: 'Without those of DHCP ranges.' })
  async free(@Parent() { uuid }: SubnetObject, @Ctx() ctx: RequestContext): Promise<bigint> {
    return (await this.db.inTransaction(ctx.scope, (tx) => this.subnets.fill(tx, uuid))).free;
  }

  @ResolveField('freeRanges', () => [AddressExtentObject], { description: 'In rising order; without those of DHCP ranges.' })
  freeRanges(
    @Parent() { uuid }: SubnetObject,
    @Ctx() ctx: RequestContext,
    @Args('first', { type: () => Int, defaultValue: 20, description: '1…100.' }) first: number,
    @Args('after', { type: () => IpAddressScalar, nullable: true, description: 'Ranges that begin above it.' }) after: Ip | null,
  ): Promise<AddressExtentObject[]> {
    const { first: limit } = keyset({ first, after: null }, []);
    return this.db.inTransaction(ctx.scope, (tx) => this.subnets.free(tx, uuid, after ?? null, limit));
  }
}
