import { Injectable } from '@nestjs/common';
import type { AddressSpaceId, Cidr, Fqdn, Ip, IpAddressId, Mac, PrefixId, PrefixPoolId, SubnetId, TenantId, VrfId } from '#engines/kernel';
import type { Tx } from '#platform';
import type { AddressAllocation } from '../domain/allocation.js';
import type { Subnet } from '../domain/subnet.js';

/** Where values mean one thing: subnets of one tenant in one VRF (null: in none) of these address spaces. */
export interface Realm {
  readonly tenantId: TenantId;
  readonly vrfId: VrfId | null;
  readonly spaceIds: readonly AddressSpaceId[];
}

/** All that are given must hold. */
export interface SubnetQuestion {
  readonly ids?: readonly SubnetId[];
  readonly cidr?: Cidr;
  /** The address with which it begins. */
  readonly network?: Ip;
  readonly within?: Cidr;
  readonly having?: Ip;
}

export interface AddressQuestion {
  readonly ids?: readonly IpAddressId[];
  readonly subnetId?: SubnetId;
  readonly address?: Ip;
  readonly within?: Cidr;
  readonly mac?: Mac;
  readonly dnsName?: Fqdn;
}

export interface Page {
  readonly offset: number;
  readonly limit: number;
}

/** An allocation beside the subnet that it is in. */
export interface FoundAddress extends AddressAllocation {
  readonly subnet: Cidr;
  readonly description: string | null;
}

const SUBNET = `s.id, s.tenant_id AS "tenantId", s.network_id AS "networkId", s.vrf_id AS "vrfId", s.prefix_id AS "prefixId", s.space_id AS "spaceId", s.cidr::text AS cidr,
    s.gateway_mode AS "gatewayMode", host(s.gateway_address) AS "gatewayAddress", s.dns_zone AS "dnsZone"`;
const IN_REALM = 's.tenant_id = $1 AND s.vrf_id IS NOT DISTINCT FROM $2 AND s.space_id = ANY($3)';
const SUBNETS = `FROM subnet s WHERE ${IN_REALM} AND ($4::uuid[] IS NULL OR s.id = ANY($4)) AND ($5::cidr IS NULL OR s.cidr = $5)
    AND ($6::inet IS NULL OR host(s.cidr)::inet = $6) AND ($7::cidr IS NULL OR s.cidr <<= $7) AND ($8::inet IS NULL OR s.cidr >>= $8)`;
const ADDRESSES = `FROM ip_address a JOIN subnet s ON s.id = a.subnet_id WHERE ${IN_REALM} AND a.state <> 'QUARANTINED'
    AND ($4::uuid[] IS NULL OR a.id = ANY($4)) AND ($5::uuid IS NULL OR a.subnet_id = $5) AND ($6::inet IS NULL OR (a.address = $6 AND a.space_id = ANY($3)))
    AND ($7::cidr IS NULL OR a.address <<= $7) AND ($8::macaddr IS NULL OR a.mac = $8) AND ($9::text IS NULL OR a.dns_name = $9)`;
/** Beyond it nobody counts. */
const MOST_COUNTED = 100_000;

@Injectable()
export class AddressLookupStore {
  async subnets(tx: Tx, realm: Realm, question: SubnetQuestion, page: Page): Promise<{ rows: Subnet[]; count: number }> {
    const values = [
      ...placed(realm),
      question.ids ?? null,
      question.cidr ?? null,
      question.network ?? null,
      question.within ?? null,
      question.having ?? null,
    ];
    const rows = await tx.sql<Subnet>(`SELECT ${SUBNET} ${SUBNETS} ORDER BY s.cidr, s.id OFFSET $9 LIMIT $10`, [
      ...values,
      page.offset,
      page.limit,
    ]);
    return { rows, count: await count(tx, SUBNETS, values, rows.length, page) };
  }

