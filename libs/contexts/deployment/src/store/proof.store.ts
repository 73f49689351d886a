import { Injectable } from '@nestjs/common';
import type { DeviceIntent } from '#engines/intent';
import type { DeviceId, FabricId, NetworkId, PlanId } from '#engines/kernel';
import type { Tx } from '#platform';
import type { NetworkProof, StoredProof } from '../domain/network-proof.js';

/** A look at a network takes seconds; a worker that died with it is forgotten by then. */
const CLAIM_SECONDS = 300;
/** While a rollout is under way what it changes is looked at afterwards; where there is always one, a minute later. */
const PATIENCE = `interval '60 seconds'`;
const FORGOTTEN_AT_ONCE = 5000;
const ALIVE = `state IN ('PROVISIONING', 'ACTIVE', 'DEGRADED')`;

/** What waits already keeps its place; what is being looked at just now is looked at again. */
const NOW = `CASE WHEN network_verification.claimed_until < clock_timestamp() THEN least(network_verification.next_at, clock_timestamp()) ELSE clock_timestamp() END`;

/** A customer who asks again and again keeps nobody busy: so long after a look there is the next one, and what is due soon anyway stays that. */
const BETWEEN = `interval '30 seconds'`;
const ANYWAY = `interval '70 seconds'`;
const IN_TURN = `CASE
  WHEN network_verification.claimed_until > clock_timestamp()
    THEN CASE WHEN network_verification.next_at <= clock_timestamp() THEN clock_timestamp() + ${BETWEEN} ELSE network_verification.next_at END
  WHEN network_verification.next_at <= clock_timestamp() + ${ANYWAY} THEN network_verification.next_at
  ELSE greatest(clock_timestamp(), network_verification.verified_at + ${BETWEEN}) END`;

export interface DueNetworks {
  readonly fabricId: FabricId;
  readonly networks: readonly { readonly id: NetworkId; readonly vni: number }[];
}

/** What is known of a device before it is asked about its networks. */
export interface Standing {
  readonly deviceId: DeviceId;
  readonly slug: string;
  readonly verifiedDigest: string;
  /** False: rendered and exported only, or a person's. */
  readonly isReadable: boolean;
  /** Somebody pushes to it, or nobody knows how a push ended. */
  readonly isBusy: boolean;
  /** Nobody knows how a push ended. */
  readonly isUncertain: boolean;
  /** What was said of it later is newer than what is read now. */
  readonly readAt: Date;
}

/** The last answer to every question, and when the next one is due. */
@Injectable()
export class ProofStore {
  /** @param isWhole all that may be asked of these networks was: what is not among the answers is no question any more. */
  async record(
    tx: Tx,
    at: { readonly fabricId: FabricId; readonly deviceId: DeviceId; readonly planId: PlanId | null; readonly isWhole: boolean },
    proofs: readonly NetworkProof[],
  ): Promise<void> {
    if (proofs.length === 0) return;
    const rows = JSON.stringify(proofs);
    await tx.run(
      `INSERT INTO network_proof (network_id, device_id, question, tenant_id, state, expected, seen, plan_id, checked_at)
       SELECT n.id, $2, p.question, n.tenant_id, p.state, p.expected, p.seen, $3, clock_timestamp()
         FROM jsonb_to_recordset($4) AS p (vni int, question text, state text, expected text, seen text)
           JOIN network n ON n.fabric_id = $1 AND n.vni = p.vni AND n.${ALIVE} ORDER BY n.id
       ON CONFLICT ON CONSTRAINT network_proof_pkey DO UPDATE SET state = excluded.state, expected = excluded.expected, seen = excluded.seen,
         plan_id = excluded.plan_id, checked_at = excluded.checked_at`,
      [at.fabricId, at.deviceId, at.planId, rows],
    );
    if (!at.isWhole) return;
    await tx.run(
      `DELETE FROM network_proof x USING network n
        WHERE x.device_id = $2 AND n.id = x.network_id AND n.fabric_id = $1
          AND n.vni IN (SELECT p.vni FROM jsonb_to_recordset($3) AS p (vni int))
          AND NOT EXISTS (SELECT FROM jsonb_to_recordset($3) AS p (vni int, question text) WHERE p.vni = n.vni AND p.question = x.question)`,
      [at.fabricId, at.deviceId, rows],
    );
  }

  /** The device was not read: what it said last stands, and is old. Where it never said anything, that is said. */
  async outdate(tx: Tx, { deviceId, readAt }: Standing, networkIds: readonly NetworkId[], because: string): Promise<void> {
    await tx.run(
      `UPDATE network_proof SET state = 'STALE' WHERE device_id = $1 AND network_id = ANY($2) AND checked_at <= $3 AND state <> 'STALE'`,
      [deviceId, networkIds, readAt],
    );
    await tx.run(
      `INSERT INTO network_proof (network_id, device_id, question, tenant_id, state, expected, seen, checked_at)
       SELECT n.id, $1, 'VNI', n.tenant_id, 'NOT_CHECKED', 'an answer', $3, clock_timestamp() FROM network n WHERE n.id = ANY($2) ORDER BY n.id
       ON CONFLICT ON CONSTRAINT network_proof_pkey DO NOTHING`,
      [deviceId, networkIds, because],
    );
  }

