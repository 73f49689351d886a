import { Injectable } from '@nestjs/common';
import type { DeviceId, FabricId, PlanId } from '#engines/kernel';
import { newId, type Tx } from '#platform';
import type { DraftPlan } from '../domain/make-plan.js';
import type { DeploymentPlan, ItemState, PlanItem, PlanState } from '../domain/plan.js';

const PLAN = `SELECT p.id, p.fabric_id AS "fabricId", p.generation, p.target_revision AS "targetRevision", p.digest, p.risk, p.state, p.is_released AS "isReleased", p.created_by AS "createdBy",
    p.created_at AS "createdAt", p.expires_at AS "expiresAt", p.halt_reason AS "haltReason" FROM plan p`;
const ITEM = `SELECT i.device_id AS "deviceId", d.slug, i.wave, i.desired_digest AS "desiredDigest", i.artefacts, i.intent, i.diff, i.risk, i.state, i.attempt, i.error
    FROM plan_item i JOIN device d ON d.id = i.device_id`;

type PlanRecord = Omit<DeploymentPlan, 'generation' | 'targetRevision' | 'items'> & { generation: string; targetRevision: string };

@Injectable()
export class PlanStore {
  async insert(
    tx: Tx,
    fabricId: FabricId,
    draft: DraftPlan,
    state: 'PROPOSED' | 'APPROVED',
    createdBy: string,
    expiresInSeconds: number,
  ): Promise<PlanId> {
    const id = newId<PlanId>();
    await tx.run(
      `INSERT INTO plan (id, fabric_id, generation, target_revision, digest, risk, state, is_released, created_by, expires_at)
       SELECT $1, $2, coalesce(max(generation), 0) + 1, $3, $4, $5, $6, $6 = 'APPROVED', $7, clock_timestamp() + make_interval(secs => $8) FROM plan WHERE fabric_id = $2`,
      [id, fabricId, draft.targetRevision, draft.digest, draft.risk, state, createdBy, expiresInSeconds],
    );
    for (const item of draft.items) {
      await tx.run(
        'INSERT INTO plan_item (plan_id, device_id, wave, desired_digest, artefacts, intent, diff, risk) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)',
        [
          id,
          item.deviceId,
          item.wave,
          item.desiredDigest,
          JSON.stringify(item.artefacts),
          JSON.stringify(item.intent),
          item.diff,
          item.risk,
        ],
      );
    }
    return id;
  }

  async byId(tx: Tx, id: PlanId): Promise<DeploymentPlan | undefined> {
    const row = await tx.one<PlanRecord>(`${PLAN} WHERE p.id = $1`, [id]);
    return row && this.withItems(tx, row);
  }

  /** The plan under way, or the next one that was asked to run; the one under way first. */
  async next(tx: Tx, fabricId: FabricId): Promise<DeploymentPlan | undefined> {
    const row = await tx.one<PlanRecord>(
      `${PLAN} WHERE p.fabric_id = $1 AND (p.state = 'APPLYING' OR (p.state = 'APPROVED' AND p.is_released)) ORDER BY p.state = 'APPLYING' DESC, p.generation LIMIT 1`,
      [fabricId],
    );
    return row && this.withItems(tx, row);
  }

  /** A plan of the same content that somebody may be looking at, or has approved. */
  async waiting(tx: Tx, fabricId: FabricId, digest: string): Promise<DeploymentPlan | undefined> {
    const row = await tx.one<PlanRecord>(
      `${PLAN} WHERE p.fabric_id = $1 AND p.digest = $2 AND p.state IN ('PROPOSED', 'APPROVED') AND p.expires_at > clock_timestamp() ORDER BY p.generation DESC LIMIT 1`,
      [fabricId, digest],
    );
    return row && this.withItems(tx, row);
  }

  /** @returns false when it is not under way; true: it stays so until the end of the transaction. */
  async holdApplying(tx: Tx, id: PlanId): Promise<boolean> {
    return (await tx.one(`SELECT 1 AS found FROM plan WHERE id = $1 AND state = 'APPLYING' FOR SHARE`, [id])) !== undefined;
  }

  async release(tx: Tx, id: PlanId): Promise<void> {
    await tx.run(`UPDATE plan SET is_released = true WHERE id = $1 AND state = 'APPROVED'`, [id]);
  }

  /** Compare and set. @returns false when the plan was not in one of the states any more. */
  async setState(tx: Tx, id: PlanId, from: readonly PlanState[], to: PlanState, haltReason: string | null = null): Promise<boolean> {
    const touched = await tx.run(
      `UPDATE plan SET state = $3, halt_reason = coalesce($4, halt_reason),
          started_at = CASE WHEN $3 = 'APPLYING' THEN clock_timestamp() ELSE started_at END,
          finished_at = CASE WHEN $3 IN ('APPLIED', 'FAILED', 'SUPERSEDED', 'EXPIRED') THEN clock_timestamp() END
        WHERE id = $1 AND state = ANY($2)`,
      [id, from, to, haltReason],
    );
    return touched === 1;
  }

  async proposals(tx: Tx, fabricId: FabricId): Promise<DeploymentPlan[]> {
    const rows = await tx.sql<PlanRecord>(`${PLAN} WHERE p.fabric_id = $1 AND p.state = 'PROPOSED' ORDER BY p.generation`, [fabricId]);
    const plans: DeploymentPlan[] = [];
    for (const row of rows) plans.push(await this.withItems(tx, row));
    return plans;
  }

  /** Plans that were not asked to run in their time. */
  async expire(tx: Tx, fabricId: FabricId): Promise<void> {
    await tx.run(
      `UPDATE plan SET state = 'EXPIRED', finished_at = clock_timestamp()
        WHERE fabric_id = $1 AND expires_at < clock_timestamp() AND (state = 'PROPOSED' OR (state = 'APPROVED' AND NOT is_released))`,
      [fabricId],
    );
  }

  async approve(tx: Tx, id: PlanId, by: string, comment: string | null): Promise<void> {
    await tx.run(
      'INSERT INTO plan_approval (plan_id, approved_by, comment) VALUES ($1, $2, $3) ON CONFLICT ON CONSTRAINT plan_approval_pkey DO NOTHING',
      [id, by, comment],
    );
  }

  async setItem(
    tx: Tx,
    planId: PlanId,
    deviceId: DeviceId,
    state: ItemState,
    error: { code: string; message: string } | null = null,
  ): Promise<void> {
    await tx.run(
      `UPDATE plan_item SET state = $3, error = $4, attempt = attempt + CASE WHEN $3 = 'PUSHING' THEN 1 ELSE 0 END,
          started_at = CASE WHEN $3 = 'PUSHING' THEN clock_timestamp() ELSE started_at END,
          finished_at = CASE WHEN $3 IN ('VERIFIED', 'FAILED', 'SKIPPED') THEN clock_timestamp() END
        WHERE plan_id = $1 AND device_id = $2`,
      [planId, deviceId, state, error && JSON.stringify(error)],
    );
  }

  private async withItems(tx: Tx, row: PlanRecord): Promise<DeploymentPlan> {
    const items = await tx.sql<PlanItem>(`${ITEM} WHERE i.plan_id = $1 ORDER BY i.wave, d.slug`, [row.id]);
    return { ...row, generation: Number(row.generation), targetRevision: Number(row.targetRevision), items };
  }
}
