/** What somebody wants to see who looks for the cause of a failed run: the database is gone by then. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChaosDatabase } from './chaos-database.js';

const TABLES: Readonly<Record<string, string>> = {
  orders: `SELECT id, kind, state, external_ref, idempotency_key, network_id, revision, failure, deadline_at, created_at, updated_at FROM network_order WHERE state NOT IN ('ACTIVE', 'RETIRED', 'CANCELLED')`,
  messages: `SELECT message_id, state, attempts, next_try_at, error, received_at FROM inbox WHERE state <> 'PROCESSED'`,
  plans: `SELECT p.id, p.generation, p.target_revision, p.risk, p.state, p.created_at, p.started_at, p.finished_at, p.halt_reason,
      (SELECT json_object_agg(d.slug, i.state || coalesce($$ $$ || (i.error->>'message'), '')) FROM plan_item i JOIN device d ON d.id = i.device_id WHERE i.plan_id = p.id) AS items
    FROM plan p ORDER BY p.generation DESC LIMIT 60`,
  devices: `SELECT d.slug, p.verified_revision, p.stage, p.stage_revision, p.failure_count, p.last_error, s.is_uncertain, s.failures, s.next_try_at
    FROM device d JOIN device_progress p ON p.device_id = d.id LEFT JOIN device_state s ON s.device_id = d.id ORDER BY d.slug`,
  leases: 'SELECT * FROM lease',
  attempts: `SELECT d.slug, a.fence, a.started_at, a.finished_at, a.outcome, a.detail FROM push_attempt a JOIN device d ON d.id = a.device_id ORDER BY a.started_at DESC LIMIT 300`,
  fabric: 'SELECT slug, revision FROM fabric',
};

/** @param more tables that the run was about. */
export async function leaveBehind(database: ChaosDatabase, directory: string, more: Readonly<Record<string, string>> = {}): Promise<void> {
  const state: Record<string, unknown> = {};
  for (const [name, query] of Object.entries({ ...TABLES, ...more })) state[name] = await database.rows(query);
  writeFileSync(join(directory, 'state.json'), `${JSON.stringify(state, null, 1)}\n`);
}
