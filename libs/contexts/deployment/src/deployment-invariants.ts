/** Rollbacks, the locks that they hold and the networks that they recall belong together. */
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { type Invariant, InvariantRegistry, type Slices, type Violation } from '#contexts/events';
import type { Tx } from '#platform';
import { FAILURES_UNTIL_TOLD } from './domain/failure.js';

const PAGE = 200;
const OVER = `('APPLIED', 'FAILED', 'HALTED', 'CANCELLED', 'SUPERSEDED', 'EXPIRED')`;
const WORKER = 'Is a worker running, and does its log say `fabric.converge_failed` or `recall.refused`? Nothing is lost meanwhile.';

const slices = (name: string, kind: Slices['kind'], rows: string): Slices => ({
  name,
  kind,
  next: async (tx, after) =>
    (await tx.sql<{ id: string }>(`SELECT id FROM ${rows} AND ($1::uuid IS NULL OR id > $1) ORDER BY id LIMIT $2`, [after, PAGE])).map(
      ({ id }) => id,
    ),
});
const rollbacks = slices('rollbacks', 'plan', 'plan WHERE rollback_of IS NOT NULL');
const locks = slices('locks of rollbacks', 'maintenanceLock', 'maintenance_lock WHERE plan_id IS NOT NULL');

/** @param sql with the ids as $1 and the limit as $2. */
const violations =
  (sql: string) =>
  (tx: Tx, ids: readonly string[], limit: number): Promise<Violation[]> =>
    tx.sql<Violation & object>(sql, [ids, limit]);

const lockIsOfItsRollback: Invariant = {
  name: 'deployment.locks-of-rollbacks',
  says: 'A lock that a plan holds is on a device, and the plan is a rollback of that device.',
  remedy: 'Release the lock: the plan has no business with what it holds.',
  slices: locks,
  violations: violations(
    `SELECT l.id, 'it is held for the plan ' || l.plan_id || CASE WHEN p.rollback_of IS NULL THEN ', which takes nothing back'
            WHEN l.scope <> 'DEVICE' THEN ' and is of scope ' || l.scope ELSE ', which has nothing to do with the device ' || l.device_id END AS what
       FROM maintenance_lock l LEFT JOIN plan p ON p.id = l.plan_id
      WHERE l.id = ANY($1) AND (p.rollback_of IS NULL OR l.scope <> 'DEVICE'
        OR NOT EXISTS (SELECT FROM plan_item i WHERE i.plan_id = l.plan_id AND i.device_id = l.device_id)) ORDER BY l.id LIMIT $2`,
  ),
};

const lockEnds: Invariant = {
  name: 'deployment.locks-end',
  says: 'A rollback that is over for a minute holds no device that it did not bring back.',
  remedy: WORKER,
  slices: locks,
  violations: violations(
    `SELECT l.id, 'the rollback ' || p.id || ' is ' || p.state || ', and ' || d.slug || ' was not brought back by it: ' || coalesce(i.state, 'nothing') AS what
       FROM maintenance_lock l JOIN plan p ON p.id = l.plan_id JOIN device d ON d.id = l.device_id JOIN plan_item i ON i.plan_id = p.id AND i.device_id = d.id
      WHERE l.id = ANY($1) AND l.until > now() AND p.state IN ${OVER} AND p.finished_at < now() - interval '1 minute' AND i.state NOT IN ('CONFIRMED', 'VERIFIED')
      ORDER BY l.id LIMIT $2`,
  ),
};

const recallIsJudged: Invariant = {
  name: 'deployment.recalls-judged',
  says: 'When a rollback is over for a minute it is said of each of its networks what becomes of it.',
  remedy: WORKER,
  slices: rollbacks,
  violations: violations(
    `SELECT p.id, r.action || ' of the network ' || r.network_slug || ' (VNI ' || r.vni || ') is still PROPOSED, and the rollback is ' || p.state AS what
       FROM plan p JOIN network_recall r ON r.plan_id = p.id
      WHERE p.id = ANY($1) AND p.state IN ${OVER} AND p.finished_at < now() - interval '1 minute' AND r.state = 'PROPOSED' ORDER BY p.id, r.id LIMIT $2`,
  ),
};

