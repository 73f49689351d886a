import { Injectable } from '@nestjs/common';
import type { Fqdn, Ip, IpAddressId, Mac, SubnetId, TenantId } from '#engines/kernel';
import { type Database, systemScope, type Tx } from '#platform';
import type { AddressAllocation, AddressHolderKind, Outcome, Released } from '../domain/allocation.js';
import type { AddressRole } from '../domain/subnet.js';

/** One plain request for one address, as a row of a batch. */
export interface BatchedAddress {
  readonly id: IpAddressId;
  readonly actor: string;
  readonly subnetId: SubnetId;
  readonly tenantId: TenantId;
  readonly key: string;
  readonly fingerprint: string;
  readonly prefer: Ip | null;
  readonly first: Ip | null;
  readonly last: Ip | null;
  readonly ttlSeconds: number | null;
  readonly holder: string | null;
  readonly externalRef: string | null;
}

export interface TakenAddress {
  readonly outcome: Outcome;
  readonly id: IpAddressId | null;
  /** With a refusal: the address that stands in the way. */
  readonly address: Ip | null;
  /** With QUOTA: how many addresses the tenant may still have. */
  readonly room: bigint | null;
  readonly at?: Date;
}

export interface AddressesToTake {
  readonly ids: readonly IpAddressId[];
  readonly subnetId: SubnetId;
  readonly tenantId: TenantId;
  readonly key: string;
  /** Empty: the name of a host in an order, which is unique in its subnet. */
  readonly fingerprint: string;
  readonly isContiguous: boolean;
  readonly isPartial: boolean;
  readonly prefer: Ip | null;
  readonly first: Ip | null;
  readonly last: Ip | null;
  readonly ttlSeconds: number | null;
  readonly role: AddressRole;
  readonly mac: Mac | null;
  readonly dnsName: Fqdn | null;
  readonly holderKind: AddressHolderKind;
  readonly holder: string | null;
  readonly externalRef: string | null;
}

interface TakenRow {
  outcome: Outcome;
  address_id: IpAddressId | null;
  address: string | null;
  room: string | null;
  at?: Date;
}

const ALLOCATION = `SELECT a.id, a.subnet_id AS "subnetId", a.tenant_id AS "tenantId", host(a.address) AS address, a.role, a.mac::text AS mac,
    a.dns_name AS "dnsName", a.state, a.generation, a.key, a.holder_kind AS "holderKind", a.holder, a.external_ref AS "externalRef", a.created_at AS "createdAt",
    a.updated_at AS "updatedAt", a.expires_at AS "expiresAt", a.released_at AS "releasedAt", a.reusable_at AS "reusableAt"
  FROM ip_address a`;

const toTaken = (row: TakenRow): TakenAddress => ({
  outcome: row.outcome,
  id: row.address_id,
  // Postgres writes a single address without its length.
  address: row.address as Ip | null,
  room: row.room === null ? null : BigInt(row.room),
  ...(row.at && { at: row.at }),
});

const BATCH_SCOPE = systemScope('allocation');

/** Prepared SQL of addresses; why one is never given twice stands at the functions of migration 0014. */
@Injectable()
export class AddressAllocationStore {
  /** Many requests in one statement that is its own transaction. One answer for each, in their order. */
  async allocate(db: Database, requests: readonly BatchedAddress[]): Promise<TakenAddress[]> {
    const column = <Name extends keyof BatchedAddress>(name: Name): BatchedAddress[Name][] => requests.map((request) => request[name]);
    const subnets = column('subnetId');
    const rows = await db.call<TakenRow & { i: number }>(
      BATCH_SCOPE,
      'address_allocate(scope.role, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)',
      [
        [...new Set(subnets)].sort(),
        column('actor'),
        subnets,
        column('tenantId'),
        column('key'),
        column('fingerprint'),
        column('id'),
        column('prefer'),
        column('first'),
        column('last'),
        column('ttlSeconds'),
        column('holder'),
        column('externalRef'),
      ],
    );
    const answers = new Array<TakenAddress>(requests.length);
    for (const row of rows) answers[row.i - 1] = toTaken(row);
    return answers;
  }

  /** One request of any kind in an open transaction: one row for each address, or one refusal. */
  async take(tx: Tx, wanted: AddressesToTake): Promise<TakenAddress[]> {
    const rows = await tx.sql<TakenRow>(
      'SELECT * FROM address_take($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)',
      [
        wanted.subnetId,
        wanted.tenantId,
        wanted.key,
        wanted.fingerprint,
        wanted.ids,
        wanted.ids.length,
        wanted.isContiguous,
        wanted.isPartial,
        wanted.prefer,
        wanted.first,
        wanted.last,
        wanted.ttlSeconds,
        wanted.role,
        wanted.mac,
        wanted.dnsName,
        wanted.holderKind,
        wanted.holder,
        wanted.externalRef,
      ],
    );
    return rows.map(toTaken);
  }

