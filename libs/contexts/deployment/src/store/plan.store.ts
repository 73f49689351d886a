import { Injectable } from '@nestjs/common';
import type { DeviceId, FabricId, PlanId } from '#engines/kernel';
import { newId, type Tx } from '#platform';
import type { DraftPlan } from '../domain/make-plan.js';
import type { DeploymentPlan, ItemState, PlanItem, PlanState } from '../domain/plan.js';
import { strategyFor } from '../domain/strategy.js';
import type { DeviceFindings } from '../ports/index.js';

const PLAN = `SELECT p.id, p.fabric_id AS "fabricId", p.generation, p.base_revision AS "baseRevision", p.target_revision AS "targetRevision", p.digest, p.risk, p.may_touch_management AS "mayTouchManagement", p.state, p.is_released AS "isReleased",
    p.strategy, p.approvals_needed AS "approvalsNeeded", p.soaked_wave AS "soakedWave", p.soaking_until AS "soakingUntil", p.rollback_of AS "rollbackOf", p.created_by AS "createdBy",
    p.created_at AS "createdAt", p.expires_at AS "expiresAt", p.expires_at < clock_timestamp() AS "isExpired", p.halt_reason AS "haltReason",
    coalesce((SELECT json_agg(json_build_object('by', a.approved_by, 'at', a.at, 'comment', a.comment) ORDER BY a.at) FROM plan_approval a WHERE a.plan_id = p.id), '[]') AS approvals
  FROM plan p`;
const ITEM = `SELECT i.device_id AS "deviceId", d.slug, i.is_external AS "isExternal", i.snippets, i.confirmed_by AS "confirmedBy", i.wave, i.step, i.redundancy, i.causes, i.risk_reasons AS "riskReasons", i.desired_digest AS "desiredDigest", i.artefacts, i.intent, i.diff, i.hunks, i.risk, i.state, i.attempt, i.error, i.self_reverted AS "selfReverted", i.undoes_at_boot AS "undoesAtBoot"
    FROM plan_item i JOIN device d ON d.id = i.device_id`;

type PlanRecord = Omit<DeploymentPlan, 'generation' | 'baseRevision' | 'targetRevision' | 'items' | 'strategy' | 'approvals'> & {
  readonly generation: string;
  readonly baseRevision: string | null;
  readonly targetRevision: string;
  readonly strategy: DeploymentPlan['strategy'] | null;
  readonly approvals: readonly { readonly by: string; readonly at: string; readonly comment: string | null }[];
};

export interface NewPlan {
  readonly state: 'PROPOSED' | 'APPROVED';
  readonly createdBy: string;
  readonly expiresInSeconds: number;
  readonly approvalsNeeded: number;
  readonly rollbackOf?: PlanId;
}

