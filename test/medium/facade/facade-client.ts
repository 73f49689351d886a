export interface Said {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: Headers;
}

export type Ask = (method: string, path: string, body?: unknown) => Promise<Said>;

/** A client that sends what it is told to, text as it is. */
export const clientOf =
  (url: string, token: string): Ask =>
  async (method, path, body) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Token ${token}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Said['body']), headers: response.headers };
  };

/** Of a page. */
export const results = ({ body }: Said): readonly Readonly<Record<string, unknown>>[] =>
  body['results'] as readonly Readonly<Record<string, unknown>>[];

/** Of a list that was made. */
export const addressesOf = ({ body }: Said): readonly string[] =>
  (body as unknown as readonly { address: string }[]).map(({ address }) => address);
