import { Args, ID, Mutation, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Authorize, Ctx, type RequestContext } from '#contexts/access';
import { decodeId, type Description, type Ip, type IpAddressId, type PrefixId, type SubnetId } from '#engines/kernel';
import { batched, Database, DescriptionScalar, IpAddressScalar, withErrors } from '#platform';
import { AddressAllocationService } from '../address-allocation.service.js';
import { AddressingDescriptions } from '../addressing-descriptions.js';
import { PrefixTreeService } from '../prefix-tree.service.js';
import { SubnetService } from '../subnet.service.js';
import { PrefixObject, PrefixPayload, toPrefixObject } from './prefix.object.js';
import { IpAddressObject, IpAddressPayload, SubnetObject, SubnetPayload, toIpAddressObject, toSubnetObject } from './subnet.object.js';

const ID_ARG = { type: () => ID } as const;
const DESCRIPTION_ARG = { type: () => DescriptionScalar, nullable: true, description: 'Null: nothing is said any more.' } as const;

const ofPrefix = (db: Database, descriptions: AddressingDescriptions, ctx: RequestContext, publicId: string): Promise<Description | null> =>
  batched<PrefixId, Description | null>(ctx, 'prefix.description', (ids) =>
    db.inTransaction(ctx.scope, (tx) => descriptions.of(tx, 'prefix', ids)),
  )(decodeId<PrefixId>('prefix', publicId));

@Resolver(() => PrefixObject)
export class PrefixDescriptionResolver {
  constructor(
    private readonly db: Database,
    private readonly descriptions: AddressingDescriptions,
    private readonly tree: PrefixTreeService,
  ) {}

  @ResolveField('description', () => DescriptionScalar, {
    nullable: true,
    description: "What people write about it, here or in a system that is kept right. Of the operator's prefixes a tenant is told nothing.",
  })
  description(@Parent() { id }: PrefixObject, @Ctx() ctx: RequestContext): Promise<Description | null> {
    return ofPrefix(this.db, this.descriptions, ctx, id);
  }

  @Mutation(() => PrefixPayload, { description: 'And so of the subnet on it.' })
  @Authorize('ipam:write')
  describePrefix(
    @Ctx() ctx: RequestContext,
    @Args('id', ID_ARG) id: string,
    @Args('description', DESCRIPTION_ARG) description: Description | null,
  ): Promise<PrefixPayload> {
    return withErrors(async () => {
      const prefix = decodeId<PrefixId>('prefix', id);
      return this.db.inTransaction(ctx.scope, async (tx) => {
        await this.descriptions.set(tx, { prefix }, description ?? null);
        return { prefix: toPrefixObject(await this.tree.node(tx, prefix)) };
      });
    });
  }
}

@Resolver(() => SubnetObject)
export class SubnetDescriptionResolver {
  constructor(
    private readonly db: Database,
    private readonly descriptions: AddressingDescriptions,
    private readonly subnets: SubnetService,
  ) {}

  @ResolveField('description', () => DescriptionScalar, { nullable: true, description: 'Of its prefix: `describePrefix`.' })
  description(@Parent() { prefix }: SubnetObject, @Ctx() ctx: RequestContext): Promise<Description | null> {
    return ofPrefix(this.db, this.descriptions, ctx, prefix);
  }

  @Mutation(() => SubnetPayload, { description: 'The reason of a range, which other systems have as its description.' })
  @Authorize('ipam:write')
  describeSubnetRange(
    @Ctx() ctx: RequestContext,
    @Args('subnet', ID_ARG) subnet: string,
    @Args('first', { type: () => IpAddressScalar, description: 'First address of the range.' }) first: Ip,
    @Args('reason', DESCRIPTION_ARG) reason: Description | null,
  ): Promise<SubnetPayload> {
    return withErrors(async () => {
      const id = decodeId<SubnetId>('subnet', subnet);
      return this.db.inTransaction(ctx.scope, async (tx) => {
        await this.descriptions.setOfRange(tx, id, first, reason ?? null);
        return { subnet: toSubnetObject(await this.subnets.subnet(tx, id)) };
      });
    });
  }
}

@Resolver(() => IpAddressObject)
export class IpAddressDescriptionResolver {
  constructor(
    private readonly db: Database,
    private readonly descriptions: AddressingDescriptions,
    private readonly addresses: AddressAllocationService,
  ) {}

  @ResolveField('description', () => DescriptionScalar, {
    nullable: true,
    description: 'What people write about it, here or in a system that is kept right.',
  })
  description(@Parent() { id }: IpAddressObject, @Ctx() ctx: RequestContext): Promise<Description | null> {
    return batched<IpAddressId, Description | null>(ctx, 'ipAddress.description', (ids) =>
      this.db.inTransaction(ctx.scope, (tx) => this.descriptions.of(tx, 'ipAddress', ids)),
    )(decodeId<IpAddressId>('ipAddress', id));
  }

  @Mutation(() => IpAddressPayload)
  @Authorize('ipam:write')
  describeIpAddress(
    @Ctx() ctx: RequestContext,
    @Args('id', ID_ARG) id: string,
    @Args('description', DESCRIPTION_ARG) description: Description | null,
  ): Promise<IpAddressPayload> {
    return withErrors(async () => {
      const ipAddress = decodeId<IpAddressId>('ipAddress', id);
      return this.db.inTransaction(ctx.scope, async (tx) => {
        await this.descriptions.set(tx, { ipAddress }, description ?? null);
        return { ipAddress: toIpAddressObject(await this.addresses.allocation(tx, ipAddress)) };
      });
    });
  }
}
