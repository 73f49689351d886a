import { localEnvironment } from './local-settings.js';

interface GraphqlAnswer {
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string; readonly requestId?: string } }[];
}

const WAIT_MS = 15_000;

/** Asks the API of TRAME_URL with the token of TRAME_TOKEN. @throws an error in words for a person. */
export async function ask(query: string, variables: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>> {
  const { TRAME_URL: url, TRAME_TOKEN: token } = localEnvironment();
  if (!url) throw new Error('TRAME_URL is not set and no `npm start` runs here: where is the API?');
  if (!token) throw new Error('TRAME_TOKEN is not set: make one with `trame token create --name me`');
  const base = baseOf(url);
  const response = await fetch(`${base}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.timeout(WAIT_MS),
  }).catch((error: unknown) => {
    throw new Error(`the API at ${base} cannot be reached: ${reasonOf(error)}`, { cause: error });
  });
  const { data, errors } = await answerOf(response, base);
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
async function answerOf(response: Response, base: string): Promise<GraphqlAnswer> {
  const answer = (await response.json().catch(() => null)) as GraphqlAnswer | null;
  if (answer?.data === undefined && !Array.isArray(answer?.errors))
    throw new Error(`what answers at ${base}/graphql is not the API of Trame (HTTP ${response.status}): is TRAME_URL right?`);
  return answer as GraphqlAnswer;
}

/** `fetch failed` says nothing: why stands in its cause. */
function reasonOf(error: unknown): string {
  const { name, cause } = error as { name?: string; cause?: { code?: string; message?: string } };
  return name === 'TimeoutError' ? `no answer within ${WAIT_MS / 1000} s` : (cause?.code ?? cause?.message ?? String(error));
}
