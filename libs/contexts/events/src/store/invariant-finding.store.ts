import { Injectable } from '@nestjs/common';
import type { IdKind } from '#engines/kernel';
import type { Tx } from '#platform';

export interface Finding {
  readonly invariant: string;
  readonly kind: IdKind;
  readonly id: string;
  readonly foundAt: Date;
}

export interface Round {
  /** The last thing that was looked at; null at the beginning. */
  readonly after: string | null;
  readonly startedAt: string;
}

/** What the worker found broken and has told, and how far it has come with looking. */
@Injectable()
export class InvariantFindingStore {
  /** The round under way, or a new one. @returns undefined while the last one ended less than `everySeconds` ago. */
  async round(tx: Tx, slices: string, everySeconds: number): Promise<Round | undefined> {
    const row = await tx.one<{ after: string | null; started_at: string }>(
      `INSERT INTO invariant_round AS r (slices) VALUES ($1)
       ON CONFLICT (slices) DO UPDATE SET after = CASE WHEN r.ended_at IS NULL THEN r.after END,
         started_at = CASE WHEN r.ended_at IS NULL THEN r.started_at ELSE now() END, ended_at = NULL
       WHERE r.ended_at IS NULL OR r.ended_at <= now() - make_interval(secs => $2) RETURNING after, started_at::text`,
      [slices, everySeconds],
    );
    return row && { after: row.after, startedAt: row.started_at };
  }

  async lookedAt(tx: Tx, slices: string, last: string): Promise<void> {
    await tx.run('UPDATE invariant_round SET after = $2 WHERE slices = $1', [slices, last]);
  }

  async endRound(tx: Tx, slices: string): Promise<void> {
    await tx.run('UPDATE invariant_round SET after = NULL, ended_at = now() WHERE slices = $1', [slices]);
  }

  async see(tx: Tx, seen: { invariant: string; kind: IdKind; id: string; what: string }): Promise<Finding & { readonly isNew: boolean }> {
    const row = (await tx.one<{ found_at: Date; is_new: boolean }>(
      `INSERT INTO invariant_finding (invariant, subject_kind, subject_id, what) VALUES ($1, $2, $3, $4)
       ON CONFLICT (invariant, subject_id) DO UPDATE SET what = $4, seen_at = clock_timestamp() RETURNING found_at, found_at = seen_at AS is_new`,
      [seen.invariant, seen.kind, seen.id, seen.what],
    )) as { found_at: Date; is_new: boolean };
    return { invariant: seen.invariant, kind: seen.kind, id: seen.id, foundAt: row.found_at, isNew: row.is_new };
  }

  /** Nobody could look: what was found there is not known to be over. */
  async keep(tx: Tx, invariant: string, ids: readonly string[]): Promise<void> {
    await tx.run('UPDATE invariant_finding SET seen_at = clock_timestamp() WHERE invariant = $1 AND subject_id = ANY($2)', [
      invariant,
      ids,
    ]);
  }

  async forget(tx: Tx, invariants: readonly string[], notSeenSince: string): Promise<Finding[]> {
    const rows = await tx.sql<{ invariant: string; subject_kind: IdKind; subject_id: string; found_at: Date }>(
      `DELETE FROM invariant_finding WHERE invariant = ANY($1) AND seen_at < $2::timestamptz RETURNING invariant, subject_kind, subject_id, found_at`,
      [invariants, notSeenSince],
    );
    return rows.map((row) => ({ invariant: row.invariant, kind: row.subject_kind, id: row.subject_id, foundAt: row.found_at }));
  }
}
