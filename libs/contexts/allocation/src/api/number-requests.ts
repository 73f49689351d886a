import { Injectable } from '@nestjs/common';
import type { RequestContext } from '#contexts/access';
import { type NumberRequest, parseNumber } from '#contexts/numbering';
import { decodeId, type PoolId, type VlanDomainId } from '#engines/kernel';
import { atPath } from '#platform';
import { AllocationService } from '../allocation.service.js';
import { forTenant } from './allocate.input.js';
import type { AllocateNumberInput, AllocateVlanInput, AllocateVniInput } from './allocate-number.input.js';

/** What a caller wrote, as a request to the service. @throws DomainError NOT_FOUND | INVALID_VALUE with its place in the input. */
@Injectable()
export class NumberRequests {
  constructor(private readonly allocation: AllocationService) {}

  async ofVni(ctx: RequestContext, input: AllocateVniInput): Promise<NumberRequest> {
    const poolId = decodeId<PoolId>('pool', input.pool);
    const request = { ...forTenant(ctx, input), poolId, ...(input.prefer !== null && { prefer: input.prefer }) };
    await this.allocation.poolGives(poolId, ['VNI', 'L3VNI']);
    return request;
  }

  async ofVlan(ctx: RequestContext, input: AllocateVlanInput): Promise<NumberRequest> {
    const common = forTenant(ctx, input);
    const poolId = await this.allocation.poolOfVlanDomain(ctx.scope, decodeId<VlanDomainId>('vlanDomain', input.domain));
    return { ...common, poolId, ...(input.prefer !== null && { prefer: input.prefer }) };
  }

  async ofNumber(ctx: RequestContext, input: AllocateNumberInput): Promise<NumberRequest> {
    const poolId = decodeId<PoolId>('pool', input.pool);
    const { prefer, count, contiguous: isContiguous, partial: isPartial } = input;
    const request = { ...forTenant(ctx, input), poolId, count, isContiguous, isPartial };
    if (prefer === null) return request;
    const kind = await this.allocation.kindOf(poolId);
    return { ...request, prefer: atPath(['prefer'], () => parseNumber(kind, prefer)) };
  }
}
