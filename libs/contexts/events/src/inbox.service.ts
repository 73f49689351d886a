import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { DomainError, isDomainError, type TenantId } from '#engines/kernel';
import { crashPoint, Database, isUserError, LOGGER, type Logger, newId, systemScope, type Tx } from '#platform';
import { parseWebhookBody } from './domain/webhook-message.js';
import { InboundSourceService } from './inbound-source.service.js';
import { OutboxService } from './outbox.service.js';
import { type InboundSourceRow, InboundSourceStore } from './store/inbound-source.store.js';
import { type ClaimedMessage, InboxStore } from './store/inbox.store.js';
import { type ProvenWebhook, proveWebhook, type WebhookHeaders } from './webhook-proof.js';

export interface ReceivedWebhook {
  readonly source: string;
  /** Lower-case names, as Node gives them. */
  readonly headers: WebhookHeaders;
  /** The bytes as they came: they are what was signed. */
  readonly rawBody: Buffer;
  readonly now: Date;
}

/** The answer to the sender. Anything but 2xx and 409 means: send it again, later. */
export interface WebhookVerdict {
  readonly status: 200 | 202 | 401 | 404 | 409 | 413 | 415 | 422;
  readonly code:
    | 'ACCEPTED'
    | 'DUPLICATE'
    | 'UNAUTHENTICATED'
    | 'NOT_FOUND'
    | 'MESSAGE_ID_REUSED'
    | 'TOO_LARGE'
    | 'UNSUPPORTED_MEDIA_TYPE'
    | 'INVALID_VALUE';
  readonly message: string;
}

export interface InboxMessage {
  readonly id: string;
  readonly type: string;
  readonly timestamp: Date;
  readonly data: Readonly<Record<string, unknown>>;
  readonly tenantId: TenantId;
  readonly sourceSlug: string;
  /** Unique per source, for ever. */
  readonly messageId: string;
}

/** What came of a message: the id of the thing it made or changed, or the reason why it was rightly passed over. */
export type InboxOutcome = { readonly effectId: string } | { readonly ignored: string };
export type InboxHandler = (message: InboxMessage) => Promise<InboxOutcome>;

export const MAX_WEBHOOK_BYTES = 256 * 1024;
const SCOPE = systemScope('inbox');
/** An execution that has said nothing by then is taken for dead. Two at once do no harm: the handler is idempotent. */
const CLAIM_SECONDS = 5;
const LONGEST_WAIT_SECONDS = 300;

const ACCEPTED: WebhookVerdict = { status: 202, code: 'ACCEPTED', message: 'stored' };
const DUPLICATE: WebhookVerdict = { status: 200, code: 'DUPLICATE', message: 'stored before' };
const UNKNOWN: WebhookVerdict = { status: 404, code: 'NOT_FOUND', message: 'there is no such source' };
/** One text for a missing, wrong or old signature and for an id that cannot be: nothing is to be learnt from trying. */
const UNPROVEN: WebhookVerdict = { status: 401, code: 'UNAUTHENTICATED', message: 'the message is not proved to come from this source' };
const REUSED: WebhookVerdict = { status: 409, code: 'MESSAGE_ID_REUSED', message: 'another body was stored under this webhook-id' };
const TOO_LARGE: WebhookVerdict = { status: 413, code: 'TOO_LARGE', message: `a body has at most ${MAX_WEBHOOK_BYTES} bytes` };
const UNSUPPORTED: WebhookVerdict = {
  status: 415,
  code: 'UNSUPPORTED_MEDIA_TYPE',
  message: 'a body is application/json without a content-encoding',
};

