import { Field, ID, InputType, Int } from '@nestjs/graphql';
import { PrefixRoleEnum } from '#contexts/addressing';
import type { Cidr, Fqdn, Ip, Mac } from '#engines/kernel';
import { CidrScalar, DomainNameScalar, IpAddressScalar, MacScalar } from '#platform';
import { AllocateForTenantInput, AllocateInput } from './allocate.input.js';

@InputType()
export class AllocatePrefixInput extends AllocateForTenantInput {
  @Field(() => ID) pool: string;
  @Field(() => Int, { nullable: true, description: "The pool's default where it is not given. Not with `prefer`." })
  length: number | null = null;
  @Field(() => CidrScalar, { nullable: true, description: 'This prefix or none.' }) prefer: Cidr | null = null;
  @Field(() => PrefixRoleEnum, { description: 'SUBNET, LOOPBACK or LINK.' }) role: PrefixRoleEnum = PrefixRoleEnum.SUBNET;
  @Field(() => Int, { description: '1–1000.' }) count: number = 1;
  @Field({ description: 'Prefixes that follow each other.' }) contiguous: boolean = false;
  @Field({ description: 'As many as there are, at least one, instead of all or none.' }) partial: boolean = false;
}

@InputType({ description: 'First and last, both included.' })
export class AddressExtentInput {
  @Field(() => IpAddressScalar) first: Ip;
  @Field(() => IpAddressScalar) last: Ip;
}

@InputType()
export class AllocateIpInput extends AllocateInput {
  @Field(() => ID) subnet: string;
  @Field(() => ID, { nullable: true, description: 'Whose the subnet is; it need not be said.' }) tenant: string | null = null;
  @Field(() => IpAddressScalar, { nullable: true, description: 'This address, and with `count` those after it, or none.' })
  prefer: Ip | null = null;
  @Field(() => AddressExtentInput, { nullable: true, description: 'Only out of here; addresses of a DHCP range are given to nobody else.' })
  within: AddressExtentInput | null = null;
  @Field(() => MacScalar, { nullable: true }) mac: Mac | null = null;
  @Field(() => DomainNameScalar, { nullable: true }) dnsName: Fqdn | null = null;
  @Field(() => Int, { description: '1–1000.' }) count: number = 1;
  @Field({ description: 'Addresses that follow each other.' }) contiguous: boolean = false;
  @Field({ description: 'As many as there are, at least one, instead of all or none.' }) partial: boolean = false;
}
