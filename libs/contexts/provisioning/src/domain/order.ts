import type {
  Cidr,
  DeviceId,
  FabricId,
  Fqdn,
  Ip,
  Label,
  Mac,
  NetworkId,
  OrderId,
  PoolId,
  PortName,
  PrefixPoolId,
  TenantId,
  VlanId,
  VrfId,
  ZonePrefix,
} from '#engines/kernel';
import type { Tagging } from '#engines/intent';
import type { GatewayMode, KeptSubnets } from '#contexts/addressing';
import type { KeptPlaces } from '#contexts/fabric';
import type { KeptNetwork } from '#contexts/tenancy';

/** RESTORE: a rollback brings a network back that was removed, with everything that it had. */
export type OrderKind = 'PROVISION' | 'DEPROVISION' | 'RESTORE';
/** ACTIVE and RETIRED are the good ends; FAILED_COMPENSATED left nothing behind; FAILED_STUCK needs a person and is still tried. */
export type OrderState =
  | 'ACCEPTED'
  | 'RUNNING'
  | 'AWAITING_APPROVAL'
  | 'ACTIVE'
  | 'RETIRED'
  | 'COMPENSATING'
  | 'FAILED_COMPENSATED'
  | 'FAILED_STUCK'
  | 'CANCELLED';
export type StepState = 'PENDING' | 'RUNNING' | 'DONE' | 'FAILED' | 'SKIPPED' | 'UNDONE';

export const OPEN_STATES: readonly OrderState[] = ['ACCEPTED', 'RUNNING', 'AWAITING_APPROVAL', 'COMPENSATING', 'FAILED_STUCK'];

/** PLAN_ONLY: nothing is pushed until a person has approved the plan, however low its risk. Above LOW a person is asked either way. */
export type DeployMode = 'AUTO_IF_LOW_RISK' | 'PLAN_ONLY';

/** What a portal may ask for; every field was parsed at the edge. */
export interface ProvisionRequest {
  /** 1 to 128 printable ASCII characters; the same key and the same request give the same order. */
  readonly idempotencyKey: string;
  readonly externalRef: string | null;
  readonly name: Label;
  readonly vrfId: VrfId | null;
  readonly vniPoolId: PoolId;
  readonly subnets: readonly RequestedSubnet[];
  readonly attachments: readonly RequestedAttachment[];
  /** Absent: AUTO_IF_LOW_RISK; so the same request has the same digest in every release. */
  readonly deploy?: 'PLAN_ONLY';
}
export interface RequestedSubnet {
  readonly poolId: PrefixPoolId;
  readonly cidr: Cidr | null;
  readonly length: number | null;
  readonly gateway: GatewayMode;
  /** Zone that the names of this subnet live in; without it there are no DNS records. */
  readonly zone: Fqdn | null;
  /** Names are published as `<name>.<network slug>.<prefix>.<zone>`. Absent, as the TTL, where it is not asked for: so digests stay. */
  readonly dnsZonePrefix?: ZonePrefix;
  readonly dnsTtlSeconds?: number;
  readonly hosts: readonly RequestedHost[];
}
export interface RequestedHost {
  /** One DNS label; the record is `<name>.<network slug>.<zone>`. */
  readonly name: string;
  readonly mac: Mac | null;
  readonly address: Ip | null;
}
export interface RequestedAttachment {
  readonly deviceId: DeviceId;
  readonly port: PortName | null;
  readonly tagging: Tagging;
  readonly vlan: VlanId | null;
}

export interface DeprovisionRequest {
  readonly idempotencyKey: string;
  readonly networkId: NetworkId;
  /** The version that the caller saw; null asks for none. */
  readonly ifVersion: number | null;
}

/** A network as it was when it was retired: rows of the contexts that forget them. */
export interface KeptRows {
  readonly network: KeptNetwork;
  readonly places: KeptPlaces;
  readonly subnets: KeptSubnets;
  readonly deviceIds: readonly DeviceId[];
}

export interface OrderFailure {
  readonly code: string;
  readonly message: string;
  readonly device: string | null;
  readonly needsOperator: boolean;
}

export interface NetworkOrder {
  readonly id: OrderId;
  readonly tenantId: TenantId;
  readonly fabricId: FabricId;
  readonly kind: OrderKind;
  readonly state: OrderState;
  readonly deploy: DeployMode;
  readonly externalRef: string | null;
  readonly idempotencyKey: string;
  readonly requestSha256: string;
  readonly requestedBy: string;
  readonly networkId: NetworkId | null;
  /** Devices that must be verified at this revision of the fabric, or a later one. */
  readonly revision: number;
  readonly deviceIds: readonly DeviceId[];
  /** A device of it was given up: nobody knows what that carries. */
  readonly wasGivenUp: boolean;
  readonly failureBaseline: Readonly<Record<string, number>>;
  readonly customerMessage: string;
  readonly failure: OrderFailure | null;
  readonly isOverdue: boolean;
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface OrderStep {
  readonly name: string;
  readonly state: StepState;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly message: string | null;
}

/** Of a network that was brought back, in words; null where it has all of its names. At most ten are told. */
export function lostNames(names: readonly Fqdn[]): string | null {
  if (names.length === 0) return null;
  const more = names.length > 10 ? ` and ${names.length - 10} more` : '';
  return `without ${names.length === 1 ? 'the name' : 'the names'} ${names.slice(0, 10).join(', ')}${more}, which ${names.length === 1 ? 'is' : 'are'} in use by now`;
}
