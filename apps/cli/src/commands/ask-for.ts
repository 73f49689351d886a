import { ask } from '../api-client.js';

interface UserError {
  readonly code: string;
  readonly message: string;
  readonly path: readonly string[];
}

/** One field of the API. @throws what its payload says was wrong, in words for a person. */
export async function askFor<Answer>(field: string, document: string, variables: Readonly<Record<string, unknown>> = {}): Promise<Answer> {
  const answer = (await ask(document, variables))[field] as (Answer & { readonly errors?: readonly UserError[] }) | null;
  const [error] = answer?.errors ?? [];
  if (error) throw new Error(`${error.code}: ${error.path.length > 0 ? `${error.path.join('.')}: ` : ''}${error.message}`);
  return answer as Answer;
}

/** The id of a pool by its id or its slug. */
export async function poolId(of: 'number' | 'prefix', reference: string): Promise<string> {
  if (/^(?:pool|ppl)_/.test(reference)) return reference;
  const field = `${of}Pool`;
  const pool = await askFor<{ id: string } | null>(field, `query ($slug: Slug) { ${field}(slug: $slug) { id } }`, { slug: reference });
  if (!pool) throw new Error(`there is no pool of ${of === 'number' ? 'numbers' : 'prefixes'} ${reference}`);
  return pool.id;
}

/** The id of a tenant by its id or its slug; without one, that of the only tenant that the token sees. */
export async function tenantId(reference: string | undefined): Promise<string> {
  if (reference?.startsWith('ten_')) return reference;
  if (reference !== undefined) {
    const tenant = await askFor<{ id: string } | null>('tenant', 'query ($slug: Slug) { tenant(slug: $slug) { id } }', { slug: reference });
    if (!tenant) throw new Error(`there is no tenant ${reference}`);
    return tenant.id;
  }
  const { nodes } = await askFor<{ nodes: { id: string }[] }>('tenants', '{ tenants(first: 2) { nodes { id } } }');
  const [only, ...others] = nodes;
  if (!only || others.length > 0) throw new Error('whose is it to be? --tenant <id or slug>');
  return only.id;
}
