import { Injectable } from '@nestjs/common';
import type { DeviceIntent } from '#engines/intent';
import type { DeviceId, FabricId, PlanId } from '#engines/kernel';
import type { Tx } from '#platform';
import type { PlanState } from '../domain/plan.js';
import type { EndOnDevice, WayBack } from '../domain/rollback.js';

export interface EarlierRollback {
  readonly id: PlanId;
  readonly state: PlanState;
  readonly deviceIds: readonly DeviceId[];
}

@Injectable()
export class RollbackStore {
  /** Two people take back the same plan: one after the other. */
  async lock(tx: Tx, id: PlanId): Promise<void> {
    await tx.run('SELECT 1 FROM plan WHERE id = $1 FOR UPDATE', [id]);
  }

  async madeAt(tx: Tx, id: PlanId): Promise<Date> {
    return (await tx.one<{ at: Date }>('SELECT created_at AS at FROM plan WHERE id = $1', [id]))?.at ?? new Date(0);
  }

  waysBack(tx: Tx, id: PlanId): Promise<WayBack[]> {
    return tx.sql<WayBack>(
      `SELECT i.device_id AS "deviceId", d.slug, i.desired_digest AS "broughtDigest", i.intent AS brought, i.before_digest AS "beforeDigest", i.before_intent AS before,
          coalesce(i.before_artefacts, '[]') AS "beforeArtefacts", i.state IN ('CONFIRMED', 'VERIFIED') AS "isConfirmed", s.verified_digest AS "carriesDigest",
          ARRAY(SELECT b.desired_digest FROM plan r JOIN plan_item b ON b.plan_id = r.id AND b.device_id = i.device_id
                 WHERE r.rollback_of = $1 AND b.state IN ('CONFIRMED', 'VERIFIED')) AS "backDigests"
         FROM plan_item i JOIN device d ON d.id = i.device_id LEFT JOIN device_state s ON s.device_id = i.device_id WHERE i.plan_id = $1 ORDER BY d.slug`,
      [id],
    );
  }

  /** The newest first; those that nobody asked to run in their time do not count. */
  rollbacksOf(tx: Tx, id: PlanId): Promise<EarlierRollback[]> {
    return tx.sql<EarlierRollback>(
      `SELECT p.id, p.state, ARRAY(SELECT i.device_id FROM plan_item i WHERE i.plan_id = p.id) AS "deviceIds" FROM plan p
        WHERE p.rollback_of = $1 AND (p.state IN ('APPLYING', 'PAUSED', 'AWAITING_PERSON', 'APPLIED') OR (p.state = 'APPROVED' AND p.is_released)
          OR (p.state IN ('PROPOSED', 'APPROVED') AND p.expires_at > clock_timestamp())) ORDER BY p.generation DESC`,
      [id],
    );
  }

  /** The newest plan that the device has confirmed. */
  newestOn(tx: Tx, deviceId: DeviceId): Promise<{ id: PlanId; generation: string } | undefined> {
    return tx.one(
      `SELECT p.id, p.generation FROM plan p JOIN plan_item i ON i.plan_id = p.id WHERE i.device_id = $1 AND i.state IN ('CONFIRMED', 'VERIFIED')
        ORDER BY p.generation DESC LIMIT 1`,
      [deviceId],
    );
  }

  /** Devices on which something is that is neither what is taken back nor what it was before. */
  async isOvertaken(tx: Tx, rollback: PlanId, taken: PlanId): Promise<boolean> {
    const row = await tx.one(
      `SELECT 1 AS found FROM plan_item r JOIN plan_item t ON t.plan_id = $2 AND t.device_id = r.device_id LEFT JOIN device_state s ON s.device_id = r.device_id
        WHERE r.plan_id = $1 AND (s.verified_digest IS NULL OR s.verified_digest NOT IN (r.desired_digest, t.desired_digest)) LIMIT 1`,
      [rollback, taken],
    );
    return row !== undefined;
  }

  /** Of devices that are not among these: what they carry, and what may be on them because nobody knows how a change ended. */
  others(
    tx: Tx,
    fabricId: FabricId,
    taken: PlanId,
    deviceIds: readonly DeviceId[],
  ): Promise<{ slug: string; intents: (DeviceIntent | null)[] }[]> {
    return tx.sql(
      `SELECT d.slug, jsonb_build_array(s.verified_intent, CASE WHEN s.is_uncertain THEN i.intent END) AS intents
         FROM device d JOIN device_state s ON s.device_id = d.id LEFT JOIN plan_item i ON i.plan_id = $2 AND i.device_id = d.id
        WHERE d.fabric_id = $1 AND NOT d.id = ANY($3)`,
      [fabricId, taken, deviceIds],
    );
  }

