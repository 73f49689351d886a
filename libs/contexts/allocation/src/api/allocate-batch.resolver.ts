import { Args, Mutation, Resolver } from '@nestjs/graphql';
import { Authorize, Ctx, needScope, type RequestContext, type TokenScope } from '#contexts/access';
import type { NumberRequest } from '#contexts/numbering';
import { invalidValue } from '#engines/kernel';
import { atPath, isUserError } from '#platform';
import { BatchAllocationService, type BatchItem, below, type RefusedItem } from '../batch-allocation.service.js';
import { AddressRequests } from './address-requests.js';
import { AllocateBatchInput, BatchModeEnum } from './allocate-batch.input.js';
import { AllocationBatchPayload, batchPayload } from './allocate-batch.object.js';
import type { AllocateInput } from './allocate.input.js';
import { ALLOCATE_SCOPES } from './allocation-scopes.js';
import { NumberRequests } from './number-requests.js';

const MOST_ITEMS = 256;
/** Of all items together: everybody else waits for a pool while a batch has it. */
const MOST_VALUES = 1000;

@Resolver()
export class AllocateBatchResolver {
  constructor(
    private readonly batch: BatchAllocationService,
    private readonly numbers: NumberRequests,
    private readonly addresses: AddressRequests,
  ) {}

  @Mutation(() => AllocationBatchPayload, { description: 'Many things at once, in one transaction.' })
  @Authorize(...ALLOCATE_SCOPES)
  allocateBatch(@Ctx() ctx: RequestContext, @Args('input') input: AllocateBatchInput): Promise<AllocationBatchPayload> {
    return batchPayload(input.dryRun, async () =>
      this.batch.allocate(ctx.scope, await this.items(ctx, input), {
        isBestEffort: input.mode === BatchModeEnum.BEST_EFFORT,
        isDryRun: input.dryRun,
      }),
    );
  }

  /** What each item asks for; what cannot even be asked is refused here. @throws DomainError INVALID_VALUE | FORBIDDEN. */
  private async items(ctx: RequestContext, input: AllocateBatchInput): Promise<(BatchItem | RefusedItem)[]> {
    const { numbers, vnis, vlans, prefixes, ips } = input;
    const count = numbers.length + vnis.length + vlans.length + prefixes.length + ips.length;
    if (count < 1 || count > MOST_ITEMS) throw invalidValue('number of items', count, `1 to ${MOST_ITEMS}`);
    const values = [...numbers, ...vnis, ...vlans, ...prefixes, ...ips].reduce(
      (sum, one) => sum + (('count' in one ? one.count : null) ?? 1),
      0,
    );
    if (!(values <= MOST_VALUES)) throw invalidValue('number of values', values, `at most ${MOST_VALUES} in all items together`);
    const number = (path: Path, request: NumberRequest): BatchItem => ({ path, of: 'number', request });
    return [
      ...(await itemsOf(ctx, 'numbers', 'number:allocate', numbers, async (one, path) =>
        number(path, await this.numbers.ofNumber(ctx, one)),
      )),
      ...(await itemsOf(ctx, 'vnis', 'vni:allocate', vnis, async (one, path) => number(path, await this.numbers.ofVni(ctx, one)))),
      ...(await itemsOf(ctx, 'vlans', 'vlan:allocate', vlans, async (one, path) => number(path, await this.numbers.ofVlan(ctx, one)))),
      ...(await itemsOf(ctx, 'prefixes', 'prefix:allocate', prefixes, async (one, path) => {
        return { path, of: 'prefix', request: this.addresses.ofPrefix(ctx, one) };
      })),
      ...(await itemsOf(ctx, 'ips', 'ip:allocate', ips, async (one, path) => {
        return { path, of: 'address', request: await this.addresses.ofIp(ctx, one) };
      })),
    ];
  }
}

type Path = readonly (string | number)[];

/** One after another: what is refused here is the item's refusal and not the batch's. @throws DomainError FORBIDDEN. */
async function itemsOf<Input extends AllocateInput>(
  ctx: RequestContext,
  name: string,
  scope: TokenScope,
  inputs: readonly Input[],
  toItem: (input: Input, path: Path) => Promise<BatchItem>,
): Promise<(BatchItem | RefusedItem)[]> {
  if (inputs.length > 0) needScope(ctx, scope);
  const items: (BatchItem | RefusedItem)[] = [];
  for (const [index, input] of inputs.entries()) {
    const path = [name, index];
    if (input.dryRun)
      atPath([...path, 'dryRun'], () => {
        throw invalidValue('dryRun', true, 'none: the batch has one for all');
      });
    try {
      items.push(await toItem(input, path));
    } catch (error) {
      if (!isUserError(error)) throw error;
      items.push({ path, refusal: below(path, error) });
    }
  }
  return items;
}
