import { Injectable } from '@nestjs/common';
import type { DeviceId, FabricId } from '#engines/kernel';
import type { Tx } from '#platform';
import type { TakeoverReading } from '../domain/takeover.js';

/** Managed and reached by us, and adopted and never pushed to, or only observed since it was. */
const IS_TAKEN_OVER = `d.managed <> 'OBSERVE' AND d.transport <> 'NONE' AND CASE
  WHEN EXISTS (SELECT FROM device_state s WHERE s.device_id = d.id AND s.verified_digest IS NOT NULL)
    THEN EXISTS (SELECT FROM device_progress p WHERE p.device_id = d.id AND p.retaken_revision > p.verified_revision)
  ELSE d.facts ? 'adopted' END`;
const READ_EVERY = `interval '10 minutes'`;
const TRY_EVERY = `interval '1 minute'`;
const LONGEST_LIST = 200;

@Injectable()
export class TakeoverStore {
  /** Devices to read before the first plan for them: never read, of another revision, or long ago. */
  async due(tx: Tx): Promise<ReadonlyMap<FabricId, readonly DeviceId[]>> {
    const rows = await tx.sql<{ fabricId: FabricId; ids: DeviceId[] }>(
      `SELECT d.fabric_id AS "fabricId", array_agg(d.id ORDER BY d.id) AS ids FROM device d JOIN fabric f ON f.id = d.fabric_id LEFT JOIN device_takeover t ON t.device_id = d.id
        WHERE ${IS_TAKEN_OVER} AND (t.device_id IS NULL OR (t.revision < f.revision AND t.error IS NULL)
          OR t.read_at < clock_timestamp() - CASE WHEN t.error IS NULL THEN ${READ_EVERY} ELSE ${TRY_EVERY} END)
        GROUP BY d.fabric_id`,
    );
    return new Map(rows.map(({ fabricId, ids }) => [fabricId, ids]));
  }

  async record(tx: Tx, deviceId: DeviceId, revision: number, { desiredDigest, differences, error }: TakeoverReading): Promise<void> {
    await tx.run(
      `INSERT INTO device_takeover (device_id, revision, desired_digest, differences, error) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (device_id) DO UPDATE SET revision = $2, desired_digest = $3, differences = $4, error = $5, read_at = clock_timestamp()`,
      [deviceId, revision, desiredDigest, JSON.stringify(differences.slice(0, LONGEST_LIST)), error],
    );
  }

  async readings(tx: Tx, fabricId: FabricId): Promise<Map<DeviceId, TakeoverReading>> {
    const rows = await tx.sql<TakeoverReading & { id: DeviceId }>(
      `SELECT t.device_id AS id, t.desired_digest AS "desiredDigest", t.differences, t.error FROM device_takeover t JOIN device d ON d.id = t.device_id
         JOIN device_progress p ON p.device_id = d.id WHERE d.fabric_id = $1 AND t.revision >= p.retaken_revision`,
      [fabricId],
    );
    return new Map(rows.map(({ id, ...reading }) => [id, reading]));
  }
}
