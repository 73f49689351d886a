import pg from 'pg';
import type { Response } from 'supertest';
import { openApi, type TestApi } from '../../../../test/support/api.js';
import { TokenService } from '#contexts/access';

let api: TestApi;
beforeAll(async () => {
  api = await openApi();
});
afterAll(() => api.close());

const post = (body: string | object, headers: Record<string, string> = {}): Promise<Response> =>
  api
    .http()
    .post('/graphql')
    .set({ 'content-type': 'application/json', authorization: `Bearer ${api.token}`, ...headers })
    .send(body)
    .then((response) => response);
const codesOf = (response: Response): string[] =>
  (response.body.errors as { extensions: { code: string } }[]).map((error) => error.extensions.code);

describe('a request without a valid token', () => {
  it('has one answer, whatever is wrong with the token', async () => {
    const tokens = api.app.get(TokenService, { strict: false });
    const expired = await api.tokenWith({ expiresAt: new Date(Date.now() + 300) });
    const revoked = await api.tokenWith({});
    await tokens.revoke(revoked.id);
    await new Promise((resolve) => setTimeout(resolve, 400)); // Until the expiry has passed.
    const last = api.token.at(-1) === 'x' ? 'y' : 'x';
    const unproven: Record<string, Record<string, string>> = {
      none: {},
      empty: { authorization: '' },
      'another scheme': { authorization: `Basic ${Buffer.from(`x:${api.token}`).toString('base64')}` },
      'a wrong checksum': { authorization: `Bearer ${api.token.slice(0, -1)}${last}` },
      'another prefix': { authorization: `Bearer ${api.token.replace('live', 'test')}` },
      'half of one': { authorization: `Bearer ${api.token.slice(0, 40)}` },
      revoked: { authorization: `Bearer ${revoked.secret}` },
      expired: { authorization: `Bearer ${expired.secret}` },
    };
    const answers = new Set<string>();
    for (const [what, headers] of Object.entries(unproven)) {
      const { status, body } = await api.http().post('/graphql').set(headers).send({ query: '{ tenants { nodes { id } } }' });
      expect(status, what).toBe(401);
      answers.add(
        JSON.stringify({ ...body, errors: [{ ...body.errors[0], extensions: { ...body.errors[0].extensions, requestId: '' } }] }),
      );
    }
    expect([...answers].map((text) => JSON.parse(text))).toEqual([
      {
        data: null,
        errors: [
          {
            message: 'a valid token is needed: Authorization: Bearer trame_live_…',
            extensions: { code: 'UNAUTHENTICATED', requestId: '' },
          },
        ],
      },
    ]);
  });

  it('does not take a token from the URL', async () => {
    expect((await api.http().post(`/graphql?token=${api.token}&access_token=${api.token}`).send({ query: '{ __typename }' })).status).toBe(
      401,
    );
  });

  it('cannot look at the schema', async () => {
    expect((await api.http().post('/graphql').send({ query: '{ __schema { types { name } } }' })).status).toBe(401);
  });

  it('is refused before its body is read', async () => {
    const { status } = await api.http().post('/graphql').set('content-type', 'application/json').send('{ not json');
    expect(status).toBe(401);
  });
});

describe('a token without the scope', () => {
  it('is told which one it lacks', async () => {
    const { secret } = await api.tokenWith({ scopes: ['order:read'] });
    const response = await api.graphql('{ tenants { nodes { id } } }', { token: secret });
    expect(codesOf(response)).toEqual(['FORBIDDEN']);
    expect(response.body.errors[0].message).toContain('tenant:read');
    expect(response.body.data).toBeNull();
  });

  it('changes nothing', async () => {
    const { secret } = await api.tokenWith({ scopes: ['tenant:read'] });
    const create = 'mutation { createTenant(input: { slug: "sneaked", name: "x" }) { tenant { id } } }';
    expect(codesOf(await api.graphql(create, { token: secret }))).toEqual(['FORBIDDEN']);
    expect((await api.graphql('{ tenant(slug: "sneaked") { id } }')).body.data.tenant).toBeNull();
  });
});