const recallIsCarriedOut: Invariant = {
  name: 'deployment.recalls-carried-out',
  says: 'What is recalled is ordered, kept or refused within five minutes, unless the tenant is locked.',
  remedy: WORKER,
  slices: rollbacks,
  violations: violations(
    `SELECT p.id, r.action || ' of the network ' || r.network_slug || ' (VNI ' || r.vni || ') is still ' || r.state AS what
       FROM plan p JOIN network_recall r ON r.plan_id = p.id LEFT JOIN network n ON n.id = r.network_id
      WHERE p.id = ANY($1) AND r.state IN ('WANTED', 'UNWANTED') AND coalesce(p.finished_at, p.started_at, p.created_at) < now() - interval '5 minutes'
        AND NOT EXISTS (SELECT FROM maintenance_lock l WHERE l.tenant_id = n.tenant_id AND l.until > now()) ORDER BY p.id, r.id LIMIT $2`,
  ),
};

const recallHasItsOrder: Invariant = {
  name: 'deployment.recalls-ordered',
  says: 'A recall that was ordered has its order: a removal of what is withdrawn, a restoration of what is restored.',
  remedy: 'Find out in the audit what became of the order, and order the removal or the network by hand where it is still wanted.',
  slices: rollbacks,
  violations: violations(
    `SELECT p.id, r.action || ' of the network ' || r.network_slug || ' (VNI ' || r.vni || ') is ORDERED'
            || CASE WHEN o.id IS NULL THEN ' and has no order' ELSE ' by ' || o.id || ', which is of kind ' || o.kind END AS what
       FROM plan p JOIN network_recall r ON r.plan_id = p.id LEFT JOIN network_order o ON o.id = r.order_id
      WHERE p.id = ANY($1) AND r.state = 'ORDERED' AND o.kind IS DISTINCT FROM CASE r.action WHEN 'WITHDRAW' THEN 'DEPROVISION' ELSE 'RESTORE' END
      ORDER BY p.id, r.id LIMIT $2`,
  ),
};

const recallFollowsDevices: Invariant = {
  name: 'deployment.recalls-follow-devices',
  says: 'A network is withdrawn by a rollback that has begun, when all of its devices are back.',
  remedy:
    'The customer may be without the network on devices that still carry it: look at its order, and take the network out of service or order it again.',
  slices: rollbacks,
  violations: violations(
    `SELECT p.id, r.action || ' of the network ' || r.network_slug || ' (VNI ' || r.vni || ') is ' || r.state
            || CASE WHEN p.started_at IS NULL THEN ', and the rollback has not begun' ELSE ', and a device of it is not back' END AS what
       FROM plan p JOIN network_recall r ON r.plan_id = p.id
      WHERE p.id = ANY($1) AND r.action = 'WITHDRAW' AND r.state IN ('WANTED', 'ORDERED') AND (p.started_at IS NULL OR EXISTS (
        SELECT FROM plan_item i WHERE i.plan_id = p.id AND i.device_id = ANY(r.device_ids) AND i.state NOT IN ('CONFIRMED', 'VERIFIED')))
      ORDER BY p.id, r.id LIMIT $2`,
  ),
};

const fabricGoesOn: Invariant = {
  name: 'deployment.fabrics-go-on',
  says: 'Executions of a fabric do not end in a fault five times one after the other.',
  remedy:
    'The fault says what is missing: time or space of the database, a row that nobody can read, or what the checks say of the intent. Trame tries again by itself, every minute.',
  slices: slices('fabrics', 'fabric', 'fabric WHERE true'),
  violations: violations(
    `SELECT r.fabric_id AS id, r.failures || ' executions since ' || to_char(r.since AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') || ' UTC ended in ' || r.reason AS what
       FROM fabric_retry r WHERE r.fabric_id = ANY($1) AND r.failures >= ${FAILURES_UNTIL_TOLD} ORDER BY r.fabric_id LIMIT $2`,
  ),
};

@Injectable()
export class DeploymentInvariants implements OnModuleInit {
  constructor(private readonly registry: InvariantRegistry) {}

  onModuleInit(): void {
    this.registry.add(
      lockIsOfItsRollback,
      lockEnds,
      recallIsJudged,
      recallIsCarriedOut,
      recallHasItsOrder,
      recallFollowsDevices,
      fabricGoesOn,
    );
  }
}
