import { Args, ID, Mutation, Query, Resolver } from '@nestjs/graphql';
import { Authorize, Ctx, operatorOnly, type RequestContext, tenantIn } from '#contexts/access';
import { DeletePayload } from '#contexts/numbering';
import { TenancyService, toVrfObject, VrfPayload } from '#contexts/tenancy';
import { type AddressSpaceId, decodeId, IdempotencyKey, type PrefixPoolId, type SubnetId, type VrfId, ZonePrefix } from '#engines/kernel';
import { atPath, Database, orNull, tenantScope, withErrors } from '#platform';
import { AddressingDescriptions } from '../addressing-descriptions.js';
import { type SubnetOfPool, SubnetOpener } from '../subnet-opener.js';
import { SubnetService } from '../subnet.service.js';
import { VrfLeakService } from '../vrf-leak.service.js';
import {
  AddSubnetRangeInput,
  CreateSubnetInput,
  LeakVrfInput,
  RemoveSubnetRangeInput,
  SetAddressQuotaInput,
  SetSubnetDnsInput,
} from './subnet.input.js';
import { AddressQuotaPayload, SubnetObject, SubnetPayload, toSubnetObject } from './subnet.object.js';

@Resolver()
export class SubnetAdminResolver {
  constructor(
    private readonly db: Database,
    private readonly opener: SubnetOpener,
    private readonly subnets: SubnetService,
    private readonly leaks: VrfLeakService,
    private readonly tenancy: TenancyService,
    private readonly descriptions: AddressingDescriptions,
  ) {}

  @Query(() => SubnetObject, { nullable: true })
  @Authorize('ipam:read')
  subnet(@Ctx() ctx: RequestContext, @Args('id', { type: () => ID }) id: string): Promise<SubnetObject | null> {
    return this.db.inTransaction(ctx.scope, (tx) =>
      orNull(async () => toSubnetObject(await this.subnets.subnet(tx, decodeId<SubnetId>('subnet', id)))),
    );
  }

  @Mutation(() => SubnetPayload, { description: 'Allocates a prefix and makes a subnet of it, both or neither.' })
  @Authorize('ipam:write')
  createSubnet(@Ctx() ctx: RequestContext, @Args('input') input: CreateSubnetInput): Promise<SubnetPayload> {
    return withErrors(async () => {
      const { tenantId, actor } = tenantIn(ctx, input.tenant);
      const wanted = toSubnetOfPool(input, tenantId);
      return this.db.inTransaction(tenantScope(tenantId, actor), async (tx) => {
        const { subnet, replayed } = await this.opener.openOutOf(tx, wanted);
        if (!replayed) await this.descriptions.set(tx, { prefix: subnet.prefixId }, input.description);
        return { subnet: toSubnetObject(subnet), replayed };
      });
    });
  }

  @Mutation(() => SubnetPayload, { description: 'How the names of its addresses are published; name servers have it within seconds.' })
  @Authorize('ipam:write')
  setSubnetDns(@Ctx() ctx: RequestContext, @Args('input') input: SetSubnetDnsInput): Promise<SubnetPayload> {
    const { subnet, dnsZone, dnsTtlSeconds } = input;
    return this.changed(ctx, subnet, async (tx, id) => {
      await this.subnets.setDns(tx, id, { dnsZone, dnsZonePrefix: zonePrefixOf(input), dnsTtlSeconds });
    });
  }

  @Mutation(() => DeletePayload, {
    description: 'One that no network has, and of which no address is given out. The prefix stays allocated: release it.',
  })
  @Authorize('ipam:write')
  closeSubnet(@Ctx() ctx: RequestContext, @Args('id', { type: () => ID }) id: string): Promise<DeletePayload> {
    return withErrors(async () => {
      await this.db.inTransaction(ctx.scope, (tx) => this.subnets.close(tx, decodeId<SubnetId>('subnet', id)));
      return { deletedId: id };
    });
  }

  @Mutation(() => SubnetPayload, { description: 'From now on; what is given out already stays.' })
  @Authorize('ipam:write')
  addSubnetRange(@Ctx() ctx: RequestContext, @Args('input') input: AddSubnetRangeInput): Promise<SubnetPayload> {
    const { subnet, first, last, kind, reason } = input;
    return this.changed(ctx, subnet, (tx, id) => this.subnets.addRange(tx, id, { first, last, kind, reason }));
  }