describe('limits of a document', () => {
  const nested = (depth: number): string => `{ __type(name: "Query") { ${'ofType { '.repeat(depth - 2)} name ${'} '.repeat(depth - 2)} } }`;
  const aliases = (count: number): string =>
    `{ __schema { ${Array.from({ length: count }, (_, i) => `a${i}: queryType { name }`).join(' ')} } }`;

  it('are ten levels', async () => {
    expect((await api.graphql(nested(10))).body.errors).toBeUndefined();
    const response = await api.graphql(nested(11));
    expect([response.status, codesOf(response)]).toEqual([400, ['QUERY_TOO_DEEP']]);
  });

  it('are thirty aliases', async () => {
    expect((await api.graphql(aliases(30))).body.errors).toBeUndefined();
    const response = await api.graphql(aliases(31));
    expect([response.status, codesOf(response)]).toEqual([400, ['TOO_MANY_ALIASES']]);
  });

  it('count an alias in a fragment as often as the fragment is used', async () => {
    const fragments = `fragment f on __Schema { ${Array.from({ length: 8 }, (_, i) => `f${i}: queryType { name }`).join(' ')} }`;
    const spread = (times: number): string =>
      `{ ${Array.from({ length: times }, (_, i) => `s${i}: __schema { ...f }`).join(' ')} } ${fragments}`;
    expect((await api.graphql(spread(3))).body.errors).toBeUndefined(); // 3 + 24
    expect(codesOf(await api.graphql(spread(4)))).toEqual(['TOO_MANY_ALIASES']); // 4 + 32
  });

  it('end also for fragments that spread one another', async () => {
    const response = await api.graphql('{ __schema { ...a } } fragment a on __Schema { ...b } fragment b on __Schema { ...a }');
    expect([response.status, new Set(codesOf(response))]).toEqual([400, new Set(['BAD_REQUEST'])]);
  });

  it('are two thousand tokens', async () => {
    const response = await api.graphql(`{ ${'__typename '.repeat(2000)} }`);
    expect([response.status, codesOf(response)]).toEqual([413, ['QUERY_TOO_LARGE']]);
  });

  it('are twenty fields at the top, and ten mutations', async () => {
    const fields = (count: number): string => Array.from({ length: count }, (_, i) => `a${i}: __typename`).join(' ');
    expect((await api.graphql(`{ ${fields(20)} }`)).body.errors).toBeUndefined();
    expect(codesOf(await api.graphql(`{ ${fields(21)} }`))).toEqual(['QUERY_TOO_LARGE']);
    expect((await api.graphql(`mutation { ${fields(10)} }`)).body.errors).toBeUndefined();
    expect(codesOf(await api.graphql(`mutation { ${fields(11)} }`))).toEqual(['QUERY_TOO_LARGE']);
  });

  it('are 256 KiB of body', async () => {
    const response = await post({ query: `# ${'x'.repeat(257 * 1024)}\n{ __typename }` });
    expect([response.status, codesOf(response)]).toEqual([413, ['QUERY_TOO_LARGE']]);
  });

  it.each([
    ['twenty thousand braces', '{'.repeat(20_000)],
    ['twenty thousand aliases', `{ ${Array.from({ length: 20_000 }, (_, i) => `a${i}:x`).join(' ')} }`],
  ])('answer %s quickly and without a stack', async (_what, query) => {
    const startedAt = performance.now();
    const response = await api.graphql(query);
    expect(performance.now() - startedAt).toBeLessThan(3000);
    expect([400, 413]).toContain(response.status);
    expect(response.text).not.toMatch(/\bat .*\.js|node_modules|RangeError/);
  });

  it('hold for a syntax tree that is sent instead of a document', async () => {
    const tree = {
      kind: 'Document',
      definitions: [
        {
          kind: 'OperationDefinition',
          operation: 'query',
          selectionSet: { kind: 'SelectionSet', selections: [{ kind: 'Field', name: { kind: 'Name', value: '__typename' } }] },
        },
      ],
    };
    const response = await api.graphql(JSON.stringify(tree));
    expect([response.status, codesOf(response)]).toEqual([400, ['BAD_REQUEST']]);
  });

  it('hold for a document that was seen before', async () => {
    for (let i = 0; i < 3; i++) expect(codesOf(await api.graphql(aliases(31)))).toEqual(['TOO_MANY_ALIASES']);
  });
});

