import { Field, ID, InputType, Int } from '@nestjs/graphql';
import type { Cidr, Description, Fqdn, Ip, Label } from '#engines/kernel';
import { BigCountScalar, CidrScalar, DescriptionScalar, DomainNameScalar, IpAddressScalar, LabelScalar } from '#platform';
import type { AddressRangeKind, GatewayMode } from '../domain/subnet.js';
import { AddressRangeKindEnum, GatewayModeEnum } from './subnet.object.js';

export const ZONE_PREFIX =
  'One DNS label or several, `dmz`: names in `dnsZone` are published as `<name>.<prefix>.<zone>`. Not without a zone.';
export const DNS_TTL = '1…604,800, of the records of its names; that of the name server where it is not given.';

@InputType()
export class GatewayInput {
  @Field(() => GatewayModeEnum) mode: GatewayMode;
  @Field(() => IpAddressScalar, { nullable: true, description: 'The first host address where it is not given.' }) address: Ip | null = null;
  @Field(() => DomainNameScalar, { nullable: true }) name: Fqdn | null = null;
}

@InputType({ description: 'A subnet that no device of the fabric carries: its addresses are accounted for and given out.' })
export class CreateSubnetInput {
  @Field({ description: '1–128 printable ASCII characters: the same key and subnet give the same one.' }) idempotencyKey: string;
  @Field(() => ID) tenant: string;
  @Field(() => ID, { description: 'Pool of prefixes: the subnet gets a prefix of its own out of it.' }) pool: string;
  @Field(() => Int, { nullable: true, description: "The pool's default where it is not given. Not with `cidr`." }) length: number | null =
    null;
  @Field(() => CidrScalar, { nullable: true, description: 'This prefix or none.' }) cidr: Cidr | null = null;
  @Field(() => ID, { nullable: true, description: 'Where it is routed: there it overlaps nothing that is seen there.' }) vrf:
    | string
    | null = null;
  @Field(() => GatewayInput, { nullable: true, description: 'None where it is not given.' }) gateway: GatewayInput | null = null;
  @Field(() => DomainNameScalar, { nullable: true }) dnsZone: Fqdn | null = null;
  @Field(() => String, { nullable: true, description: ZONE_PREFIX }) dnsZonePrefix: string | null = null;
  @Field(() => Int, { nullable: true, description: DNS_TTL }) dnsTtlSeconds: number | null = null;
  @Field(() => Int, { nullable: true, description: 'How long a released address rests; as in the pool where it is not given.' })
  quarantineSeconds: number | null = null;
  @Field(() => DescriptionScalar, { nullable: true, description: 'Of its prefix.' }) description: Description | null = null;
}

@InputType({
  description: 'All of it is said anew: what is not given is none. Names of addresses stay; what they are called in the DNS changes.',
})
export class SetSubnetDnsInput {
  @Field(() => ID) subnet: string;
  @Field(() => DomainNameScalar, { nullable: true }) dnsZone: Fqdn | null = null;
  @Field(() => String, { nullable: true, description: ZONE_PREFIX }) dnsZonePrefix: string | null = null;
  @Field(() => Int, { nullable: true, description: DNS_TTL }) dnsTtlSeconds: number | null = null;
}

@InputType()
export class AddSubnetRangeInput {
  @Field(() => ID) subnet: string;
  @Field(() => IpAddressScalar) first: Ip;
  @Field(() => IpAddressScalar) last: Ip;
  @Field(() => AddressRangeKindEnum) kind: AddressRangeKind;
  @Field(() => LabelScalar) reason: Label;
}

@InputType()
export class RemoveSubnetRangeInput {
  @Field(() => ID) subnet: string;
  @Field(() => IpAddressScalar, { description: 'First address of the range.' }) first: Ip;
}

@InputType()
export class SetAddressQuotaInput {
  @Field(() => ID) tenant: string;
  @Field(() => ID, { description: 'Address space; see `PrefixPool.space`.' }) space: string;
  @Field(() => BigCountScalar, { nullable: true, description: 'Addresses, gateways included; null: as many as there are.' })
  max: bigint | null = null;
}

@InputType({ description: 'What is in `from` is seen in `into`; not the other way.' })
export class LeakVrfInput {
  @Field(() => ID) from: string;
  @Field(() => ID) into: string;
}
