/** A portal and an operator, as they speak to Trame from outside: signed webhooks and GraphQL. */
import { Webhook } from 'standardwebhooks';
import { OutboundHttp } from '#adapters/outbound';

export class TrameClient {
  private readonly http = new OutboundHttp({
    name: 'trame',
    timeoutMs: 15_000,
    maxResponseBytes: 4 * 1024 * 1024,
    allowPrivate: true,
    maxRetries: 0,
  });

  constructor(private readonly apiUrl: string) {}

  /** @returns `data`. @throws Error with what the API said, for top-level errors and for errors in the one payload. */
  async graphql<Data>(token: string, query: string, variables: Record<string, unknown> = {}): Promise<Data> {
    const { status, body } = await this.http.request({
      method: 'POST',
      url: `${this.apiUrl}/graphql`,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
    });
    const answer = JSON.parse(body) as { data?: Data; errors?: unknown };
    if (status !== 200 || answer.errors || !answer.data) throw new Error(`GraphQL answered ${status}: ${body.slice(0, 2000)}`);
    const refused = Object.values(answer.data as Record<string, { errors?: unknown[] } | null>).find((payload) => payload?.errors?.length);
    if (refused) throw new Error(`refused: ${JSON.stringify(refused.errors)}`);
    return answer.data;
  }

  /** Standard Webhooks: the signature is over `id.timestamp.body`. @returns the HTTP status. */
  async webhook(source: string, secret: string, id: string, payload: object): Promise<number> {
    const body = JSON.stringify(payload);
    const at = new Date();
    const { status } = await this.http.request({
      method: 'POST',
      url: `${this.apiUrl}/hooks/${source}`,
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
        'webhook-signature': new Webhook(secret).sign(id, at, body),
      },
      body,
    });
    return status;
  }
}
