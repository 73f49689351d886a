import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { DomainError, type Fqdn } from '#engines/kernel';
import { Database, LeaseService, systemScope } from '#platform';
import { serverOf } from '../domain/connector-place.js';
import type { RrsetValue } from '../ports/index.js';
import { SyncInstallationStore } from '../store/sync-installation.store.js';
import { type SyncTarget, SyncStore } from '../store/sync.store.js';
import { doubtful, judgeRrsets, type ZoneClaims } from './judge-rrsets.js';
import { ZoneOwner } from './zone-owner.js';

const SCOPE = systemScope('sync');
/** A zone of ten thousand names is written in three seconds. */
const WAIT_MS = 5000;
const ASK_EVERY_MS = 100;

/** One writer for a zone of a server, and none that touches what another wrote. */
@Injectable()
export class ZoneKeeper {
  constructor(
    private readonly db: Database,
    private readonly leases: LeaseService,
    private readonly installations: SyncInstallationStore,
    private readonly store: SyncStore,
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
        const keys = doubtful(served, desired);
        const written =
          keys.length === 0
            ? new Map<string, RrsetValue>()
            : await this.db.inTransaction(SCOPE, (tx) => this.store.lastWritten(tx, id, zone, keys));
        return judgeRrsets(served, desired, owner.formerIds, written);
      },
      whyNot: (markedBy) => owner.whyNot(markedBy),
    };
  }

  /** A name that goes from one fabric to another does not wait a minute for its turn. In a transaction of its own: two that end at once would wait for each other. */
  gaveUp({ id }: Pick<SyncTarget, 'id'>, zones: readonly string[]): Promise<void> {
    return zones.length === 0 ? Promise.resolve() : this.db.inTransaction(SCOPE, (tx) => this.store.hurryOthers(tx, id, zones));
  }

  /**
   * PowerDNS duplicates records when two write to a zone at once, whosever names they are. A server is known by its address: one that has two is two.
   * @throws DomainError INVALID_STATE while another connector writes into the zone for long.
   */
  async alone<T>({ url }: Pick<SyncTarget, 'url'>, zone: Fqdn, work: () => Promise<T>): Promise<T> {
    const until = performance.now() + WAIT_MS;
    do {
      const done = await this.leases.withLease(`dns-zone:${serverOf(url)}/${zone}`, work);
      if (done) return done.result;
      await sleep(ASK_EVERY_MS);
    } while (performance.now() < until);
    throw new DomainError('INVALID_STATE', `another connector is writing into ${zone}; it is tried again by itself`, {
      state: 'BUSY',
      allowedStates: ['FREE'],
    });
  }
}
