import type { Type } from '@nestjs/common';
import { createUnionType, Field, Int, ObjectType } from '@nestjs/graphql';
import { formatNumber, type NumberAllocation, type NumberKind } from '#contexts/numbering';
import { AsnScalar, IpAddressScalar, MacScalar, RouteTargetScalar, VlanIdScalar, VniScalar } from '#platform';

@ObjectType()
export class VniValue {
  constructor(vni: number) {
    this.vni = vni;
  }
  @Field(() => VniScalar) vni: number;
}

@ObjectType()
export class VlanValue {
  constructor(vlan: number) {
    this.vlan = vlan;
  }
  @Field(() => VlanIdScalar, { description: 'Within the VLAN domain of its pool.' }) vlan: number;
}

@ObjectType()
export class EviValue {
  constructor(evi: number) {
    this.evi = evi;
  }
  @Field(() => Int, { description: 'EVPN instance: the assigned number of its route distinguishers (RFC 7432 §7.9).' }) evi: number;
}

@ObjectType()
export class AsnValue {
  constructor(asn: number) {
    this.asn = asn;
  }
  @Field(() => AsnScalar) asn: number;
}

@ObjectType()
export class RouteTargetValue {
  constructor(routeTarget: string) {
    this.routeTarget = routeTarget;
  }
  @Field(() => RouteTargetScalar) routeTarget: string;
}

@ObjectType()
export class MulticastGroupValue {
  constructor(group: string) {
    this.group = group;
  }
  @Field(() => IpAddressScalar) group: string;
}

@ObjectType()
export class EsiValue {
  constructor(esi: string) {
    this.esi = esi;
  }
  @Field({ description: '`0000:0000:xxxx:yyyy:zzzz` (RFC 7432 §5, type 0).' }) esi: string;
}

@ObjectType()
export class MacValue {
  constructor(mac: string) {
    this.mac = mac;
  }
  @Field(() => MacScalar) mac: string;
}

type NumberValue = VniValue | VlanValue | EviValue | AsnValue | RouteTargetValue | MulticastGroupValue | EsiValue | MacValue;

export const AllocatedValue = createUnionType({
  name: 'AllocatedValue',
  types: () => [VniValue, VlanValue, EviValue, AsnValue, RouteTargetValue, MulticastGroupValue, EsiValue, MacValue] as const,
  resolveType: (value: NumberValue) => value.constructor as Type<NumberValue>,
});

const NUMBER_VALUES: Readonly<Record<NumberKind, (value: number, text: string) => NumberValue>> = {
  VNI: (value) => new VniValue(value),
  L3VNI: (value) => new VniValue(value),
  VLAN: (value) => new VlanValue(value),
  EVI: (value) => new EviValue(value),
  ASN: (value) => new AsnValue(value),
  ROUTE_TARGET: (_value, text) => new RouteTargetValue(text),
  MULTICAST_GROUP: (_value, text) => new MulticastGroupValue(text),
  ESI: (_value, text) => new EsiValue(text),
  ROUTER_MAC: (_value, text) => new MacValue(text),
};

export function numberValue({ kind, value }: Pick<NumberAllocation, 'kind' | 'value'>): {
  readonly value: NumberValue;
  readonly text: string;
} {
  const text = formatNumber(kind, value);
  return { value: NUMBER_VALUES[kind](value, text), text };
}
