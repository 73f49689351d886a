/** Prefixes and addresses that were given out, and the requests for them. */
import type {
  Cidr,
  ExternalRef,
  Fqdn,
  IdempotencyKey,
  Ip,
  IpAddressId,
  Mac,
  PrefixId,
  PrefixPoolId,
  SubnetId,
  TenantId,
} from '#engines/kernel';
import type { AddressRole } from './subnet.js';

/** HELD: until it expires. BOUND: until it is released. QUARANTINED: released, and not given out again yet. */
export type AllocationState = 'HELD' | 'BOUND' | 'QUARANTINED';

/** What a leaf of the prefix tree is for. RESERVED leaves are the operator's. */
export type LeafRole = 'SUBNET' | 'LOOPBACK' | 'LINK' | 'RESERVED';

/** What of ours uses it: then only we release it. `external`: the caller does, in its own words. */
export type PrefixHolderKind = 'external' | 'subnet';
export type AddressHolderKind = 'external' | 'network' | 'subnet';

interface Allocation {
  readonly tenantId: TenantId;
  readonly state: AllocationState;
  /** 1 at first, raised whenever it changes hands. */
  readonly generation: number;
  /** Null: it was imported. */
  readonly key: string | null;
  /** The caller's words; null for what holds it of ours. */
  readonly holder: string | null;
  readonly externalRef: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly expiresAt: Date | null;
  readonly releasedAt: Date | null;
  readonly reusableAt: Date | null;
}

export interface PrefixAllocation extends Allocation {
  readonly id: PrefixId;
  readonly poolId: PrefixPoolId;
  readonly cidr: Cidr;
  readonly role: LeafRole;
  readonly holderKind: PrefixHolderKind;
}

export interface AddressAllocation extends Allocation {
  readonly id: IpAddressId;
  readonly subnetId: SubnetId;
  readonly address: Ip;
  readonly role: AddressRole;
  readonly mac: Mac | null;
  readonly dnsName: Fqdn | null;
  readonly holderKind: AddressHolderKind;
}

interface Request {
  readonly tenantId: TenantId;
  /** Same key and arguments, same answer, as long as the allocation lives. */
  readonly key: IdempotencyKey;
  /** 1 to 1000. */
  readonly count?: number;
  /** Values that follow each other. */
  readonly isContiguous?: boolean;
  /** As many as there are, at least one, instead of all or none. */
  readonly isPartial?: boolean;
  /** Held for 1 to 604800 seconds instead of bound. */
  readonly ttlSeconds?: number;
  /** Who will use it, in the caller's words; at most 128 printable characters. */
  readonly holder?: string;
  readonly externalRef?: ExternalRef;
}

export interface PrefixRequest extends Request {
  readonly poolId: PrefixPoolId;
  /** The pool's default where it is not given. Not with `prefer`. */
  readonly length?: number;
  /** This prefix or none. Not with `count`. */
  readonly prefer?: Cidr;
  /** SUBNET where it is not given. */
  readonly role?: Exclude<LeafRole, 'RESERVED'>;
}

export interface AddressRequest extends Request {
  readonly subnetId: SubnetId;
  /** This address (and those after it) or none. */
  readonly prefer?: Ip;
  /** Only out of here. A DHCP range gives its addresses to whoever asks within it, and to nobody else. */
  readonly within?: AddressExtent;
  /** HOST where it is not given. */
  readonly role?: Exclude<AddressRole, 'GATEWAY' | 'RESERVED'>;
  readonly mac?: Mac;
  /** Not with `count`: a name belongs to one address. */
  readonly dnsName?: Fqdn;
}

/** First and last address, both included. */
export interface AddressExtent {
  readonly first: Ip;
  readonly last: Ip;
}

export interface Granted<T> {
  /** In the order in which they were taken; one for each value. */
  readonly allocations: readonly T[];
  /** The key was seen before; this is what it got. */
  readonly replayed: boolean;
}

/** A prefix that is in use already, so that nobody else is given it. */
export interface AdoptedPrefix {
  readonly cidr: Cidr;
  readonly key: IdempotencyKey;
  readonly role?: Exclude<LeafRole, 'RESERVED'>;
  readonly holder?: string;
  readonly externalRef?: ExternalRef;
}

export interface AdoptedAddress {
  readonly address: Ip;
  readonly key: IdempotencyKey;
  readonly role?: Exclude<AddressRole, 'GATEWAY' | 'RESERVED'>;
  readonly mac?: Mac;
  readonly dnsName?: Fqdn;
  readonly holder?: string;
  readonly externalRef?: ExternalRef;
}

/** One of many prefixes that are in use already. */
export interface ImportedPrefix extends Omit<AdoptedPrefix, 'key'> {
  readonly tenantId: TenantId;
}

/** It goes to the tenant of its subnet. */
export type ImportedAddress = Omit<AdoptedAddress, 'key'>;

/** Answers of the database functions, which never throw a refusal. */
export type Outcome =
  | 'OK'
  | 'REPLAYED'
  | 'KEY_REUSED'
  | 'NOT_FOUND'
  | 'QUOTA'
  | 'EXHAUSTED'
  | 'OUT_OF_RANGE'
  | 'EXCLUDED'
  | 'TAKEN'
  /** A prefix length that the pool does not give. */
  | 'LENGTH'
  /** An address of a DHCP range that was not asked for. */
  | 'DHCP';

export type Released = 'FREE' | 'QUARANTINED' | 'NOT_FOUND' | 'VERSION_CONFLICT' | 'IN_USE';