describe('the form of a request', () => {
  it('is POST', async () => {
    const get = await api.http().get('/graphql?query={__typename}').set('authorization', `Bearer ${api.token}`);
    expect([get.status, get.headers['allow']]).toEqual([405, 'POST']);
    const mutation = await api
      .http()
      .get(`/graphql?query=${encodeURIComponent('mutation { createTenant(input: {slug: "x", name: "x"}) { replayed } }')}`)
      .set('authorization', `Bearer ${api.token}`);
    expect(mutation.status).toBe(405);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])('is not %s', async (type) => {
    const response = await post('query={__typename}', { 'content-type': type });
    expect([response.status, codesOf(response)]).toEqual([415, ['BAD_REQUEST']]);
  });

  it.each([
    ['broken JSON', '{'],
    ['nothing', ''],
    ['a list of requests', '[{"query":"{__typename}"},{"query":"{__typename}"}]'],
    ['a prototype', '{"query":"{__typename}","__proto__":{"x":1}}'],
    ['no query', '{}'],
    ['a query that is null', '{"query":null}'],
    ['a query that is an object', '{"query":{"x":1}}'],
    ['broken GraphQL', '{"query":"{ tenants "}'],
    ['an unknown field', '{"query":"{ passwords }"}'],
    ['two operations without a name', '{"query":"query a { __typename } query b { __typename }"}'],
  ])('is not %s', async (_what, body) => {
    const response = await post(body);
    expect(response.status).toBe(400);
    expect(new Set(codesOf(response))).toEqual(new Set(['BAD_REQUEST']));
  });

  it('is answered with a request id and never kept by a cache', async () => {
    const { headers } = await post({ query: '{ __typename }' });
    expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(headers['cache-control']).toBe('no-store');
  });

  it('may ask for the schema with a token', async () => {
    expect((await api.graphql('{ __schema { queryType { name } } }')).body.data.__schema.queryType.name).toBe('Query');
  });
});

describe('values', () => {
  it.each(['ALL', 'default', 'a b', '-a', 'x'.repeat(64), 'a\nb', ''])(
    'that cannot be are refused with what would have been accepted: slug %j',
    async (slug) => {
      const literal = await api.graphql(`{ tenant(slug: ${JSON.stringify(slug)}) { id } }`);
      const variable = await api.graphql('query($slug: Slug) { tenant(slug: $slug) { id } }', { variables: { slug } });
      for (const response of [literal, variable]) {
        expect(response.status).toBe(400);
        expect(response.body.errors[0]).toMatchObject({
          message: expect.stringContaining('1 to 63 of a-z'),
          extensions: { code: 'BAD_REQUEST', reason: 'INVALID_VALUE' },
        });
      }
    },
  );

  it.each([0, -1, 101, 1_000_000])('of a page: %d rows are refused', async (first) => {
    const response = await api.graphql(`{ tenants(first: ${first}) { nodes { id } } }`);
    expect(response.body.errors[0]).toMatchObject({
      message: expect.stringContaining('1 to 100'),
      extensions: { code: 'BAD_REQUEST', reason: 'INVALID_VALUE' },
    });
  });

  it.each(['', 'x', Buffer.from('["a","b"]').toString('base64url'), Buffer.from(`["' OR 1=1 --"]`).toString('base64url'), 'e30'])(
    'of a cursor: %j is refused',
    async (after) => {
      const response = await api.graphql('query($after: String) { tenants(after: $after) { nodes { id } } }', { variables: { after } });
      expect(response.body.errors[0]).toMatchObject({ message: expect.stringContaining('cursor'), extensions: { code: 'BAD_REQUEST' } });
    },
  );

  it('that the domain refuses are data in the payload', async () => {
    const create =
      'mutation { createTenant(input: { slug: "twice", name: "Twice" }) { tenant { slug } errors { __typename code message path } } }';
    expect((await api.graphql(create)).body).toEqual({ data: { createTenant: { tenant: { slug: 'twice' }, errors: [] } } });
    expect((await api.graphql(create)).body.data.createTenant).toMatchObject({
      tenant: null,
      errors: [{ __typename: 'AlreadyExistsError', code: 'ALREADY_EXISTS', path: [] }],
    });
  });
});

