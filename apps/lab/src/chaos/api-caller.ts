/** One request to the API and what its answer means: a promise, a refusal, or nothing that could be relied on. */
import { Webhook } from 'standardwebhooks';
import { OutboundHttp } from '#adapters/outbound';

export type Answer<T> =
  | { readonly kind: 'acked'; readonly value: T }
  | { readonly kind: 'refused'; readonly code: string }
  | { readonly kind: 'unknown'; readonly why: string };

interface Payload {
  readonly errors?: readonly { readonly code: string; readonly message: string }[];
}

export class ApiCaller {
  private readonly http = new OutboundHttp({
    name: 'trame',
    timeoutMs: 4000,
    maxResponseBytes: 1024 * 1024,
    allowPrivate: true,
    maxRetries: 0,
  });

  constructor(private readonly apiUrl: string) {}

  /** Standard Webhooks: 200 and 202 are promises; what proves nothing may be sent again. */
  async webhook(source: string, secret: string, id: string, body: string): Promise<Answer<undefined>> {
    const at = new Date();
    const answer = await this.send(`/hooks/${source}`, body, {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(secret).sign(id, at, body),
    });
    if (typeof answer === 'string') return { kind: 'unknown', why: answer };
    const { status, text } = answer;
    if (status === 200 || status === 202) return { kind: 'acked', value: undefined };
    return status < 500 ? { kind: 'refused', code: `${status} ${text}` } : { kind: 'unknown', why: `HTTP ${status}` };
  }

  /** @returns the one payload of the one field that the document asks for. */
  async graphql<T extends object>(token: string, query: string, variables: object): Promise<Answer<T>> {
    const answer = await this.send('/graphql', JSON.stringify({ query, variables }), { authorization: `Bearer ${token}` });
    if (typeof answer === 'string') return { kind: 'unknown', why: answer };
    const { status, text } = answer;
    if (status >= 500) return { kind: 'unknown', why: `HTTP ${status}` };
    const { data, errors } = JSON.parse(text) as {
      data?: Record<string, (T & Payload) | null> | null;
      errors?: { extensions?: { code?: string } }[];
    };
    const code = errors?.[0]?.extensions?.code;
    if (code === 'INTERNAL' || code === 'UNAVAILABLE') return { kind: 'unknown', why: code };
    if (errors || !data) return { kind: 'refused', code: code ?? `HTTP ${status}` };
    const [payload] = Object.values(data);
    const [refusal] = payload?.errors ?? [];
    if (refusal)
      return refusal.code === 'INTERNAL'
        ? { kind: 'unknown', why: 'INTERNAL' }
        : { kind: 'refused', code: `${refusal.code}: ${refusal.message}` };
    return payload ? { kind: 'acked', value: payload } : { kind: 'refused', code: 'null' };
  }

  /** @returns why there is no answer, in its place. */
  private async send(path: string, body: string, headers: Record<string, string>): Promise<{ status: number; text: string } | string> {
    try {
      const { status, body: text } = await this.http.request({
        method: 'POST',
        url: `${this.apiUrl}${path}`,
        headers: { 'content-type': 'application/json', ...headers },
        body,
      });
      return { status, text };
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
}
