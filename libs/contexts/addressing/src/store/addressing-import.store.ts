import { Injectable } from '@nestjs/common';
import type { AddressSpaceId, Cidr, Ip, PrefixPoolId, TenantId } from '#engines/kernel';
import { newId, type Tx } from '#platform';
import type { ImportedAddress, ImportedPrefix } from '../domain/allocation.js';

/** Rows of one statement. */
const CHUNK = 10_000;

/** Many rows at once: into a table of the transaction, judged there set by set, and from there in the order of the index. */
@Injectable()
export class AddressingImportStore {
  async stagePrefixes(tx: Tx, rows: AsyncIterable<ImportedPrefix> | Iterable<ImportedPrefix>): Promise<number> {
    await tx.run(
      'CREATE TEMP TABLE import_prefix (id uuid NOT NULL, cidr cidr NOT NULL, tenant_id uuid NOT NULL, role text NOT NULL, holder text, external_ref text) ON COMMIT DROP',
    );
    return inChunks(rows, (chunk) =>
      tx.run('INSERT INTO import_prefix SELECT * FROM unnest($1::uuid[], $2::cidr[], $3::uuid[], $4::text[], $5::text[], $6::text[])', [
        chunk.map(() => newId()),
        chunk.map((row) => row.cidr),
        chunk.map((row) => row.tenantId),
        chunk.map((row) => row.role ?? 'SUBNET'),
        chunk.map((row) => row.holder ?? null),
        chunk.map((row) => row.externalRef ?? null),
      ]),
    );
  }

  /** Rows that overlap one before them, of the import or of the pool; at most ten of each question, as of the next two. */
  async overlappingPrefixes(tx: Tx, poolId: PrefixPoolId): Promise<Cidr[]> {
    return cidrs(
      tx,
      `SELECT w.cidr::text AS cidr FROM (
          SELECT l.cidr, max(prefix_last(l.cidr)) OVER (ORDER BY l.cidr ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS until FROM (
            SELECT i.cidr FROM import_prefix i
            UNION ALL SELECT p.cidr FROM prefix_pool_range r JOIN prefix p ON p.parent_id = r.prefix_id WHERE r.pool_id = $1) l) w
        WHERE w.until >= w.cidr ORDER BY w.cidr LIMIT 10`,
      [poolId],
    );
  }

  async strayPrefixes(tx: Tx, poolId: PrefixPoolId): Promise<Cidr[]> {
    return cidrs(
      tx,
      `SELECT i.cidr::text AS cidr FROM import_prefix i JOIN prefix_pool o ON o.id = $1
        WHERE masklen(i.cidr) > o.max_length OR NOT EXISTS (SELECT FROM prefix_pool_range r WHERE r.pool_id = $1 AND i.cidr <<= r.cidr) ORDER BY i.cidr LIMIT 10`,
      [poolId],
    );
  }

  async unknownTenants(tx: Tx): Promise<TenantId[]> {
    const rows = await tx.sql<{ id: TenantId }>(
      'SELECT x.id FROM (SELECT DISTINCT tenant_id AS id FROM import_prefix) x WHERE NOT EXISTS (SELECT FROM tenant t WHERE t.id = x.id) ORDER BY 1 LIMIT 10',
    );
    return rows.map((row) => row.id);
  }

  async insertPrefixes(tx: Tx, poolId: PrefixPoolId): Promise<void> {
    await tx.run(
      `INSERT INTO prefix (id, space_id, cidr, role, parent_id, tenant_id, holder, external_ref)
        SELECT i.id, o.space_id, i.cidr, i.role, r.prefix_id, i.tenant_id, i.holder, i.external_ref FROM prefix_pool o JOIN prefix_pool_range r ON r.pool_id = o.id
          JOIN import_prefix i ON i.cidr <<= r.cidr WHERE o.id = $1 ORDER BY i.cidr`,
      [poolId],
    );
    await tx.run('SELECT prefix_rebuild($1)', [poolId]);
  }

