import { Args, Mutation, Resolver } from '@nestjs/graphql';
import { Authorize, Ctx, operatorOnly, type RequestContext, tenantIn } from '#contexts/access';
import { parseNumber } from '#contexts/numbering';
import { decodeId, ExternalRef, IdempotencyKey, invalidValue, type PoolId } from '#engines/kernel';
import { atPath, payloadErrors } from '#platform';
import { AdoptionService, type NumberToAdopt } from '../adoption.service.js';
import { AllocationService } from '../allocation.service.js';
import { AdoptAllocationsInput, type AdoptNumberInput } from './adopt-allocations.input.js';
import { AdoptPayload, toAllocationObject } from './allocation.object.js';

const MOST_ADOPTED = 1000;

@Resolver()
export class AdoptAllocationsResolver {
  constructor(
    private readonly adoption: AdoptionService,
    private readonly allocation: AllocationService,
  ) {}

  @Mutation(() => AdoptPayload, {
    description:
      'What an existing network carries already becomes allocations of a tenant, and is offered to nobody in between. For the operator.',
  })
  @Authorize('pool:write')
  async adoptAllocations(@Ctx() ctx: RequestContext, @Args('input') input: AdoptAllocationsInput): Promise<AdoptPayload> {
    try {
      operatorOnly(ctx);
      const { tenantId } = tenantIn(ctx, input.tenant);
      const { length } = input.numbers;
      if (length < 1 || length > MOST_ADOPTED) throw invalidValue('number of allocations', length, `1 to ${MOST_ADOPTED}`);
      const numbers = await Promise.all(input.numbers.map((number, index) => this.number(number, ['numbers', index])));
      const adopted = await this.adoption.adopt(ctx.scope, tenantId, { numbers });
      return { allocations: adopted.map((given) => toAllocationObject(given)), errors: [] };
    } catch (error) {
      return { allocations: [], errors: payloadErrors(error) };
    }
  }

  private async number(input: AdoptNumberInput, path: readonly (string | number)[]): Promise<NumberToAdopt> {
    const { holder, externalRef } = input;
    const poolId = atPath([...path, 'pool'], () => decodeId<PoolId>('pool', input.pool));
    const kind = await this.allocation.kindOf(poolId);
    return {
      path,
      poolId,
      value: atPath([...path, 'value'], () => parseNumber(kind, input.value)),
      key: atPath([...path, 'idempotencyKey'], () => IdempotencyKey.parse(input.idempotencyKey)),
      ...(holder !== null && { holder }),
      ...(externalRef !== null && { externalRef: atPath([...path, 'externalRef'], () => ExternalRef.parse(externalRef)) }),
    };
  }
}