  /** The device changes: what it said of these networks was before that. */
  async outdateChanged(tx: Tx, fabricId: FabricId, deviceId: DeviceId, vnis: readonly number[]): Promise<void> {
    await tx.run(
      `UPDATE network_proof x SET state = 'STALE' FROM network n
        WHERE x.device_id = $2 AND n.id = x.network_id AND n.fabric_id = $1 AND n.vni = ANY($3) AND x.state <> 'STALE'`,
      [fabricId, deviceId, vnis],
    );
  }

  /** A push went live and nobody knows how it ended: whatever the device said was before that. */
  async outdateUncertain(tx: Tx, deviceId: DeviceId): Promise<void> {
    await tx.run(
      `UPDATE network_proof SET state = 'STALE' WHERE device_id = $1 AND state <> 'STALE'
          AND EXISTS (SELECT FROM device_state s WHERE s.device_id = $1 AND s.is_uncertain)`,
      [deviceId],
    );
  }

  /** A device that does not carry the network any more has nothing to say of it. */
  async keepMembers(tx: Tx, networkId: NetworkId, members: readonly DeviceId[]): Promise<void> {
    await tx.run('DELETE FROM network_proof WHERE network_id = $1 AND NOT device_id = ANY($2)', [networkId, members]);
  }

  async want(tx: Tx, fabricId: FabricId, vnis: readonly number[]): Promise<void> {
    await tx.run(
      `INSERT INTO network_verification (network_id, tenant_id, next_at) SELECT id, tenant_id, clock_timestamp() FROM network WHERE fabric_id = $1 AND vni = ANY($2) AND ${ALIVE} ORDER BY id
       ON CONFLICT ON CONSTRAINT network_verification_pkey DO UPDATE SET next_at = ${NOW}`,
      [fabricId, vnis],
    );
  }

  /** @param isOperator at once; a customer's network comes in its turn. @returns false: it is due by then anyway, or is no network any more. */
  async wantNetwork(tx: Tx, networkId: NetworkId, isOperator: boolean): Promise<boolean> {
    const next = isOperator ? NOW : IN_TURN;
    const rows = await tx.sql(
      `INSERT INTO network_verification (network_id, tenant_id, next_at) SELECT id, tenant_id, clock_timestamp() FROM network WHERE id = $1 AND ${ALIVE}
       ON CONFLICT ON CONSTRAINT network_verification_pkey DO UPDATE SET next_at = ${next} WHERE network_verification.next_at <> ${next} RETURNING 1 AS moved`,
      [networkId],
    );
    return rows.length > 0;
  }

  /** By the clock that says when a look began. */
  async now(tx: Tx): Promise<Date> {
    const row = await tx.one<{ now: Date }>('SELECT clock_timestamp() AS now');
    if (!row) throw new Error('the database does not know the time');
    return row.now;
  }

  /** Some of the networks that are gone and whose time has come, which it does once. */
  async forgetRetired(tx: Tx): Promise<void> {
    await tx.run(
      `WITH gone AS (
         SELECT v.network_id AS id FROM network_verification v JOIN network n ON n.id = v.network_id
          WHERE v.next_at <= clock_timestamp() AND n.state = 'RETIRED' ORDER BY v.next_at LIMIT ${FORGOTTEN_AT_ONCE} FOR UPDATE OF v SKIP LOCKED),
       unproven AS (DELETE FROM network_proof p USING gone WHERE p.network_id = gone.id)
       DELETE FROM network_verification v USING gone WHERE v.network_id = gone.id`,
    );
  }

  /** Networks that are live and were never looked at by the timer: spread over one period, so that they stay spread. */
  async enrol(tx: Tx, everySeconds: number): Promise<void> {
    await tx.run(
      `INSERT INTO network_verification (network_id, tenant_id, next_at)
       SELECT n.id, n.tenant_id, clock_timestamp() + random() * make_interval(secs => $1) FROM network n
        WHERE n.state IN ('ACTIVE', 'DEGRADED') AND NOT EXISTS (SELECT FROM network_verification v WHERE v.network_id = n.id) ORDER BY n.id
       ON CONFLICT DO NOTHING`,
      [everySeconds],
    );
  }

