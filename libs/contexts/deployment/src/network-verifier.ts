import { Inject, Injectable } from '@nestjs/common';
import type { DeviceIntent } from '#engines/intent';
import { type DeviceId, type FabricId, isDomainError, type NetworkId } from '#engines/kernel';
import { Database, LOGGER, type Logger, systemScope } from '#platform';
import { DeviceConnector } from './device-connector.js';
import { expectationsOf, type Peer, type Wanted } from './domain/expectations.js';
import { failureOf } from './domain/failure.js';
import { type NetworkProof, networkProofs } from './domain/network-proof.js';
import { isFaultOfDatabase } from './fault-of-database.js';
import { inParallel } from './in-parallel.js';
import type { DeviceConnection, VerifyCheck } from './ports/index.js';
import { type DueNetworks, ProofStore, type Standing } from './store/proof.store.js';

const SCOPE = systemScope('verifier');
/** Nobody asked: a network is looked at about once in this time. */
const EVERY_SECONDS = 3600;
/** A device could not be read, or was being pushed to. */
const SOON_SECONDS = 60;
/** What is new is looked at within an hour, what is gone is forgotten: neither is worth asking for with every look. */
const HOUSEKEEPING_MS = 60_000;
const NETWORKS_AT_ONCE = 50;
const PARALLEL = 10;
/** Routes travel for a while; what is not there then is not there. The second time there is nothing to wait for. */
const SETTLE_MS = 2500;
const SETTLED_MS = 500;
const READ_WITHIN_MS = 45_000;

/** A device that carries some of the networks. */
interface Member extends Standing {
  readonly intent: DeviceIntent;
  readonly vnis: readonly number[];
}

interface Look {
  readonly wanted: Wanted;
  readonly checks: readonly VerifyCheck[];
}

/** How far a look came with a network; `OPEN`: a device that carries it was not asked, or its answer does not count. */
type Outcome = 'READ' | 'UNANSWERED' | 'OPEN';

/**
 * Looks at networks from all of their devices: first what guests each of them has, then whether each knows what the others announce. Takes no
 * lease and writes nothing on a device; where a push is under way it does not look, and what it read while one began does not count.
 */
@Injectable()
export class NetworkVerifier {
  /** What was confirmed on devices, by digest: reading it all again for every look would be most of the work. */
  private readonly intents = new Map<DeviceId, { readonly digest: string; readonly intent: DeviceIntent }>();
  /** Of this process, by its own clock: whoever starts anew keeps house once more. */
  private housekeptAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly db: Database,
    private readonly connector: DeviceConnector,
    private readonly store: ProofStore,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  /** Networks whose time has come, or that somebody asked for. @returns how many. */
  async verifyDue(signal: AbortSignal = new AbortController().signal): Promise<number> {
    await this.keepHouse();
    const due = await this.db.inTransaction(SCOPE, (tx) => this.store.claimDue(tx, NETWORKS_AT_ONCE));
    if (!due) return 0;
    let outcomes: ReadonlyMap<NetworkId, Outcome> = new Map();
    try {
      outcomes = await this.verify(due, signal);
    } finally {
      const ended = (outcome: Outcome): NetworkId[] =>
        due.networks.flatMap(({ id }) => ((outcomes.get(id) ?? 'OPEN') === outcome ? [id] : []));
      await this.db.inTransaction(SCOPE, async (tx) => {
        await this.store.release(tx, ended('READ'), EVERY_SECONDS, true);
        await this.store.release(tx, ended('UNANSWERED'), SOON_SECONDS, true);
        await this.store.release(tx, ended('OPEN'), SOON_SECONDS, false);
      });
    }
    return due.networks.length;
  }

  /** New networks get their time, and of those that are gone nothing is kept. */
  private async keepHouse(): Promise<void> {
    if (performance.now() - this.housekeptAt < HOUSEKEEPING_MS) return;
    await this.db.inTransaction(SCOPE, async (tx) => {
      await this.store.forgetRetired(tx);
      await this.store.enrol(tx, EVERY_SECONDS);
    });
    this.housekeptAt = performance.now();
  }

