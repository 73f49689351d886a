import { Injectable } from '@nestjs/common';
import type { AddressSpaceId, Cidr, FabricId, Fqdn, Ip, NetworkId, PrefixId, PrefixPoolId, SubnetId, TenantId } from '#engines/kernel';
import type { Tx } from '#platform';
import type { AddressExtent } from '../domain/allocation.js';
import type { KeptName } from '../domain/published-names.js';
import type { AddressRange, IpAddress, KeptSubnets, Subnet, SubnetDns } from '../domain/subnet.js';
import { withoutTakenNames } from './kept-addresses.js';

const SUBNET = `SELECT id, tenant_id AS "tenantId", network_id AS "networkId", vrf_id AS "vrfId", prefix_id AS "prefixId", space_id AS "spaceId", cidr::text AS cidr,
    gateway_mode AS "gatewayMode", host(gateway_address) AS "gatewayAddress", dns_zone AS "dnsZone", dns_zone_prefix AS "dnsZonePrefix",
    dns_ttl_seconds AS "dnsTtlSeconds" FROM subnet`;
const ADDRESS = `SELECT id, subnet_id AS "subnetId", host(address) AS address, mac::text AS mac, dns_name AS "dnsName", role FROM ip_address`;

export interface SubnetFill extends AddressExtent {
  readonly free: bigint;
  readonly size: bigint;
}

