import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { DomainError, type Fqdn } from '#engines/kernel';
import { Database, type HeldLease, LeaseService, systemScope } from '#platform';
import { serverOf } from '../domain/connector-place.js';
import type { RrsetValue } from '../ports/index.js';
import { DnsPublishedStore } from '../store/dns-published.store.js';
import { SyncInstallationStore } from '../store/sync-installation.store.js';
import { type SyncTarget, SyncStore } from '../store/sync.store.js';
import { doubtful, judgeRrsets, type ZoneClaims } from './judge-rrsets.js';
import type { PublishedZone } from './published-zone.js';
import { ZoneOwner } from './zone-owner.js';
import type { ZonePlan } from './zone-plan.js';
import type { ZoneNotes } from './zone-write.js';

const SCOPE = systemScope('sync');
/** A zone of ten thousand names is written in three seconds. */
const WAIT_MS = 5000;
const ASK_EVERY_MS = 100;

/** One writer for a zone of a server, none that touches what another wrote, and none that deletes what it does not remember. */
@Injectable()
export class ZoneKeeper {
  constructor(
    private readonly db: Database,
    private readonly leases: LeaseService,
    private readonly installations: SyncInstallationStore,
    private readonly store: SyncStore,
    private readonly rows: DnsPublishedStore,
  ) {}

  owner(target: Pick<SyncTarget, 'id' | 'fabricId'>): Promise<ZoneOwner> {
    return this.db.inTransaction(
      SCOPE,
      async (tx) => new ZoneOwner(await this.installations.id(tx), target, await this.store.nameServers(tx)),
    );
  }

  claims({ id }: Pick<SyncTarget, 'id'>, owner: ZoneOwner, zone: Fqdn): ZoneClaims {
    return {
      judge: async (served, desired) => {
        const written = await this.written(id, zone, doubtful(served, desired));
        return judgeRrsets(served, desired, owner.formerIds, written);
      },
      whyNot: (markedBy) => owner.whyNot(markedBy),
    };
  }

  /**
   * What this connector wrote last, as its rows say and as runs do that are kept: a row says what is to be written before it is, and where that came to
   * nothing the runs know what stands there.
   */
  private written(id: SyncTarget['id'], zone: Fqdn, keys: readonly string[]): Promise<ReadonlyMap<string, readonly RrsetValue[]>> {
    if (keys.length === 0) return Promise.resolve(new Map());
    return this.db.inTransaction(SCOPE, async (tx) => {
      const witnesses = [await this.rows.values(tx, id, zone, keys), await this.store.lastWritten(tx, id, zone, keys)];
      return new Map(keys.map((key) => [key, witnesses.flatMap((values) => values.get(key) ?? [])]));
    });
  }

  /** What this connector published in a zone, as far as this database knows. */
  async published({ id, seen }: Pick<SyncTarget, 'id' | 'seen'>, zone: Fqdn): Promise<PublishedZone> {
    const sets = await this.db.inTransaction(SCOPE, (tx) => this.rows.sets(tx, id, zone));
    return { sets, countBefore: seen[zone] ?? null };
  }

  /** The rows of zones that were read as a whole say what stands there. Where they say so already nothing is written. */
  async looked(
    held: HeldLease,
    { id, url }: Pick<SyncTarget, 'id' | 'url'>,
    plans: readonly Pick<ZonePlan, 'zone' | 'reading' | 'published'>[],
  ): Promise<void> {
    const news = plans.filter(({ published, reading: { learnt, certain, gone } }) => {
      return published.countBefore !== null || learnt.length + certain.length + gone.length > 0;
    });
    if (news.length === 0) return;
    await held.inTransaction(SCOPE, async (tx) => {
      const here = await this.rows.zonesAt(tx, { id, url });
      for (const { zone, reading, published } of news.filter((of) => here.has(of.zone))) {
        if (published.countBefore !== null) await this.rows.forgetCount(tx, id, zone);
        await this.rows.learn(tx, id, zone, reading.learnt);
        await this.rows.certain(tx, id, zone, reading.certain);
        await this.rows.forget(tx, id, zone, reading.gone);
      }
    });
  }

  notes(held: HeldLease, { id, url }: Pick<SyncTarget, 'id' | 'url'>, zone: Fqdn): ZoneNotes {
    const place = { id, url, zone };
    const keysOf = (changes: Parameters<ZoneNotes['sent']>[0], wanted: string): string[] =>
      changes.flatMap(({ verb, key }) => (verb === wanted ? [key] : []));
    let noted: Awaited<ReturnType<DnsPublishedStore['sending']>>;
    return {
      sending: async (changes) => {
        if (changes.length === 0) return;
        const sets = changes.flatMap(({ key, verb, after }) => (after === null ? [] : [{ key, value: after, isNew: verb === 'CREATE' }]));
        noted = await held.inTransaction(SCOPE, (tx) => this.rows.sending(tx, place, { sets, deleted: keysOf(changes, 'DELETE') }));
        if (!noted) throw setElsewhere();
      },
      sent: async (changes) => {
        if (!noted) return;
        const done = { made: keysOf(changes, 'CREATE'), deleted: keysOf(changes, 'DELETE'), before: noted.before };
        await held.inTransaction(SCOPE, (tx) => this.rows.sent(tx, place, done));
      },
      answered: async (answers) => {
        if (answers.size > 0) await held.inTransaction(SCOPE, (tx) => this.rows.answered(tx, place, answers));
      },
    };
  }

  /** A name that goes from one fabric to another does not wait a minute for its turn. In a transaction of its own: two that end at once would wait for each other. */
  gaveUp({ id }: Pick<SyncTarget, 'id'>, zones: readonly string[]): Promise<void> {
    return zones.length === 0 ? Promise.resolve() : this.db.inTransaction(SCOPE, (tx) => this.store.hurryOthers(tx, id, zones));
  }

  /**
   * PowerDNS duplicates records when two write to a zone at once, whosever names they are. A server is known by its address: one that has two is two.
   * @param signal nobody waits for a turn any more. @throws DomainError INVALID_STATE while another connector writes into the zone for long.
   */
  async alone<T>({ url }: Pick<SyncTarget, 'url'>, zone: Fqdn, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const until = performance.now() + WAIT_MS;
    do {
      const done = await this.leases.withLease(`dns-zone:${serverOf(url)}/${zone}`, work);
      if (done) return done.result;
      await sleep(ASK_EVERY_MS, undefined, { signal });
    } while (performance.now() < until);
    throw new DomainError('INVALID_STATE', `another connector is writing into ${zone}; it is tried again by itself`, {
      state: 'BUSY',
      allowedStates: ['FREE'],
    });
  }
}

const setElsewhere = (): DomainError<'INVALID_STATE'> =>
  new DomainError('INVALID_STATE', 'the connector was set to another server or other zones meanwhile; it begins anew by itself', {
    state: 'CHANGED',
    allowedStates: ['UNCHANGED'],
  });
