import { Injectable } from '@nestjs/common';
import type { DeviceId, FabricId, LockId, PlanId, TenantId } from '#engines/kernel';
import { newId, type Tx } from '#platform';
import type { LockScope, MaintenanceLock } from '../domain/lock.js';

const LOCK = `SELECT l.id, l.scope, coalesce(f.slug, s.slug, d.slug, t.slug) AS subject, l.reason, l.held_by AS "heldBy", l.created_at AS "createdAt", l.until, l.plan_id AS "planId"
  FROM maintenance_lock l LEFT JOIN fabric f ON f.id = l.fabric_id LEFT JOIN site s ON s.id = l.site_id
    LEFT JOIN device d ON d.id = l.device_id LEFT JOIN tenant t ON t.id = l.tenant_id`;
const TABLES = { FABRIC: 'fabric', SITE: 'site', DEVICE: 'device', TENANT: 'tenant' } as const;

@Injectable()
export class LockStore {
  /** By id or slug; without either, whatever there is of that kind, two at most. */
  async subjects(tx: Tx, scope: LockScope, subject: { readonly id: string } | { readonly slug: string } | null): Promise<string[]> {
    const [id, slug] = subject === null ? [null, null] : 'id' in subject ? [subject.id, null] : [null, subject.slug];
    const rows = await tx.sql<{ id: string }>(
      `SELECT id FROM ${TABLES[scope]} WHERE ($1::uuid IS NULL OR id = $1) AND ($2::text IS NULL OR slug = $2) ORDER BY id LIMIT 2`,
      [id, slug],
    );
    return rows.map((row) => row.id);
  }

  async insert(tx: Tx, scope: LockScope, subjectId: string, reason: string, heldBy: string, seconds: number): Promise<LockId> {
    const id = newId<LockId>();
    await tx.run(
      `INSERT INTO maintenance_lock (id, scope, ${TABLES[scope]}_id, reason, held_by, created_at, until)
       SELECT $1, $2, $3, $4, $5, now, now + make_interval(secs => $6) FROM (SELECT clock_timestamp() AS now) AS clock`,
      [id, scope, subjectId, reason, heldBy, seconds],
    );
    return id;
  }

  byId(tx: Tx, id: LockId): Promise<MaintenanceLock | undefined> {
    return tx.one<MaintenanceLock>(`${LOCK} WHERE l.id = $1 AND l.until > clock_timestamp()`, [id]);
  }

  active(tx: Tx): Promise<MaintenanceLock[]> {
    return tx.sql<MaintenanceLock>(`${LOCK} WHERE l.until > clock_timestamp() ORDER BY l.until, l.id`);
  }

  async end(tx: Tx, id: LockId): Promise<void> {
    await tx.run('DELETE FROM maintenance_lock WHERE id = $1', [id]);
  }

  /** Of each locked device of a fabric the lock that lasts longest, whatever it was put on. */
  async ofDevices(tx: Tx, fabricId: FabricId): Promise<Map<DeviceId, MaintenanceLock>> {
    const rows = await tx.sql<MaintenanceLock & { lockedId: DeviceId }>(
      `SELECT DISTINCT ON (v.id) v.id AS "lockedId", k.* FROM device v CROSS JOIN LATERAL (
           ${LOCK} WHERE l.until > clock_timestamp() AND (l.fabric_id = v.fabric_id OR l.site_id = v.site_id OR l.device_id = v.id)) k
        WHERE v.fabric_id = $1 ORDER BY v.id, k.until DESC`,
      [fabricId],
    );
    return new Map(rows.map(({ lockedId, ...lock }) => [lockedId, lock]));
  }

  /** @param passing locks of this plan do not count; null: all of them do. */
  ofDevice(tx: Tx, deviceId: DeviceId, passing: PlanId | null): Promise<MaintenanceLock | undefined> {
    return tx.one<MaintenanceLock>(
      `${LOCK} JOIN device v ON l.fabric_id = v.fabric_id OR l.site_id = v.site_id OR l.device_id = v.id
        WHERE v.id = $1 AND l.until > clock_timestamp() AND ($2::uuid IS NULL OR l.plan_id IS DISTINCT FROM $2) ORDER BY l.until DESC LIMIT 1`,
      [deviceId, passing],
    );
  }

  /** Of a rollback; what an earlier one holds of these devices ends. */
  async holdFor(tx: Tx, planId: PlanId, deviceIds: readonly DeviceId[], reason: string, heldBy: string, seconds: number): Promise<void> {
    await tx.run('DELETE FROM maintenance_lock WHERE device_id = ANY($1) AND plan_id IS NOT NULL', [deviceIds]);
    for (const deviceId of deviceIds) {
      await tx.run(
        `INSERT INTO maintenance_lock (id, scope, device_id, plan_id, reason, held_by, created_at, until)
         SELECT $1, 'DEVICE', $2, $3, $4, $5, now, now + make_interval(secs => $6) FROM (SELECT clock_timestamp() AS now) AS clock`,
        [newId<LockId>(), deviceId, planId, reason, heldBy, seconds],
      );
    }
  }

  /** Those of rollbacks that still hold a device of the fabric. */
  async heldForPlans(tx: Tx, fabricId: FabricId): Promise<{ id: LockId; planId: PlanId; deviceId: DeviceId }[]> {
    return tx.sql(
      `SELECT l.id, l.plan_id AS "planId", l.device_id AS "deviceId" FROM maintenance_lock l JOIN device d ON d.id = l.device_id
        WHERE l.plan_id IS NOT NULL AND d.fabric_id = $1 AND l.until > clock_timestamp() ORDER BY l.id`,
      [fabricId],
    );
  }

  /** A tenant's transaction sees this much of its own locks and nothing of any other. */
  ofTenant(tx: Tx, tenantId: TenantId): Promise<Pick<MaintenanceLock, 'scope' | 'reason' | 'until'> | undefined> {
    return tx.one(
      `SELECT scope, reason, until FROM maintenance_lock WHERE tenant_id = $1 AND until > clock_timestamp() ORDER BY until DESC LIMIT 1`,
      [tenantId],
    );
  }
}
