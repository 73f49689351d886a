import type { AllocationId, FabricId, Label, NetworkId, TenantId, VrfId } from '#engines/kernel';

export type NetworkState = 'PLANNED' | 'PROVISIONING' | 'ACTIVE' | 'DEGRADED' | 'DEPROVISIONING' | 'RETIRED';

/** In these states a network is part of the intent: it is what devices should carry. */
export const INTENDED_STATES: readonly NetworkState[] = ['PROVISIONING', 'ACTIVE', 'DEGRADED'];

export interface Network {
  readonly id: NetworkId;
  readonly tenantId: TenantId;
  readonly fabricId: FabricId;
  readonly vrfId: VrfId | null;
  readonly slug: string;
  readonly name: Label;
  readonly externalRef: string | null;
  readonly vni: number;
  readonly vniAllocationId: AllocationId | null;
  readonly eviId: number;
  readonly eviAllocationId: AllocationId | null;
  /** MTU the guest may use, bytes. */
  readonly mtu: number;
  readonly state: NetworkState;
  readonly routeTargets: readonly string[];
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** Why the fabric cannot be built with a network, in the words of the checks: they may name others. */
export interface NetworkRefusal {
  readonly code: string;
  readonly message: string;
}

export interface Tenant {
  readonly id: TenantId;
  readonly slug: string;
  readonly name: Label;
  readonly externalRef: string | null;
  readonly state: 'ACTIVE' | 'SUSPENDED' | 'DELETING';
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface Vrf {
  readonly id: VrfId;
  readonly tenantId: TenantId;
  readonly fabricId: FabricId;
  readonly slug: string;
  readonly name: Label;
  readonly deviceName: string;
  readonly l3vni: number;
  readonly eviId: number;
  readonly routeTargets: readonly string[];
  readonly version: number;
  readonly createdAt: Date;
}