@Injectable()
export class SubnetStore {
  /** With everything free but the gateway, which is given out after it. */
  async insert(tx: Tx, subnet: Subnet, quarantineSeconds: number): Promise<void> {
    // A limit that is set meanwhile waits for this subnet, or is there when its first address is counted.
    await tx.run('SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 1))', [`${subnet.tenantId} ${subnet.spaceId}`]);
    await tx.run(
      `INSERT INTO subnet (id, tenant_id, network_id, vrf_id, prefix_id, space_id, cidr, gateway_mode, gateway_address, dns_zone, dns_zone_prefix,
         dns_ttl_seconds, quarantine_seconds)
       VALUES ($1, $2, $3, coalesce($4, (SELECT n.vrf_id FROM network n WHERE n.id = $3)), $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
      [
        subnet.id,
        subnet.tenantId,
        subnet.networkId,
        subnet.vrfId,
        subnet.prefixId,
        subnet.spaceId,
        subnet.cidr,
        subnet.gatewayMode,
        subnet.gatewayAddress,
        subnet.dnsZone,
        subnet.dnsZonePrefix,
        subnet.dnsTtlSeconds,
        quarantineSeconds,
      ],
    );
    await tx.run('SELECT address_rebuild($1)', [subnet.id]);
    await tx.run('SELECT vrf_route_add($1)', [subnet.id]);
  }

  /**
   * All of its names are claimed anew: of a hundred thousand in some twelve seconds. Who names an address of it meanwhile, or of a subnet that has the same of 1024 locks, waits
   * behind this and is refused when the time of its own statement is over (ten seconds). So this one does not wait long for one that is open, an import for example.
   * @returns false where there is none. @throws 55P03 (lock_not_available) after two seconds.
   */
  async setDns(tx: Tx, id: SubnetId, { dnsZone, dnsZonePrefix, dnsTtlSeconds }: SubnetDns): Promise<boolean> {
    await tx.run(`SELECT set_config('lock_timeout', '2s', true), set_config('statement_timeout', '120s', true)`);
    const changed = await tx.run(
      'UPDATE subnet SET dns_zone = $2, dns_zone_prefix = $3, dns_ttl_seconds = $4, dns_set_at = now() WHERE id = $1',
      [id, dnsZone, dnsZonePrefix, dnsTtlSeconds],
    );
    return changed === 1;
  }

  /** Whether its zone, prefix and TTL are no more those that it was made with. */
  async isDnsSet(tx: Tx, id: SubnetId): Promise<boolean> {
    return (await tx.one('SELECT FROM subnet WHERE id = $1 AND dns_set_at IS NOT NULL', [id])) !== undefined;
  }

  async setFacts(tx: Tx, id: SubnetId, facts: object): Promise<void> {
    await tx.run('UPDATE subnet SET facts = $2 WHERE id = $1', [id, JSON.stringify(facts)]);
  }

  async subnet(tx: Tx, id: SubnetId): Promise<Subnet | undefined> {
    return tx.one<Subnet>(`${SUBNET} WHERE id = $1`, [id]);
  }

  async onPrefix(tx: Tx, prefixId: PrefixId): Promise<Subnet | undefined> {
    return tx.one<Subnet>(`${SUBNET} WHERE prefix_id = $1`, [prefixId]);
  }

  async ofNetworks(tx: Tx, networkIds: readonly NetworkId[]): Promise<Subnet[]> {
    return tx.sql<Subnet>(`${SUBNET} WHERE network_id = ANY($1) ORDER BY subnet.cidr`, [networkIds]);
  }

  async addresses(tx: Tx, subnetIds: readonly SubnetId[]): Promise<IpAddress[]> {
    return tx.sql<IpAddress>(`${ADDRESS} WHERE subnet_id = ANY($1) AND state <> 'QUARANTINED' ORDER BY ip_address.address`, [subnetIds]);
  }

  /** Names of the fabric's address spaces: of addresses that somebody has for good, in networks that are part of the intent or in none. */
  async names(tx: Tx, fabricId: FabricId): Promise<KeptName[]> {
    return tx.sql<KeptName>(
      `SELECT i.id AS "addressId", i.tenant_id AS "tenantId", host(i.address) AS address, l.name, l.is_alias AS "isAlias", s.dns_zone AS "dnsZone",
           s.dns_zone_prefix AS "dnsZonePrefix", s.dns_ttl_seconds AS "dnsTtlSeconds" FROM ip_address i JOIN address_space sp ON sp.id = i.space_id JOIN subnet s ON s.id = i.subnet_id
         LEFT JOIN network n ON n.id = s.network_id
         CROSS JOIN LATERAL (SELECT i.dns_name, false UNION ALL SELECT unnest(i.dns_aliases), true) l (name, is_alias)
        WHERE sp.fabric_id = $1 AND i.state = 'BOUND' AND i.dns_name IS NOT NULL AND (n.id IS NULL OR n.state IN ('PROVISIONING', 'ACTIVE', 'DEGRADED'))
        ORDER BY i.address`,
      [fabricId],
    );
  }

  /** In the order of their ids: one order of locks. */
  async subnetsOfNetwork(tx: Tx, networkId: NetworkId): Promise<{ id: SubnetId; prefixId: PrefixId }[]> {
    return tx.sql('SELECT id, prefix_id AS "prefixId" FROM subnet WHERE network_id = $1 ORDER BY id', [networkId]);
  }

  /** What `forget` forgets of a network's subnets, as rows. */
  async asRows(tx: Tx, networkId: NetworkId): Promise<KeptSubnets> {
    const rows = async (sql: string): Promise<readonly object[]> => (await tx.one<{ rows: object[] }>(sql, [networkId]))?.rows ?? [];
    return {
      prefixIds: (await this.subnetsOfNetwork(tx, networkId)).map(({ prefixId }) => prefixId),
      subnets: await rows(`SELECT coalesce(jsonb_agg(to_jsonb(s) ORDER BY s.id), '[]') AS rows FROM subnet s WHERE s.network_id = $1`),
      ranges: await rows(
        `SELECT coalesce(jsonb_agg(to_jsonb(r)), '[]') AS rows FROM address_range r JOIN subnet s ON s.id = r.subnet_id WHERE s.network_id = $1`,
      ),
      addresses: await rows(
        `SELECT coalesce(jsonb_agg(to_jsonb(a)), '[]') AS rows FROM ip_address a JOIN subnet s ON s.id = a.subnet_id WHERE s.network_id = $1 AND a.state <> 'QUARANTINED'`,
      ),
    };
  }

  /** The same subnets with the same addresses; free space and routes follow from them. @returns names that were left out: they are somebody else's by now. */
  async insertRows(tx: Tx, kept: KeptSubnets): Promise<readonly Fqdn[]> {
    const put = (table: 'subnet' | 'address_range' | 'ip_address', rows: readonly object[]): Promise<number> =>
      tx.run(`INSERT INTO ${table} SELECT * FROM jsonb_populate_recordset(NULL::${table}, $1::jsonb)`, [JSON.stringify(rows)]);
    await put('subnet', kept.subnets);
    await put('address_range', kept.ranges);
    const { rows, without } = await withoutTakenNames(tx, kept.addresses);
    await put('ip_address', rows);
    const subnets = await tx.sql<{ id: SubnetId; tenantId: TenantId; spaceId: AddressSpaceId }>(
      `SELECT id, tenant_id AS "tenantId", space_id AS "spaceId" FROM subnet WHERE prefix_id = ANY($1) ORDER BY id`,
      [kept.prefixIds],
    );
    for (const { id } of subnets) {
      await tx.run('SELECT address_rebuild($1)', [id]);
      await tx.run('SELECT vrf_route_add($1)', [id]);
    }
    for (const { tenantId, spaceId } of subnets) await tx.run('SELECT address_quota_recount($1, $2)', [tenantId, spaceId]);
    return without;
  }

  async forget(tx: Tx, id: SubnetId): Promise<void> {
    await tx.run('SELECT subnet_forget($1)', [id]);
  }

  /** Addresses that are not the subnet's own: how many are given out, and how many are released and rest. */
  async usedBy(tx: Tx, id: SubnetId): Promise<{ used: number; resting: number }> {
    const row = await tx.one<{ used: number; resting: number }>(
      `SELECT count(*) FILTER (WHERE state <> 'QUARANTINED')::int AS used, count(*) FILTER (WHERE state = 'QUARANTINED' AND reusable_at > now())::int AS resting
         FROM ip_address WHERE subnet_id = $1 AND holder_kind <> 'subnet'`,
      [id],
    );
    return row ?? { used: 0, resting: 0 };
  }

  /** The leaf becomes the subnet's. @returns false when it is not the tenant's, not bound, or somebody's already. */
  async holdPrefix(tx: Tx, id: PrefixId, tenantId: TenantId, generation: number): Promise<boolean> {
    return (
      (await tx.run(
        `UPDATE prefix SET holder_kind = 'subnet', generation = generation + 1, updated_at = now()
          WHERE id = $1 AND tenant_id = $2 AND generation = $3 AND state = 'BOUND' AND holder_kind = 'external' AND role = 'SUBNET'`,
        [id, tenantId, generation],
      )) === 1
    );
  }

  async letGoPrefix(tx: Tx, id: PrefixId): Promise<void> {
    await tx.run(`UPDATE prefix SET holder_kind = 'external', generation = generation + 1, updated_at = now() WHERE id = $1`, [id]);
  }

  async poolFacts(
    tx: Tx,
    prefixId: PrefixId,
  ): Promise<{ poolId: PrefixPoolId; spaceId: AddressSpaceId; quarantineSeconds: number } | undefined> {
    return tx.one(
      `SELECT o.id AS "poolId", o.space_id AS "spaceId", o.quarantine_seconds AS "quarantineSeconds" FROM prefix p JOIN prefix_pool_range r ON r.prefix_id = p.parent_id
         JOIN prefix_pool o ON o.id = r.pool_id WHERE p.id = $1`,
      [prefixId],
    );
  }

  async lock(tx: Tx, id: SubnetId): Promise<void> {
    await tx.run('SELECT pg_advisory_xact_lock(hashtextextended($1::text, 0))', [id]);
  }

  async addRange(tx: Tx, subnet: Subnet, range: AddressRange): Promise<void> {
    await tx.run('INSERT INTO address_range (subnet_id, tenant_id, first, last, kind, reason) VALUES ($1, $2, $3, $4, $5, $6)', [
      subnet.id,
      subnet.tenantId,
      range.first,
      range.last,
      range.kind,
      range.reason,
    ]);
    await tx.run('SELECT address_rebuild($1)', [subnet.id]);
  }

  async removeRange(tx: Tx, id: SubnetId, first: Ip): Promise<boolean> {
    if ((await tx.run('DELETE FROM address_range WHERE subnet_id = $1 AND first = $2', [id, first])) === 0) return false;
    await tx.run('SELECT address_rebuild($1)', [id]);
    return true;
  }

  async ranges(tx: Tx, id: SubnetId): Promise<AddressRange[]> {
    return tx.sql<AddressRange>(
      'SELECT host(first) AS first, host(last) AS last, kind, reason FROM address_range WHERE subnet_id = $1 ORDER BY address_range.first',
      [id],
    );
  }

  async fill(tx: Tx, id: SubnetId): Promise<SubnetFill | undefined> {
    const row = await tx.one<AddressExtent & { free: string; size: string }>(
      `SELECT host(first) AS first, host(last) AS last, free::text AS free, (address_number(subnet_state.last) - address_number(subnet_state.first) + 1)::text AS size
         FROM subnet_state WHERE subnet_id = $1`,
      [id],
    );
    return row && { first: row.first, last: row.last, free: BigInt(row.free), size: BigInt(row.size) };
  }

  /** What is free within a stretch of the subnet: how many, and how many in a row at most. */
  async freeWithin(tx: Tx, id: SubnetId, within: AddressExtent | null): Promise<{ free: bigint; largest: bigint }> {
    const row = await tx.one<{ free: string; largest: string }>(
      `SELECT coalesce(sum(x.n), 0)::text AS free, coalesce(max(x.n), 0)::text AS largest FROM (
          SELECT address_number(least(f.last, coalesce($3::inet, f.last))) - address_number(greatest(f.first, coalesce($2::inet, f.first))) + 1 AS n FROM free_address f
           WHERE f.subnet_id = $1 AND f.kind = CASE WHEN EXISTS (
               SELECT FROM address_range r WHERE r.subnet_id = $1 AND r.kind = 'DHCP' AND $2::inet >= r.first AND $3::inet <= r.last) THEN 'DHCP' ELSE 'HOST' END) x
        WHERE x.n > 0`,
      [id, within?.first ?? null, within?.last ?? null],
    );
    return { free: BigInt(row?.free ?? 0), largest: BigInt(row?.largest ?? 0) };
  }

  /** A page of what is free, in rising order; without DHCP ranges. */
  async free(tx: Tx, id: SubnetId, after: Ip | null, limit: number): Promise<AddressExtent[]> {
    return tx.sql<AddressExtent>(
      `SELECT host(first) AS first, host(last) AS last FROM free_address WHERE subnet_id = $1 AND kind = 'HOST' AND ($2::inet IS NULL OR first > $2::inet)
        ORDER BY free_address.first LIMIT $3`,
      [id, after, limit],
    );
  }

  async rebuild(tx: Tx, id: SubnetId): Promise<void> {
    await tx.run('SELECT address_rebuild($1)', [id]);
  }

  async quota(tx: Tx, tenantId: TenantId, spaceId: AddressSpaceId): Promise<{ max: bigint; used: bigint } | undefined> {
    const row = await tx.one<{ max: string; used: string }>(
      'SELECT trunc(max)::text AS max, trunc(used)::text AS used FROM address_quota WHERE tenant_id = $1 AND space_id = $2',
      [tenantId, spaceId],
    );
    return row && { max: BigInt(row.max), used: BigInt(row.used) };
  }

  async setQuota(tx: Tx, tenantId: TenantId, spaceId: AddressSpaceId, max: bigint | null): Promise<void> {
    if (max === null) {
      await tx.run('DELETE FROM address_quota WHERE tenant_id = $1 AND space_id = $2', [tenantId, spaceId]);
      return;
    }
    // Whoever opens a subnet or allocates now waits, or is counted.
    await tx.run('SELECT pg_advisory_xact_lock(hashtextextended($1, 1))', [`${tenantId} ${spaceId}`]);
    await tx.run(
      `SELECT pg_advisory_xact_lock(hashtextextended(s.id::text, 0)) FROM (
          SELECT id FROM subnet WHERE tenant_id = $1 AND space_id = $2 ORDER BY id) s`,
      [tenantId, spaceId],
    );
    await tx.run(
      'INSERT INTO address_quota (tenant_id, space_id, max) VALUES ($1, $2, $3) ON CONFLICT (tenant_id, space_id) DO UPDATE SET max = excluded.max',
      [tenantId, spaceId, String(max)],
    );
    await tx.run('SELECT address_quota_recount($1, $2)', [tenantId, spaceId]);
  }

  /** Prefixes of the tenant that a new subnet would meet in its VRF; others are not named, the constraint knows them. */
  async meetInVrf(tx: Tx, { tenantId, networkId, vrfId, cidr }: Subnet): Promise<Cidr[]> {
    const rows = await tx.sql<{ cidr: Cidr }>(
      `SELECT s.cidr::text AS cidr FROM subnet s WHERE s.vrf_id = coalesce($1::uuid, (SELECT n.vrf_id FROM network n WHERE n.id = $2)) AND s.tenant_id = $3 AND s.cidr && $4::cidr
        ORDER BY s.cidr LIMIT 10`,
      [vrfId, networkId, tenantId, cidr],
    );
    return rows.map((row) => row.cidr);
  }
}
