import type { Type } from '@nestjs/common';
import { createUnionType, Field, Int, ObjectType } from '@nestjs/graphql';
import { IpAddressObject, PrefixObject, toIpAddressObject, toPrefixObject } from '#contexts/addressing';
import { formatNumber, type NumberKind } from '#contexts/numbering';
import { encodeId } from '#engines/kernel';
import { AsnScalar, IpAddressScalar, MacScalar, RouteTargetScalar, VlanIdScalar, VniScalar } from '#platform';
import type { Given } from '../given.js';

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

@ObjectType()
export class PrefixValue {
  constructor(prefix: PrefixObject) {
    this.prefix = prefix;
  }
  @Field(() => PrefixObject) prefix: PrefixObject;
}

@ObjectType()
export class IpValue {
  constructor(address: IpAddressObject) {
    this.address = address;
  }
  @Field(() => IpAddressObject) address: IpAddressObject;
}

type NumberValue = VniValue | VlanValue | EviValue | AsnValue | RouteTargetValue | MulticastGroupValue | EsiValue | MacValue;

type Value = NumberValue | PrefixValue | IpValue;

export const AllocatedValue = createUnionType({
  name: 'AllocatedValue',
  types: () =>
    [VniValue, VlanValue, EviValue, AsnValue, RouteTargetValue, MulticastGroupValue, EsiValue, MacValue, PrefixValue, IpValue] as const,
  resolveType: (value: Value) => value.constructor as Type<Value>,
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

/** What depends on the kind of what was given. */
export function valueOf(given: Given): { readonly id: string; readonly kind: string; readonly value: Value; readonly text: string } {
  switch (given.of) {
    case 'number': {
      const { id, kind, value } = given.allocation;
      const text = formatNumber(kind, value);
      return { id: encodeId('allocation', id), kind, value: NUMBER_VALUES[kind](value, text), text };
    }
    case 'prefix': {
      const prefix = toPrefixObject(given.allocation);
      return { id: prefix.id, kind: 'PREFIX', value: new PrefixValue(prefix), text: prefix.cidr };
    }
    case 'address': {
      const address = toIpAddressObject(given.allocation);
      return { id: address.id, kind: 'IP_ADDRESS', value: new IpValue(address), text: address.address };
    }
  }
}
