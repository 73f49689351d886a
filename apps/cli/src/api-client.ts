import { localEnvironment } from './local-settings.js';

interface GraphqlAnswer {
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string; readonly requestId?: string } }[];
}

const WAIT_MS = 15_000;

/** Asks the API of TRAME_URL with the token of TRAME_TOKEN, within `waitMs` in all. @throws an error in words for a person. */
export async function ask(
  query: string,
  variables: Readonly<Record<string, unknown>>,
  waitMs = WAIT_MS,
): Promise<Readonly<Record<string, unknown>>> {
  const { TRAME_URL: url, TRAME_TOKEN: token } = localEnvironment();
  if (!url) throw new Error('TRAME_URL is not set and no `npm start` runs here: where is the API?');
  if (!token) throw new Error('TRAME_TOKEN is not set: make one with `trame token create --name me`');
  const base = baseOf(url);
  const response = await fetch(`${base}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.timeout(waitMs),
  }).catch((error: unknown) => {
    throw new Error(`the API at ${base} cannot be reached: ${reasonOf(error, waitMs)}`, { cause: error });
  });
  const text = await response.text().catch((error: unknown) => {
    throw new Error(`the answer of ${base} broke off (HTTP ${response.status}): ${reasonOf(error, waitMs)}`, { cause: error });
  });
  const { data, errors } = answerOf(response, text, base);
  const [error] = errors ?? [];
  if (error)
    throw new Error(
      `${error.extensions?.code ?? response.status}: ${error.message}${error.extensions?.requestId ? ` (request ${error.extensions.requestId})` : ''}`,
    );
  return data ?? {};
}

/** People copy the address of the API, with `/graphql` and a slash at the end. */
function baseOf(url: string): string {
  if (!/^https?:\/\/./i.test(url) || !URL.canParse(url))
    throw new Error(`TRAME_URL is ${JSON.stringify(url)}, which is no address: an http or https URL is needed, e.g. http://127.0.0.1:4000`);
  return url.replace(/\/+$/, '').replace(/\/graphql$/, '');
}

/** A page, a proxy or something else that listens there says neither `data` nor `errors`. */
function answerOf({ status }: Response, text: string, base: string): GraphqlAnswer {
  const answer = parsed(text);
  if (answer?.data === undefined && !Array.isArray(answer?.errors))
    throw new Error(`what answers at ${base}/graphql is not the API of Trame (HTTP ${status}): is TRAME_URL right?`);
  return answer;
}

/** null: no JSON. */
function parsed(text: string): GraphqlAnswer | null {
  try {
    return JSON.parse(text) as GraphqlAnswer | null;
  } catch {
    return null;
  }
}

/** `fetch failed` says nothing: why stands in its cause. */
function reasonOf(error: unknown, waitMs: number): string {
  const { name, cause } = error as { name?: string; cause?: { code?: string; message?: string } };
  return name === 'TimeoutError' ? `no whole answer within ${waitMs / 1000} s` : (cause?.code ?? cause?.message ?? String(error));
}