  /** Some networks of one fabric, the longest due first; theirs who asked. */
  async claimDue(tx: Tx, most: number): Promise<DueNetworks | undefined> {
    const due = `v.next_at <= clock_timestamp() AND v.claimed_until < clock_timestamp() AND n.${ALIVE}
      AND (v.next_at <= clock_timestamp() - ${PATIENCE} OR NOT EXISTS (SELECT FROM plan p WHERE p.fabric_id = n.fabric_id AND p.state = 'APPLYING'))`;
    const rows = await tx.sql<{ id: NetworkId; vni: number; fabricId: FabricId }>(
      `UPDATE network_verification c SET claimed_until = clock_timestamp() + make_interval(secs => ${CLAIM_SECONDS}) FROM network m
        WHERE m.id = c.network_id AND c.network_id IN (
          SELECT v.network_id FROM network_verification v JOIN network n ON n.id = v.network_id
           WHERE ${due} AND n.fabric_id = (SELECT n.fabric_id FROM network_verification v JOIN network n ON n.id = v.network_id WHERE ${due} ORDER BY v.next_at LIMIT 1)
           ORDER BY v.next_at LIMIT $1 FOR UPDATE OF v SKIP LOCKED)
        RETURNING m.id, m.vni, m.fabric_id AS "fabricId"`,
      [most],
    );
    const [first] = rows;
    return first && { fabricId: first.fabricId, networks: rows };
  }

  /** What was asked for while it was looked at is due again at once; a look is as old as its beginning: what was mended while it went on is not in it. */
  async release(tx: Tx, networkIds: readonly NetworkId[], inSeconds: number, hasLooked: boolean): Promise<void> {
    await tx.run(
      `UPDATE network_verification SET claimed_until = '-infinity',
          next_at = CASE WHEN next_at > claimed_until - make_interval(secs => ${CLAIM_SECONDS}) THEN next_at
            ELSE clock_timestamp() + (0.85 + 0.3 * random()) * make_interval(secs => $2) END,
          verified_at = CASE WHEN $3 THEN greatest(verified_at, nullif(claimed_until, '-infinity') - make_interval(secs => ${CLAIM_SECONDS})) ELSE verified_at END
        WHERE network_id = ANY($1)`,
      [networkIds, inSeconds, hasLooked],
    );
  }

  /** Devices that something was ever confirmed on. */
  standings(tx: Tx, fabricId: FabricId): Promise<Standing[]> {
    return tx.sql<Standing>(
      `SELECT d.id AS "deviceId", d.slug, s.verified_digest AS "verifiedDigest", d.transport <> 'NONE' AS "isReadable",
          s.is_uncertain OR EXISTS (SELECT FROM lease l WHERE l.resource = 'device:' || d.id AND l.until > clock_timestamp()) AS "isBusy",
          s.is_uncertain AS "isUncertain", clock_timestamp() AS "readAt"
         FROM device d JOIN device_state s ON s.device_id = d.id
        WHERE d.fabric_id = $1 AND d.managed <> 'OBSERVE' AND s.verified_digest IS NOT NULL AND s.verified_intent IS NOT NULL ORDER BY d.slug`,
      [fabricId],
    );
  }

  async intents(
    tx: Tx,
    deviceIds: readonly DeviceId[],
  ): Promise<Map<DeviceId, { readonly digest: string; readonly intent: DeviceIntent }>> {
    const rows = await tx.sql<{ id: DeviceId; digest: string; intent: DeviceIntent }>(
      'SELECT device_id AS id, verified_digest AS digest, verified_intent AS intent FROM device_state WHERE device_id = ANY($1) AND verified_intent IS NOT NULL',
      [deviceIds],
    );
    return new Map(rows.map(({ id, digest, intent }) => [id, { digest, intent }]));
  }

  /** Is what it said still of the device as it is? */
  async isUndisturbed(tx: Tx, { deviceId, verifiedDigest }: Standing): Promise<boolean> {
    const row = await tx.one(
      `SELECT 1 AS same FROM device_state s WHERE s.device_id = $1 AND s.verified_digest = $2 AND NOT s.is_uncertain
          AND NOT EXISTS (SELECT FROM lease l WHERE l.resource = 'device:' || s.device_id AND l.until > clock_timestamp())`,
      [deviceId, verifiedDigest],
    );
    return row !== undefined;
  }

  /** What the transaction may read of it: a customer's sees how it ended and not why. */
  async ofNetworks(tx: Tx, networkIds: readonly NetworkId[]): Promise<StoredProof[]> {
    const why =
      tx.scope.kind === 'system'
        ? 'p.expected, p.seen, p.plan_id AS "planId"'
        : 'NULL::text AS expected, NULL::text AS seen, NULL::uuid AS "planId"';
    return tx.sql<StoredProof>(
      `SELECT p.network_id AS "networkId", d.slug AS device, p.question, p.state, p.checked_at AS "checkedAt", ${why}
         FROM network_proof p JOIN device d ON d.id = p.device_id WHERE p.network_id = ANY($1) ORDER BY d.slug, p.question`,
      [networkIds],
    );
  }

  /** When the last look at each from all of its devices began. */
  async lookedAt(tx: Tx, networkIds: readonly NetworkId[]): Promise<Map<NetworkId, Date>> {
    const rows = await tx.sql<{ id: NetworkId; at: Date }>(
      'SELECT network_id AS id, verified_at AS at FROM network_verification WHERE network_id = ANY($1) AND verified_at IS NOT NULL',
      [networkIds],
    );
    return new Map(rows.map(({ id, at }) => [id, at]));
  }
}
