import { Args, Field, ID, InputType, Mutation, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Authorize, Ctx, type RequestContext } from '#contexts/access';
import { decodeId, type Fqdn, type IpAddressId } from '#engines/kernel';
import { batched, Database, DomainNameScalar, withErrors } from '#platform';
import { AddressNamesService } from '../address-names.service.js';
import { AddressAllocationService } from '../address-allocation.service.js';
import { IpAddressObject, IpAddressPayload, toIpAddressObject } from './subnet.object.js';

@InputType()
export class SetAddressAliasesInput {
  @Field(() => ID) ipAddress: string;
  @Field(() => [DomainNameScalar], { description: 'At most 16, all of them anew; none: it has its `dnsName` alone.' }) aliases: Fqdn[];
}

@Resolver(() => IpAddressObject)
export class AddressNamesResolver {
  constructor(
    private readonly db: Database,
    private readonly names: AddressNamesService,
    private readonly addresses: AddressAllocationService,
  ) {}

  @ResolveField('dnsAliases', () => [DomainNameScalar], { description: 'Further names, forward alone: the PTR is of `dnsName`.' })
  dnsAliases(@Parent() { id }: IpAddressObject, @Ctx() ctx: RequestContext): Promise<readonly Fqdn[]> {
    return batched<IpAddressId, readonly Fqdn[]>(ctx, 'ipAddress.dnsAliases', (ids) =>
      this.db.inTransaction(ctx.scope, (tx) => this.names.aliasesOf(tx, ids)),
    )(decodeId<IpAddressId>('ipAddress', id));
  }

  @Mutation(() => IpAddressPayload, { description: 'Of an address that has a `dnsName`; name servers have it within seconds.' })
  @Authorize('ipam:write')
  setAddressAliases(@Ctx() ctx: RequestContext, @Args('input') input: SetAddressAliasesInput): Promise<IpAddressPayload> {
    return withErrors(async () => {
      const id = decodeId<IpAddressId>('ipAddress', input.ipAddress);
      return this.db.inTransaction(ctx.scope, async (tx) => {
        await this.names.setAliases(tx, id, input.aliases);
        return { ipAddress: toIpAddressObject(await this.addresses.allocation(tx, id)) };
      });
    });
  }
}