  /** Slugs of devices that carry a network, are being given it, or were given it by a push of which nobody knows how it ended. */
  async carriers(tx: Tx, fabricId: FabricId, { vni, networkSlug }: { vni: number; networkSlug: string }): Promise<string[]> {
    const rows = await tx.sql<{ slug: string }>(
      `SELECT d.slug FROM device d LEFT JOIN device_state s ON s.device_id = d.id
        WHERE d.fabric_id = $1 AND (s.verified_intent->'l2vnis' @> $2 OR EXISTS (
          SELECT FROM plan_item i JOIN plan p ON p.id = i.plan_id WHERE i.device_id = d.id AND i.intent->'l2vnis' @> $2
            AND (i.state = 'PUSHING' OR (s.is_uncertain AND i.state <> 'PENDING' AND p.generation > coalesce((SELECT max(c.generation)
              FROM plan c JOIN plan_item n ON n.plan_id = c.id WHERE n.device_id = d.id AND n.state IN ('CONFIRMED', 'VERIFIED')), 0)))))
        ORDER BY d.slug`,
      [fabricId, JSON.stringify([{ vni, networkSlug }])],
    );
    return rows.map(({ slug }) => slug);
  }

  /** Recalls of rollbacks that are over which nobody has judged yet, or carried out; of what was restored only while its order is open. */
  async unjudged(
    tx: Tx,
    fabricId: FabricId,
  ): Promise<{ planId: PlanId; recallId: string; isBegun: boolean; devices: readonly EndOnDevice[] }[]> {
    return tx.sql(
      `SELECT p.id AS "planId", r.id AS "recallId", p.started_at IS NOT NULL AS "isBegun",
          (SELECT coalesce(json_agg(json_build_object('slug', d.slug, 'state', i.state, 'isUncertain', coalesce(s.is_uncertain, false)) ORDER BY d.slug), '[]')
             FROM plan_item i JOIN device d ON d.id = i.device_id LEFT JOIN device_state s ON s.device_id = d.id WHERE i.plan_id = p.id AND d.id = ANY(r.device_ids)) AS devices
         FROM plan p JOIN network_recall r ON r.plan_id = p.id LEFT JOIN network_order o ON o.id = r.order_id
        WHERE p.rollback_of IS NOT NULL AND p.fabric_id = $1 AND p.state IN ('APPLIED', 'FAILED', 'HALTED', 'CANCELLED', 'SUPERSEDED', 'EXPIRED')
          AND (r.state = 'PROPOSED' OR (r.action = 'WITHDRAW' AND r.state = 'WANTED') OR (r.action = 'RESTORE' AND r.reason IS NULL AND (r.state = 'WANTED' OR (r.state = 'ORDERED' AND o.state IN ('ACCEPTED', 'RUNNING', 'AWAITING_APPROVAL', 'FAILED_STUCK')))))`,
      [fabricId],
    );
  }

  /** Of the locks of rollbacks those that hold nothing back any more. @param settled devices that carry what the fabric asks for. */
  async done(tx: Tx, held: readonly { planId: PlanId; deviceId: DeviceId }[], settled: readonly DeviceId[]): Promise<Set<string>> {
    const rows = await tx.sql<{ key: string }>(
      `SELECT h.plan_id || ' ' || h.device_id AS key FROM unnest($1::uuid[], $2::uuid[]) h(plan_id, device_id)
         JOIN plan p ON p.id = h.plan_id LEFT JOIN plan_item i ON i.plan_id = h.plan_id AND i.device_id = h.device_id
        WHERE p.state NOT IN ('PROPOSED', 'APPROVED', 'APPLYING', 'PAUSED', 'AWAITING_PERSON') AND (h.device_id = ANY($3) OR i.state IS NULL OR i.state NOT IN ('CONFIRMED', 'VERIFIED'))
           OR NOT p.is_released AND p.state IN ('PROPOSED', 'APPROVED') AND p.expires_at < clock_timestamp()`,
      [held.map(({ planId }) => planId), held.map(({ deviceId }) => deviceId), settled],
    );
    return new Set(rows.map(({ key }) => key));
  }
}
