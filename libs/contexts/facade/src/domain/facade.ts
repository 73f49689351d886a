import type { Cidr, Fqdn, PrefixPoolId, Slug, TenantId, VrfId } from '#engines/kernel';
import type { Brand } from '#engines/kernel';

export type FacadeId = Brand<string, 'FacadeId'>;

/** A door for systems that know NetBox: whose addresses they get, and where from (ADR 0019). */
export interface Facade {
  readonly id: FacadeId;
  readonly slug: Slug;
  readonly tenantId: TenantId;
  /** Null: subnets that are in no VRF. */
  readonly vrfId: VrfId | null;
  readonly poolIds: readonly PrefixPoolId[];
  /** Completes names without a dot; null: such names get no record. */
  readonly dnsZone: Fqdn | null;
}

/** A subnet that the façade has claimed. */
export interface Claim {
  readonly subnetId: string;
  /** Allocated by the claim, and released with it. */
  readonly isOwn: boolean;
  readonly description: string | null;
}

/** What a list of NetBox answers: `count` of all pages. */
export interface Listed<Row> {
  readonly rows: readonly Row[];
  readonly count: number;
}

export interface PageOf {
  readonly offset: number;
  readonly limit: number;
}

export const EVERYTHING_OF: PageOf = { offset: 0, limit: 1000 };

/** `10.0.0.7/24`: an address as NetBox writes it, with the length of the prefix that it is in. */
export const withLength = (address: string, cidr: Cidr): string => `${address}${cidr.slice(cidr.indexOf('/'))}`;
