import { Field, InputType, registerEnumType } from '@nestjs/graphql';
import { AllocateIpInput, AllocatePrefixInput } from './allocate-address.input.js';
import { AllocateNumberInput, AllocateVlanInput, AllocateVniInput } from './allocate-number.input.js';

export enum BatchModeEnum {
  ALL_OR_NONE = 'ALL_OR_NONE',
  BEST_EFFORT = 'BEST_EFFORT',
}
registerEnumType(BatchModeEnum, {
  name: 'BatchMode',
  valuesMap: {
    ALL_OR_NONE: { description: 'One refusal refuses all, and nothing is kept.' },
    BEST_EFFORT: { description: 'A refusal concerns its item alone.' },
  },
});

@InputType({
  description:
    'At most 256 items in one transaction. Each item has its own idempotency key and none is needed for the whole: sent again, every item gives what it gave.',
})
export class AllocateBatchInput {
  @Field(() => [AllocateNumberInput]) numbers: AllocateNumberInput[] = [];
  @Field(() => [AllocateVniInput]) vnis: AllocateVniInput[] = [];
  @Field(() => [AllocateVlanInput]) vlans: AllocateVlanInput[] = [];
  @Field(() => [AllocatePrefixInput]) prefixes: AllocatePrefixInput[] = [];
  @Field(() => [AllocateIpInput]) ips: AllocateIpInput[] = [];
  @Field(() => BatchModeEnum) mode: BatchModeEnum = BatchModeEnum.ALL_OR_NONE;
  @Field({ description: 'Of the whole batch; an item has none of its own.' }) dryRun: boolean = false;
}