@Injectable()
export class PlanStore {
  async insert(tx: Tx, fabricId: FabricId, draft: DraftPlan, plan: NewPlan): Promise<PlanId> {
    await this.oneAfterTheOther(tx, fabricId);
    const id = newId<PlanId>();
    const deviceIds = draft.items.map((item) => item.deviceId);
    await tx.run(
      `INSERT INTO plan (id, fabric_id, generation, target_revision, digest, risk, state, is_released, created_by, expires_at, strategy, approvals_needed, rollback_of, base_revision, may_touch_management)
       SELECT $1, $2, coalesce(max(generation), 0) + 1, $3, $4, $5, $6, $6 = 'APPROVED', $7, clock_timestamp() + make_interval(secs => $8), $9, $10, $11,
           (SELECT min(verified_revision) FROM device_progress WHERE device_id = ANY($12)), $13 FROM plan WHERE fabric_id = $2`,
      [
        id,
        fabricId,
        draft.targetRevision,
        draft.digest,
        draft.risk,
        plan.state,
        plan.createdBy,
        plan.expiresInSeconds,
        JSON.stringify(draft.strategy),
        plan.approvalsNeeded,
        plan.rollbackOf ?? null,
        deviceIds,
        draft.mayTouchManagement ?? false,
      ],
    );
    for (const item of draft.items) {
      await tx.run(
        `INSERT INTO plan_item (plan_id, device_id, wave, step, redundancy, causes, risk_reasons, desired_digest, artefacts, intent, diff, risk, is_external, snippets, hunks)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
        [
          id,
          item.deviceId,
          item.wave,
          item.step,
          item.redundancy,
          JSON.stringify(item.causes),
          item.riskReasons,
          item.desiredDigest,
          JSON.stringify(item.artefacts),
          JSON.stringify(item.intent),
          item.diff,
          item.risk,
          item.isExternal,
          JSON.stringify(item.snippets),
          JSON.stringify(item.hunks),
        ],
      );
    }
    return id;
  }

  async byId(tx: Tx, id: PlanId): Promise<DeploymentPlan | undefined> {
    const row = await tx.one<PlanRecord>(`${PLAN} WHERE p.id = $1`, [id]);
    return row && this.withItems(tx, row);
  }

  /** The newest first, without their items. */
  async latest(tx: Tx, first: number): Promise<PlanId[]> {
    return (await tx.sql<{ id: PlanId }>('SELECT id FROM plan ORDER BY created_at DESC, id DESC LIMIT $1', [first])).map(({ id }) => id);
  }

  /** The plan under way, or the next one that was asked to run; the one under way first. @param but none of these. */
  async next(tx: Tx, fabricId: FabricId, but: readonly PlanId[] = []): Promise<DeploymentPlan | undefined> {
    const row = await tx.one<PlanRecord>(
      `${PLAN} WHERE p.fabric_id = $1 AND (p.state IN ('APPLYING', 'PAUSED') OR (p.state = 'APPROVED' AND p.is_released)) AND NOT p.id = ANY($2)
        ORDER BY p.state = 'APPROVED', p.generation LIMIT 1`,
      [fabricId, but],
    );
    return row && this.withItems(tx, row);
  }

  /** A plan of the same content that somebody may be looking at, or has approved. Until the end of the transaction nobody else makes one. */
  async waiting(tx: Tx, fabricId: FabricId, digest: string): Promise<DeploymentPlan | undefined> {
    await this.oneAfterTheOther(tx, fabricId);
    const row = await tx.one<PlanRecord>(
      `${PLAN} WHERE p.fabric_id = $1 AND p.digest = $2 AND p.rollback_of IS NULL AND p.state IN ('PROPOSED', 'APPROVED') AND p.expires_at > clock_timestamp() ORDER BY p.generation DESC LIMIT 1`,
      [fabricId, digest],
    );
    return row && this.withItems(tx, row);
  }

  /** @returns its state, which stays so until the end of the transaction. */
  async holdState(tx: Tx, id: PlanId): Promise<PlanState | undefined> {
    return (await tx.one<{ state: PlanState }>('SELECT state FROM plan WHERE id = $1 FOR SHARE', [id]))?.state;
  }

  async release(tx: Tx, id: PlanId): Promise<void> {
    await tx.run(`UPDATE plan SET is_released = true WHERE id = $1 AND state = 'APPROVED'`, [id]);
  }

  /** Compare and set. @returns false when the plan was not in one of the states any more. */
  async setState(
    tx: Tx,
    id: PlanId,
    from: readonly PlanState[],
    to: PlanState,
    haltReason: string | null = null,
    haltedBy: DeviceId | null = null,
  ): Promise<boolean> {
    const touched = await tx.run(
      `UPDATE plan SET state = $3, halt_reason = coalesce($4, halt_reason), halted_by = coalesce($5, halted_by),
          started_at = CASE WHEN $3 = 'APPLYING' THEN coalesce(started_at, clock_timestamp()) ELSE started_at END,
          finished_at = CASE WHEN $3 IN ('APPLIED', 'FAILED', 'HALTED', 'CANCELLED', 'SUPERSEDED', 'EXPIRED') THEN clock_timestamp() END
        WHERE id = $1 AND state = ANY($2)`,
      [id, from, to, haltReason, haltedBy],
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

  /** @returns who has approved it by now. */
  async approve(tx: Tx, id: PlanId, by: string, comment: string | null): Promise<string[]> {
    await tx.run('SELECT 1 FROM plan WHERE id = $1 FOR UPDATE', [id]); // Two people at the same time: each counts the other.
    await tx.run(
      'INSERT INTO plan_approval (plan_id, approved_by, comment) VALUES ($1, $2, $3) ON CONFLICT ON CONSTRAINT plan_approval_pkey DO NOTHING',
      [id, by, comment],
    );
    return (await tx.sql<{ by: string }>('SELECT approved_by AS by FROM plan_approval WHERE plan_id = $1', [id])).map((row) => row.by);
  }

  async setItem(tx: Tx, planId: PlanId, deviceId: DeviceId, state: ItemState, error: PlanItem['error'] = null): Promise<void> {
    await tx.run(
      `UPDATE plan_item SET state = $3, error = $4, attempt = attempt + CASE WHEN $3 = 'PUSHING' THEN 1 ELSE 0 END,
          started_at = CASE WHEN $3 = 'PUSHING' THEN clock_timestamp() ELSE started_at END,
          finished_at = CASE WHEN $3 IN ('VERIFIED', 'FAILED', 'SKIPPED') THEN clock_timestamp() END
        WHERE plan_id = $1 AND device_id = $2`,
      [planId, deviceId, state, error && JSON.stringify(error)],
    );
  }

  /** A rollout and people plan at the same time: each finds what the other made, and gets a generation of its own. */
  private async oneAfterTheOther(tx: Tx, fabricId: FabricId): Promise<void> {
    await tx.run(`SELECT pg_advisory_xact_lock(hashtextextended('plans ' || $1, 0))`, [fabricId]);
  }

  /** What the device said of itself just before it was pushed to. */
  async keepFindings(tx: Tx, planId: PlanId, deviceId: DeviceId, { selfReverted, undoesAtBoot }: DeviceFindings): Promise<void> {
    await tx.run('UPDATE plan_item SET self_reverted = $3, undoes_at_boot = $4 WHERE plan_id = $1 AND device_id = $2', [
      planId,
      deviceId,
      selfReverted ? JSON.stringify(selfReverted) : null,
      undoesAtBoot ?? null,
    ]);
  }

  private async withItems(tx: Tx, row: PlanRecord): Promise<DeploymentPlan> {
    const items = await tx.sql<PlanItem>(`${ITEM} WHERE i.plan_id = $1 ORDER BY i.wave, i.step, d.slug`, [row.id]);
    return {
      ...row,
      generation: Number(row.generation),
      baseRevision: row.baseRevision === null ? null : Number(row.baseRevision),
      targetRevision: Number(row.targetRevision),
      strategy: row.strategy ?? strategyFor(row.risk, 0),
      approvals: row.approvals.map((approval) => ({ ...approval, at: new Date(approval.at) })),
      items,
    };
  }
}
