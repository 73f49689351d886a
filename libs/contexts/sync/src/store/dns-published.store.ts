import { Injectable } from '@nestjs/common';
import type { SyncTargetId } from '#engines/kernel';
import type { Item } from '#engines/reconcile';
import type { Tx } from '#platform';
import type { PublishedSet } from '../dns/published-zone.js';
import type { RrsetValue } from '../ports/rrset.js';
import type { SyncTarget } from './sync.store.js';

/** A PATCH that nobody waited for any more may still arrive so long after it was sent. */
const MAY_COME_SECONDS = 180;

/** A zone at the server of which a run has read: the connector may have been set elsewhere since. */
export type ZonePlace = Pick<SyncTarget, 'id' | 'url'> & { readonly zone: string };

interface Sending {
  /** With whether there is none there yet: then nobody knows that it is there before it is answered. */
  readonly sets: readonly (Item<RrsetValue> & { readonly isNew: boolean })[];
  /** Keys. */
  readonly deleted: readonly string[];
}

interface Sent {
  /** Keys. */
  readonly made: readonly string[];
  /** Keys. */
  readonly deleted: readonly string[];
  readonly before: string | null;
}

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

  /**
   * The connector cannot be set elsewhere before this transaction ends, and whoever sets it waits here and nowhere else: rows are locked after it.
   * @returns the zones at this server that it keeps.
   */
  async zonesAt(tx: Tx, { id, url }: Pick<SyncTarget, 'id' | 'url'>): Promise<ReadonlySet<string>> {
    const row = await tx.one<{ zones: string[] }>('SELECT zones FROM sync_target WHERE id = $1 AND url = $2 FOR NO KEY UPDATE', [id, url]);
    return new Set(row?.zones);
  }

  /**
   * Before anything is sent: what is made or deleted is in doubt, and until when it may come is noted, in one statement.
   * @returns until when something may come that was sent before; undefined: the connector was set elsewhere meanwhile, and nothing is noted.
   */
  async sending(tx: Tx, { id, url, zone }: ZonePlace, { sets, deleted }: Sending): Promise<{ readonly before: string | null } | undefined> {
    return tx.one<{ before: string | null }>(
      `WITH t AS (
           UPDATE sync_target t SET may_come_until = clock_timestamp() + make_interval(secs => ${MAY_COME_SECONDS}) FROM sync_target o
            WHERE o.id = t.id AND t.id = $1 AND t.url = $2 AND $3::text = ANY (t.zones)
            RETURNING o.may_come_until::text AS before, t.may_come_until - make_interval(secs => ${MAY_COME_SECONDS}) AS sent_at),
         doubt AS (UPDATE dns_published p SET sent_at = t.sent_at FROM t WHERE p.target_id = $1 AND p.zone = $3 AND p.key = ANY ($4)),
         put AS (
           INSERT INTO dns_published (target_id, zone, key, value, sent_at)
             SELECT $1, $3, s.key, s.value, CASE WHEN s.is_new THEN t.sent_at END FROM t, unnest($5::text[], $6::jsonb[], $7::boolean[]) s(key, value, is_new)
             ON CONFLICT ON CONSTRAINT dns_published_pkey DO UPDATE SET value = excluded.value, sent_at = coalesce(excluded.sent_at, dns_published.sent_at))
       SELECT before FROM t`,
      [id, url, zone, deleted, sets.map(({ key }) => key), sets.map(({ value }) => JSON.stringify(value)), sets.map(({ isNew }) => isNew)],
    );
  }

  /**
   * All of it was answered: nothing of this may come any more, what was made stands there and what was deleted does not. Where the connector was set elsewhere
   * meanwhile that says nothing of where it is now. @param before as `sending` returned it.
   */
  async sent(tx: Tx, { id, url, zone }: ZonePlace, { made, deleted, before }: Sent): Promise<void> {
    await tx.run(
      `WITH t AS (UPDATE sync_target SET may_come_until = $3::timestamptz WHERE id = $1 RETURNING url = $2 AND $4::text = ANY (zones) AS is_here),
         certain AS (UPDATE dns_published p SET sent_at = NULL FROM t WHERE t.is_here AND p.target_id = $1 AND p.zone = $4 AND p.key = ANY ($5))
       DELETE FROM dns_published p USING t WHERE t.is_here AND p.target_id = $1 AND p.zone = $4 AND p.key = ANY ($6)`,
      [id, url, before, zone, made, deleted],
    );
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
  async answered(tx: Tx, { id, url, zone }: ZonePlace, answers: ReadonlyMap<string, boolean>): Promise<void> {
    if (answers.size === 0) return;
    await tx.run(
      `UPDATE dns_published p SET answers_otherwise = s.is_otherwise FROM unnest($4::text[], $5::boolean[]) s(key, is_otherwise)
        WHERE p.target_id = $1 AND p.zone = $3 AND p.key = s.key AND EXISTS (SELECT FROM sync_target t WHERE t.id = $1 AND t.url = $2)`,
      [id, url, zone, [...answers.keys()], [...answers.values()]],
    );
  }

  /** The number that the release before kept of this zone is not needed any more. */
  async forgetCount(tx: Tx, id: SyncTargetId, zone: string): Promise<void> {
    await tx.run('UPDATE sync_target SET seen = seen - $2::text WHERE id = $1', [id, zone]);
  }
}
