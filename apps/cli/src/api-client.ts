import { localEnvironment } from './local-settings.js';

interface GraphqlAnswer {
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string; readonly requestId?: string } }[];
}

/** Asks the API of TRAME_URL with the token of TRAME_TOKEN. @throws an error in words for a person. */
export async function ask(query: string, variables: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>> {
  const { TRAME_URL: url, TRAME_TOKEN: token } = localEnvironment();
  if (!url) throw new Error('TRAME_URL is not set and no `npm start` runs here: where is the API?');
  if (!token) throw new Error('TRAME_TOKEN is not set: make one with `trame token create --name me`');
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.timeout(15_000),
  }).catch((error: unknown) => {
    throw new Error(`the API at ${url} cannot be reached`, { cause: error });
  });
  const answer = (await response.json()) as GraphqlAnswer;
  const [error] = answer.errors ?? [];
  if (error)
    throw new Error(
      `${error.extensions?.code ?? response.status}: ${error.message}${error.extensions?.requestId ? ` (request ${error.extensions.requestId})` : ''}`,
    );
  return answer.data ?? {};
}
