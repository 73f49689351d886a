/** Two clients at once: preconditions, the next free ones, and what no lock and no constraint prevents. */
import type { JsonObject } from '../../apps/lab/src/netbox-simulator/index.js';
import { against, isAtLeast, isRealNetBox, itWhere, type NetBoxReply, NetBoxUnderTest, releases, textOf } from './netbox-under-test.js';

console.info(`NetBox contract: ${releases.map(against).join(', ')}`);

const like = (words: RegExp): string => expect.stringMatching(words) as string;

/** Some requests change state of all of NetBox; each of these suites has its own VRF. */
describe.each(releases)(`NetBox %s${isRealNetBox ? '' : ' (simulated)'}: two at once`, (release) => {
  let netbox: NetBoxUnderTest;
  const hasEtags = isAtLeast(release, '4.6');
  const ifMatch = (tag: string | undefined): Record<string, string> => ({ 'if-match': tag ?? '' });

  beforeAll(async () => {
    netbox = await NetBoxUnderTest.start(release);
  });
  afterAll(() => netbox.close());

  describe('a precondition', () => {
    itWhere(hasEtags)('is the time of the last change: refused when there was another one, with the tag of now', async () => {
      const { id } = await netbox.vrf();
      const path = `ipam/vrfs/${id}/`;
      const read = await netbox.get(path);
      const tag = read.headers['etag'];
      expect(tag).toBe(`W/"${textOf(read.json['last_updated']).replace('Z', '+00:00')}"`);
      const first = await netbox.call('PATCH', path, { description: 'mine' }, ifMatch(tag));
      expect(first.status).toBe(200);
      const second = await netbox.call('PATCH', path, { description: 'theirs' }, ifMatch(tag));
      expect(second.status).toBe(412);
      expect(second.headers['etag']).toBe(first.headers['etag']);
      expect((await netbox.call('PUT', path, { name: 'x' }, ifMatch(tag))).status).toBe(412);
      expect((await netbox.call('DELETE', path, undefined, ifMatch(tag))).status).toBe(412);
      for (const any of ['*', '']) expect((await netbox.call('PATCH', path, { description: 'any' }, ifMatch(any))).status).toBe(200);
      expect((await netbox.call('PATCH', path, { description: 'any' }, ifMatch('W/"x", *'))).status).toBe(412);
      const last = await netbox.get(path);
      expect((await netbox.call('DELETE', path, undefined, ifMatch(`W/"x", ${last.headers['etag']}`))).status).toBe(204);
    });

    itWhere(hasEtags)('may be computed from a list, and holds for each of many objects', async () => {
      const [a, b] = [await netbox.vrf(), await netbox.vrf()];
      const rows = await netbox.rows(`ipam/vrfs/?id=${a.id}&id=${b.id}&ordering=id`);
      const tags = rows.map((row) => `W/"${textOf(row['last_updated']).replace('Z', '+00:00')}"`);
      const write = (description: string, header: string): Promise<NetBoxReply> =>
        netbox.call(
          'PATCH',
          'ipam/vrfs/',
          [a, b].map(({ id }) => ({ id, description })),
          ifMatch(header),
        );
      expect((await write('both', tags.join(', '))).status).toBe(200);
      const now = (await netbox.get(`ipam/vrfs/${a.id}/`)).headers['etag'] ?? '';
      expect((await write('half', `${now}, ${tags[1]}`)).status).toBe(412);
      expect((await netbox.get(`ipam/vrfs/${a.id}/`)).json['description']).toBe('both');
    });

    itWhere(!hasEtags)('is not known: it is ignored, and nothing has a tag', async () => {
      const { id } = await netbox.vrf();
      expect((await netbox.get(`ipam/vrfs/${id}/`)).headers['etag']).toBeUndefined();
      expect((await netbox.call('PATCH', `ipam/vrfs/${id}/`, { description: 'x' }, ifMatch('W/"x"'))).status).toBe(200);
    });

    itWhere(hasEtags && !isRealNetBox)('is looked at again when the row is written', async () => {
      const { id } = await netbox.vrf();
      const { headers } = await netbox.get(`ipam/vrfs/${id}/`);
      const { faults, state } = netbox.simulator;
      faults.beforeCommit(
        ({ method }) => method === 'PATCH',
        () => state.change('ipam/vrfs', id, { description: 'theirs' }),
      );
      const mine = await netbox.call('PATCH', `ipam/vrfs/${id}/`, { description: 'mine' }, ifMatch(headers['etag']));
      expect(mine.status).toBe(412);
      expect((await netbox.get(`ipam/vrfs/${id}/`)).json['description']).toBe('theirs');
    });

    itWhere(hasEtags)('of many who write at once lets one write', async () => {
      const { id } = await netbox.vrf();
      const tag = (await netbox.get(`ipam/vrfs/${id}/`)).headers['etag'];
      if (!isRealNetBox) netbox.simulator.faults.commitMs = 5;
      const writes = Array.from({ length: 6 }, (_, at) => netbox.call('PATCH', `ipam/vrfs/${id}/`, { description: `${at}` }, ifMatch(tag)));
      const answers = await Promise.all(writes);
      if (!isRealNetBox) netbox.simulator.faults.commitMs = 0;
      const [first, ...others] = answers.filter(({ status }) => status === 200);
      expect(others).toEqual([]);
      expect(answers.filter(({ status }) => status === 412)).toHaveLength(5);
      expect((await netbox.get(`ipam/vrfs/${id}/`)).json['description']).toBe(first?.json['description']);
    });

    it('is needed: without it the last one wins, and what the other one wrote is gone', async () => {
      const { id } = await netbox.vrf({ description: 'before' });
      await netbox.call('PATCH', `ipam/vrfs/${id}/`, { description: 'theirs' });
      expect((await netbox.call('PATCH', `ipam/vrfs/${id}/`, { description: 'mine' })).json['description']).toBe('mine');
    });

    it('every write makes a newer time, also one that changes nothing', async () => {
      const { id, last_updated } = await netbox.vrf();
      const again = await netbox.call('PATCH', `ipam/vrfs/${id}/`, {});
      expect(textOf(again.json['last_updated']) > textOf(last_updated)).toBe(true);
    });
  });

  describe('the next free', () => {
    const free = async (path: string): Promise<unknown[]> => [...(await netbox.get(path)).list];

    it('addresses are the lowest without the ends, with the mask of the prefix', async () => {
      const vrf = (await netbox.vrf()).id;
      const { id } = await netbox.make('ipam/prefixes', { prefix: '10.0.0.0/29', vrf });
      await netbox.make('ipam/ip-addresses', { address: '10.0.0.2/32', vrf });
      const path = `ipam/prefixes/${id}/available-ips/`;
      const shown = (await free(path)) as { address: string }[];
      expect(shown.map(({ address }) => address)).toEqual(['10.0.0.1/29', '10.0.0.3/29', '10.0.0.4/29', '10.0.0.5/29', '10.0.0.6/29']);
      expect(shown[0]).toMatchObject({ family: 4, vrf: { id: vrf } });
      expect(await free(`${path}?limit=2`)).toHaveLength(2);
      const one = await netbox.call('POST', path, { description: 'one' });
      expect(one).toMatchObject({ status: 201, json: { address: '10.0.0.1/29', vrf: { id: vrf }, description: 'one' } });
      const two = await netbox.call('POST', path, [{}, { description: 'b' }]);
      expect(two.list.map(({ address }) => address)).toEqual(['10.0.0.3/29', '10.0.0.4/29']);
      const three = await netbox.call('POST', path, [{}, {}, {}]);
      expect(three.status).toBe(409);
      expect(await free(path)).toHaveLength(2);
      netbox.forget(...[...two.list, one.json].map((made) => `ipam/ip-addresses/${Number(made['id'])}/`));
    });

    it('addresses of a pool or of two have both ends; those of IPv6 begin after the first', async () => {
      const vrf = (await netbox.vrf()).id;
      const first = async (body: Record<string, string | boolean | number>): Promise<unknown> => {
        const { id } = await netbox.make('ipam/prefixes', { vrf, ...body });
        return ((await free(`ipam/prefixes/${id}/available-ips/?limit=1`)) as { address: string }[])[0]?.address;
      };
      expect(await first({ prefix: '10.1.0.0/24', is_pool: true })).toBe('10.1.0.0/24');
      expect(await first({ prefix: '10.1.1.0/31' })).toBe('10.1.1.0/31');
      expect(await first({ prefix: '2001:db8::/64' })).toBe('2001:db8::1/64');
      expect(await first({ prefix: '2001:db8:1::/127' })).toBe('2001:db8:1::/127');
    });

    it('addresses pass over ranges: every one before 4.3, those that are populated after', async () => {
      const vrf = (await netbox.vrf()).id;
      const { id } = await netbox.make('ipam/prefixes', { prefix: '10.2.0.0/29', vrf });
      const range = await netbox.make('ipam/ip-ranges', { start_address: '10.2.0.1/29', end_address: '10.2.0.4/29', vrf });
      const hosts = async (): Promise<unknown[]> =>
        ((await free(`ipam/prefixes/${id}/available-ips/`)) as { address: string }[]).map(({ address }) => address);
      const rest = ['10.2.0.5/29', '10.2.0.6/29'];
      if (!isAtLeast(release, '4.3')) {
        expect(await hosts()).toEqual(rest);
        return;
      }
      expect(await hosts()).toHaveLength(6);
      await netbox.call('PATCH', `ipam/ip-ranges/${range.id}/`, { mark_populated: true });
      expect(await hosts()).toEqual(rest);
      expect(await free(`ipam/ip-ranges/${range.id}/available-ips/`)).toEqual([]);
    });

    itWhere(isAtLeast(release, '4.5'))('addresses have another mask where that is asked for', async () => {
      const vrf = (await netbox.vrf()).id;
      const { id } = await netbox.make('ipam/prefixes', { prefix: '10.3.0.0/24', vrf });
      const made = await netbox.call('POST', `ipam/prefixes/${id}/available-ips/`, { prefix_length: 32 });
      netbox.forget(`ipam/ip-addresses/${Number(made.json['id'])}/`);
      expect(made.json['address']).toBe('10.3.0.1/32');
    });

    it('prefixes are the first that fit, in the order of addresses', async () => {
      const vrf = (await netbox.vrf()).id;
      const { id } = await netbox.make('ipam/prefixes', { prefix: '10.4.0.0/24', vrf, status: 'container' });
      await netbox.make('ipam/prefixes', { prefix: '10.4.0.64/26', vrf });
      const path = `ipam/prefixes/${id}/available-prefixes/`;
      expect(((await free(path)) as { prefix: string }[]).map(({ prefix }) => prefix)).toEqual(['10.4.0.0/26', '10.4.0.128/25']);
      const made = await netbox.call('POST', path, [{ prefix_length: 25 }, { prefix_length: 28, description: 'x' }]);
      expect(made.list.map(({ prefix }) => prefix)).toEqual(['10.4.0.128/25', '10.4.0.0/28']);
      netbox.forget(...made.list.map((one) => `ipam/prefixes/${Number(one['id'])}/`));
      expect((await netbox.call('POST', path, { prefix_length: 25 })).status).toBe(409);
    });

    it('that is asked for in another form is refused with a list, also where one was asked for', async () => {
      const vrf = (await netbox.vrf()).id;
      const { id } = await netbox.make('ipam/prefixes', { prefix: '10.4.0.0/24', vrf, status: 'container' });
      const prefixes = (...body: readonly JsonObject[]) =>
        netbox.call('POST', `ipam/prefixes/${id}/available-prefixes/`, body.length === 1 ? (body[0] ?? {}) : [...body]);
      const missing = { prefix_length: 'this field can not be missing' };
      expect(await prefixes({})).toMatchObject({ status: 400, list: [missing] });
      expect(await prefixes({ prefix_length: 25 }, {})).toMatchObject({ status: 400, list: [{}, missing] });
      expect(await prefixes({ prefix_length: 'x' })).toMatchObject({
        status: 400,
        list: [{ prefix_length: 'this field must be int type' }],
      });
      expect(await prefixes({ prefix_length: 33 })).toMatchObject({ status: 400, list: [{ prefix_length: like(/\(33\)/) }] });
      expect((await prefixes({ prefix_length: 0 })).status).toBe(409);
      const slug = netbox.name('vg');
      const group = await netbox.make('ipam/vlan-groups', { name: slug, slug });
      expect(await netbox.call('POST', `ipam/vlan-groups/${group.id}/available-vlans/`, {})).toMatchObject({
        status: 400,
        list: [{ name: [like(/required/)] }],
      });
      if (!isAtLeast(release, '4.5')) return;
      for (const prefix_length of ['x', null, 33]) {
        const asked = await netbox.call('POST', `ipam/prefixes/${id}/available-ips/`, { prefix_length });
        expect(asked).toMatchObject({ status: 400, list: [{ prefix_length: expect.anything() as unknown }] });
      }
    });

    it('VLANs and AS numbers are those of their ranges', async () => {
      const slug = netbox.name('vg');
      const group = await netbox.make('ipam/vlan-groups', {
        name: slug,
        slug,
        vid_ranges: [
          [10, 11],
          [20, 20],
        ],
      });
      await netbox.make('ipam/vlans', { vid: 10, name: 'taken', group: group.id });
      const vlans = `ipam/vlan-groups/${group.id}/available-vlans/`;
      expect(((await free(vlans)) as { vid: number }[]).map(({ vid }) => vid)).toEqual([11, 20]);
      const made = await netbox.call('POST', vlans, [{ name: 'a' }, { name: 'b' }]);
      netbox.forget(...made.list.map((one) => `ipam/vlans/${Number(one['id'])}/`));
      expect(made.list.map(({ vid }) => vid)).toEqual([11, 20]);
      expect((await netbox.call('POST', vlans, { name: 'c' })).status).toBe(409);
      const rir = await netbox.make('ipam/rirs', { name: slug, slug });
      const start = 4_290_000_000 - (Date.now() % 10_000_000) * 3;
      const range = await netbox.make('ipam/asn-ranges', { name: slug, slug, rir: rir.id, start, end: start + 1 });
      const asn = await netbox.call('POST', `ipam/asn-ranges/${range.id}/available-asns/`, {});
      netbox.forget(`ipam/asns/${Number(asn.json['id'])}/`);
      expect(asn.json).toMatchObject({ asn: start, rir: { id: rir.id } });
      const upside = { name: `${slug}x`, slug: `${slug}x`, rir: rir.id, start: 20, end: 10 };
      expect((await netbox.call('POST', 'ipam/asn-ranges/', upside)).status).toBe(400);
    });

    it('is given to one of many who ask at once', async () => {
      const vrf = (await netbox.vrf()).id;
      const { id } = await netbox.make('ipam/prefixes', { prefix: '10.5.0.0/28', vrf });
      if (!isRealNetBox) netbox.simulator.faults.commitMs = 2;
      const asked = await Promise.all(Array.from({ length: 16 }, () => netbox.call('POST', `ipam/prefixes/${id}/available-ips/`, {})));
      if (!isRealNetBox) netbox.simulator.faults.commitMs = 0;
      const given = asked.filter(({ status }) => status === 201).map(({ json }) => json);
      netbox.forget(...given.map((one) => `ipam/ip-addresses/${Number(one['id'])}/`));
      expect(new Set(given.map(({ address }) => address)).size).toBe(14);
      expect(asked.filter(({ status }) => status === 409)).toHaveLength(2);
    });
  });

  it('one lock is for all who make addresses: of many who make the same one has it', async () => {
    const vrf = (await netbox.vrf()).id;
    if (!isRealNetBox) netbox.simulator.faults.commitMs = 5;
    const asked = await Promise.all(
      Array.from({ length: 6 }, () => netbox.call('POST', 'ipam/ip-addresses/', { address: '10.6.0.1/24', vrf })),
    );
    if (!isRealNetBox) netbox.simulator.faults.commitMs = 0;
    netbox.forget(...asked.flatMap(({ status, json }) => (status === 201 ? [`ipam/ip-addresses/${Number(json['id'])}/`] : [])));
    expect(asked.map(({ status }) => status).sort()).toEqual([201, 400, 400, 400, 400, 400]);
  });

  // Whether two meet is luck with a real one.
  describe.skipIf(isRealNetBox)('no lock stands between', () => {
    it('two who make the same prefix: both have it', async () => {
      const vrf = (await netbox.vrf()).id;
      const { faults } = netbox.simulator;
      faults.commitMs = 20;
      const both = await Promise.all([0, 1].map(() => netbox.call('POST', 'ipam/prefixes/', { prefix: '10.6.0.0/24', vrf })));
      faults.commitMs = 0;
      expect(both.map(({ status }) => status)).toEqual([201, 201]);
    });

    it('two who make the same tenant: the database refuses the second with an error of the server', async () => {
      const tenant = { name: netbox.name('t'), slug: netbox.name('t') };
      const { faults } = netbox.simulator;
      faults.commitMs = 20;
      const both = await Promise.all([0, 1].map(() => netbox.call('POST', 'tenancy/tenants/', tenant)));
      faults.commitMs = 0;
      expect(both.map(({ status }) => status).sort()).toEqual([201, 500]);
      expect(both.find(({ status }) => status === 500)?.json).toMatchObject({ exception: 'IntegrityError' });
    });
  });
});
