import { Injectable } from '@nestjs/common';
import type { DeviceId, FabricId, NetworkId, OrderId, TenantId } from '#engines/kernel';
import type { Tx } from '#platform';
import {
  type DeployMode,
  type KeptRows,
  type NetworkOrder,
  OPEN_STATES,
  type OrderFailure,
  type OrderKind,
  type OrderState,
  type OrderStep,
  type StepState,
} from '../domain/order.js';

const ORDER = `SELECT o.id, o.tenant_id AS "tenantId", o.fabric_id AS "fabricId", o.kind, o.state, o.deploy, o.external_ref AS "externalRef", o.idempotency_key AS "idempotencyKey",
    o.request_sha256 AS "requestSha256", o.requested_by AS "requestedBy", o.network_id AS "networkId", o.revision, o.device_ids AS "deviceIds", o.was_given_up AS "wasGivenUp",
    o.failure_baseline AS "failureBaseline", o.customer_message AS "customerMessage", o.failure, o.deadline_at < clock_timestamp() AS "isOverdue", o.version,
    o.created_at AS "createdAt", o.updated_at AS "updatedAt" FROM network_order o`;

type OrderRecord = Omit<NetworkOrder, 'revision'> & { revision: string };
const toOrder = (row: OrderRecord): NetworkOrder => ({ ...row, revision: Number(row.revision) });

export interface NewOrder {
  readonly id: OrderId;
  readonly tenantId: TenantId;
  readonly fabricId: FabricId;
  readonly kind: OrderKind;
  readonly externalRef: string | null;
  readonly idempotencyKey: string;
  readonly request: object;
  readonly requestSha256: string;
  readonly requestedBy: string;
  readonly customerMessage: string;
  readonly deadlineSeconds: number;
  readonly deploy: DeployMode;
}

@Injectable()
export class OrderStore {
  /** @returns false when the key was used before; waits for a transaction that is using it now. */
  async insert(tx: Tx, order: NewOrder): Promise<boolean> {
    const inserted = await tx.run(
      `INSERT INTO network_order (id, tenant_id, fabric_id, kind, state, external_ref, idempotency_key, request, request_sha256, requested_by, revision, customer_message, deploy, deadline_at)
       VALUES ($1, $2, $3, $4, 'ACCEPTED', $5, $6, $7, $8, $9, 0, $10, $12, clock_timestamp() + make_interval(secs => $11))
       ON CONFLICT ON CONSTRAINT network_order_key_unique DO NOTHING`,
      [
        order.id,
        order.tenantId,
        order.fabricId,
        order.kind,
        order.externalRef,
        order.idempotencyKey,
        JSON.stringify(order.request),
        order.requestSha256,
        order.requestedBy,
        order.customerMessage,
        order.deadlineSeconds,
        order.deploy,
      ],
    );
    return inserted === 1;
  }

  async byKey(tx: Tx, tenantId: TenantId, key: string): Promise<NetworkOrder | undefined> {
    const row = await tx.one<OrderRecord>(`${ORDER} WHERE o.tenant_id = $1 AND o.idempotency_key = $2`, [tenantId, key]);
    return row && toOrder(row);
  }

  async byId(tx: Tx, id: OrderId): Promise<NetworkOrder | undefined> {
    const row = await tx.one<OrderRecord>(`${ORDER} WHERE o.id = $1`, [id]);
    return row && toOrder(row);
  }

  async byExternalRef(tx: Tx, externalRef: string): Promise<NetworkOrder | undefined> {
    const row = await tx.one<OrderRecord>(`${ORDER} WHERE o.external_ref = $1 ORDER BY o.id DESC LIMIT 1`, [externalRef]);
    return row && toOrder(row);
  }

  async page(tx: Tx, page: { first: number; after: string | null }): Promise<NetworkOrder[]> {
    return (
      await tx.sql<OrderRecord>(`${ORDER} WHERE ($1::uuid IS NULL OR o.id > $1) ORDER BY o.id LIMIT $2`, [page.after, page.first])
    ).map(toOrder);
  }

  /** The deadline moves on by the time in which no worker looked: an outage of ours undoes nobody's order. */
  async attend(tx: Tx, id: OrderId): Promise<void> {
    await tx.run(
      `UPDATE network_order SET attended_at = clock_timestamp(),
          deadline_at = deadline_at + CASE WHEN clock_timestamp() - attended_at > interval '20 s' THEN clock_timestamp() - attended_at ELSE interval '0' END
        WHERE id = $1 AND clock_timestamp() - attended_at > interval '5 s'`,
      [id],
    );
  }

  /** While a person has to decide no deadline runs. Written twice per deadline and not at every look. */
  async holdDeadline(tx: Tx, id: OrderId, seconds: number): Promise<void> {
    await tx.run(
      `UPDATE network_order SET deadline_at = clock_timestamp() + make_interval(secs => $2)
        WHERE id = $1 AND deadline_at < clock_timestamp() + make_interval(secs => $2) / 2`,
      [id, seconds],
    );
  }

  async setBaseline(tx: Tx, id: OrderId, baseline: Readonly<Record<string, number>>): Promise<void> {
    await tx.run('UPDATE network_order SET failure_baseline = $2 WHERE id = $1', [id, JSON.stringify(baseline)]);
  }

  /** The row locked; undefined when it is not open, or when somebody is at it. */
  async lockOpen(tx: Tx, id: OrderId): Promise<NetworkOrder | undefined> {
    const row = await tx.one<OrderRecord>(`${ORDER} WHERE o.id = $1 AND o.state = ANY($2) FOR UPDATE SKIP LOCKED`, [id, OPEN_STATES]);
    return row && toOrder(row);
  }

