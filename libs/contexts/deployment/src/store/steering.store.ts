import { Injectable } from '@nestjs/common';
import type { DeviceId, FabricId, PlanId } from '#engines/kernel';
import type { Tx } from '#platform';
import type { ItemState, PlanState } from '../domain/plan.js';
import { barKey } from '../domain/risk.js';
import type { DeviceVitals } from '../ports/index.js';

export interface Steering {
  readonly state: PlanState;
  readonly soakedWave: number | null;
  /** 0 when the soak is over, or none was begun. */
  readonly soakSecondsLeft: number;
}

/** What an executor asks before each step, and what it leaves behind for the one that goes on after it. */
@Injectable()
export class SteeringStore {
  steering(tx: Tx, planId: PlanId): Promise<Steering | undefined> {
    return tx.one<Steering>(
      `SELECT state, soaked_wave AS "soakedWave", greatest(coalesce(extract(epoch FROM soaking_until - clock_timestamp()), 0), 0)::float8 AS "soakSecondsLeft" FROM plan WHERE id = $1`,
      [planId],
    );
  }

  async itemStates(tx: Tx, planId: PlanId): Promise<Map<DeviceId, ItemState>> {
    const rows = await tx.sql<{ id: DeviceId; state: ItemState }>('SELECT device_id AS id, state FROM plan_item WHERE plan_id = $1', [
      planId,
    ]);
    return new Map(rows.map(({ id, state }) => [id, state]));
  }

  /** Begun once per wave, whoever executes: another one finds the time and waits for the rest of it. */
  async beginSoak(tx: Tx, planId: PlanId, wave: number, seconds: number): Promise<void> {
    await tx.run(
      `UPDATE plan SET soaked_wave = $2, soaking_until = clock_timestamp() + make_interval(secs => $3) WHERE id = $1 AND coalesce(soaked_wave, -1) < $2`,
      [planId, wave, seconds],
    );
  }

  /** What the device carries, kept the first time that this plan comes to it: the way back, whatever happens then. */
  async keepBefore(tx: Tx, planId: PlanId, deviceId: DeviceId): Promise<void> {
    await tx.run(
      `UPDATE plan_item i SET before_digest = s.verified_digest, before_artefacts = s.verified_artefacts, before_intent = s.verified_intent
         FROM device_state s WHERE i.plan_id = $1 AND i.device_id = $2 AND s.device_id = $2 AND i.before_artefacts IS NULL`,
      [planId, deviceId],
    );
  }

  async keepVitals(tx: Tx, planId: PlanId, deviceId: DeviceId, vitals: DeviceVitals): Promise<void> {
    await tx.run(`UPDATE plan_item SET vitals_before = $3 WHERE plan_id = $1 AND device_id = $2 AND vitals_before IS NULL`, [
      planId,
      deviceId,
      JSON.stringify(vitals),
    ]);
  }

  /** Of the devices that this plan has changed. */
  async vitalsBefore(tx: Tx, planId: PlanId): Promise<Map<DeviceId, DeviceVitals>> {
    const rows = await tx.sql<{ id: DeviceId; vitals: DeviceVitals }>(
      `SELECT device_id AS id, vitals_before AS vitals FROM plan_item WHERE plan_id = $1 AND state IN ('CONFIRMED', 'VERIFIED') AND vitals_before IS NOT NULL`,
      [planId],
    );
    return new Map(rows.map(({ id, vitals }) => [id, vitals]));
  }

  async skipRest(tx: Tx, planId: PlanId): Promise<void> {
    await tx.run(
      `UPDATE plan_item SET state = 'SKIPPED', finished_at = clock_timestamp() WHERE plan_id = $1 AND state IN ('PENDING', 'AWAITING_PERSON')`,
      [planId],
    );
  }

  /** What a dead execution has left behind in plans that have ended meanwhile. Only under the lease of the fabric. */
  async endLeftovers(tx: Tx, fabricId: FabricId): Promise<void> {
    await tx.run(
      `UPDATE plan_item i SET state = 'FAILED', finished_at = clock_timestamp(), error = $2 FROM plan p
        WHERE p.id = i.plan_id AND p.fabric_id = $1 AND p.state IN ('HALTED', 'CANCELLED', 'FAILED') AND i.state = 'PUSHING'`,
      [fabricId, JSON.stringify({ code: 'ABORTED', message: 'the rollout was stopped while the device was pushed to: it is read again' })],
    );
  }

  /** From now on only a person brings these devices to these digests. */
  async bar(tx: Tx, planId: PlanId, states: readonly ItemState[]): Promise<void> {
    await tx.run('UPDATE plan_item SET is_barred = true WHERE plan_id = $1 AND state = ANY($2)', [planId, states]);
  }

  /** By `barKey` the reason why it was stopped. */
  async barred(tx: Tx, fabricId: FabricId): Promise<Map<string, string>> {
    const rows = await tx.sql<{ id: DeviceId; digest: string; reason: string | null }>(
      `SELECT i.device_id AS id, i.desired_digest AS digest, p.halt_reason AS reason FROM plan_item i JOIN plan p ON p.id = i.plan_id
        WHERE i.is_barred AND p.fabric_id = $1 ORDER BY p.generation`,
      [fabricId],
    );
    return new Map(rows.map(({ id, digest, reason }) => [barKey(id, digest), reason ?? 'no reason was given']));
  }

  /** The device has proven that it can carry this: it and whatever was stopped because of it may be pushed again. */
  async unbar(tx: Tx, deviceId: DeviceId, digest: string): Promise<void> {
    await tx.run(
      `UPDATE plan_item b SET is_barred = false FROM plan p
        WHERE b.is_barred AND p.id = b.plan_id AND ((b.device_id = $1 AND b.desired_digest = $2)
          OR (p.halted_by = $1 AND EXISTS (SELECT FROM plan_item c WHERE c.plan_id = p.id AND c.device_id = $1 AND c.desired_digest = $2)))`,
      [deviceId, digest],
    );
  }

  /** They do what is asked of them now, which is something else than what was stopped: another intent came between. */
  async unbarSettled(tx: Tx, deviceIds: readonly DeviceId[]): Promise<void> {
    await tx.run('UPDATE plan_item SET is_barred = false WHERE is_barred AND device_id = ANY($1)', [deviceIds]);
  }
}
