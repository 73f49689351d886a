/** Event rules and webhooks: one POST for each object of a request, after it is committed, once and never again. */
import type { Row } from './model.js';
import { createHmac } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import type { Act } from './act.js';
import { isObject, type Json, type JsonObject, textOf } from './json.js';
import { isoFormat } from './timestamps.js';
import type { Shared } from './viewer.js';
import type { Change } from './writer.js';

export interface Delivery {
  readonly url: string;
  readonly body: string;
  /** Of the answer; null: there was none. */
  readonly status: number | null;
}

export class Webhooks {
  /** In the order in which they ended. */
  readonly deliveries: Delivery[] = [];
  private readonly underWay = new Set<Promise<void>>();
  private readonly abort = new AbortController();

  constructor(private readonly shared: Shared) {}

  /** What a request did, as its rules say. */
  flush(act: Act): void {
    const { db } = this.shared;
    const rules = db
      .table('extras.eventrule')
      .all()
      .filter(({ values }) => values['enabled'] === true);
    if (rules.length === 0) return;
    for (const change of coalesced(act.writer.changes)) {
      for (const rule of rules.filter((one) => isMeant(one, change))) {
        const webhook = db.table('extras.webhook').get(Number(rule.values['action_object_id']));
        if (webhook) this.send(webhook, this.bodyOf(change, act));
      }
    }
  }

  async idle(): Promise<void> {
    while (this.underWay.size > 0) await Promise.all(this.underWay);
  }

  close(): void {
    this.abort.abort();
  }

  private bodyOf({ action, kind, data, before, after }: Change, act: Act): JsonObject {
    const { release, db } = this.shared;
    const { requestId: id, method, path } = act;
    const more = release.isAtLeast('4.7') ? { path_info: path, GET: Object.fromEntries(act.parameters) } : {};
    const request = { id, method, path, ...more, user: act.user.name };
    return {
      event: `${action}d`,
      timestamp: isoFormat(db.now(), '+00:00'),
      ...(release.isAtLeast('4.5') ? { object_type: kind.type } : { model: kind.type.split('.')[1] ?? '' }),
      ...(!release.isAtLeast('4.7') && { username: act.user.name, request_id: act.requestId }),
      data,
      ...(release.isAtLeast('4.6') && { request }),
      snapshots: { prechange: before, postchange: after },
    };
  }

  private send({ values }: Row, json: JsonObject): void {
    const body = JSON.stringify(json);
    const secret = textOf(values['secret'] ?? '');
    const url = textOf(values['payload_url']);
    const own = textOf(values['additional_headers'] ?? '')
      .split('\n')
      .flatMap((line) => {
        const [, name, value] = /^([\w-]+):\s*(.*?)\s*$/.exec(line) ?? [];
        return name === undefined || value === undefined ? [] : [[name, value] as const];
      });
    const headers = {
      'content-type': textOf(values['http_content_type']),
      'content-length': Buffer.byteLength(body),
      ...Object.fromEntries(own),
      ...(secret !== '' && { 'x-hook-signature': createHmac('sha512', secret).update(body).digest('hex') }),
    };
    const delivery = this.post(url, textOf(values['http_method']), headers, body).then((status) => {
      this.deliveries.push({ url, body, status });
    });
    this.underWay.add(delivery);
    void delivery.finally(() => this.underWay.delete(delivery));
  }

  private post(url: string, method: string, headers: http.OutgoingHttpHeaders, body: string): Promise<number | null> {
    return new Promise((resolve) => {
      const client = url.startsWith('https:') ? https : http;
      const request = client.request(url, { method, headers, signal: this.abort.signal, timeout: 5000 }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode ?? null));
      });
      request.on('timeout', () => request.destroy(new Error('no answer')));
      request.on('error', () => resolve(null)); // A job that failed; nobody does it again.
      request.end(body);
    });
  }
}

/** Several changes of one object are one event: the first action, unless it ends with a delete, and the last state. */
function coalesced(changes: readonly Change[]): Change[] {
  const events = new Map<string, Change>();
  for (const change of changes) {
    const key = `${change.kind.type} ${change.id}`;
    const first = events.get(key);
    events.set(key, first ? { ...change, action: change.action === 'delete' ? 'delete' : first.action, before: first.before } : change);
  }
  return [...events.values()];
}

function isMeant({ values }: Row, { kind, action, data }: Change): boolean {
  const types = values['object_types'] as string[];
  const events = values['event_types'] as string[];
  if (!types.includes(kind.type) || !events.includes(`object_${action}d`)) return false;
  return isObject(values['conditions']) ? holds(values['conditions'], data) : true;
}

/** `{"and": [{"attr": "status.value", "value": "active"}]}` */
function holds(condition: JsonObject, data: JsonObject): boolean {
  const parts = (key: string): JsonObject[] => (Array.isArray(condition[key]) ? condition[key].filter(isObject) : []);
  if ('and' in condition) return parts('and').every((one) => holds(one, data));
  if ('or' in condition) return parts('or').some((one) => holds(one, data));
  const value = textOf(condition['attr'])
    .split('.')
    .reduce<Json>((at, key) => (isObject(at) ? (at[key] ?? null) : null), data);
  const wanted = condition['value'] ?? null;
  const isSame =
    condition['op'] === 'in' && Array.isArray(wanted) ? wanted.includes(value) : JSON.stringify(value) === JSON.stringify(wanted);
  return isSame !== (condition['negate'] === true);
}
