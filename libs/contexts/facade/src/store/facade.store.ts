import { Injectable } from '@nestjs/common';
import type { SubnetId, TenantId } from '#engines/kernel';
import type { Tx } from '#platform';
import type { Claim, Facade, FacadeId } from '../domain/facade.js';

export type FacadeKind = 'prefix' | 'ip-range' | 'ip-address' | 'aggregate' | 'vrf' | 'tenant';

const FACADE = `SELECT f.id, f.slug, f.tenant_id AS "tenantId", f.vrf_id AS "vrfId", f.dns_zone AS "dnsZone",
    ARRAY(SELECT p.pool_id::text FROM facade_pool p WHERE p.facade_id = f.id ORDER BY p.pool_id) AS "poolIds" FROM facade f`;

@Injectable()
export class FacadeStore {
  async insert(tx: Tx, facade: Facade): Promise<void> {
    await tx.run('INSERT INTO facade (id, tenant_id, slug, vrf_id, dns_zone) VALUES ($1, $2, $3, $4, $5)', [
      facade.id,
      facade.tenantId,
      facade.slug,
      facade.vrfId,
      facade.dnsZone,
    ]);
    await tx.run('INSERT INTO facade_pool (facade_id, tenant_id, pool_id) SELECT $1, $2, unnest($3::uuid[])', [
      facade.id,
      facade.tenantId,
      facade.poolIds,
    ]);
  }

  async bindToken(tx: Tx, tokenId: string, { id, tenantId }: Facade): Promise<void> {
    await tx.run('INSERT INTO facade_token (token_id, facade_id, tenant_id) VALUES ($1, $2, $3)', [tokenId, id, tenantId]);
  }

  async ofToken(tx: Tx, tokenId: string): Promise<Facade | undefined> {
    return tx.one<Facade>(`${FACADE} JOIN facade_token t ON t.facade_id = f.id WHERE t.token_id = $1`, [tokenId]);
  }

  async bySlug(tx: Tx, slug: string): Promise<Facade | undefined> {
    return tx.one<Facade>(`${FACADE} WHERE f.slug = $1`, [slug]);
  }

  /** Numbers of these, in their order; those that have none get one. */
  async numbers(tx: Tx, tenantId: TenantId, kind: FacadeKind, ids: readonly string[]): Promise<number[]> {
    const known = new Map(await this.known(tx, tenantId, kind, ids));
    const fresh = ids.filter((id) => !known.has(id)).sort();
    if (fresh.length > 0) {
      // In the order of the ids: two that number the same objects do not wait for each other in a circle.
      const made = await tx.sql<{ id: string; number: string }>(
        `INSERT INTO facade_object (tenant_id, kind, object_id) SELECT $1, $2, x FROM unnest($3::text[]) x ON CONFLICT ON CONSTRAINT facade_object_unique DO NOTHING
           RETURNING object_id AS id, number`,
        [tenantId, kind, fresh],
      );
      for (const { id, number } of made) known.set(id, Number(number));
      // Somebody else has numbered them meanwhile.
      const left = fresh.filter((id) => !known.has(id));
      if (left.length > 0) for (const [id, number] of await this.known(tx, tenantId, kind, left)) known.set(id, number);
    }
    return ids.map((id) => known.get(id) as number);
  }

  async idOf(tx: Tx, tenantId: TenantId, kind: FacadeKind, number: number): Promise<string | undefined> {
    const row = await tx.one<{ id: string }>(
      'SELECT object_id AS id FROM facade_object WHERE tenant_id = $1 AND kind = $2 AND number = $3',
      [tenantId, kind, number],
    );
    return row?.id;
  }

  /** Those of these numbers that mean something. */
  async idsOf(tx: Tx, tenantId: TenantId, kind: FacadeKind, numbers: readonly number[]): Promise<string[]> {
    const known = numbers.filter((number) => Number.isSafeInteger(number));
    const rows = await tx.sql<{ id: string }>(
      'SELECT object_id AS id FROM facade_object WHERE tenant_id = $1 AND kind = $2 AND number = ANY($3)',
      [tenantId, kind, known],
    );
    return rows.map(({ id }) => id);
  }

  async claims(tx: Tx, facadeId: FacadeId, subnetIds: readonly SubnetId[]): Promise<ReadonlyMap<string, Claim>> {
    const rows = await tx.sql<Claim>(
      'SELECT subnet_id AS "subnetId", is_own AS "isOwn", description FROM facade_claim WHERE facade_id = $1 AND subnet_id = ANY($2)',
      [facadeId, subnetIds],
    );
    return new Map(rows.map((claim) => [claim.subnetId, claim]));
  }

  async claim(tx: Tx, facade: Facade, { subnetId, isOwn, description }: Claim): Promise<void> {
    await tx.run('INSERT INTO facade_claim (facade_id, tenant_id, subnet_id, is_own, description) VALUES ($1, $2, $3, $4, $5)', [
      facade.id,
      facade.tenantId,
      subnetId,
      isOwn,
      description,
    ]);
  }

  async describe(tx: Tx, facadeId: FacadeId, subnetId: string, description: string | null): Promise<void> {
    await tx.run('UPDATE facade_claim SET description = $3 WHERE facade_id = $1 AND subnet_id = $2', [facadeId, subnetId, description]);
  }

  async giveUp(tx: Tx, facadeId: FacadeId, subnetId: string): Promise<void> {
    await tx.run('DELETE FROM facade_claim WHERE facade_id = $1 AND subnet_id = $2', [facadeId, subnetId]);
  }

  /** Of other façades. */
  async claimsOfOthers(tx: Tx, facadeId: FacadeId, subnetId: string): Promise<number> {
    const row = await tx.one<{ n: number }>('SELECT count(*)::int AS n FROM facade_claim WHERE subnet_id = $2 AND facade_id <> $1', [
      facadeId,
      subnetId,
    ]);
    return row?.n ?? 0;
  }

  private async known(tx: Tx, tenantId: TenantId, kind: FacadeKind, ids: readonly string[]): Promise<[string, number][]> {
    const rows = await tx.sql<{ id: string; number: string }>(
      'SELECT object_id AS id, number FROM facade_object WHERE tenant_id = $1 AND kind = $2 AND object_id = ANY($3)',
      [tenantId, kind, ids],
    );
    return rows.map(({ id, number }) => [id, Number(number)]);
  }
}
