/** Tags and custom fields: by what a program marks what is its own. */
import { against, isAtLeast, isRealNetBox, itWhere, type NetBoxReply, NetBoxUnderTest, releases } from './netbox-under-test.js';

console.info(`NetBox contract: ${releases.map(against).join(', ')}`);

const like = (words: RegExp): string => expect.stringMatching(words) as string;

describe.each(releases)(`NetBox %s${isRealNetBox ? '' : ' (simulated)'}: marks`, (release) => {
  let netbox: NetBoxUnderTest;
  let vrf: number;
  const patch = (path: string, body: object): Promise<NetBoxReply> => netbox.call('PATCH', `${path}/`, body as Record<string, string>);

  beforeAll(async () => {
    netbox = await NetBoxUnderTest.start(release);
    vrf = (await netbox.vrf()).id;
  });
  afterAll(() => netbox.close());

  describe('tags', () => {
    let tags: readonly { readonly id: number; readonly slug: string }[];
    let prefix: number;
    const slugs = ({ json }: NetBoxReply): unknown[] => (json['tags'] as { slug: string }[]).map(({ slug }) => slug);

    beforeAll(async () => {
      const made = [0, 1, 2]
        .map(() => netbox.name('tag'))
        .map(async (slug) => ({ id: (await netbox.make('extras/tags', { name: slug, slug })).id, slug }));
      tags = await Promise.all(made);
      prefix = (await netbox.make('ipam/prefixes', { prefix: '10.0.0.0/24', vrf })).id;
    });

    it('must be there, and are said by id or by attributes; a list replaces the set', async () => {
      const [a, b] = tags;
      const changed = await patch(`ipam/prefixes/${prefix}`, { tags: [a?.id, { slug: b?.slug }] });
      expect(slugs(changed)).toEqual([a?.slug, b?.slug]);
      expect(slugs(await patch(`ipam/prefixes/${prefix}`, { tags: [{ slug: b?.slug }] }))).toEqual([b?.slug]);
      expect(await patch(`ipam/prefixes/${prefix}`, { tags: [{ slug: 'nobody-made-this' }] })).toMatchObject({
        status: 400,
        json: { tags: [like(/not found/)] },
      });
      expect(slugs(await netbox.get(`ipam/prefixes/${prefix}/`))).toEqual([b?.slug]);
      expect(slugs(await patch(`ipam/prefixes/${prefix}`, { description: 'no word of tags' }))).toEqual([b?.slug]);
    });

    it('are found by slug: all of them, not any', async () => {
      const [a, b] = tags;
      await patch(`ipam/prefixes/${prefix}`, { tags: [a?.id, b?.id] });
      const other = await netbox.make('ipam/prefixes', { prefix: '10.0.1.0/24', vrf, tags: [{ slug: a?.slug ?? '' }] });
      const found = async (query: string): Promise<unknown[]> =>
        (await netbox.rows(`ipam/prefixes/?ordering=id&${query}`)).map(({ id }) => id);
      expect(await found(`tag=${a?.slug}`)).toEqual([prefix, other.id]);
      expect(await found(`tag=${a?.slug}&tag=${b?.slug}`)).toEqual([prefix]);
      expect((await netbox.get('ipam/prefixes/?tag=nobody-made-this')).status).toBe(400);
    });

    itWhere(isAtLeast(release, '4.6'))('are added and removed by themselves', async () => {
      const [a, b, c] = tags;
      await patch(`ipam/prefixes/${prefix}`, { tags: [a?.id, b?.id] });
      expect(slugs(await patch(`ipam/prefixes/${prefix}`, { add_tags: [c?.id], remove_tags: [{ slug: a?.slug }] }))).toEqual([
        b?.slug,
        c?.slug,
      ]);
    });

    itWhere(isAtLeast(release, '4.6'))('are not added and removed beside a list of all; empty lists are no wish', async () => {
      const [a, b] = tags;
      const change = (body: object): Promise<NetBoxReply> => patch(`ipam/prefixes/${prefix}`, body);
      await change({ tags: [a?.id] });
      expect(await change({ tags: [a?.id], add_tags: [b?.id] })).toMatchObject({ status: 400, json: { tags: [like(/together with/)] } });
      expect(slugs(await change({ tags: [b?.id], add_tags: [] }))).toEqual([b?.slug]);
      expect(slugs(await change({ tags: [], add_tags: [a?.id] }))).toEqual([]);
      expect(await change({ add_tags: [a?.id], remove_tags: [a?.id] })).toMatchObject({
        status: 400,
        json: { remove_tags: [like(/both/)] },
      });
      expect((await netbox.call('POST', 'ipam/prefixes/', { prefix: '10.0.2.0/24', vrf, remove_tags: [a?.id ?? 0] })).json).toEqual({
        remove_tags: [like(/creating/)],
      });
      await netbox.make('ipam/prefixes', { prefix: '10.0.2.0/24', vrf, remove_tags: [] });
    });

    itWhere(isAtLeast(release, '4.7'))(
      'that are not there and are to be added are an error of the server, and nothing is done',
      async () => {
        const body = { description: 'with a tag of nobody', add_tags: [{ slug: 'nobody-made-this' }] };
        expect(await patch(`ipam/prefixes/${prefix}`, body)).toMatchObject({ status: 500, json: { exception: 'ValidationError' } });
        expect((await netbox.get(`ipam/prefixes/${prefix}/`)).json['description']).not.toBe(body.description);
      },
    );

    itWhere(!isAtLeast(release, '4.6'))('are not added by themselves: nobody knows that word', async () => {
      await patch(`ipam/prefixes/${prefix}`, { tags: [] });
      expect(slugs(await patch(`ipam/prefixes/${prefix}`, { add_tags: [tags[0]?.id] }))).toEqual([]);
    });

    it('are for the types that they say, and gone from everything when they are deleted', async () => {
      const slug = netbox.name('tag');
      const tag = await netbox.make('extras/tags', { name: slug, slug, object_types: ['ipam.vrf'] });
      expect(await patch(`ipam/prefixes/${prefix}`, { tags: [tag.id] })).toMatchObject({
        status: 400,
        json: { detail: like(/cannot be assigned/) },
      });
      await patch(`ipam/vrfs/${vrf}`, { tags: [tag.id] });
      expect((await netbox.call('DELETE', `extras/tags/${tag.id}/`)).status).toBe(204);
      expect(slugs(await netbox.get(`ipam/vrfs/${vrf}/`))).toEqual([]);
    });
  });

  describe('custom fields', () => {
    let mark: string;
    let number: string;
    let select: string;

    beforeAll(async () => {
      [mark = '', number = '', select = ''] = ['mark', 'number', 'select'].map((word) => netbox.name(word).replaceAll('-', '_'));
      const common = { object_types: ['ipam.vrf', 'ipam.prefix'], ui_visible: 'hidden' };
      await netbox.make('extras/custom-fields', { ...common, name: mark, type: 'text', unique: true, filter_logic: 'exact' });
      await netbox.make('extras/custom-fields', { ...common, name: number, type: 'integer', validation_minimum: 5, default: 7 });
      const choices = await netbox.make('extras/custom-field-choice-sets', {
        name: netbox.name('set'),
        extra_choices: [
          ['a', 'Letter A'],
          ['b', 'Letter B'],
        ],
      });
      await netbox.make('extras/custom-fields', { ...common, name: select, type: 'select', choice_set: choices.id });
    });

    const prefixWith = (custom_fields: object, prefix: string): Promise<NetBoxReply> =>
      netbox.call('POST', 'ipam/prefixes/', { prefix, vrf, custom_fields: custom_fields as Record<string, string> });

    it('are there on every object of their types, with their default on new ones, and change one by one', async () => {
      const made = await prefixWith({ [mark]: netbox.name('id') }, '10.10.0.0/24');
      netbox.forget(`ipam/prefixes/${Number(made.json['id'])}/`);
      expect(made.json['custom_fields']).toMatchObject({ [number]: 7, [select]: null });
      const changed = await patch(`ipam/prefixes/${Number(made.json['id'])}`, { custom_fields: { [number]: 9 } });
      expect(changed.json['custom_fields']).toMatchObject({ [mark]: like(/^ct-id-/), [number]: 9 });
      expect((await netbox.get(`ipam/vrfs/${vrf}/`)).json['custom_fields']).toMatchObject({ [mark]: null });
    });

    it('are refused where there is none of this name, and where the value has another form', async () => {
      expect(await prefixWith({ nobody_made_this: 1 }, '10.11.0.0/24')).toMatchObject({
        status: 400,
        json: isAtLeast(release, '4.7')
          ? { custom_fields: { nobody_made_this: like(/does not exist/) } }
          : { __all__: [like(/Unknown field name/)] },
      });
      for (const wrong of [{ [number]: 'nine' }, { [number]: 4 }, { [select]: 'z' }, { [mark]: 5 }, { [mark]: [] }, [1]]) {
        expect((await prefixWith(wrong, '10.11.0.0/24')).status).toBe(400);
      }
    });

    it('that are unique are so within a type, and not between types', async () => {
      const value = netbox.name('id');
      const made = await prefixWith({ [mark]: value }, '10.12.0.0/24');
      netbox.forget(`ipam/prefixes/${Number(made.json['id'])}/`);
      expect(await prefixWith({ [mark]: value }, '10.12.1.0/24')).toMatchObject({ status: 400, json: { __all__: [like(/unique/)] } });
      expect((await patch(`ipam/vrfs/${vrf}`, { custom_fields: { [mark]: value } })).status).toBe(200);
      expect((await patch(`ipam/prefixes/${Number(made.json['id'])}`, { custom_fields: { [mark]: value } })).status).toBe(200);
      const found = await netbox.rows(`ipam/prefixes/?cf_${mark}=${value}`);
      expect(found).toMatchObject([{ id: made.json['id'] }]);
      expect(await netbox.rows(`ipam/prefixes/?cf_${mark}=${value.slice(0, -1)}`)).toEqual([]);
    });

    it('with choices are read as labels from 4.7 on, and as the value before; written bare', async () => {
      const { json } = await patch(`ipam/vrfs/${vrf}`, { custom_fields: { [select]: 'b' } });
      const shown = isAtLeast(release, '4.7') ? { value: 'b', label: 'Letter B' } : 'b';
      expect((json['custom_fields'] as Record<string, unknown>)[select]).toEqual(shown);
    });

    it('compare loosely where nobody said exact', async () => {
      const name = netbox.name('loose').replaceAll('-', '_');
      await netbox.make('extras/custom-fields', { object_types: ['ipam.vrf'], name, type: 'text' });
      await patch(`ipam/vrfs/${vrf}`, { custom_fields: { [name]: 'Abcdef' } });
      expect(await netbox.rows(`ipam/vrfs/?cf_${name}=bcd`)).toMatchObject([{ id: vrf }]);
    });

    it('have names of letters, and keep their type', async () => {
      const wrong = await netbox.call('POST', 'extras/custom-fields/', { object_types: ['ipam.vrf'], name: 'with-dash', type: 'text' });
      expect(wrong).toMatchObject({ status: 400, json: { name: expect.anything() as unknown } });
      const name = netbox.name('type').replaceAll('-', '_');
      const field = await netbox.make('extras/custom-fields', { object_types: ['ipam.vrf'], name, type: 'text' });
      expect(await patch(`extras/custom-fields/${field.id}`, { type: 'integer' })).toMatchObject({
        status: 400,
        json: { type: expect.anything() as unknown },
      });
      expect((await netbox.call('DELETE', `extras/custom-fields/${field.id}/`)).status).toBe(204);
      expect((await netbox.get(`ipam/vrfs/${vrf}/`)).json['custom_fields']).not.toHaveProperty(name);
    });
  });
});