  /** In the order of turns: of those that were attended at the same time, the older one. */
  async openIds(tx: Tx, limit: number): Promise<OrderId[]> {
    return (
      await tx.sql<{ id: OrderId }>(`SELECT id FROM network_order WHERE state = ANY($1) ORDER BY attended_at, id LIMIT $2`, [
        OPEN_STATES,
        limit,
      ])
    ).map((row) => row.id);
  }

  /** What has to be reached from now on. */
  async aim(
    tx: Tx,
    id: OrderId,
    aim: {
      state: OrderState;
      networkId: NetworkId;
      revision: number;
      deviceIds: readonly DeviceId[];
      failureBaseline: Record<string, number>;
      deadlineSeconds: number;
    },
  ): Promise<void> {
    await tx.run(
      `UPDATE network_order SET state = $2, network_id = $3, revision = $4, device_ids = $5, failure_baseline = $6,
          deadline_at = clock_timestamp() + make_interval(secs => $7), version = version + 1, updated_at = clock_timestamp() WHERE id = $1`,
      [id, aim.state, aim.networkId, aim.revision, aim.deviceIds, JSON.stringify(aim.failureBaseline), aim.deadlineSeconds],
    );
  }

  /** Without a failure the one that it has stays, as why it is undone; but nobody is needed any more where it has come to an end. */
  async setState(tx: Tx, id: OrderId, state: OrderState, message: string, failure: OrderFailure | null): Promise<void> {
    await tx.run(
      `UPDATE network_order SET state = $2, customer_message = $3, version = version + 1, updated_at = clock_timestamp(),
          failure = CASE WHEN $4::jsonb IS NOT NULL THEN $4::jsonb WHEN $2 IN ('ACTIVE', 'RETIRED') THEN NULL
                         WHEN $2 IN ('FAILED_COMPENSATED', 'CANCELLED') THEN failure || '{"needsOperator": false}' ELSE failure END WHERE id = $1`,
      [id, state, message, failure && JSON.stringify(failure)],
    );
  }

  /** Of a removal: what the network had. */
  async keep(tx: Tx, id: OrderId, kept: KeptRows): Promise<void> {
    await tx.run('UPDATE network_order SET kept = $2 WHERE id = $1', [id, JSON.stringify(kept)]);
  }

  /** Of the removal that retired it, the last one. */
  async kept(tx: Tx, networkId: NetworkId): Promise<{ kept: KeptRows | null } | undefined> {
    return tx.one(
      `SELECT kept FROM network_order WHERE network_id = $1 AND kind = 'DEPROVISION' AND state = 'RETIRED' ORDER BY updated_at DESC LIMIT 1`,
      [networkId],
    );
  }

  /** Locked: nobody advances them meanwhile. */
  async lockOpenOf(tx: Tx, networkId: NetworkId): Promise<NetworkOrder[]> {
    const rows = await tx.sql<OrderRecord>(`${ORDER} WHERE o.network_id = $1 AND o.state = ANY($2) ORDER BY o.id FOR UPDATE`, [
      networkId,
      OPEN_STATES,
    ]);
    return rows.map(toOrder);
  }

  /** Locked, in the order of ids. */
  async lockOpenOn(tx: Tx, deviceId: DeviceId): Promise<NetworkOrder[]> {
    const rows = await tx.sql<OrderRecord>(`${ORDER} WHERE $1 = ANY(o.device_ids) AND o.state = ANY($2) ORDER BY o.id FOR UPDATE`, [
      deviceId,
      OPEN_STATES,
    ]);
    return rows.map(toOrder);
  }

  async forgetDevice(tx: Tx, id: OrderId, deviceId: DeviceId): Promise<void> {
    await tx.run(
      'UPDATE network_order SET device_ids = array_remove(device_ids, $2), was_given_up = true, version = version + 1 WHERE id = $1',
      [id, deviceId],
    );
  }

  async forgetNetwork(tx: Tx, id: OrderId): Promise<void> {
    await tx.run('UPDATE network_order SET network_id = NULL WHERE id = $1', [id]);
  }

  async forgetNetworkEverywhere(tx: Tx, networkId: NetworkId): Promise<void> {
    await tx.run('UPDATE network_order SET network_id = NULL WHERE network_id = $1', [networkId]);
  }

  /** @returns true when the step was not in that state before. */
  async setStep(
    tx: Tx,
    order: { id: OrderId; tenantId: TenantId },
    position: number,
    step: { name: string; state: StepState; message: string | null },
  ): Promise<boolean> {
    const changed = await tx.run(
      `INSERT INTO order_step AS s (tenant_id, order_id, position, name, state, started_at, finished_at, message)
       VALUES ($1, $2, $3, $4, $5, CASE WHEN $5 <> 'PENDING' THEN clock_timestamp() END, CASE WHEN $5 IN ('DONE', 'FAILED', 'SKIPPED', 'UNDONE') THEN clock_timestamp() END, $6)
       ON CONFLICT (order_id, position) DO UPDATE SET state = $5, message = $6, name = $4,
          started_at = coalesce(s.started_at, excluded.started_at), finished_at = CASE WHEN $5 IN ('DONE', 'FAILED', 'SKIPPED', 'UNDONE') THEN clock_timestamp() END
       WHERE s.state <> $5 OR s.message IS DISTINCT FROM $6 OR s.name <> $4`,
      [order.tenantId, order.id, position, step.name, step.state, step.message],
    );
    return changed === 1;
  }

  stepsOf(tx: Tx, orderIds: readonly OrderId[]): Promise<(OrderStep & { readonly orderId: OrderId })[]> {
    return tx.sql(
      `SELECT order_id AS "orderId", name, state, started_at AS "startedAt", finished_at AS "finishedAt", message FROM order_step
        WHERE order_id = ANY($1) ORDER BY order_id, position`,
      [orderIds],
    );
  }
}
