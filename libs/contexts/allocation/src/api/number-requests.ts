import { Injectable } from '@nestjs/common';
import { type RequestContext, tenantIn } from '#contexts/access';
import { type NumberRequest, parseNumber } from '#contexts/numbering';
import { decodeId, ExternalRef, IdempotencyKey, type PoolId, type TenantId, type VlanDomainId } from '#engines/kernel';
import { atPath } from '#platform';
import { AllocationService } from '../allocation.service.js';
import type { AllocateInput, AllocateNumberInput, AllocateVlanInput, AllocateVniInput } from './allocate-number.input.js';

/** What a caller wrote, as a request to the service. @throws DomainError NOT_FOUND | INVALID_VALUE with its place in the input. */
@Injectable()
export class NumberRequests {
  constructor(private readonly allocation: AllocationService) {}

  async ofVni(ctx: RequestContext, input: AllocateVniInput): Promise<NumberRequest> {
    const poolId = decodeId<PoolId>('pool', input.pool);
    const request = { ...commonOf(ctx, input), poolId, ...(input.prefer !== null && { prefer: input.prefer }) };
    await this.allocation.poolGives(poolId, ['VNI', 'L3VNI']);
    return request;
  }

  async ofVlan(ctx: RequestContext, input: AllocateVlanInput): Promise<NumberRequest> {
    const common = commonOf(ctx, input);
    const poolId = await this.allocation.poolOfVlanDomain(ctx.scope, decodeId<VlanDomainId>('vlanDomain', input.domain));
    return { ...common, poolId, ...(input.prefer !== null && { prefer: input.prefer }) };
  }

  async ofNumber(ctx: RequestContext, input: AllocateNumberInput): Promise<NumberRequest> {
    const poolId = decodeId<PoolId>('pool', input.pool);
    const { prefer, count, contiguous: isContiguous, partial: isPartial } = input;
    const request = { ...commonOf(ctx, input), poolId, count, isContiguous, isPartial };
    if (prefer === null) return request;
    const kind = await this.allocation.kindOf(poolId);
    return { ...request, prefer: atPath(['prefer'], () => parseNumber(kind, prefer)) };
  }
}

interface Common {
  readonly tenantId: TenantId;
  readonly key: IdempotencyKey;
  readonly ttlSeconds?: number;
  readonly holder?: string;
  readonly externalRef?: ExternalRef;
}

/** What every allocation is asked for with. */
export function commonOf(ctx: RequestContext, input: AllocateInput): Common {
  const { tenantId } = tenantIn(ctx, input.tenant);
  const { ttlSeconds, holder, externalRef } = input;
  return {
    tenantId,
    key: atPath(['idempotencyKey'], () => IdempotencyKey.parse(input.idempotencyKey)),
    ...(ttlSeconds !== null && { ttlSeconds }),
    ...(holder !== null && { holder }),
    ...(externalRef !== null && { externalRef: atPath(['externalRef'], () => ExternalRef.parse(externalRef)) }),
  };
}