describe('what belongs to another tenant', () => {
  it('is answered like what does not exist', async () => {
    const [a, b] = [await api.tenant('tenant-a'), await api.tenant('tenant-b')];
    const missing = `${a.publicId.slice(0, -1)}${a.publicId.endsWith('0') ? '1' : '0'}`;
    const ask = (id: string) => api.graphql('query($id: ID) { tenant(id: $id) { id } }', { token: b.token, variables: { id } });
    expect((await ask(b.publicId)).body.data.tenant).toEqual({ id: b.publicId });
    expect((await ask(a.publicId)).text).toBe((await ask(missing)).text);
    expect((await api.graphql('{ tenant(slug: "tenant-a") { id } }', { token: b.token })).body.data.tenant).toBeNull();
    expect((await api.graphql('{ tenants { nodes { slug } } }', { token: b.token })).body.data.tenants.nodes).toEqual([
      { slug: 'tenant-b' },
    ]);
  });

  it.each([
    'ten_00000000000000000000000000',
    'net_00000000000000000000000000',
    'x',
    "'; DROP TABLE tenant",
    'ten_zzzzzzzzzzzzzzzzzzzzzzzzzz',
  ])('or to nobody: %j', async (id) => {
    expect((await api.graphql('query($id: ID) { tenant(id: $id) { id } }', { variables: { id } })).body).toEqual({
      data: { tenant: null },
    });
  });
});

describe('a fault of ours', () => {
  it('shows a request id and nothing else', async () => {
    const owner = new pg.Client({ connectionString: api.databaseUrl });
    await owner.connect();
    await owner.query('ALTER TABLE number_pool RENAME TO number_pool_gone');
    try {
      const response = await api.graphql('{ numberPools { id } }');
      expect(response.body.errors).toMatchObject([
        {
          message: 'something went wrong on our side; the request id finds it in our log',
          extensions: { code: 'INTERNAL', requestId: response.headers['x-request-id'] },
        },
      ]);
      expect(response.text).not.toMatch(/relation|number_pool|SELECT/);
    } finally {
      await owner.query('ALTER TABLE number_pool_gone RENAME TO number_pool');
      await owner.end();
    }
  });

  it('of the database asks to try again', async () => {
    const { secret: unseen } = await api.tokenWith({});
    await api.graphql('{ __typename }'); // The other token is remembered.
    await api.wire.cut();
    expect(codesOf(await api.graphql('{ tenants { nodes { id } } }'))).toEqual(['UNAVAILABLE']);
    const response = await api.graphql('{ tenants { nodes { id } } }', { token: unseen });
    expect([response.status, codesOf(response)]).toEqual([503, ['UNAVAILABLE']]);
    await api.wire.mend();
    expect((await api.graphql('{ tenants { nodes { id } } }')).body.errors).toBeUndefined();
  });
});