  /** @returns how far it came with each of them; none where it was aborted. */
  private async verify({ fabricId, networks }: DueNetworks, signal: AbortSignal): Promise<ReadonlyMap<NetworkId, Outcome>> {
    const standings = await this.standings(fabricId);
    const asked = new Set(networks.map(({ vni }) => vni));
    const members = standings.flatMap((standing): Member[] => {
      const vnis = standing.intent.l2vnis.map(({ vni }) => vni as number).filter((vni) => asked.has(vni));
      return vnis.length === 0 ? [] : [{ ...standing, vnis }];
    });
    const excuses = new Map<DeviceId, string>();
    for (const member of members) if (member.isBusy) excuses.set(member.deviceId, busyBecause(member));
    const readable = members.filter(({ isBusy, isReadable }) => !isBusy && isReadable);
    const macs = await this.readMacs(fabricId, readable, excuses, signal);
    const peers = (): Peer[] =>
      standings.map(({ deviceId, slug, intent }) => {
        const heard = macs.get(deviceId);
        return { slug, intent, excuse: excuses.get(deviceId) ?? null, ...(heard && { macs: heard }) };
      });
    const looks = await this.look(fabricId, readable, peers(), excuses, SETTLE_MS, signal);
    const doubtful = readable.filter(({ deviceId }) => looks.get(deviceId)?.checks.some(isLostMac));
    if (doubtful.length > 0 && !signal.aborted) {
      // A guest may have left between the two readings: whoever is still there must be known now.
      for (const [deviceId, now] of await this.readMacs(fabricId, readable, excuses, signal))
        macs.set(deviceId, inBoth(macs.get(deviceId), now));
      for (const [deviceId, look] of await this.look(fabricId, doubtful, peers(), excuses, SETTLED_MS, signal)) looks.set(deviceId, look);
    }
    if (signal.aborted) return new Map();
    return this.record(fabricId, networks, members, looks, excuses);
  }

  /** Of all devices of the fabric that something was confirmed on. */
  private async standings(fabricId: FabricId): Promise<(Standing & { readonly intent: DeviceIntent })[]> {
    return this.db.inTransaction(
      SCOPE,
      async (tx) => {
        const found = await this.store.standings(tx, fabricId);
        const unknown = found.filter(({ deviceId, verifiedDigest }) => this.intents.get(deviceId)?.digest !== verifiedDigest);
        for (const [id, record] of await this.store.intents(
          tx,
          unknown.map(({ deviceId }) => deviceId),
        ))
          this.intents.set(id, record);
        return found.flatMap((standing) => {
          const intent = this.intents.get(standing.deviceId)?.intent;
          return intent ? [{ ...standing, intent }] : [];
        });
      },
      { isolation: 'REPEATABLE READ' },
    );
  }

  private async readMacs(
    fabricId: FabricId,
    members: readonly Member[],
    excuses: Map<DeviceId, string>,
    signal: AbortSignal,
  ): Promise<Map<DeviceId, ReadonlyMap<number, readonly string[]>>> {
    const macs = new Map<DeviceId, ReadonlyMap<number, readonly string[]>>();
    await this.each(fabricId, members, excuses, signal, async (connection, { deviceId, vnis }) => {
      const found = await connection.localMacs?.(vnis);
      if (found) macs.set(deviceId, found);
    });
    return macs;
  }

  private async look(
    fabricId: FabricId,
    members: readonly Member[],
    peers: readonly Peer[],
    excuses: Map<DeviceId, string>,
    settleMs: number,
    signal: AbortSignal,
  ): Promise<Map<DeviceId, Look>> {
    const looks = new Map<DeviceId, Look>();
    await this.each(fabricId, members, excuses, signal, async (connection, { deviceId, slug, intent, vnis }) => {
      const others = peers.filter((peer) => peer.slug !== slug);
      const wanted = expectationsOf(intent, others, new Set(vnis));
      const nobody = { planId: 'look', revision: 0, fence: 0 };
      const { checks } = await connection.verify(nobody, [], wanted.expectations, settleMs);
      looks.set(deviceId, { wanted, checks });
    });
    return looks;
  }

