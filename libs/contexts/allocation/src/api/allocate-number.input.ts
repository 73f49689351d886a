import { Field, ID, InputType, Int } from '@nestjs/graphql';
import type { VlanId, Vni } from '#engines/kernel';
import { PoolNumberScalar, VlanIdScalar, VniScalar } from '#platform';
import { AllocateForTenantInput } from './allocate.input.js';

@InputType()
export class AllocateVniInput extends AllocateForTenantInput {
  @Field(() => ID, { description: 'A pool of VNIs or of L3 VNIs.' }) pool: string;
  @Field(() => VniScalar, { nullable: true, description: 'This VNI or none.' }) prefer: Vni | null = null;
}

@InputType()
export class AllocateVlanInput extends AllocateForTenantInput {
  @Field(() => ID, { description: 'The VLAN domain in which the VLAN has to be free.' }) domain: string;
  @Field(() => VlanIdScalar, { nullable: true, description: 'This VLAN or none.' }) prefer: VlanId | null = null;
}

@InputType()
export class AllocateNumberInput extends AllocateForTenantInput {
  @Field(() => ID) pool: string;
  @Field(() => PoolNumberScalar, { nullable: true, description: 'This number, and with `count` those after it, or none.' })
  prefer: string | null = null;
  @Field(() => Int, { description: '1–1000.' }) count: number = 1;
  @Field({ description: 'Numbers that follow each other.' }) contiguous: boolean = false;
  @Field({ description: 'As many as there are, at least one, instead of all or none.' }) partial: boolean = false;
}
