import { Field, ID, InputType } from '@nestjs/graphql';
import type { Cidr, Fqdn, Ip, Mac } from '#engines/kernel';
import { CidrScalar, DomainNameScalar, IpAddressScalar, MacScalar, PoolNumberScalar } from '#platform';

@InputType({ isAbstract: true })
export abstract class AdoptInput {
  @Field({ description: '1–128 printable ASCII characters, one key for each.' }) idempotencyKey: string;
  @Field(() => String, { nullable: true }) holder: string | null = null;
  @Field(() => String, { nullable: true }) externalRef: string | null = null;
}

@InputType()
export class AdoptNumberInput extends AdoptInput {
  @Field(() => ID) pool: string;
  @Field(() => PoolNumberScalar) value: string;
}

@InputType()
export class AdoptPrefixInput extends AdoptInput {
  @Field(() => ID) pool: string;
  @Field(() => CidrScalar) cidr: Cidr;
}

@InputType()
export class AdoptAddressInput extends AdoptInput {
  @Field(() => ID) subnet: string;
  @Field(() => IpAddressScalar) address: Ip;
  @Field(() => MacScalar, { nullable: true }) mac: Mac | null = null;
  @Field(() => DomainNameScalar, { nullable: true }) dnsName: Fqdn | null = null;
}

@InputType({ description: 'At most 1000 in all, all or none.' })
export class AdoptAllocationsInput {
  @Field(() => ID) tenant: string;
  @Field(() => [AdoptNumberInput]) numbers: AdoptNumberInput[] = [];
  @Field(() => [AdoptPrefixInput]) prefixes: AdoptPrefixInput[] = [];
  @Field(() => [AdoptAddressInput]) addresses: AdoptAddressInput[] = [];
}