  async adopt(
    tx: Tx,
    wanted: Pick<
      AddressesToTake,
      'subnetId' | 'tenantId' | 'key' | 'fingerprint' | 'mac' | 'dnsName' | 'role' | 'holder' | 'externalRef'
    > & {
      id: IpAddressId;
      address: Ip;
    },
  ): Promise<{ outcome: Outcome; id: IpAddressId | null }> {
    const row = await tx.one<{ outcome: Outcome; address_id: IpAddressId | null }>(
      'SELECT * FROM address_adopt($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)',
      [
        wanted.subnetId,
        wanted.tenantId,
        wanted.address,
        wanted.id,
        wanted.key,
        wanted.fingerprint,
        wanted.mac,
        wanted.dnsName,
        wanted.role,
        wanted.holder,
        wanted.externalRef,
      ],
    );
    return { outcome: row?.outcome ?? 'NOT_FOUND', id: row?.address_id ?? null };
  }

  /** @param holderKind only if that holds it; null: whoever. */
  async release(
    tx: Tx,
    id: IpAddressId,
    { generation, isUnused, holderKind }: { generation: number | null; isUnused: boolean; holderKind: AddressHolderKind | null },
  ): Promise<Released> {
    const row = await tx.one<{ state: Released }>('SELECT address_release($1, $2, $3, $4) AS state', [
      id,
      generation,
      isUnused,
      holderKind,
    ]);
    return row?.state ?? 'NOT_FOUND';
  }

  /** Holds and quarantines whose time is over. @returns the subnet of each that went back, at most `limit`. */
  async sweep(tx: Tx, limit: number): Promise<SubnetId[]> {
    return (await tx.sql<{ subnet_id: SubnetId }>('SELECT s AS subnet_id FROM address_sweep($1) s', [limit])).map((row) => row.subnet_id);
  }

  /** HELD becomes BOUND. @returns false when it is not held, or has changed hands. */
  async bind(tx: Tx, id: IpAddressId, generation: number, holder: string | null): Promise<boolean> {
    return (
      (await tx.run(
        `UPDATE ip_address SET state = 'BOUND', expires_at = NULL, holder = coalesce($3, holder), generation = generation + 1, updated_at = now()
          WHERE id = $1 AND generation = $2 AND state = 'HELD'`,
        [id, generation, holder],
      )) === 1
    );
  }

  async extend(tx: Tx, id: IpAddressId, generation: number, ttlSeconds: number): Promise<boolean> {
    return (
      (await tx.run(
        `UPDATE ip_address SET expires_at = now() + make_interval(secs => $3), updated_at = now() WHERE id = $1 AND generation = $2 AND state = 'HELD'`,
        [id, generation, ttlSeconds],
      )) === 1
    );
  }

  /** To another holder. An address stays with the tenant of its subnet. */
  async transfer(tx: Tx, id: IpAddressId, generation: number, holder: string | null): Promise<boolean> {
    return (
      (await tx.run(
        `UPDATE ip_address SET holder = $3, generation = generation + 1, updated_at = now()
          WHERE id = $1 AND generation = $2 AND state <> 'QUARANTINED' AND holder_kind = 'external'`,
        [id, generation, holder],
      )) === 1
    );
  }

  async byId(tx: Tx, id: IpAddressId): Promise<AddressAllocation | undefined> {
    return tx.one<AddressAllocation>(`${ALLOCATION} WHERE a.id = $1`, [id]);
  }

  async byIds(tx: Tx, ids: readonly IpAddressId[]): Promise<AddressAllocation[]> {
    return tx.sql<AddressAllocation>(`${ALLOCATION} WHERE a.id = ANY($1) ORDER BY a.address`, [ids]);
  }

  /** All addresses of a key, in their order. */
  async byKey(tx: Tx, tenantId: TenantId, key: string): Promise<AddressAllocation[]> {
    return tx.sql<AddressAllocation>(
      `${ALLOCATION} WHERE a.tenant_id = $1 AND a.key = $2 AND a.fingerprint <> '' AND a.state <> 'QUARANTINED' ORDER BY a.ord`,
      [tenantId, key],
    );
  }

  /** A page of a subnet's addresses in rising order. */
  async ofSubnet(tx: Tx, subnetId: SubnetId, after: Ip | null, limit: number): Promise<AddressAllocation[]> {
    return tx.sql<AddressAllocation>(
      `${ALLOCATION} WHERE a.subnet_id = $1 AND ($2::inet IS NULL OR a.address > $2::inet) ORDER BY a.subnet_id, a.address LIMIT $3`,
      [subnetId, after, limit],
    );
  }

  /** Who holds an address, where the scope of the transaction may know. */
  async holding(tx: Tx, subnetId: SubnetId, address: Ip): Promise<AddressAllocation | undefined> {
    return tx.one<AddressAllocation>(`${ALLOCATION} WHERE a.subnet_id = $1 AND a.address = $2`, [subnetId, address]);
  }
}
