import { Injectable } from '@nestjs/common';
import type { AddressSpaceId, FabricId, SyncTargetId, TenantId } from '#engines/kernel';
import type { Tx } from '#platform';
import type { InventoryKind } from '../kinds.js';
import type { ForeignObject } from '../../ports/foreign-inventory.js';
import type { ImportCounts, ImportPage, NotTaken } from './inventory-import.js';
import type { SpaceRule } from './taking.js';

/** What an operator asked for. */
export interface WantedImport {
  readonly id: string;
  readonly targetId: SyncTargetId;
  readonly spaceId: AddressSpaceId;
  /** Who gets what has no tenant there; null: it is not taken. */
  readonly ownerId: TenantId | null;
  readonly pools: 'MAKE' | 'REPORT';
  /** What goes into another space. */
  readonly elsewhere: readonly SpaceRule[];
  /** Nothing is taken, it is only said what would be; what it is found out with holds up others for no longer than this. Null: it is taken. */
  readonly planSeconds: number | null;
}

export interface ImportState extends WantedImport {
  readonly createdAt: Date;
  /** Null: a worker is at it, or will be. */
  readonly finishedAt: Date | null;
  readonly counts: ImportCounts;
  /** Why it ended early; what was taken until then stays. */
  readonly error: string | null;
}

const IMPORT = `SELECT i.id, i.target_id AS "targetId", i.space_id AS "spaceId", i.owner_id AS "ownerId", i.pools, i.plan_seconds AS "planSeconds",
    coalesce((SELECT jsonb_agg(jsonb_build_object('whose', s.whose, 'name', s.name, 'spaceId', s.space_id) ORDER BY s.whose, s.name) FROM sync_import_space s
      WHERE s.import_id = i.id), '[]') AS elsewhere, i.created_at AS "createdAt", i.finished_at AS "finishedAt",
    i.counts, i.error FROM sync_import i`;

@Injectable()
export class ImportStore {
  async insert(tx: Tx, { id, targetId, spaceId, ownerId, pools, elsewhere, planSeconds }: WantedImport): Promise<void> {
    await tx.run('INSERT INTO sync_import (id, target_id, space_id, owner_id, pools, plan_seconds) VALUES ($1, $2, $3, $4, $5, $6)', [
      id,
      targetId,
      spaceId,
      ownerId,
      pools,
      planSeconds,
    ]);
    await tx.run(
      `INSERT INTO sync_import_space (import_id, whose, name, space_id)
        SELECT $1, x.whose, x.name, x."spaceId" FROM jsonb_to_recordset($2::jsonb) x(whose text, name text, "spaceId" uuid)`,
      [id, JSON.stringify(elsewhere)],
    );
  }

  async connectorBySlug(tx: Tx, slug: string): Promise<SyncTargetId | undefined> {
    return (await tx.one<{ id: SyncTargetId }>('SELECT id FROM sync_target WHERE slug = $1', [slug]))?.id;
  }

  byId(tx: Tx, id: string): Promise<ImportState | undefined> {
    return tx.one<ImportState>(`${IMPORT} WHERE i.id = $1`, [id]);
  }

  /** Not finished, of connectors that are switched on. @param kinds that this process can speak to. */
  open(tx: Tx, kinds: readonly string[]): Promise<WantedImport[]> {
    return tx.sql<WantedImport>(
      `${IMPORT} JOIN sync_target t ON t.id = i.target_id WHERE i.finished_at IS NULL AND t.enabled AND t.kind = ANY($1) ORDER BY i.id`,
      [kinds],
    );
  }

  async fabricOf(tx: Tx, spaceId: AddressSpaceId): Promise<FabricId | undefined> {
    return (await tx.one<{ id: FabricId }>('SELECT fabric_id AS id FROM address_space WHERE id = $1', [spaceId]))?.id;
  }

  /** Those of these that are of the fabric. */
  async spacesOf(tx: Tx, fabricId: FabricId, spaceIds: readonly AddressSpaceId[]): Promise<ReadonlySet<AddressSpaceId>> {
    const rows = await tx.sql<{ id: AddressSpaceId }>('SELECT id FROM address_space WHERE fabric_id = $1 AND id = ANY($2)', [
      fabricId,
      spaceIds,
    ]);
    return new Set(rows.map(({ id }) => id));
  }

  /** Rules for VRFs and tenants that are not there. */
  async idleRules(tx: Tx, id: string): Promise<{ whose: 'VRF' | 'TENANT'; name: string }[]> {
    return tx.sql(
      `SELECT s.whose, s.name FROM sync_import_space s WHERE s.import_id = $1
          AND CASE s.whose WHEN 'VRF' THEN NOT EXISTS (SELECT FROM vrf v WHERE v.name = s.name) WHEN 'TENANT' THEN NOT EXISTS (SELECT FROM tenant t WHERE t.slug = s.name) ELSE false END
        ORDER BY 1, 2`,
      [id],
    );
  }

