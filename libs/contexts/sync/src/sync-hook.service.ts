import { type BeforeApplicationShutdown, Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { OutboxService } from '#contexts/events';
import { isDomainError, type SyncTargetId } from '#engines/kernel';
import { Database, Envelope, LOGGER, type Logger, type Secret, SealedColumns, systemScope, type Tx } from '#platform';
import { HintGatherer } from './hint-gatherer.js';
import { isSignedByNetBox, isSignature, type NetBoxHint, parseNetBoxWebhook } from './netbox-webhook.js';
import { SyncHintStore } from './store/sync-hint.store.js';
import { SyncHookStore } from './store/sync-hook.store.js';
import { UnprovenCount } from './unproven-count.js';

/** An event of NetBox carries the object before and after. */
export const MAX_NETBOX_WEBHOOK_BYTES = 1024 * 1024;

/** The answer to a NetBox. It does not send again what it was refused: its feed of changes and the full scan find it. */
export interface HookVerdict {
  readonly status: 202 | 401 | 422;
  readonly code: 'ACCEPTED' | 'UNAUTHENTICATED' | 'INVALID_VALUE';
  readonly message: string;
}

const ACCEPTED: HookVerdict = { status: 202, code: 'ACCEPTED', message: 'it is read again' };
/** One text for a connector that is not there, is off or has no secret, and for a missing or wrong signature. */
const UNPROVEN: HookVerdict = { status: 401, code: 'UNAUTHENTICATED', message: 'the message is not proved to come from this connector' };
const SCOPE = systemScope('sync');
/** What is signed with what is looked up this often, however many messages come: what another process changed is heard within it. */
const KNOWN_FOR_MS = 1000;

interface Sender {
  readonly id: SyncTargetId;
  readonly secret: Secret;
}
const secretContext = (id: string): string => `sync-target/${id}/hook-secret`;

/**
 * Systems that say themselves that something changed there. Nothing that they say is believed: the object is read again. What is not proved costs its
 * bytes and no question to the database; what is proved costs a row for each object.
 */
@Injectable()
export class SyncHookService implements OnModuleInit, BeforeApplicationShutdown {
  private known: { readonly until: number; readonly senders: Promise<ReadonlyMap<string, Sender>> } | undefined;
  private readonly unproven: UnprovenCount;
  private readonly gatherer = new HintGatherer((targetId, hints) =>
    this.db.inTransaction(SCOPE, async (tx) => {
      // Of a storm about one object the first is told: the worker sees what is said while it is at it.
      if ((await this.hints.put(tx, targetId, hints)) > 0) await this.outbox.append(tx, 'sync.wanted', targetId);
    }),
  );

  constructor(
    private readonly db: Database,
    private readonly envelope: Envelope,
    private readonly columns: SealedColumns,
    private readonly hooks: SyncHookStore,
    private readonly hints: SyncHintStore,
    private readonly outbox: OutboxService,
    @Inject(LOGGER) log: Logger,
  ) {
    this.unproven = new UnprovenCount((fields) => log.warn('sync.hooks_unproven', { ...fields }));
  }

  onModuleInit(): void {
    this.columns.add({ table: 'sync_target', key: 'id', column: 'sealed_hook_secret', context: secretContext });
  }

  beforeApplicationShutdown(): void {
    this.unproven.tell();
  }

  async setSecret(tx: Tx, id: SyncTargetId, secret: Secret): Promise<void> {
    await this.hooks.set(tx, id, this.envelope.seal(secretContext(id), secret));
  }

  /** A connector was changed in this process: it is looked up again. */
  forget(): void {
    this.known = undefined;
  }

  /** Before the body is read. @returns the answer where nothing that follows can prove it. */
  async atTheDoor(connector: string, signature: string | undefined): Promise<HookVerdict | null> {
    return isSignature(signature) && (await this.sender(connector)) ? null : this.refused(connector);
  }

  /** @param connector its slug. @param rawBody the bytes as they came: they are what was signed. */
  async receive(connector: string, signature: string | undefined, rawBody: Buffer): Promise<HookVerdict> {
    const sender = isSignature(signature) ? await this.sender(connector) : undefined;
    if (!sender || !isSignedByNetBox(rawBody, signature, sender.secret.reveal())) return this.refused(connector);
    const hint = hintOf(rawBody.toString('utf8'));
    if (hint instanceof Error) return { status: 422, code: 'INVALID_VALUE', message: hint.message };
    if (hint !== null) await this.gatherer.say(sender.id, hint);
    return ACCEPTED;
  }

  private async refused(connector: string): Promise<HookVerdict> {
    this.unproven.add((await this.senders()).has(connector) ? connector : null);
    return UNPROVEN;
  }

  private async sender(connector: string): Promise<Sender | undefined> {
    return (await this.senders()).get(connector);
  }

  /** One question for all who ask at once. */
  private senders(): Promise<ReadonlyMap<string, Sender>> {
    if (this.known && performance.now() < this.known.until) return this.known.senders;
    const senders = this.db.inTransaction(SCOPE, async (tx) => {
      const rows = await this.hooks.all(tx, 'NETBOX');
      return new Map(rows.map(({ id, slug, sealed }) => [slug, { id, secret: this.envelope.open(secretContext(id), sealed) }]));
    });
    const known = { until: performance.now() + KNOWN_FOR_MS, senders };
    this.known = known;
    senders.catch(() => {
      if (this.known === known) this.known = undefined; // Whoever asked is told; the next one asks again.
    });
    return senders;
  }
}

function hintOf(body: string): NetBoxHint | null | Error {
  try {
    return parseNetBoxWebhook(body);
  } catch (error) {
    if (isDomainError(error)) return error;
    throw error;
  }
}
