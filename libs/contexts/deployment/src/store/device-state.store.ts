import { Injectable } from '@nestjs/common';
import type { DeviceIntent } from '#engines/intent';
import type { DeviceId, FabricId, PlanId } from '#engines/kernel';
import type { Artefact } from '#engines/rendering';
import { newId, type Tx } from '#platform';
import type { DeviceRecord } from '../domain/plan.js';

const RECORD = `SELECT d.id AS "deviceId", s.verified_digest AS "verifiedDigest", coalesce(s.verified_artefacts, '[]') AS "verifiedArtefacts", coalesce(s.uncertain_artefacts, '[]') AS "uncertainArtefacts", s.verified_intent AS "verifiedIntent", coalesce(s.secrets, '{}') AS secrets,
    coalesce(s.is_uncertain, false) AS "isUncertain", coalesce(s.verified_digest IS NOT NULL AND p.retaken_revision > p.verified_revision, false) AS "isRetaken", coalesce(s.next_try_at > clock_timestamp(), false) AS "isResting"
  FROM device d LEFT JOIN device_state s ON s.device_id = d.id LEFT JOIN device_progress p ON p.device_id = d.id`;

@Injectable()
export class DeviceStateStore {
  async records(tx: Tx, fabricId: FabricId): Promise<Map<DeviceId, DeviceRecord>> {
    const rows = await tx.sql<DeviceRecord>(`${RECORD} WHERE d.fabric_id = $1`, [fabricId]);
    return new Map(rows.map((row) => [row.deviceId, row]));
  }

  async record(tx: Tx, deviceId: DeviceId): Promise<DeviceRecord | undefined> {
    return tx.one<DeviceRecord>(`${RECORD} WHERE d.id = $1`, [deviceId]);
  }

  /**
   * Written before anything can go live: from here on only the device knows. What may be on it is remembered until its state is known
   * again: on a switch our lines are told from others' by what we ever put there.
   */
  async markUncertain(tx: Tx, deviceId: DeviceId, artefacts: readonly Artefact[]): Promise<void> {
    await tx.run(
      `INSERT INTO device_state AS s (device_id, is_uncertain, uncertain_artefacts) VALUES ($1, true, $2)
       ON CONFLICT (device_id) DO UPDATE SET is_uncertain = true,
         uncertain_artefacts = CASE WHEN s.uncertain_artefacts @> $2 THEN s.uncertain_artefacts ELSE s.uncertain_artefacts || $2 END`,
      [deviceId, JSON.stringify(artefacts)],
    );
  }

  /** @param secrets versions by name of what was sent in the places of placeholders. */
  async confirm(
    tx: Tx,
    deviceId: DeviceId,
    digest: string,
    artefacts: readonly Artefact[],
    intent: DeviceIntent,
    secrets: Readonly<Record<string, number>> = {},
  ): Promise<void> {
    await tx.run(
      `INSERT INTO device_state (device_id, verified_digest, verified_artefacts, verified_intent, secrets, last_seen_at) VALUES ($1, $2, $3, $4, $5, clock_timestamp())
       ON CONFLICT (device_id) DO UPDATE SET verified_digest = $2, verified_artefacts = $3, verified_intent = $4, secrets = $5, is_uncertain = false, uncertain_artefacts = '[]', last_seen_at = clock_timestamp()`,
      [deviceId, digest, JSON.stringify(artefacts), JSON.stringify(intent), JSON.stringify(secrets)],
    );
  }

  /** The device was read and carries what was confirmed before. */
  async markCertain(tx: Tx, deviceId: DeviceId): Promise<void> {
    await tx.run(
      `UPDATE device_state SET is_uncertain = false, uncertain_artefacts = '[]', last_seen_at = clock_timestamp() WHERE device_id = $1`,
      [deviceId],
    );
  }

  async succeeded(tx: Tx, deviceIds: readonly DeviceId[]): Promise<void> {
    await tx.run(`UPDATE device_state SET failures = 0, next_try_at = '-infinity' WHERE device_id = ANY($1) AND failures > 0`, [deviceIds]);
  }

  /** @returns failures in a row, this one included. */
  async failed(tx: Tx, deviceId: DeviceId, restSeconds: (failures: number) => number): Promise<number> {
    const row = await tx.one<{ failures: number }>(
      'INSERT INTO device_state AS s (device_id, failures) VALUES ($1, 1) ON CONFLICT (device_id) DO UPDATE SET failures = s.failures + 1 RETURNING failures',
      [deviceId],
    );
    const failures = row?.failures ?? 1;
    await tx.run('UPDATE device_state SET next_try_at = clock_timestamp() + make_interval(secs => $2) WHERE device_id = $1', [
      deviceId,
      restSeconds(failures),
    ]);
    return failures;
  }

  /** In a row: since it last did what was asked. */
  async failuresInRow(tx: Tx, deviceId: DeviceId): Promise<number> {
    return (await tx.one<{ failures: number }>('SELECT failures FROM device_state WHERE device_id = $1', [deviceId]))?.failures ?? 0;
  }

  async beginAttempt(tx: Tx, planId: PlanId, deviceId: DeviceId, fence: number): Promise<string> {
    const id = newId<string>();
    // An attempt of a dead worker never says how it ended.
    await tx.run(
      `UPDATE push_attempt SET outcome = 'ABANDONED', finished_at = clock_timestamp() WHERE device_id = $1 AND finished_at IS NULL`,
      [deviceId],
    );
    await tx.run('INSERT INTO push_attempt (id, plan_id, device_id, fence) VALUES ($1, $2, $3, $4)', [id, planId, deviceId, fence]);
    return id;
  }

  /** What the device says that it would change; of a long one the beginning. */
  async keepDiff(tx: Tx, deviceId: DeviceId, fence: number, diff: string): Promise<void> {
    await tx.run('UPDATE push_attempt SET diff = left($3, 100000) WHERE device_id = $1 AND fence = $2', [deviceId, fence, diff]);
  }

  async endAttempt(tx: Tx, id: string, outcome: 'CONFIRMED' | 'NOOP' | 'REVERTED' | 'FAILED', detail: string | null): Promise<void> {
    await tx.run('UPDATE push_attempt SET outcome = $2, detail = $3, finished_at = clock_timestamp() WHERE id = $1', [id, outcome, detail]);
  }
}