  /** What was read for a plan. */
  async stage(tx: Tx, id: string, seq: number, { pass, objects, beside }: ImportPage): Promise<void> {
    await tx.run('INSERT INTO sync_import_page (import_id, seq, pass, objects, beside) VALUES ($1, $2, $3, $4, $5)', [
      id,
      seq,
      pass,
      JSON.stringify(objects),
      JSON.stringify([...beside]),
    ]);
  }

  async staged(tx: Tx, id: string, seq: number): Promise<ImportPage | undefined> {
    const row = await tx.one<Omit<ImportPage, 'beside'> & { beside: [string, ForeignObject][] }>(
      'SELECT pass, objects, beside FROM sync_import_page WHERE import_id = $1 AND seq = $2',
      [id, seq],
    );
    return row && { ...row, beside: new Map(row.beside) };
  }

  /** Nothing of a plan is kept that an execution before this one began. */
  async beginPlan(tx: Tx, id: string): Promise<void> {
    await tx.run('DELETE FROM sync_import_note WHERE import_id = $1', [id]);
    await tx.run('DELETE FROM sync_import_page WHERE import_id = $1', [id]);
  }

  async finishPlan(tx: Tx, id: string, counts: ImportCounts, error: string | null): Promise<void> {
    await tx.run('DELETE FROM sync_import_page WHERE import_id = $1', [id]);
    await tx.run('UPDATE sync_import SET finished_at = clock_timestamp(), counts = $2, error = $3 WHERE id = $1', [
      id,
      JSON.stringify(counts),
      error,
    ]);
  }

  async forgetNotes(tx: Tx, id: string): Promise<void> {
    await tx.run('DELETE FROM sync_import_note WHERE import_id = $1', [id]);
  }

  /** What an execution before this one refused is looked at again. */
  async begin(tx: Tx, id: string): Promise<void> {
    await tx.run('DELETE FROM sync_import_note WHERE import_id = $1 AND code IS NOT NULL', [id]);
  }

  /** What was taken, by this execution and by those before it that did not end. */
  async finish(tx: Tx, id: string, seen: ImportCounts, error: string | null): Promise<void> {
    const taken = await this.countBy(tx, 'SELECT kind, count(*)::int AS n FROM sync_imported WHERE import_id = $1 GROUP BY kind', id);
    const refused = await this.countBy(
      tx,
      'SELECT kind, count(*)::int AS n FROM sync_import_note WHERE import_id = $1 AND code IS NOT NULL GROUP BY kind',
      id,
    );
    const counts = Object.fromEntries(
      [...new Set([...Object.keys(seen), ...taken.keys(), ...refused.keys()])].map((kind) => {
        const { taken: now, known } = seen[kind as InventoryKind] ?? { taken: 0, known: 0 };
        const all = taken.get(kind) ?? 0;
        return [kind, { taken: all, known: Math.max(0, known - (all - now)), refused: refused.get(kind) ?? 0 }];
      }),
    );
    await tx.run('UPDATE sync_import SET finished_at = clock_timestamp(), counts = $2, error = $3 WHERE id = $1', [
      id,
      JSON.stringify(counts),
      error,
    ]);
  }

  private async countBy(tx: Tx, text: string, id: string): Promise<ReadonlyMap<string, number>> {
    return new Map((await tx.sql<{ kind: string; n: number }>(text, [id])).map(({ kind, n }) => [kind, n]));
  }

  async known(tx: Tx, targetId: SyncTargetId, kind: InventoryKind, remoteIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const rows = await tx.sql<{ remoteId: string; localId: string }>(
      `SELECT remote_id AS "remoteId", local_id AS "localId" FROM sync_link WHERE target_id = $1 AND kind = $2 AND remote_id = ANY($3)
       UNION ALL SELECT remote_id, local_id FROM sync_imported WHERE target_id = $1 AND kind = $2 AND remote_id = ANY($3)`,
      [targetId, kind, remoteIds],
    );
    return new Map(rows.map(({ remoteId, localId }) => [remoteId, localId]));
  }

  async taken(tx: Tx, { id, targetId }: WantedImport, kind: InventoryKind, remoteId: string, localId: string): Promise<void> {
    await tx.run('INSERT INTO sync_imported (target_id, kind, remote_id, local_id, import_id) VALUES ($1, $2, $3, $4, $5)', [
      targetId,
      kind,
      remoteId,
      localId,
      id,
    ]);
  }

  async note(tx: Tx, id: string, notes: readonly NotTaken[]): Promise<void> {
    await tx.run(
      `INSERT INTO sync_import_note (import_id, kind, remote_id, label, code, reason)
        SELECT $1, x.kind, x."remoteId", x.label, x.code, x.reason FROM jsonb_to_recordset($2::jsonb) x(kind text, "remoteId" text, label text, code text, reason text)`,
      [id, JSON.stringify(notes)],
    );
  }

  /** In the order in which they were met. @param after the last of the page before. */
  notes(tx: Tx, id: string, after: string | null, limit: number): Promise<(NotTaken & { readonly seq: string })[]> {
    return tx.sql(
      `SELECT seq::text AS seq, kind, remote_id AS "remoteId", label, code, reason FROM sync_import_note n WHERE import_id = $1 AND n.seq > $2 ORDER BY n.seq LIMIT $3`,
      [id, after ?? '0', limit],
    );
  }
}