/** Webhooks in: stored before they are answered, acted on afterwards, once, however often they are sent. */
@Injectable()
export class InboxService {
  constructor(
    private readonly db: Database,
    private readonly sources: InboundSourceService,
    private readonly sourceRows: InboundSourceStore,
    private readonly inbox: InboxStore,
    private readonly outbox: OutboxService,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  /**
   * The order of the checks is part of the answer: who cannot prove the source learns nothing but 404, 413, 415 or 401. What can be told without the source
   * costs no transaction.
   */
  async receive(webhook: ReceivedWebhook): Promise<WebhookVerdict> {
    if (!/^[a-z0-9-]{1,63}$/.test(webhook.source)) return UNKNOWN;
    if (webhook.rawBody.length > MAX_WEBHOOK_BYTES) return TOO_LARGE;
    if (!isPlainJson(webhook.headers)) return UNSUPPORTED;
    return this.db.inTransaction(SCOPE, async (tx) => {
      const source = await this.sourceRows.enabledBySlug(tx, webhook.source);
      if (!source) return UNKNOWN;
      const proven = proveWebhook(webhook.headers, webhook.rawBody, this.sources.secretsOf(source), webhook.now);
      if (!proven) {
        this.log.warn('inbox.unproven', { source: source.slug });
        return UNPROVEN;
      }
      return this.keep(tx, source, proven, webhook.rawBody);
    });
  }

  private async keep(tx: Tx, source: InboundSourceRow, { messageId, sentAt }: ProvenWebhook, rawBody: Buffer): Promise<WebhookVerdict> {
    const body = rawBody.toString('utf8');
    const refusal = refusalOf(body);
    const bodySha256 = createHash('sha256').update(rawBody).digest();
    const id = newId<string>();
    const message = {
      id,
      sourceId: source.id,
      tenantId: source.tenantId,
      messageId,
      bodySha256,
      sentAt,
      subject: refusal === null ? subjectOf(body) : null,
      refusal: refusal?.message ?? null,
    };
    // A body with a NUL is not JSON, and only kept to be looked at.
    if (await this.inbox.insert(tx, { ...message, body: storable(body) })) {
      if (refusal === null) await this.outbox.append(tx, 'inbox.received', id);
      crashPoint('inbox.stored');
    } else {
      const first = await this.inbox.countDuplicate(tx, source.id, messageId);
      if (!first.equals(bodySha256)) {
        this.log.error('inbox.message_id_reused', { source: source.slug, messageId });
        return REUSED;
      }
      if (refusal === null) return DUPLICATE;
    }
    return refusal === null ? ACCEPTED : { status: 422, code: 'INVALID_VALUE', message: refusal.message };
  }

  /**
   * Acts on one stored message. May be called at any time and twice at once: what is settled, or taken by another execution, is left
   * alone. What the domain refuses is FAILED with the reason; every other error is tried again after 1, 2, 4 … 300 s ± 20 %.
   */
  async process(inboxId: string, handler: InboxHandler): Promise<void> {
    const claimed = await this.db.inTransaction(SCOPE, (tx) => this.inbox.claim(tx, inboxId, CLAIM_SECONDS));
    if (!claimed) return;
    try {
      const outcome = await handler(toMessage(claimed));
      await this.db.inTransaction(SCOPE, (tx) =>
        'ignored' in outcome
          ? this.inbox.settle(tx, claimed.id, 'IGNORED', { effectId: null, error: outcome.ignored })
          : this.inbox.settle(tx, claimed.id, 'PROCESSED', { effectId: outcome.effectId, error: null }),
      );
    } catch (error) {
      await this.fail(claimed, error);
    }
  }

  /** Messages that wait for an execution: new ones whose job was lost, and those whose time has come again. */
  async dueIds(limit = 100): Promise<string[]> {
    return this.db.inTransaction(SCOPE, (tx) => this.inbox.dueIds(tx, limit));
  }

  private async fail(message: ClaimedMessage, error: unknown): Promise<void> {
    const reason = describe(error);
    const fields = { inboxId: message.id, source: message.sourceSlug, messageId: message.messageId, attempts: message.attempts };
    if (isUserError(error)) {
      this.log.warn('inbox.refused', { ...fields, reason });
      await this.db.inTransaction(SCOPE, (tx) => this.inbox.settle(tx, message.id, 'FAILED', { effectId: null, error: reason }));
      return;
    }
    const seconds = Math.min(2 ** (message.attempts - 1), LONGEST_WAIT_SECONDS) * (0.8 + Math.random() * 0.4);
    this.log.warn('inbox.will_retry', { ...fields, seconds, error });
    await this.db.inTransaction(SCOPE, (tx) => this.inbox.retryIn(tx, message.id, seconds, reason));
  }
}

function isPlainJson(headers: WebhookHeaders): boolean {
  const type = headers['content-type'];
  const encoding = headers['content-encoding'];
  return (
    typeof type === 'string' &&
    /^application\/json(?:\s*;\s*charset="?utf-8"?)?\s*$/i.test(type) &&
    (encoding === undefined || encoding === 'identity')
  );
}

function refusalOf(body: string): DomainError | null {
  try {
    parseWebhookBody(body);
    return null;
  } catch (error) {
    if (isDomainError(error)) return error;
    throw error;
  }
}

/** Postgres text holds no NUL. */
const storable = (text: string): string => text.replaceAll('\0', '\u{fffd}');

/** The order number: what a portal's messages are about. */
function subjectOf(body: string): string | null {
  const { data } = parseWebhookBody(body);
  const order = data !== null && typeof data === 'object' ? (data as { order?: unknown }).order : undefined;
  return typeof order === 'string' ? storable(order.slice(0, 128)) : null;
}

function toMessage({ body, sentAt, attempts: _attempts, ...message }: ClaimedMessage): InboxMessage {
  const { type, timestamp, data } = parseWebhookBody(body);
  return { ...message, type, timestamp: timestamp ?? sentAt, data };
}

const describe = (error: unknown): string =>
  (isDomainError(error) ? `${error.code}: ${error.message}` : error instanceof Error ? `${error.name}: ${error.message}` : String(error))
    .replaceAll('\0', '')
    .slice(0, 1000);
