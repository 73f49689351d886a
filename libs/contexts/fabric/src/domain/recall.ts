import type { DeviceId, NetworkId, OrderId, PlanId } from '#engines/kernel';

/** WITHDRAW: a rollback takes away what its plan had brought. RESTORE: it brings back what its plan had taken away. */
export type RecallAction = 'WITHDRAW' | 'RESTORE';

/**
 * PROPOSED: the rollback has not come to it. WANTED: provisioning is asked. ORDERED: there is an order. UNWANTED: what was ordered is taken back,
 * none of its devices came back. REFUSED and KEPT say why nothing is done.
 */
export type RecallState = 'PROPOSED' | 'WANTED' | 'ORDERED' | 'UNWANTED' | 'REFUSED' | 'KEPT';

export interface ProposedRecall {
  readonly networkSlug: string;
  readonly vni: number;
  readonly action: RecallAction;
  /** Of the rollback, those on which the network goes or comes. */
  readonly deviceIds: readonly DeviceId[];
  /** Why nothing is done; null: it is. */
  readonly keptBecause: string | null;
}

export interface NetworkRecall {
  readonly id: string;
  readonly planId: PlanId;
  /** Null: there is no such network any more. */
  readonly networkId: NetworkId | null;
  readonly networkSlug: string;
  readonly vni: number;
  readonly action: RecallAction;
  readonly deviceIds: readonly DeviceId[];
  readonly state: RecallState;
  readonly reason: string | null;
  readonly orderId: OrderId | null;
}

/** A network as a device carried it. */
export interface NetworkOnDevice {
  readonly deviceId: DeviceId;
  readonly networkSlug: string;
  readonly vni: number;
  readonly vlan: number | null;
}