  async stageAddresses(tx: Tx, rows: AsyncIterable<ImportedAddress> | Iterable<ImportedAddress>): Promise<number> {
    await tx.run(
      'CREATE TEMP TABLE import_address (id uuid NOT NULL, address inet NOT NULL, role text NOT NULL, mac macaddr, dns_name text, holder text, external_ref text) ON COMMIT DROP',
    );
    return inChunks(rows, (chunk) =>
      tx.run(
        'INSERT INTO import_address SELECT * FROM unnest($1::uuid[], $2::inet[], $3::text[], $4::macaddr[], $5::text[], $6::text[], $7::text[])',
        [
          chunk.map(() => newId()),
          chunk.map((row) => row.address),
          chunk.map((row) => row.role ?? 'HOST'),
          chunk.map((row) => row.mac ?? null),
          chunk.map((row) => row.dnsName ?? null),
          chunk.map((row) => row.holder ?? null),
          chunk.map((row) => row.externalRef ?? null),
        ],
      ),
    );
  }

  /** The subnet of each address, and its lock. */
  async placeAddresses(tx: Tx, spaceId: AddressSpaceId): Promise<void> {
    await tx.run(
      'CREATE TEMP TABLE import_place (id uuid, address inet, role text, mac macaddr, dns_name text, holder text, external_ref text, subnet_id uuid, tenant_id uuid) ON COMMIT DROP',
    );
    await tx.run(
      `INSERT INTO import_place SELECT i.*, t.subnet_id, t.tenant_id FROM import_address i LEFT JOIN LATERAL (
          SELECT x.id FROM subnet x WHERE x.space_id = $1 AND x.cidr <= i.address::cidr ORDER BY x.cidr DESC LIMIT 1) s ON true
        LEFT JOIN subnet_state t ON t.subnet_id = s.id AND i.address BETWEEN t.first AND t.last`,
      [spaceId],
    );
    await tx.sql(
      'SELECT pg_advisory_xact_lock(hashtextextended(x.id::text, 0)) FROM (SELECT DISTINCT subnet_id AS id FROM import_place WHERE subnet_id IS NOT NULL ORDER BY 1) x',
    );
  }

  async strayAddresses(tx: Tx): Promise<Ip[]> {
    return addresses(
      tx,
      'SELECT host(address) AS address FROM import_place WHERE subnet_id IS NULL ORDER BY import_place.address LIMIT 10',
    );
  }

  async repeatedAddresses(tx: Tx, spaceId: AddressSpaceId): Promise<Ip[]> {
    return addresses(
      tx,
      `(SELECT host(address) AS address FROM import_place GROUP BY import_place.address HAVING count(*) > 1 LIMIT 10)
       UNION ALL (SELECT host(i.address) FROM import_place i JOIN ip_address a ON a.space_id = $1 AND a.address = i.address LIMIT 10)`,
      [spaceId],
    );
  }

  async insertAddresses(tx: Tx, spaceId: AddressSpaceId): Promise<void> {
    await tx.run(
      `INSERT INTO ip_address (id, tenant_id, space_id, subnet_id, address, mac, dns_name, role, holder, external_ref)
        SELECT i.id, i.tenant_id, $1, i.subnet_id, i.address, i.mac, i.dns_name, i.role, i.holder, i.external_ref FROM import_place i ORDER BY i.address`,
      [spaceId],
    );
    await tx.sql('SELECT address_rebuild(x.id) FROM (SELECT DISTINCT subnet_id AS id FROM import_place ORDER BY 1) x');
    await tx.sql('SELECT address_quota_recount(x.id, $1) FROM (SELECT DISTINCT tenant_id AS id FROM import_place ORDER BY 1) x', [spaceId]);
  }
}

async function inChunks<Row>(
  rows: AsyncIterable<Row> | Iterable<Row>,
  write: (chunk: readonly Row[]) => Promise<unknown>,
): Promise<number> {
  let count = 0;
  let chunk: Row[] = [];
  for await (const row of rows) {
    chunk.push(row);
    if (chunk.length < CHUNK) continue;
    await write(chunk);
    count += chunk.length;
    chunk = [];
  }
  if (chunk.length > 0) await write(chunk);
  return count + chunk.length;
}

const cidrs = async (tx: Tx, text: string, values: readonly unknown[]): Promise<Cidr[]> =>
  (await tx.sql<{ cidr: Cidr }>(text, values)).map((row) => row.cidr);
const addresses = async (tx: Tx, text: string, values: readonly unknown[] = []): Promise<Ip[]> =>
  (await tx.sql<{ address: Ip }>(text, values)).map((row) => row.address);