  /** A device that does not answer is excused, with its reason, and the others go on. */
  private async each(
    fabricId: FabricId,
    members: readonly Member[],
    excuses: Map<DeviceId, string>,
    signal: AbortSignal,
    work: (connection: DeviceConnection, member: Member) => Promise<void>,
  ): Promise<void> {
    const reachable = members.filter(({ deviceId }) => !excuses.has(deviceId));
    await inParallel(reachable, PARALLEL, async (member) => {
      if (signal.aborted) return;
      const stop = AbortSignal.any([signal, AbortSignal.timeout(READ_WITHIN_MS)]);
      const destination = { fabricId, deviceId: member.deviceId, artefacts: [] };
      try {
        await this.connector.withConnection(destination, stop, (connection) => work(connection, member));
      } catch (error) {
        if (isFaultOfDatabase(error)) throw error;
        if (!isDomainError(error)) this.log.error('network.look_failed', { device: member.slug, error });
        const { code, message } = failureOf(error);
        excuses.set(member.deviceId, `${member.slug} could not be read (${code}: ${message}).`);
      }
    });
  }

  private async record(
    fabricId: FabricId,
    networks: DueNetworks['networks'],
    members: readonly Member[],
    looks: ReadonlyMap<DeviceId, Look>,
    excuses: ReadonlyMap<DeviceId, string>,
  ): Promise<ReadonlyMap<NetworkId, Outcome>> {
    const outcomes = new Map<NetworkId, Outcome>(networks.map(({ id }) => [id, 'READ']));
    for (const member of members) {
      const { deviceId, slug, intent, vnis, isReadable } = member;
      const look = looks.get(deviceId);
      const proofs: readonly NetworkProof[] = look ? networkProofs(intent, look.wanted, look.checks) : [];
      const ids = networks.filter(({ vni }) => vnis.includes(vni)).map(({ id }) => id);
      const outcome = await this.db.inTransaction(SCOPE, async (tx): Promise<Outcome> => {
        const isUndisturbed = !member.isBusy && (await this.store.isUndisturbed(tx, member));
        const because =
          excuses.get(deviceId) ?? (isReadable ? `${slug} was pushed to meanwhile.` : `${slug} is no device that is read from here.`);
        if (look && isUndisturbed) await this.store.record(tx, { fabricId, deviceId, planId: null, isWhole: true }, proofs);
        else await this.store.outdate(tx, member, ids, because);
        if (!isUndisturbed && isReadable) return 'OPEN';
        return look || !isReadable ? 'READ' : 'UNANSWERED';
      });
      for (const id of ids) outcomes.set(id, worseOutcome(outcomes.get(id) ?? outcome, outcome));
      if (outcome === 'READ')
        for (const { vni, question, expected, seen, state } of proofs)
          if (state === 'FAILED') this.log.warn('network.unproven', { device: slug, vni, question, expected, seen });
    }
    await this.db.inTransaction(SCOPE, async (tx) => {
      for (const { id, vni } of networks) await this.store.keepMembers(tx, id, membersOf(members, vni));
    });
    return outcomes;
  }
}

const membersOf = (members: readonly Member[], vni: number): DeviceId[] =>
  members.filter(({ vnis }) => vnis.includes(vni)).map(({ deviceId }) => deviceId);

const OUTCOMES: readonly Outcome[] = ['READ', 'UNANSWERED', 'OPEN'];
const worseOutcome = (a: Outcome, b: Outcome): Outcome => (OUTCOMES.indexOf(a) > OUTCOMES.indexOf(b) ? a : b);

const busyBecause = ({ slug, isUncertain }: Standing): string =>
  isUncertain ? `Nobody knows how the last push to ${slug} ended.` : `${slug} is being pushed to.`;

const isLostMac = ({ ok, isUnchecked, about }: VerifyCheck): boolean => !ok && isUnchecked !== true && about?.question === 'MACS';

function inBoth(
  before: ReadonlyMap<number, readonly string[]> | undefined,
  now: ReadonlyMap<number, readonly string[]>,
): ReadonlyMap<number, readonly string[]> {
  return new Map([...now].map(([vni, macs]) => [vni, macs.filter((mac) => before?.get(vni)?.includes(mac))]));
}