  async addresses(tx: Tx, realm: Realm, question: AddressQuestion, page: Page): Promise<{ rows: FoundAddress[]; count: number }> {
    const values = [
      ...placed(realm),
      question.ids ?? null,
      question.subnetId ?? null,
      question.address ?? null,
      question.within ?? null,
      question.mac ?? null,
      question.dnsName ?? null,
    ];
    const rows = await tx.sql<FoundAddress>(
      `SELECT a.id, a.subnet_id AS "subnetId", a.tenant_id AS "tenantId", host(a.address) AS address, a.role, a.mac::text AS mac, a.dns_name AS "dnsName", a.state,
          a.generation, a.key, a.holder_kind AS "holderKind", a.holder, a.external_ref AS "externalRef", a.created_at AS "createdAt", a.updated_at AS "updatedAt",
          a.expires_at AS "expiresAt", a.released_at AS "releasedAt", a.reusable_at AS "reusableAt", s.cidr::text AS subnet, a.description
        ${ADDRESSES} ORDER BY a.address, a.id OFFSET $10 LIMIT $11`,
      [...values, page.offset, page.limit],
    );
    return { rows, count: await count(tx, ADDRESSES, values, rows.length, page) };
  }

  /** What of it rests, and was the tenant's. */
  async restingAddress(tx: Tx, tenantId: TenantId, subnetId: SubnetId, address: Ip): Promise<IpAddressId | undefined> {
    const row = await tx.one<{ id: IpAddressId }>(
      `SELECT id FROM ip_address WHERE subnet_id = $1 AND address = $2 AND tenant_id = $3 AND state = 'QUARANTINED'`,
      [subnetId, address, tenantId],
    );
    return row?.id;
  }

  async restingPrefix(tx: Tx, tenantId: TenantId, spaceId: AddressSpaceId, cidr: Cidr): Promise<PrefixId | undefined> {
    const row = await tx.one<{ id: PrefixId }>(
      `SELECT id FROM prefix WHERE space_id = $1 AND cidr = $2 AND tenant_id = $3 AND state = 'QUARANTINED' AND role = 'SUBNET'`,
      [spaceId, cidr, tenantId],
    );
    return row?.id;
  }

  /** Address spaces and ranges of pools, in the order of the ranges. */
  async ranges(tx: Tx, poolIds: readonly PrefixPoolId[]): Promise<{ poolId: PrefixPoolId; spaceId: AddressSpaceId; cidr: Cidr }[]> {
    return tx.sql(
      `SELECT o.id AS "poolId", o.space_id AS "spaceId", r.cidr::text AS cidr FROM prefix_pool o JOIN prefix_pool_range r ON r.pool_id = o.id
        WHERE o.id = ANY($1) ORDER BY r.cidr, o.id`,
      [poolIds],
    );
  }

  async changeStation(
    tx: Tx,
    id: IpAddressId,
    to: { readonly mac: Mac | null; readonly dnsName: Fqdn | null; readonly description: string | null },
  ): Promise<void> {
    await tx.run(
      `UPDATE ip_address SET mac = $2, dns_name = $3, description = $4, generation = generation + 1, updated_at = now() WHERE id = $1`,
      [id, to.mac, to.dnsName, to.description],
    );
  }

  /** @returns false when it is not held any more, or has changed hands. */
  async bindStation(
    tx: Tx,
    id: IpAddressId,
    generation: number,
    to: { readonly mac: Mac | null; readonly dnsName: Fqdn | null; readonly description: string | null },
  ): Promise<boolean> {
    return (
      (await tx.run(
        `UPDATE ip_address SET state = 'BOUND', expires_at = NULL, mac = $3, dns_name = $4, description = $5, generation = generation + 1, updated_at = now()
          WHERE id = $1 AND generation = $2 AND state = 'HELD'`,
        [id, generation, to.mac, to.dnsName, to.description],
      )) === 1
    );
  }

  async isNameTaken(tx: Tx, name: Fqdn, besides: Ip): Promise<boolean> {
    const row = await tx.one(`SELECT FROM ip_address WHERE dns_name = $1 AND family(address) = family($2::inet) AND address <> $2::inet`, [
      name,
      besides,
    ]);
    return row !== undefined;
  }
}

const placed = ({ tenantId, vrfId, spaceIds }: Realm): readonly unknown[] => [tenantId, vrfId, spaceIds];

/** A page that is not full has told it. */
async function count(tx: Tx, from: string, values: readonly unknown[], rows: number, { offset, limit }: Page): Promise<number> {
  if (rows < limit && (rows > 0 || offset === 0)) return offset + rows;
  const row = await tx.one<{ n: number }>(`SELECT count(*)::int AS n FROM (SELECT ${from} LIMIT ${MOST_COUNTED}) x`, values);
  return row?.n ?? 0;
}
