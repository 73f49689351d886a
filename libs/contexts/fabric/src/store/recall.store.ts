import { Injectable } from '@nestjs/common';
import type { FabricId, OrderId, PlanId } from '#engines/kernel';
import { newId, type Tx } from '#platform';
import type { NetworkOnDevice, NetworkRecall, ProposedRecall, RecallState } from '../domain/recall.js';

const RECALL = `SELECT id, plan_id AS "planId", network_id AS "networkId", network_slug AS "networkSlug", vni, action, device_ids AS "deviceIds", state, reason, order_id AS "orderId" FROM network_recall`;

@Injectable()
export class RecallStore {
  async insert(tx: Tx, fabricId: FabricId, planId: PlanId, asOf: Date, recall: ProposedRecall): Promise<void> {
    await tx.run(
      `INSERT INTO network_recall (id, plan_id, network_id, network_slug, vni, action, state, reason, device_ids, settled_at)
       VALUES ($1, $2, (SELECT n.id FROM network n WHERE n.fabric_id = $3 AND n.vni = $4 AND n.slug = $5 AND n.created_at <= $9 ORDER BY n.created_at DESC LIMIT 1), $5, $4, $6, $7, $8, $10,
         CASE WHEN $7 = 'KEPT' THEN clock_timestamp() END)`,
      [
        newId<string>(),
        planId,
        fabricId,
        recall.vni,
        recall.networkSlug,
        recall.action,
        recall.keptBecause === null ? 'PROPOSED' : 'KEPT',
        recall.keptBecause,
        asOf,
        recall.deviceIds,
      ],
    );
  }

  ofPlan(tx: Tx, planId: PlanId): Promise<NetworkRecall[]> {
    return tx.sql<NetworkRecall>(`${RECALL} WHERE plan_id = $1 ORDER BY network_slug, vni`, [planId]);
  }

  /** @returns how many. */
  async wantRestored(tx: Tx, planId: PlanId): Promise<number> {
    return tx.run(
      `UPDATE network_recall SET state = 'WANTED', wanted_at = clock_timestamp() WHERE plan_id = $1 AND state = 'PROPOSED' AND action = 'RESTORE'`,
      [planId],
    );
  }

  /** Slugs of networks that a rollback has waited for longer than that. */
  async overdue(tx: Tx, planId: PlanId, seconds: number): Promise<string[]> {
    const rows = await tx.sql<{ slug: string }>(
      `SELECT network_slug AS slug FROM network_recall
        WHERE plan_id = $1 AND state = 'WANTED' AND action = 'RESTORE' AND wanted_at < clock_timestamp() - make_interval(secs => $2) ORDER BY slug`,
      [planId, seconds],
    );
    return rows.map(({ slug }) => slug);
  }

  async wanted(tx: Tx, limit: number): Promise<string[]> {
    return (
      await tx.sql<{ id: string }>(`SELECT id FROM network_recall WHERE state IN ('WANTED', 'UNWANTED') ORDER BY id LIMIT $1`, [limit])
    ).map(({ id }) => id);
  }

  /** The row locked; undefined when it is settled, or when somebody is at it. */
  lockWanted(tx: Tx, id: string): Promise<NetworkRecall | undefined> {
    return tx.one<NetworkRecall>(`${RECALL} WHERE id = $1 AND state IN ('WANTED', 'UNWANTED') FOR UPDATE SKIP LOCKED`, [id]);
  }

  async settle(tx: Tx, id: string, state: RecallState, orderId: OrderId | null, reason: string | null): Promise<void> {
    await tx.run(
      "UPDATE network_recall SET state = $2, order_id = $3, reason = $4, settled_at = clock_timestamp() WHERE id = $1 AND state IN ('WANTED', 'UNWANTED')",
      [id, state, orderId, reason],
    );
  }

  /** Of a rollback that is over: what becomes of it, if nobody has settled it meanwhile. @returns whether it was so. */
  async judge(tx: Tx, id: string, from: RecallState, to: RecallState, reason: string | null): Promise<boolean> {
    const touched = await tx.run(
      `UPDATE network_recall SET state = $3, reason = $4, settled_at = CASE WHEN $3 = 'KEPT' THEN clock_timestamp() ELSE settled_at END WHERE id = $1 AND state = $2`,
      [id, from, to, reason],
    );
    return touched === 1;
  }

  /** Of these the first whose VNI in the fabric, or VLAN on the device, is another network's by now: one that was not there `asOf`, too. */
  takenBy(
    tx: Tx,
    fabricId: FabricId,
    asOf: Date,
    networks: readonly NetworkOnDevice[],
  ): Promise<{ device: string; vni: number; what: string } | undefined> {
    return tx.one(
      `SELECT d.slug AS device, w.vni, CASE WHEN n.id IS NOT NULL THEN 'VNI ' || w.vni ELSE 'VLAN ' || w.vlan END AS what
         FROM unnest($2::uuid[], $3::text[], $4::int[], $5::int[]) w(device_id, slug, vni, vlan) JOIN device d ON d.id = w.device_id
         LEFT JOIN network n ON n.fabric_id = $1 AND n.vni = w.vni AND n.state <> 'RETIRED' AND (n.slug <> w.slug OR n.created_at > $6)
         LEFT JOIN vlan_domain_member m ON m.device_id = w.device_id
         LEFT JOIN vlan_mapping x ON x.vlan_domain_id = m.vlan_domain_id AND x.vlan = w.vlan
         LEFT JOIN network o ON o.id = x.network_id AND (o.vni <> w.vni OR o.created_at > $6)
        WHERE n.id IS NOT NULL OR o.id IS NOT NULL ORDER BY d.slug, w.vni LIMIT 1`,
      [
        fabricId,
        networks.map(({ deviceId }) => deviceId),
        networks.map(({ networkSlug }) => networkSlug),
        networks.map(({ vni }) => vni),
        networks.map(({ vlan }) => vlan),
        asOf,
      ],
    );
  }
}
