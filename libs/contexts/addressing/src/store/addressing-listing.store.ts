import { Injectable } from '@nestjs/common';
import type {
  AddressSpaceId,
  Cidr,
  Description,
  Fqdn,
  Ip,
  IpAddressId,
  NetworkId,
  PrefixId,
  SubnetId,
  TenantId,
  VlanDomainId,
  VrfId,
} from '#engines/kernel';
import type { Stretch } from '#contexts/tenancy';
import type { Tx } from '#platform';
import type { AddressRangeKind, AddressRole, GatewayMode } from '../domain/subnet.js';
import type { PrefixRole } from './prefix-tree.store.js';

/** A prefix as other systems are told of it. */
export interface ListedPrefix {
  readonly id: PrefixId;
  readonly cidr: Cidr;
  readonly role: PrefixRole;
  readonly state: 'HELD' | 'BOUND';
  /** Null: the operator's. */
  readonly tenantId: TenantId | null;
  /** Of the subnet on it. */
  readonly vrfId: VrfId | null;
  readonly networkId: NetworkId | null;
  /** Where the network of its subnet has a VLAN. */
  readonly vlanDomainIds: readonly VlanDomainId[];
  readonly description: Description | null;
}

export interface ListedRange {
  readonly subnetId: SubnetId;
  readonly first: Ip;
  readonly last: Ip;
  readonly kind: AddressRangeKind;
  readonly tenantId: TenantId;
  readonly vrfId: VrfId | null;
  readonly reason: string;
}

export interface ListedAddress {
  readonly id: IpAddressId;
  readonly address: Ip;
  /** Of its subnet. */
  readonly length: number;
  readonly vrfId: VrfId | null;
  readonly tenantId: TenantId;
  readonly state: 'HELD' | 'BOUND';
  readonly role: AddressRole;
  readonly gatewayMode: GatewayMode;
  readonly dnsName: Fqdn | null;
  readonly description: Description | null;
}

/** Ranges have no id: they begin at one address of a subnet. */
export type RangeKey = Pick<ListedRange, 'subnetId' | 'first'>;

export interface SubnetOfHost {
  readonly address: Ip;
  readonly subnetId: SubnetId;
  readonly tenantId: TenantId;
  readonly vrfId: VrfId | null;
}

const NIL = '00000000-0000-0000-0000-000000000000';

const PREFIX = `SELECT p.id, p.cidr::text AS cidr, p.role, p.state, p.tenant_id AS "tenantId", s.vrf_id AS "vrfId", s.network_id AS "networkId",
    ARRAY(SELECT m.vlan_domain_id FROM vlan_mapping m WHERE m.network_id = s.network_id ORDER BY 1) AS "vlanDomainIds", p.description
  FROM prefix p LEFT JOIN subnet s ON s.prefix_id = p.id`;
// Of a container, a range of a pool and a leaf with one CIDR the innermost stands for all.
const PREFIX_STANDS = `p.state <> 'QUARANTINED' AND (p.role NOT IN ('CONTAINER', 'POOL') OR NOT EXISTS (
    SELECT FROM prefix i WHERE i.space_id = p.space_id AND i.cidr = p.cidr AND i.id <> p.id AND i.state <> 'QUARANTINED' AND (p.role = 'CONTAINER' OR i.role <> 'CONTAINER')))`;
const RANGE = `SELECT r.subnet_id AS "subnetId", host(r.first) AS first, host(r.last) AS last, r.kind, r.tenant_id AS "tenantId", s.vrf_id AS "vrfId", r.reason
  FROM address_range r JOIN subnet s ON s.id = r.subnet_id`;
const ADDRESS = `SELECT a.id, host(a.address) AS address, masklen(s.cidr) AS length, s.vrf_id AS "vrfId", a.tenant_id AS "tenantId", a.state, a.role,
    s.gateway_mode AS "gatewayMode", a.dns_name AS "dnsName", a.description
  FROM ip_address a JOIN subnet s ON s.id = a.subnet_id`;

export interface Described {
  readonly id: string;
  /** Null: the operator's. */
  readonly tenantId: TenantId | null;
  readonly description: Description | null;
}
const DESCRIBED = {
  prefix: `SELECT id, tenant_id AS "tenantId", description FROM prefix WHERE id = ANY($1::uuid[]) AND state <> 'QUARANTINED'`,
  ip_address: `SELECT id, tenant_id AS "tenantId", description FROM ip_address WHERE id = ANY($1::uuid[]) AND state <> 'QUARANTINED'`,
} as const;