  @Mutation(() => SubnetPayload)
  @Authorize('ipam:write')
  removeSubnetRange(@Ctx() ctx: RequestContext, @Args('input') input: RemoveSubnetRangeInput): Promise<SubnetPayload> {
    return this.changed(ctx, input.subnet, (tx, id) => this.subnets.removeRange(tx, id, input.first));
  }

  @Mutation(() => AddressQuotaPayload, { description: 'What a tenant has already above its quota stays. For the operator.' })
  @Authorize('pool:write')
  setAddressQuota(@Ctx() ctx: RequestContext, @Args('input') input: SetAddressQuotaInput): Promise<AddressQuotaPayload> {
    return withErrors(async () => {
      operatorOnly(ctx);
      const { tenantId } = tenantIn(ctx, input.tenant);
      const spaceId = decodeId<AddressSpaceId>('addressSpace', input.space);
      return this.db.inTransaction(ctx.scope, async (tx) => {
        await this.subnets.setQuota(tx, tenantId, spaceId, input.max);
        const quota = await this.subnets.quota(tx, tenantId, spaceId);
        return { quota: quota ? { tenant: input.tenant, ...quota } : null };
      });
    });
  }

  @Mutation(() => VrfPayload, { description: 'Refused where prefixes of the two would overlap. Again is no error. For the operator.' })
  @Authorize('network:write')
  leakVrf(@Ctx() ctx: RequestContext, @Args('input') input: LeakVrfInput): Promise<VrfPayload> {
    return this.leaking(ctx, input, (...args) => this.leaks.leak(...args));
  }

  @Mutation(() => VrfPayload, { description: 'For the operator.' })
  @Authorize('network:write')
  unleakVrf(@Ctx() ctx: RequestContext, @Args('input') input: LeakVrfInput): Promise<VrfPayload> {
    return this.leaking(ctx, input, (...args) => this.leaks.unleak(...args));
  }

  private leaking(ctx: RequestContext, input: LeakVrfInput, change: VrfLeakService['leak']): Promise<VrfPayload> {
    return withErrors(async () => {
      operatorOnly(ctx);
      const [from, into] = [decodeId<VrfId>('vrf', input.from), decodeId<VrfId>('vrf', input.into)];
      return this.db.inTransaction(ctx.scope, async (tx) => {
        await change(tx, from, into);
        return { vrf: toVrfObject(await this.tenancy.vrf(tx, into)) };
      });
    });
  }

  private changed(
    ctx: RequestContext,
    publicId: string,
    change: (tx: Parameters<SubnetService['ranges']>[0], id: SubnetId) => Promise<void>,
  ): Promise<SubnetPayload> {
    return withErrors(async () => {
      const id = decodeId<SubnetId>('subnet', publicId);
      return this.db.inTransaction(ctx.scope, async (tx) => {
        await change(tx, id);
        return { subnet: toSubnetObject(await this.subnets.subnet(tx, id)) };
      });
    });
  }
}

function toSubnetOfPool(input: CreateSubnetInput, tenantId: SubnetOfPool['tenantId']): SubnetOfPool {
  const { length, cidr, vrf, gateway, dnsZone, dnsTtlSeconds, quarantineSeconds } = input;
  const dnsZonePrefix = zonePrefixOf(input);
  return {
    tenantId,
    poolId: decodeId<PrefixPoolId>('prefixPool', input.pool),
    key: atPath(['idempotencyKey'], () => IdempotencyKey.parse(input.idempotencyKey)),
    ...(length !== null && { length }),
    ...(cidr !== null && { prefer: cidr }),
    subnet: {
      ...(vrf !== null && { vrfId: decodeId<VrfId>('vrf', vrf) }),
      gatewayMode: gateway?.mode ?? 'NONE',
      ...(gateway?.address && { gatewayAddress: gateway.address }),
      ...(gateway?.name && { gatewayName: gateway.name }),
      ...(dnsZone !== null && { dnsZone }),
      ...(dnsZonePrefix !== null && { dnsZonePrefix }),
      ...(dnsTtlSeconds !== null && { dnsTtlSeconds }),
      ...(quarantineSeconds !== null && { quarantineSeconds }),
    },
  };
}

const zonePrefixOf = ({ dnsZonePrefix: text }: { readonly dnsZonePrefix: string | null }): ZonePrefix | null =>
  text === null ? null : atPath(['dnsZonePrefix'], () => ZonePrefix.parse(text));
