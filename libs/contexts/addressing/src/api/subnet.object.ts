import { Field, HideField, ID, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { encodeId, type SubnetId } from '#engines/kernel';
import { CidrScalar, DomainNameScalar, IpAddressScalar, LabelScalar, MacScalar, SlugScalar } from '#platform';
import type { PrefixPool } from '../domain/prefix-pool.js';
import type { IpAddress, Subnet } from '../domain/subnet.js';

export enum GatewayModeEnum {
  ANYCAST_VTEP = 'ANYCAST_VTEP',
  CENTRAL_VRRP = 'CENTRAL_VRRP',
  EXTERNAL_FIREWALL = 'EXTERNAL_FIREWALL',
  NONE = 'NONE',
}
registerEnumType(GatewayModeEnum, { name: 'GatewayMode' });

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
  @HideField() uuid: SubnetId;
}

export const toSubnetObject = (subnet: Subnet): SubnetObject => ({
  id: encodeId('subnet', subnet.id),
  uuid: subnet.id,
  cidr: subnet.cidr,
  gateway: subnet.gatewayAddress === null ? null : { address: subnet.gatewayAddress, mode: subnet.gatewayMode },
  dnsZone: subnet.dnsZone,
});

@ObjectType('IpAddress')
export class IpAddressObject {
  @Field(() => ID) id: string;
  @Field(() => IpAddressScalar) address: string;
  @Field(() => MacScalar, { nullable: true }) mac: string | null;
  @Field(() => DomainNameScalar, { nullable: true }) dnsName: string | null;
  @Field({ description: 'HOST, GATEWAY, VIP, DHCP or RESERVED.' }) role: string;
}

export const toIpAddressObject = (address: IpAddress): IpAddressObject => ({ ...address, id: encodeId('ipAddress', address.id) });

@ObjectType('PrefixPool')
export class PrefixPoolObject {
  @Field(() => ID) id: string;
  @Field(() => SlugScalar) slug: string;
  @Field(() => LabelScalar) name: string;
  @Field(() => CidrScalar) cidr: string;
  @Field(() => Int) defaultLength: number;
  @Field(() => Int) minLength: number;
  @Field(() => Int) maxLength: number;
}

export const toPrefixPoolObject = (pool: PrefixPool): PrefixPoolObject => ({
  id: encodeId('prefixPool', pool.id),
  slug: pool.slug,
  name: pool.name,
  cidr: pool.ranges[0] ?? '',
  defaultLength: pool.defaultLength,
  minLength: pool.minLength,
  maxLength: pool.maxLength,
});