/** Pages of what there is, in the order of ids, for systems that are kept in step. What rests in quarantine is nobody's. */
@Injectable()
export class AddressingListingStore {
  prefixes(tx: Tx, { after, limit }: Stretch<PrefixId>): Promise<ListedPrefix[]> {
    return tx.sql<ListedPrefix>(`${PREFIX} WHERE p.id > $1 AND ${PREFIX_STANDS} ORDER BY p.id LIMIT $2`, [after ?? NIL, limit]);
  }

  prefixesById(tx: Tx, ids: readonly PrefixId[]): Promise<ListedPrefix[]> {
    return tx.sql<ListedPrefix>(`${PREFIX} WHERE p.id = ANY($1::uuid[]) AND ${PREFIX_STANDS} ORDER BY p.id`, [ids]);
  }

  ranges(tx: Tx, { after, limit }: Stretch<RangeKey>): Promise<ListedRange[]> {
    return tx.sql<ListedRange>(`${RANGE} WHERE (r.subnet_id, r.first) > ($1, $2::inet) ORDER BY r.subnet_id, r.first LIMIT $3`, [
      after?.subnetId ?? NIL,
      after?.first ?? '0.0.0.0',
      limit,
    ]);
  }

  rangesAt(tx: Tx, keys: readonly RangeKey[]): Promise<ListedRange[]> {
    return tx.sql<ListedRange>(
      `${RANGE} JOIN unnest($1::uuid[], $2::inet[]) k(subnet_id, first) ON r.subnet_id = k.subnet_id AND r.first = k.first ORDER BY r.subnet_id, r.first`,
      [keys.map((key) => key.subnetId), keys.map((key) => key.first)],
    );
  }

  addresses(tx: Tx, { after, limit }: Stretch<IpAddressId>): Promise<ListedAddress[]> {
    return tx.sql<ListedAddress>(`${ADDRESS} WHERE a.id > $1 AND a.state <> 'QUARANTINED' ORDER BY a.id LIMIT $2`, [after ?? NIL, limit]);
  }

  addressesById(tx: Tx, ids: readonly IpAddressId[]): Promise<ListedAddress[]> {
    return tx.sql<ListedAddress>(`${ADDRESS} WHERE a.id = ANY($1::uuid[]) AND a.state <> 'QUARANTINED' ORDER BY a.id`, [ids]);
  }

  /** The subnets of a space that have these addresses as hosts; those that none has are left out. */
  subnetsOf(tx: Tx, spaceId: AddressSpaceId, addresses: readonly Ip[]): Promise<SubnetOfHost[]> {
    return tx.sql<SubnetOfHost>(
      `SELECT host(i.address) AS address, s.id AS "subnetId", s.tenant_id AS "tenantId", s.vrf_id AS "vrfId" FROM unnest($2::inet[]) i(address)
        CROSS JOIN LATERAL (SELECT x.id, x.tenant_id, x.vrf_id FROM subnet x WHERE x.space_id = $1 AND x.cidr <= i.address::cidr ORDER BY x.cidr DESC LIMIT 1) s
        JOIN subnet_state t ON t.subnet_id = s.id AND i.address BETWEEN t.first AND t.last`,
      [spaceId, addresses],
    );
  }

  /** Containers around a prefix, the smallest first, and whether each has another in it. */
  containersAround(tx: Tx, spaceId: AddressSpaceId, cidr: Cidr): Promise<{ cidr: Cidr; isParent: boolean }[]> {
    return tx.sql(
      `SELECT p.cidr::text AS cidr, EXISTS (SELECT FROM prefix c WHERE c.parent_id = p.id AND c.role = 'CONTAINER') AS "isParent"
         FROM generate_series(0, masklen($2::cidr)) g JOIN prefix p ON p.space_id = $1 AND p.cidr = network(set_masklen($2::inet, g)) AND p.role = 'CONTAINER'
        ORDER BY g DESC`,
      [spaceId, cidr],
    );
  }

  /** What is said of these, and whose each is; what is not there, or rests, is left out. */
  described(tx: Tx, kind: 'prefix' | 'ip_address', ids: readonly string[]): Promise<Described[]> {
    return tx.sql<Described>(DESCRIBED[kind], [ids]);
  }

  /** @returns false when there is none. */
  async describe(tx: Tx, kind: 'prefix' | 'ip_address', id: string, description: Description | null): Promise<boolean> {
    return (
      (await tx.run(`UPDATE ${kind} SET description = $2, updated_at = now() WHERE id = $1 AND state <> 'QUARANTINED'`, [
        id,
        description,
      ])) === 1
    );
  }

  async explainRange(tx: Tx, { subnetId, first }: RangeKey, reason: string): Promise<boolean> {
    return (await tx.run('UPDATE address_range SET reason = $3 WHERE subnet_id = $1 AND first = $2', [subnetId, first, reason])) === 1;
  }
}
