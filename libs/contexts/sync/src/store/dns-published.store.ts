import { Injectable } from '@nestjs/common';
import type { SyncTargetId } from '#engines/kernel';
import type { Item } from '#engines/reconcile';
import type { Tx } from '#platform';
import type { PublishedSet } from '../dns/published-zone.js';
import type { RrsetValue } from '../ports/rrset.js';

/** A PATCH that nobody waited for any more may still arrive so long after it was sent. */
const MAY_COME_SECONDS = 180;

/** What a connector published in a zone of its name server, a row for each record set. However many there are: one statement. */
@Injectable()
export class DnsPublishedStore {
  async sets(tx: Tx, id: SyncTargetId, zone: string): Promise<Map<string, PublishedSet>> {
    const rows = await tx.sql<PublishedSet & { key: string }>(
      `SELECT key, CASE WHEN sent_at > clock_timestamp() - make_interval(secs => ${MAY_COME_SECONDS}) THEN 'FRESH' WHEN sent_at IS NOT NULL THEN 'OLD' END AS doubt,
         answers_otherwise AS "answersOtherwise" FROM dns_published WHERE target_id = $1 AND zone = $2`,
      [id, zone],
    );
    return new Map(rows.map(({ key, doubt, answersOtherwise }) => [key, { doubt, answersOtherwise }]));
  }

  /** What was written last under these keys, of those that have a row. */
  async values(tx: Tx, id: SyncTargetId, zone: string, keys: readonly string[]): Promise<Map<string, RrsetValue>> {
    const rows = await tx.sql<Item<RrsetValue>>(
      'SELECT key, value FROM dns_published WHERE target_id = $1 AND zone = $2 AND key = ANY($3)',
      [id, zone, keys],
    );
    return new Map(rows.map(({ key, value }) => [key, value]));
  }

  /** They stand there, and had no row. */
  async learn(tx: Tx, id: SyncTargetId, zone: string, sets: readonly Item<RrsetValue>[]): Promise<void> {
    if (sets.length === 0) return;
    await tx.run(
      `INSERT INTO dns_published (target_id, zone, key, value) SELECT $1, $2, s.key, s.value FROM unnest($3::text[], $4::jsonb[]) s(key, value)
         ON CONFLICT ON CONSTRAINT dns_published_pkey DO NOTHING`,
      [id, zone, sets.map(({ key }) => key), sets.map(({ value }) => JSON.stringify(value))],
    );
  }

  /** Before they are sent. @param sets with whether there is none there yet: then nobody knows that it is there before it is answered. */
  async sending(tx: Tx, id: SyncTargetId, zone: string, sets: readonly (Item<RrsetValue> & { readonly isNew: boolean })[]): Promise<void> {
    if (sets.length === 0) return;
    await tx.run(
      `INSERT INTO dns_published (target_id, zone, key, value, sent_at)
         SELECT $1, $2, s.key, s.value, CASE WHEN s.is_new THEN clock_timestamp() END FROM unnest($3::text[], $4::jsonb[], $5::boolean[]) s(key, value, is_new)
         ON CONFLICT ON CONSTRAINT dns_published_pkey DO UPDATE SET value = excluded.value, sent_at = coalesce(excluded.sent_at, dns_published.sent_at)`,
      [id, zone, sets.map(({ key }) => key), sets.map(({ value }) => JSON.stringify(value)), sets.map(({ isNew }) => isNew)],
    );
  }

  /** Something is being sent for them, and nobody knows what comes of it. */
  async doubt(tx: Tx, id: SyncTargetId, zone: string, keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return;
    await tx.run('UPDATE dns_published SET sent_at = clock_timestamp() WHERE target_id = $1 AND zone = $2 AND key = ANY($3)', [
      id,
      zone,
      keys,
    ]);
  }

  /** They stand there. */
  async certain(tx: Tx, id: SyncTargetId, zone: string, keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return;
    await tx.run('UPDATE dns_published SET sent_at = NULL WHERE target_id = $1 AND zone = $2 AND key = ANY($3)', [id, zone, keys]);
  }

  async forget(tx: Tx, id: SyncTargetId, zone: string, keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return;
    await tx.run('DELETE FROM dns_published WHERE target_id = $1 AND zone = $2 AND key = ANY($3)', [id, zone, keys]);
  }

  /** @param answers by key, whether the name server answers otherwise than was written. */
  async answered(tx: Tx, id: SyncTargetId, zone: string, answers: ReadonlyMap<string, boolean>): Promise<void> {
    if (answers.size === 0) return;
    await tx.run(
      `UPDATE dns_published p SET answers_otherwise = s.is_otherwise FROM unnest($3::text[], $4::boolean[]) s(key, is_otherwise)
        WHERE p.target_id = $1 AND p.zone = $2 AND p.key = s.key`,
      [id, zone, [...answers.keys()], [...answers.values()]],
    );
  }

  /** The number that the release before kept of this zone is not needed any more. */
  async forgetCount(tx: Tx, id: SyncTargetId, zone: string): Promise<void> {
    await tx.run('UPDATE sync_target SET seen = seen - $2::text WHERE id = $1', [id, zone]);
  }
}
