import { Injectable } from '@nestjs/common';
import type { DeviceId, FabricId, PlanId } from '#engines/kernel';
import type { Tx } from '#platform';

/** What people were asked to configure. The row of the plan is locked before an item of it moves: two answers come one after the other. */
@Injectable()
export class ExternalStore {
  /** The digest that somebody was asked to bring a device to. */
  awaited(tx: Tx, fabricId: FabricId): Promise<{ deviceId: DeviceId; digest: string; isRollback: boolean }[]> {
    return tx.sql(
      `SELECT i.device_id AS "deviceId", i.desired_digest AS digest, p.rollback_of IS NOT NULL AS "isRollback" FROM plan_item i JOIN plan p ON p.id = i.plan_id
        WHERE p.fabric_id = $1 AND i.state = 'AWAITING_PERSON'`,
      [fabricId],
    );
  }

  /** The oldest first. */
  async waiting(tx: Tx): Promise<PlanId[]> {
    return (await tx.sql<{ id: PlanId }>(`SELECT id FROM plan WHERE state = 'AWAITING_PERSON' ORDER BY generation, id`)).map(
      ({ id }) => id,
    );
  }

  /** @param device that a person is asked for. */
  async planWaitingFor(tx: Tx, device: DeviceId): Promise<PlanId | undefined> {
    return (
      await tx.one<{ id: PlanId }>(`SELECT plan_id AS id FROM plan_item WHERE device_id = $1 AND state = 'AWAITING_PERSON'`, [device])
    )?.id;
  }

  async lock(tx: Tx, id: PlanId): Promise<void> {
    await tx.run('SELECT 1 FROM plan WHERE id = $1 FOR UPDATE', [id]);
  }

  /** All that Trame pushes is proven: the rest is asked of people. @returns the devices. */
  async ask(tx: Tx, id: PlanId): Promise<DeviceId[]> {
    const rows = await tx.sql<{ id: DeviceId }>(
      `UPDATE plan_item SET state = 'AWAITING_PERSON', started_at = clock_timestamp() WHERE plan_id = $1 AND is_external AND state = 'PENDING' RETURNING device_id AS id`,
      [id],
    );
    return rows.map((row) => row.id);
  }

  /**
   * They are not asked for this any more. @returns the plans that have lost an item. @param but items of this plan stay.
   */
  async withdraw(tx: Tx, deviceIds: readonly DeviceId[], because: string, but: PlanId | null = null): Promise<PlanId[]> {
    if (deviceIds.length === 0) return [];
    await tx.sql(
      `SELECT 1 AS locked FROM plan WHERE id IN (SELECT plan_id FROM plan_item WHERE device_id = ANY($1) AND state = 'AWAITING_PERSON') ORDER BY id FOR UPDATE`,
      [deviceIds],
    );
    const rows = await tx.sql<{ id: PlanId }>(
      `UPDATE plan_item SET state = 'SKIPPED', finished_at = clock_timestamp(), error = $2
        WHERE device_id = ANY($1) AND state = 'AWAITING_PERSON' AND plan_id IS DISTINCT FROM $3 RETURNING plan_id AS id`,
      [deviceIds, JSON.stringify({ code: 'PLAN_STALE', message: because }), but],
    );
    return [...new Set(rows.map(({ id }) => id))];
  }

  async confirmed(tx: Tx, plan: PlanId, device: DeviceId, by: string): Promise<void> {
    await tx.run('UPDATE plan_item SET confirmed_by = $3 WHERE plan_id = $1 AND device_id = $2', [plan, device, by]);
  }
}
