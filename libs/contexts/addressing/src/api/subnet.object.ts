import { Field, HideField, ID, Int, ObjectType } from '@nestjs/graphql';
import { PoolQuotaObject } from '#contexts/numbering';
import { encodeId, type SubnetId } from '#engines/kernel';
import { CidrScalar, DescriptionScalar, DomainNameScalar, enumType, IpAddressScalar, MacScalar, UserError } from '#platform';
import type { AddressExtent } from '../domain/allocation.js';
import type { AddressRange, IpAddress, Subnet } from '../domain/subnet.js';

export const GatewayModeEnum = enumType('GatewayMode', ['ANYCAST_VTEP', 'CENTRAL_VRRP', 'EXTERNAL_FIREWALL', 'NONE']);
export type GatewayModeEnum = keyof typeof GatewayModeEnum;

@ObjectType('SubnetGateway')
export class SubnetGatewayObject {
  @Field(() => IpAddressScalar) address: string;
  @Field(() => GatewayModeEnum) mode: string;
}

@ObjectType('Subnet')
export class SubnetObject {
  @Field(() => ID) id: string;
  @Field(() => CidrScalar) cidr: string;
  @Field(() => SubnetGatewayObject, { nullable: true }) gateway: SubnetGatewayObject | null;
  @Field(() => DomainNameScalar, { nullable: true, description: 'Zone that the names of its addresses live in.' }) dnsZone: string | null;
  @Field(() => String, { nullable: true, description: 'Names in `dnsZone` are published as `<name>.<prefix>.<zone>`.' })
  dnsZonePrefix: string | null;
  @Field(() => Int, { nullable: true, description: 'TTL of the records of its names; null: that of the name server.' })
  dnsTtlSeconds: number | null;
  @Field(() => ID, { description: 'The prefix that it is made of.' }) prefix: string;
  @Field(() => ID, { nullable: true, description: 'Where its addresses are routed.' }) vrf: string | null;
  @HideField() uuid: SubnetId;
}

export const toSubnetObject = (subnet: Subnet): SubnetObject => ({
  id: encodeId('subnet', subnet.id),
  uuid: subnet.id,
  cidr: subnet.cidr,
  gateway: subnet.gatewayAddress === null ? null : { address: subnet.gatewayAddress, mode: subnet.gatewayMode },
  dnsZone: subnet.dnsZone,
  dnsZonePrefix: subnet.dnsZonePrefix,
  dnsTtlSeconds: subnet.dnsTtlSeconds,
  prefix: encodeId('prefix', subnet.prefixId),
  vrf: subnet.vrfId && encodeId('vrf', subnet.vrfId),
});

export const AddressRangeKindEnum = enumType('AddressRangeKind', ['DHCP', 'RESERVED'], {
  of: { DHCP: 'Given only to whoever names a range within it.', RESERVED: 'Given to nobody.' },
});

@ObjectType('AddressExtent', { description: 'Both ends belong to it.' })
export class AddressExtentObject implements AddressExtent {
  @Field(() => IpAddressScalar) first: AddressExtent['first'];
  @Field(() => IpAddressScalar) last: AddressExtent['last'];
}

@ObjectType('AddressRange')
export class AddressRangeObject extends AddressExtentObject implements AddressRange {
  @Field(() => AddressRangeKindEnum) kind: AddressRange['kind'];
  @Field(() => DescriptionScalar) reason: string;
}

@ObjectType('AddressQuotaPayload')
export class AddressQuotaPayload {
  @Field(() => PoolQuotaObject, { nullable: true, description: 'Null without errors: no limit.' }) quota?: PoolQuotaObject | null;
  @Field(() => [UserError]) errors: UserError[];
}

@ObjectType('SubnetPayload')
export class SubnetPayload {
  @Field(() => SubnetObject, { nullable: true }) subnet?: SubnetObject | null;
  @Field(() => Boolean, { nullable: true, description: 'The key was seen before, and this is what it made.' }) replayed?: boolean | null;
  @Field(() => [UserError]) errors: UserError[];
}

@ObjectType('IpAddress')
export class IpAddressObject {
  @Field(() => ID) id: string;
  @Field(() => IpAddressScalar) address: string;
  @Field(() => MacScalar, { nullable: true }) mac: string | null;
  @Field(() => DomainNameScalar, { nullable: true }) dnsName: string | null;
  @Field({ description: 'HOST, GATEWAY, VIP, DHCP or RESERVED.' }) role: string;
}

export const toIpAddressObject = (address: IpAddress): IpAddressObject => ({ ...address, id: encodeId('ipAddress', address.id) });

@ObjectType('IpAddressPayload')
export class IpAddressPayload {
  @Field(() => IpAddressObject, { nullable: true }) ipAddress?: IpAddressObject | null;
  @Field(() => [UserError]) errors: UserError[];
}
