import { Field, HideField, ID, Int, ObjectType } from '@nestjs/graphql';
import { encodeId, type NetworkId } from '#engines/kernel';
import { connectionOf, DateTimeScalar, enumType, LabelScalar, RouteTargetScalar, SlugScalar, UserError, VniScalar } from '#platform';
import type { Network, Vrf } from '../domain/network.js';

export const NetworkStateEnum = enumType('NetworkState', ['PLANNED', 'PROVISIONING', 'ACTIVE', 'DEGRADED', 'DEPROVISIONING', 'RETIRED']);

@ObjectType('Vrf')
export class VrfObject {
  @Field(() => ID) id: string;
  @Field(() => SlugScalar) slug: string;
  @Field(() => LabelScalar) name: string;
  @Field({ description: 'Kernel and EOS name: at most 15 octets, unique in the fabric.' }) deviceName: string;
  @Field(() => VniScalar) l3vni: number;
  @Field(() => [RouteTargetScalar]) importTargets: readonly string[];
  @Field(() => [RouteTargetScalar]) exportTargets: readonly string[];
  @Field(() => Int) version: number;
  @Field(() => DateTimeScalar) createdAt: Date;
}

export const toVrfObject = (vrf: Vrf): VrfObject => ({
  ...vrf,
  id: encodeId('vrf', vrf.id),
  importTargets: vrf.routeTargets,
  exportTargets: vrf.routeTargets,
});

@ObjectType('VrfConnection')
export class VrfConnection extends connectionOf(VrfObject, 'Vrf') {}

@ObjectType('VrfPayload')
export class VrfPayload {
  @Field(() => VrfObject, { nullable: true }) vrf?: VrfObject | null;
  @Field(() => [UserError]) errors: UserError[];
}

@ObjectType('Network')
export class NetworkObject {
  @Field(() => ID) id: string;
  @Field(() => SlugScalar) slug: string;
  @Field(() => LabelScalar) name: string;
  @Field(() => String, { nullable: true, description: "The caller's own key, e.g. the order number." }) externalRef: string | null;
  @Field(() => VniScalar) vni: number;
  @Field(() => Int, { description: 'EVPN instance: the assigned number of its route distinguishers (RFC 7432 §7.9).' }) eviId: number;
  @Field(() => [RouteTargetScalar]) importTargets: readonly string[];
  @Field(() => [RouteTargetScalar]) exportTargets: readonly string[];
  @Field(() => Int, { description: 'MTU the guest may use, bytes.' }) mtu: number;
  @Field(() => NetworkStateEnum) state: string;
  @Field(() => Int, { description: 'Rises by one at every change. Send it back as `ifVersion`.' }) version: number;
  @Field(() => DateTimeScalar) createdAt: Date;
  @Field(() => DateTimeScalar) updatedAt: Date;
  /** For the fields that other contexts add to the type. */
  @HideField() uuid: NetworkId;
}

export const toNetworkObject = (network: Network): NetworkObject => ({
  ...network,
  id: encodeId('network', network.id),
  uuid: network.id,
  importTargets: network.routeTargets,
  exportTargets: network.routeTargets,
});

@ObjectType('NetworkConnection')
export class NetworkConnection extends connectionOf(NetworkObject, 'Network') {}

@ObjectType('NetworkPayload')
export class NetworkPayload {
  @Field(() => NetworkObject, { nullable: true }) network?: NetworkObject | null;
  @Field(() => [UserError]) errors: UserError[];
}
