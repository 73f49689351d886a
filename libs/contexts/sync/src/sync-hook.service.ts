import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { isDomainError, type SyncTargetId } from '#engines/kernel';
import { Database, Envelope, LOGGER, type Logger, type Secret, SealedColumns, systemScope, type Tx } from '#platform';
import { isSignedByNetBox, type NetBoxHint, parseNetBoxWebhook } from './netbox-webhook.js';
import { SyncHookStore } from './store/sync-hook.store.js';
import { SyncRunService } from './sync-run.service.js';

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
const secretContext = (id: string): string => `sync-target/${id}/hook-secret`;

/** Systems that say themselves that something changed there. Nothing that they say is believed: the object is read again. */
@Injectable()
export class SyncHookService implements OnModuleInit {
  constructor(
    private readonly db: Database,
    private readonly envelope: Envelope,
    private readonly columns: SealedColumns,
    private readonly hooks: SyncHookStore,
    private readonly runs: SyncRunService,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  onModuleInit(): void {
    this.columns.add({ table: 'sync_target', key: 'id', column: 'sealed_hook_secret', context: secretContext });
  }

  async setSecret(tx: Tx, id: SyncTargetId, secret: Secret): Promise<void> {
    await this.hooks.set(tx, id, this.envelope.seal(secretContext(id), secret));
  }

  /** @param connector its slug. @param rawBody the bytes as they came: they are what was signed. */
  async receive(connector: string, signature: string | undefined, rawBody: Buffer): Promise<HookVerdict> {
    if (!/^[a-z0-9-]{1,63}$/.test(connector)) return UNPROVEN;
    const target = await this.db.inTransaction(SCOPE, (tx) => this.hooks.bySlug(tx, connector, 'NETBOX'));
    const secret = target && this.envelope.open(secretContext(target.id), target.sealed);
    if (!target || !secret || !isSignedByNetBox(rawBody, signature, secret.reveal())) {
      this.log.warn('sync.hook_unproven', { connector });
      return UNPROVEN;
    }
    const hint = hintOf(rawBody.toString('utf8'));
    if (hint instanceof Error) return { status: 422, code: 'INVALID_VALUE', message: hint.message };
    if (hint !== null) await this.runs.hint(target.id, hint.kind, hint.remoteId);
    return ACCEPTED;
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
