import { Field, ID, InputType, Int } from '@nestjs/graphql';
import { GatewayModeEnum } from '#contexts/addressing';
import { TaggingEnum } from '#contexts/fabric';
import {
  type Cidr,
  decodeId,
  type DeviceId,
  ExternalRef,
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
  ZonePrefix,
} from '#engines/kernel';
import { atPath, CidrScalar, DomainNameScalar, IpAddressScalar, LabelScalar, MacScalar, VlanIdScalar } from '#platform';
import { DeployModeEnum } from './order.object.js';
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
  @Field(() => String, {
    nullable: true,
    description: 'One DNS label or several: the records are `<name>.<network slug>.<prefix>.<zone>`. Not without a zone.',
  })
  dnsZonePrefix: string | null = null;
  @Field(() => Int, { nullable: true, description: '1…604,800, of the records; that of the name server where it is not given.' })
  dnsTtlSeconds: number | null = null;
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
  @Field(() => DeployModeEnum, { defaultValue: DeployModeEnum.AUTO_IF_LOW_RISK, description: 'PLAN_ONLY is for the operator.' })
  deploy: DeployModeEnum;
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
  const { externalRef, subnets, attachments } = input;
  limit(['subnets'], subnets.length, MAX.subnets);
  limit(['attachments'], attachments.length, MAX.attachments);
  return {
    idempotencyKey: input.idempotencyKey,
    externalRef: externalRef === null ? null : atPath(['externalRef'], () => ExternalRef.parse(externalRef)),
    name: input.name,
    vrfId: input.vrf === null ? null : decodeId<VrfId>('vrf', input.vrf),
    vniPoolId: decodeId<PoolId>('pool', input.vniPool),
    subnets: subnets.map(toSubnet),
    attachments: attachments.map(toAttachment),
    ...(input.deploy === DeployModeEnum.PLAN_ONLY ? { deploy: 'PLAN_ONLY' as const } : {}),
  };
}

function toSubnet(subnet: OrderSubnetInput, index: number): ProvisionRequest['subnets'][number] {
  const path = ['subnets', index];
  const { dnsZonePrefix, dnsTtlSeconds } = subnet;
  limit([...path, 'hosts'], subnet.hosts.length, MAX.hosts);
  if (subnet.cidr !== null && subnet.length !== null)
    atPath([...path, 'length'], () => {
      throw invalidValue('prefix length', subnet.length, 'no length beside a CIDR, which has its own');
    });
  for (const [place, host] of subnet.hosts.entries())
    atPath([...path, 'hosts', place, 'name'], () => {
      if (!HOST_NAME.test(host.name)) throw invalidValue('host name', host.name, 'one DNS label: 1 to 63 of a-z, 0-9 and inner dashes');
    });
  return {
    poolId: decodeId<PrefixPoolId>('prefixPool', subnet.prefixPool),
    cidr: subnet.cidr,
    length: subnet.length,
    gateway: subnet.gateway,
    zone: subnet.zone,
    ...(dnsZonePrefix !== null && {
      dnsZonePrefix: atPath([...path, 'dnsZonePrefix'], () => ZonePrefix.parse(dnsZonePrefix)),
    }),
    ...(dnsTtlSeconds !== null && { dnsTtlSeconds }),
    hosts: subnet.hosts.map(({ name, mac, address }) => ({ name, mac, address })),
  };
}

function toAttachment(place: OrderAttachmentInput, index: number): ProvisionRequest['attachments'][number] {
  const { port } = place;
  return {
    deviceId: decodeId<DeviceId>('device', place.device),
    port: port === null ? null : atPath(['attachments', index, 'port'], () => PortName.parse(port)),
    tagging: place.tagging,
    vlan: place.vlan,
  };
}

function limit(path: readonly (string | number)[], count: number, max: number): void {
  if (count > max)
    atPath(path, () => {
      throw invalidValue(`number of ${path.at(-1)}`, count, `at most ${max}`);
    });
}

export const toDeprovisionRequest = (input: DeprovisionNetworkInput): DeprovisionRequest => ({
  idempotencyKey: input.idempotencyKey,
  networkId: decodeId<NetworkId>('network', input.network),
  ifVersion: input.ifVersion,
});
