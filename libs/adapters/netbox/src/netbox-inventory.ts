import {
  type ForeignCapabilities,
  type ForeignChanges,
  type ForeignInventory,
  type ForeignObject,
  type ForeignPage,
  type ForeignWrite,
  type InventoryKind,
  type NetBoxSettings,
  parseNetBoxSettings,
  type WriteOutcome,
} from '#contexts/sync/ports';
import { digest, invalidValue } from '#engines/kernel';
import type { Fields } from '#engines/reconcile';
import { provenGone, readChanges } from './change-feed.js';
import { KINDS } from './kinds.js';
import { makeMarks } from './marking.js';
import { NetBoxClient, type NetBoxConnection } from './netbox-client.js';
import { isNetBoxError, NetBoxError } from './netbox-error.js';
import { NetBoxReader, toObject } from './netbox-reader.js';
import { NetBoxWriter } from './netbox-writer.js';
import { PageSizes } from './page-sizes.js';
import { makePrerequisites } from './prerequisites.js';
import { type KnownKind, type Probed, probeNetBox } from './probe.js';

export interface NetBoxOptions extends NetBoxConnection {
  /** As a person wrote them: see `NetBoxSettings`. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** NetBox 4.2 and later. What it can do is probed once, and again where it turned out to be another release. */
export class NetBoxInventory implements ForeignInventory {
  readonly name: string;
  private readonly client: NetBoxClient;
  private readonly settings: NetBoxSettings;
  private readonly message: string;
  private readonly sizes = new PageSizes();
  private probed: Probed | null = null;

  /** @throws INVALID_VALUE for an address or settings that it cannot work with. */
  constructor(options: NetBoxOptions) {
    this.name = options.name;
    this.settings = parseNetBoxSettings(options.settings ?? {});
    this.client = new NetBoxClient({ ...options, requestsPerSecond: this.settings.requestsPerSecond });
    // Stands in NetBox' change log, where own changes are known by it: another Trame there has another token.
    this.message = `Trame, connector ${options.name.slice(0, 80)} (${digest(options.token).slice(0, 8)})`;
  }

  /** Reads only. @throws NETBOX_RELEASE, NETBOX_NOT_PREPARED, or what a call can come to. */
  async probe(signal: AbortSignal): Promise<ForeignCapabilities> {
    const { release, kinds, lacking } = await this.probeAgain(signal);
    const fields = [...kinds].map(([kind, known]) => [kind, known.fields] as const);
    return { version: release.version, kinds: new Map(fields), lacking, isSingleWriter: false };
  }

  /** Makes the custom field, the tags and, where the settings say so, what they name. Changes nothing where all is there. */
  async prepare(signal: AbortSignal): Promise<void> {
    const { kinds, missing } = this.probed ?? (await this.probeAgain(signal));
    try {
      const isNew = await makeMarks(this.client, [...kinds.keys()].map((kind) => KINDS[kind].objectType).sort(), signal);
      if (missing > 0) await makePrerequisites(this.client, this.settings, signal);
      if (isNew || missing > 0) await this.probeAgain(signal);
    } catch (error) {
      if (!isNetBoxError(error, 'NETBOX_REFUSED', 'NETBOX_FORBIDDEN', 'NETBOX_CONFLICT')) throw error;
      throw new NetBoxError('NETBOX_NOT_PREPARED', error.facts);
    }
  }

  scan(kind: InventoryKind, after: string | null, signal: AbortSignal): Promise<ForeignPage> {
    return this.with(kind, signal, (known, reader) => reader.scan(known, after, signal));
  }

  get(kind: InventoryKind, remoteIds: readonly string[], signal: AbortSignal): Promise<readonly ForeignObject[]> {
    return this.read(kind, signal, (known, reader) => reader.rows(known, remoteIds.map(idOf), signal));
  }

  findMarked(kind: InventoryKind, marks: readonly string[], signal: AbortSignal): Promise<readonly ForeignObject[]> {
    return this.read(kind, signal, (known, reader) => reader.marked(known, marks, signal));
  }

  findAlike(kind: InventoryKind, alike: readonly Fields[], signal: AbortSignal): Promise<readonly ForeignObject[]> {
    return this.read(kind, signal, (known, reader) => reader.alike(known, alike, signal));
  }

  /** @throws NETBOX_NOT_PREPARED before `prepare()` where something is to be marked. */
  write(kind: InventoryKind, writes: readonly ForeignWrite[], signal: AbortSignal): Promise<readonly WriteOutcome[]> {
    return this.with(kind, signal, async (known, reader, { release }) => {
      for (const write of writes) if (write.verb !== 'CREATE') idOf(write.remoteId);
      if (!known.isMarkable && writes.some(({ verb }) => verb === 'CREATE' || verb === 'MARK')) {
        const words = `${known.codec.objectType} has no custom field for our mark yet: the connector has to be prepared first`;
        throw new NetBoxError('NETBOX_NOT_PREPARED', { call: `/api/${known.codec.path}/`, words, retriable: true });
      }
      return new NetBoxWriter(this.client, reader, release, known, this.message, signal).write(writes);
    });
  }

  /** @param cursor opaque; null: only where the end is now. */
  async changedSince(cursor: string | null, signal: AbortSignal): Promise<ForeignChanges> {
    if (!this.probed) await this.probeAgain(signal);
    const isOwn = (change: { requestId: string; message: string }): boolean =>
      change.message === this.message || this.client.isOwnRequest(change.requestId);
    return this.forgetting(() => readChanges(this.client, cursor, isOwn, signal));
  }

  /** By the change log, where the token may read it and it reaches back so far (CHANGELOG_RETENTION, 90 days). */
  provenGone(kind: InventoryKind, remoteIds: readonly string[], signal: AbortSignal): Promise<ReadonlySet<string>> {
    return this.with(kind, signal, (known) => provenGone(this.client, known.codec.objectType, remoteIds.map(idOf), signal));
  }

  private async read(
    kind: InventoryKind,
    signal: AbortSignal,
    ask: (known: KnownKind, reader: NetBoxReader) => Promise<Parameters<typeof toObject>[1][]>,
  ): Promise<readonly ForeignObject[]> {
    return this.with(kind, signal, async (known, reader) => (await ask(known, reader)).map((row) => toObject(known, row)));
  }

  private async with<T>(
    kind: InventoryKind,
    signal: AbortSignal,
    work: (known: KnownKind, reader: NetBoxReader, probed: Probed) => Promise<T>,
  ): Promise<T> {
    const probed = this.probed ?? (await this.probeAgain(signal));
    const known = probed.kinds.get(kind);
    if (!known) {
      const words = probed.lacking.get(kind) ?? `it has no ${kind}`;
      throw new NetBoxError('NETBOX_NOT_PREPARED', { call: `/api/${KINDS[kind].path}/`, words, retriable: false });
    }
    return this.forgetting(() => work(known, new NetBoxReader(this.client, probed.release.hasCursor, this.sizes), probed));
  }

  private async probeAgain(signal: AbortSignal): Promise<Probed> {
    this.probed = null;
    this.probed = await probeNetBox(this.client, this.settings, signal);
    return this.probed;
  }

  private async forgetting<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (isNetBoxError(error, 'NETBOX_RELEASE')) this.probed = null;
      throw error;
    }
  }
}

function idOf(remoteId: string): number {
  if (!/^[1-9]\d{0,15}$/.test(remoteId)) throw invalidValue('id in NetBox', remoteId, 'a positive number');
  return Number(remoteId);
}
