import { Field, ID, InputType, Int } from '@nestjs/graphql';
import { GatewayModeEnum } from '#contexts/addressing';
import { TaggingEnum } from '#contexts/fabric';
import {
  type Cidr,
  decodeId,
  type DeviceId,
  type Fqdn,
  invalidValue,
  type Ip,
  type Label,
  type Mac,
  type NetworkId,
  type PoolId,
  PortName,
  type PrefixPoolId,
  type VlanId,
  type VrfId,
} from '#engines/kernel';
import { CidrScalar, DomainNameScalar, IpAddressScalar, LabelScalar, MacScalar, VlanIdScalar } from '#platform';
import type { DeprovisionRequest, ProvisionRequest } from '../domain/order.js';

@InputType()
export class OrderHostInput {
  @Field({ description: 'One DNS label; the record is `<name>.<network slug>.<zone>`.' }) name: string;
  @Field(() => MacScalar, { nullable: true }) mac: Mac | null = null;
  @Field(() => IpAddressScalar, { nullable: true, description: 'This address or none; the next free one where it is not given.' })
  address: Ip | null = null;
}

@InputType()
export class OrderSubnetInput {
  @Field(() => ID) prefixPool: string;
  @Field(() => CidrScalar, { nullable: true, description: 'This prefix or none. Not with `length`.' }) cidr: Cidr | null = null;
  @Field(() => Int, { nullable: true }) length: number | null = null;
  @Field(() => GatewayModeEnum, { defaultValue: GatewayModeEnum.EXTERNAL_FIREWALL, description: 'ANYCAST_VTEP needs a VRF.' })
  gateway: GatewayModeEnum;
  @Field(() => DomainNameScalar, { nullable: true, description: 'Without it there are no DNS records.' }) zone: Fqdn | null = null;
  @Field(() => [OrderHostInput], { defaultValue: [] }) hosts: OrderHostInput[];
}

@InputType()
export class OrderAttachmentInput {
  @Field(() => ID) device: string;
  @Field(() => String, { nullable: true, description: 'Port as the platform writes it, e.g. Ethernet2. Not with BRIDGE_ONLY.' }) port:
    | string
    | null = null;
  @Field(() => VlanIdScalar, { nullable: true, description: 'This VLAN or none.' }) vlan: VlanId | null = null;
  @Field(() => TaggingEnum) tagging: TaggingEnum;
}

@InputType()
export class ProvisionNetworkInput {
  @Field({ description: '1–128 printable ASCII characters. The same key and the same order: the same answer.' }) idempotencyKey: string;
  @Field(() => ID) tenant: string;
  @Field(() => String, { nullable: true }) externalRef: string | null = null;
  @Field(() => LabelScalar) name: Label;
  @Field(() => ID, { nullable: true }) vrf: string | null = null;
  @Field(() => ID) vniPool: string;
  @Field(() => [OrderSubnetInput], { defaultValue: [] }) subnets: OrderSubnetInput[];
  @Field(() => [OrderAttachmentInput]) attachments: OrderAttachmentInput[];
}

@InputType()
export class DeprovisionNetworkInput {
  @Field() idempotencyKey: string;
  @Field(() => ID) tenant: string;
  @Field(() => ID) network: string;
  @Field(() => Int, { description: '`Network.version` as you saw it.' }) ifVersion: number;
}

const HOST_NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const MAX = { subnets: 32, hosts: 256, attachments: 256 };

/** @throws DomainError INVALID_VALUE | NOT_FOUND for what the scalars could not see. */
export function toProvisionRequest(input: ProvisionNetworkInput): ProvisionRequest {
  limit('subnets', input.subnets.length, MAX.subnets);
  limit('attachments', input.attachments.length, MAX.attachments);
  if (input.externalRef !== null && !/^[\x21-\x7e]{1,64}$/.test(input.externalRef))
    throw invalidValue('external reference', input.externalRef, '1 to 64 printable ASCII characters');
  return {
    idempotencyKey: input.idempotencyKey,
    externalRef: input.externalRef,
    name: input.name,
    vrfId: input.vrf === null ? null : decodeId<VrfId>('vrf', input.vrf),
    vniPoolId: decodeId<PoolId>('pool', input.vniPool),
    subnets: input.subnets.map(toSubnet),
    attachments: input.attachments.map((place) => ({
      deviceId: decodeId<DeviceId>('device', place.device),
      port: place.port === null ? null : PortName.parse(place.port),
      tagging: place.tagging,
      vlan: place.vlan,
    })),
  };
}

function toSubnet(subnet: OrderSubnetInput): ProvisionRequest['subnets'][number] {
  limit('hosts', subnet.hosts.length, MAX.hosts);
  for (const host of subnet.hosts)
    if (!HOST_NAME.test(host.name)) throw invalidValue('host name', host.name, 'one DNS label: 1 to 63 of a-z, 0-9 and inner dashes');
  return {
    poolId: decodeId<PrefixPoolId>('prefixPool', subnet.prefixPool),
    cidr: subnet.cidr,
    length: subnet.length,
    gateway: subnet.gateway,
    zone: subnet.zone,
    hosts: subnet.hosts.map(({ name, mac, address }) => ({ name, mac, address })),
  };
}

function limit(what: string, count: number, max: number): void {
  if (count > max) throw invalidValue(`number of ${what}`, count, `at most ${max}`);
}

export const toDeprovisionRequest = (input: DeprovisionNetworkInput): DeprovisionRequest => ({
  idempotencyKey: input.idempotencyKey,
  networkId: decodeId<NetworkId>('network', input.network),
  ifVersion: input.ifVersion,
});
