import { Field, ObjectType } from '@nestjs/graphql';
import { payloadErrors, UserError } from '#platform';
import { type BatchAnswer, isRefused } from '../batch-allocation.service.js';
import { AllocationObject, toAllocationObject } from './allocation.object.js';

@ObjectType('AllocationBatchItem')
export class AllocationBatchItemObject {
  @Field(() => [String], { description: 'Its place in the input, e.g. `["vnis", "0"]`.' }) path: string[];
  @Field(() => [AllocationObject]) allocations: AllocationObject[];
  @Field() replayed: boolean;
  @Field(() => [UserError]) errors: UserError[];
}

@ObjectType('AllocationBatchPayload')
export class AllocationBatchPayload {
  @Field(() => [AllocationBatchItemObject], { description: 'In the order of the input, kind by kind; none where all was refused.' })
  items: AllocationBatchItemObject[];
  @Field(() => [AllocationObject], { description: 'Those of all items.' }) allocations: AllocationObject[];
  @Field({ description: 'Every item was seen before.' }) replayed: boolean;
  @Field({ description: 'Nothing of it was kept: the ids name nothing.' }) dryRun: boolean;
  @Field(() => [UserError], { description: 'Those of all items, each with its path.' }) errors: UserError[];
}

const toItem = (answer: BatchAnswer): AllocationBatchItemObject => ({
  path: answer.path.map(String),
  ...(isRefused(answer)
    ? { allocations: [], replayed: false, errors: payloadErrors(answer.refusal) }
    : { allocations: answer.given.map((given) => toAllocationObject(given)), replayed: answer.replayed, errors: [] }),
});

export async function batchPayload(dryRun: boolean, work: () => Promise<readonly BatchAnswer[]>): Promise<AllocationBatchPayload> {
  try {
    const items = (await work()).map(toItem);
    return {
      items,
      allocations: items.flatMap(({ allocations }) => allocations),
      replayed: items.length > 0 && items.every(({ replayed }) => replayed),
      dryRun,
      errors: items.flatMap(({ errors }) => errors),
    };
  } catch (error) {
    return { items: [], allocations: [], replayed: false, dryRun, errors: payloadErrors(error) };
  }
}
