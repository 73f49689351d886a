import { Args, Mutation, Resolver } from '@nestjs/graphql';
import { Authorize, Ctx, operatorOnly, type RequestContext, tenantIn } from '#contexts/access';
import { parseNumber } from '#contexts/numbering';
import { decodeId, ExternalRef, IdempotencyKey, invalidValue, type PoolId, type PrefixPoolId, type SubnetId } from '#engines/kernel';
import { atPath, payloadErrors } from '#platform';
import { type AddressToAdopt, AdoptionService, type NumberToAdopt, type PrefixToAdopt } from '../adoption.service.js';
import { AllocationService } from '../allocation.service.js';
import {
  type AdoptAddressInput,
  AdoptAllocationsInput,
  type AdoptInput,
  type AdoptNumberInput,
  type AdoptPrefixInput,
} from './adopt-allocations.input.js';
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
      const length = input.numbers.length + input.prefixes.length + input.addresses.length;
      if (length < 1 || length > MOST_ADOPTED) throw invalidValue('number of allocations', length, `1 to ${MOST_ADOPTED}`);
      const adopted = await this.adoption.adopt(ctx.scope, tenantId, {
        numbers: await Promise.all(input.numbers.map((one, index) => this.number(one, ['numbers', index]))),
        prefixes: input.prefixes.map((one, index) => prefixOf(one, ['prefixes', index])),
        addresses: input.addresses.map((one, index) => addressOf(one, ['addresses', index])),
      });
      return { allocations: adopted.map((given) => toAllocationObject(given)), errors: [] };
    } catch (error) {
      return { allocations: [], errors: payloadErrors(error) };
    }
  }

  private async number(input: AdoptNumberInput, path: Path): Promise<NumberToAdopt> {
    const poolId = atPath([...path, 'pool'], () => decodeId<PoolId>('pool', input.pool));
    const kind = await this.allocation.kindOf(poolId);
    return { ...commonOf(input, path), poolId, value: atPath([...path, 'value'], () => parseNumber(kind, input.value)) };
  }
}

type Path = readonly (string | number)[];

function commonOf({ holder, externalRef, idempotencyKey }: AdoptInput, path: Path) {
  return {
    path,
    key: atPath([...path, 'idempotencyKey'], () => IdempotencyKey.parse(idempotencyKey)),
    ...(holder !== null && { holder }),
    ...(externalRef !== null && { externalRef: atPath([...path, 'externalRef'], () => ExternalRef.parse(externalRef)) }),
  };
}

const prefixOf = (input: AdoptPrefixInput, path: Path): PrefixToAdopt => ({
  ...commonOf(input, path),
  poolId: atPath([...path, 'pool'], () => decodeId<PrefixPoolId>('prefixPool', input.pool)),
  cidr: input.cidr,
});

const addressOf = (input: AdoptAddressInput, path: Path): AddressToAdopt => ({
  ...commonOf(input, path),
  subnetId: atPath([...path, 'subnet'], () => decodeId<SubnetId>('subnet', input.subnet)),
  address: input.address,
  ...(input.mac !== null && { mac: input.mac }),
  ...(input.dnsName !== null && { dnsName: input.dnsName }),
});
