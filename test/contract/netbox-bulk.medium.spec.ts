/** Lists of objects in one request: all or none, and what each release says of those that fail. */
import { against, isAtLeast, isRealNetBox, itWhere, NetBoxUnderTest, releases } from './netbox-under-test.js';

console.info(`NetBox contract: ${releases.map(against).join(', ')}`);

describe.each(releases)(`NetBox %s${isRealNetBox ? '' : ' (simulated)'}: many at once`, (release) => {
  let netbox: NetBoxUnderTest;
  const isNew = isAtLeast(release, '4.7');
  const tenant = () => ({ name: netbox.name('t'), slug: netbox.name('t') });
  const send = (method: string, path: string, body: readonly object[]) => netbox.call(method, path, body as Record<string, string>[]);

  const makeThree = async (): Promise<readonly number[]> => {
    const { list } = await send('POST', 'tenancy/tenants/', [tenant(), tenant(), tenant()]);
    const ids = list.map(({ id }) => Number(id));
    netbox.forget(...ids.map((id) => `tenancy/tenants/${id}/`));
    return ids;
  };

  beforeAll(async () => {
    netbox = await NetBoxUnderTest.start(release);
  });
  afterAll(() => netbox.close());

  it('are created in the order in which they were sent', async () => {
    const bodies = [tenant(), tenant(), tenant()];
    const { status, list } = await send('POST', 'tenancy/tenants/', bodies);
    netbox.forget(...list.map(({ id }) => `tenancy/tenants/${Number(id)}/`));
    expect(status).toBe(201);
    expect(list.map(({ name }) => name)).toEqual(bodies.map(({ name }) => name));
  });

  it('are all refused when one is bad, and the answer says which', async () => {
    const good = tenant();
    const reply = await send('POST', 'tenancy/tenants/', [good, { name: netbox.name('t'), slug: 'not a slug' }, tenant()]);
    expect(reply.status).toBe(400);
    expect(await netbox.rows(`tenancy/tenants/?slug=${good.slug}`)).toEqual([]);
    const slug = { slug: expect.anything() as unknown };
    if (isNew) expect(reply.json).toEqual({ detail: '1 of 3 objects could not be created.', errors: [{ index: 1, errors: slug }] });
    else expect(reply.list).toEqual([{}, slug, {}]);
  });

  itWhere(!isNew)('before 4.7 are checked before any is written: two alike are an error of the server', async () => {
    const twin = tenant();
    const { status, json } = await send('POST', 'tenancy/tenants/', [twin, twin]);
    expect(status).toBe(500);
    expect(json).toMatchObject({ exception: 'IntegrityError', error: expect.stringMatching(/duplicate key/) as string });
    expect(await netbox.rows(`tenancy/tenants/?slug=${twin.slug}`)).toEqual([]);
    const vrf = (await netbox.vrf()).id;
    const prefix = { prefix: '10.0.0.0/24', vrf };
    const twins = await send('POST', 'ipam/prefixes/', [prefix, prefix]);
    netbox.forget(...twins.list.map(({ id }) => `ipam/prefixes/${Number(id)}/`));
    expect(twins.status).toBe(201); // No constraint of the database stands against it.
  });

  itWhere(isNew)('from 4.7 on are checked one after the other', async () => {
    const twin = tenant();
    const { status, json } = await send('POST', 'tenancy/tenants/', [twin, twin]);
    expect(status).toBe(400);
    expect(json['errors']).toMatchObject([{ index: 1 }]);
  });

  it('are changed together or not at all', async () => {
    const [a, b] = await makeThree();
    const changed = await send('PATCH', 'tenancy/tenants/', [
      { id: b, description: 'B' },
      { id: a, description: 'A' },
    ]);
    expect(changed.status).toBe(200);
    expect(new Set(changed.list.map(({ id }) => id))).toEqual(new Set([a, b]));
    const refused = await send('PATCH', 'tenancy/tenants/', [
      { id: a, description: 'again' },
      { id: b, slug: 'not a slug' },
    ]);
    expect(refused.status).toBe(400);
    expect((await netbox.get(`tenancy/tenants/${a}/`)).json['description']).toBe('A');
    const errors = [{ id: b, errors: { slug: expect.anything() as unknown } }];
    if (isNew) expect(refused.json).toEqual({ detail: '1 of 2 objects could not be updated.', errors });
    else expect(refused.json).toHaveProperty('slug');
  });

  it('that are not there are nobody’s business before 4.7, and refused from then on', async () => {
    const [a] = await makeThree();
    const patched = await send('PATCH', 'tenancy/tenants/', [
      { id: 999_999_999, description: 'x' },
      { id: a, description: 'x' },
    ]);
    const deleted = await send('DELETE', 'tenancy/tenants/', [{ id: 999_999_999 }]);
    if (isNew) {
      expect(patched).toMatchObject({ status: 400, json: { errors: [{ id: 999_999_999 }] } });
      expect(deleted.status).toBe(400);
      const twice = await send('PATCH', 'tenancy/tenants/', [{ id: a }, { id: a }]);
      expect(twice).toMatchObject({ status: 400, json: { errors: [{ id: a }] } });
    } else {
      expect(patched).toMatchObject({ status: 200, list: [{ id: a, description: 'x' }] });
      expect(deleted.status).toBe(204);
    }
  });

  it('are deleted together, unless something depends on one', async () => {
    const [a, b, c] = await makeThree();
    await netbox.vrf({ tenant: b ?? 0 });
    const refused = await send('DELETE', 'tenancy/tenants/', [{ id: a }, { id: b }]);
    expect(refused.status).toBe(409);
    const words = expect.stringMatching(/^Unable to delete: 1 dependent/) as string;
    if (isNew) expect(refused.json['errors']).toMatchObject([{ id: b, errors: { __all__: [words] } }]);
    else expect(refused.json['detail']).toMatch(/dependent objects were found/);
    expect((await netbox.get(`tenancy/tenants/${a}/`)).status).toBe(200);
    expect((await send('DELETE', 'tenancy/tenants/', [{ id: a }, { id: c, changelog_message: 'gone' }])).status).toBe(204);
    expect((await netbox.get(`tenancy/tenants/${a}/`)).status).toBe(404);
  });

  it('need an id each, and a list around them', async () => {
    expect((await send('PATCH', 'tenancy/tenants/', [{ description: 'x' }])).status).toBe(400);
    expect((await netbox.call('PATCH', 'tenancy/tenants/', { id: 1 })).status).toBe(400);
    expect((await netbox.call('DELETE', 'tenancy/tenants/')).status).toBe(400);
  });

  itWhere(isNew)('are done after the answer where that is asked for', async () => {
    const body = [tenant(), tenant()];
    const accepted = await send('POST', 'tenancy/tenants/?background=true', body);
    if (isRealNetBox && accepted.status === 503) return; // It has no worker.
    expect(accepted.status).toBe(202);
    const { url } = accepted.json['job'] as { url: string };
    const job = () =>
      netbox.get(url).then(({ json }) => json as { status: { value: string }; data: { status_code: number; data: { id: number }[] } });
    await expect.poll(async () => (await job()).status.value, { timeout: 20_000 }).toBe('completed');
    const { data } = await job();
    netbox.forget(...data.data.map(({ id }) => `tenancy/tenants/${id}/`));
    expect(data).toMatchObject({ status_code: 201, data: body });
    const conditional = await netbox.call('PATCH', 'tenancy/tenants/?background=true', [{ id: 1 }], { 'if-match': 'W/"x"' });
    expect(conditional.status).toBe(400);
  });

  itWhere(!isNew)('are done at once, whatever is asked for', async () => {
    const { status, list } = await send('POST', 'tenancy/tenants/?background=true', [tenant()]);
    netbox.forget(...list.map(({ id }) => `tenancy/tenants/${Number(id)}/`));
    expect(status).toBe(201);
  });
});
