import { Field, ID, InputType, Int } from '@nestjs/graphql';
import type { VlanId, Vni } from '#engines/kernel';
import { PoolNumberScalar, VlanIdScalar, VniScalar } from '#platform';

/** What every allocation is asked for with. */
@InputType({ isAbstract: true })
export abstract class AllocateInput {
  @Field({
    description:
      '1–128 printable ASCII characters. The same key and request: the same answer, as long as the allocation lives; the same key and another request is refused.',
  })
  idempotencyKey: string;
  @Field(() => ID, { description: "Whose it will be. A tenant's token allocates for its own tenant only." }) tenant: string;
  @Field(() => Int, {
    nullable: true,
    description: 'Hold it for 1–604800 seconds instead of binding it: bind it in time, or it is free again.',
  })
  ttlSeconds: number | null = null;
  @Field(() => String, { nullable: true, description: 'Who uses it, in your words: at most 128 printable ASCII characters.' })
  holder: string | null = null;
  @Field(() => String, { nullable: true, description: 'Your own name for it, e.g. an order number.' }) externalRef: string | null = null;
  @Field({ description: 'Say what the answer would be, and keep nothing.' }) dryRun: boolean = false;
}

@InputType()
export class AllocateVniInput extends AllocateInput {
  @Field(() => ID, { description: 'A pool of VNIs or of L3 VNIs.' }) pool: string;
  @Field(() => VniScalar, { nullable: true, description: 'This VNI or none.' }) prefer: Vni | null = null;
}

@InputType()
export class AllocateVlanInput extends AllocateInput {
  @Field(() => ID, { description: 'The VLAN domain in which the VLAN has to be free.' }) domain: string;
  @Field(() => VlanIdScalar, { nullable: true, description: 'This VLAN or none.' }) prefer: VlanId | null = null;
}

@InputType()
export class AllocateNumberInput extends AllocateInput {
  @Field(() => ID) pool: string;
  @Field(() => PoolNumberScalar, { nullable: true, description: 'This number, and with `count` those after it, or none.' })
  prefer: string | null = null;
  @Field(() => Int, { description: '1–1000.' }) count: number = 1;
  @Field({ description: 'Numbers that follow each other.' }) contiguous: boolean = false;
  @Field({ description: 'As many as there are, at least one, instead of all or none.' }) partial: boolean = false;
}
