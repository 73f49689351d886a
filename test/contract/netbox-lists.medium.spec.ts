/** Reading: pages by offset and from an id on, fields that are asked for, and what filters keep. */
import type { JsonObject } from '../../apps/lab/src/netbox-simulator/index.js';
import { against, isAtLeast, isRealNetBox, itWhere, NetBoxUnderTest, releases, textOf } from './netbox-under-test.js';

console.info(`NetBox contract: ${releases.map(against).join(', ')}`);

const idsOf = (rows: readonly { readonly id?: unknown }[]): number[] => rows.map(({ id }) => Number(id));

describe.each(releases)(`NetBox %s${isRealNetBox ? '' : ' (simulated)'}: lists`, (release) => {
  let netbox: NetBoxUnderTest;
  let vrf: number;
  let prefixes: number[];
  /** The prefixes of this suite alone. */
  let list: string;

  beforeAll(async () => {
    netbox = await NetBoxUnderTest.start(release);
    vrf = (await netbox.vrf({ rd: netbox.name('rd').slice(-21) })).id;
    const bodies = Array.from({ length: 7 }, (_, at) => ({ prefix: `10.${at}.0.0/16`, vrf, description: `Number ${at}` }));
    const made = await netbox.call('POST', 'ipam/prefixes/', bodies);
    prefixes = idsOf(made.list);
    netbox.forget(...prefixes.map((id) => `ipam/prefixes/${id}/`));
    list = `ipam/prefixes/?vrf_id=${vrf}`;
  });
  afterAll(() => netbox.close());

  describe('pages', () => {
    it('count all, and lead on and back', async () => {
      const first = await netbox.get(`${list}&limit=3&ordering=id`);
      expect(first.json).toMatchObject({ count: 7, previous: null });
      expect(idsOf(first.json['results'] as object[])).toEqual(prefixes.slice(0, 3));
      const second = await netbox.get(textOf(first.json['next']));
      expect(idsOf(second.json['results'] as object[])).toEqual(prefixes.slice(3, 6));
      const third = await netbox.get(textOf(second.json['next']));
      expect(third.json).toMatchObject({ count: 7, next: null });
      expect(idsOf(third.json['results'] as object[])).toEqual(prefixes.slice(6));
      expect(idsOf((await netbox.get(textOf(third.json['previous']))).json['results'] as object[])).toEqual(prefixes.slice(3, 6));
      expect((await netbox.get(`${list}&offset=100`)).json).toMatchObject({ count: 7, results: [], next: null });
    });

    it('of limit 0 are as large as they may be', async () => {
      expect(await netbox.rows(`${list}&limit=0`)).toHaveLength(7);
      expect(await netbox.rows(`${list}&limit=nonsense`)).toHaveLength(7);
    });

    itWhere(isAtLeast(release, '4.6'))('begin at an id, in the order of ids, and count nothing', async () => {
      const first = await netbox.get(`${list}&start=${prefixes[1]}&limit=4`);
      expect(first.json).toMatchObject({ count: null, previous: null });
      expect(idsOf(first.json['results'] as object[])).toEqual(prefixes.slice(1, 5));
      const rest = await netbox.get(`${list}&start=${Number(prefixes[4]) + 1}&limit=4`);
      expect(idsOf(rest.json['results'] as object[])).toEqual(prefixes.slice(5));
      for (const wrong of ['start=1&offset=1', 'start=1&ordering=id', 'start=x']) {
        const refused = await netbox.get(`${list}&${wrong}`);
        expect(refused.status).toBe(400);
        expect(JSON.parse(refused.text)).toEqual([expect.stringMatching(/./)]); // One sentence, in a list.
      }
    });

    itWhere(!isAtLeast(release, '4.6'))('know no start, and ignore it', async () => {
      expect((await netbox.get(`${list}&start=${prefixes[3]}&limit=2`)).json['count']).toBe(7);
    });
  });

  describe('fields', () => {
    it('are those that were asked for', async () => {
      const [row = {}] = await netbox.rows(`${list}&fields=id,prefix,last_updated&limit=1`);
      expect(Object.keys(row).sort()).toEqual(['id', 'last_updated', 'prefix']);
      const one = await netbox.get(`ipam/prefixes/${prefixes[0]}/?fields=id,vrf`);
      expect(one.json).toMatchObject({ id: prefixes[0], vrf: { id: vrf } });
      expect(one.json).not.toHaveProperty('prefix');
    });

    it('are left out by omit from 4.5 on, and by nothing before', async () => {
      const [row = {}] = await netbox.rows(`${list}&omit=vrf,custom_fields&limit=1`);
      expect('vrf' in row).toBe(!isAtLeast(release, '4.5'));
      expect(row).toHaveProperty('prefix');
    });

    it('that count others are left out of nested objects from 4.7 on', async () => {
      const { json } = await netbox.get(`ipam/prefixes/${prefixes[0]}/`);
      expect('prefix_count' in (json['vrf'] as JsonObject)).toBe(!isAtLeast(release, '4.7'));
      expect((await netbox.get(`ipam/vrfs/${vrf}/`)).json['prefix_count']).toBeGreaterThan(6);
      const [brief] = await netbox.rows(`ipam/vrfs/?id=${vrf}&brief=1`);
      expect(brief).toHaveProperty('prefix_count');
    });

    it('with several others have them in the order of their names', async () => {
      const [b, a] = [`b${netbox.name('rt').slice(-18)}`, `a${netbox.name('rt').slice(-18)}`];
      const ids = [await netbox.make('ipam/route-targets', { name: b }), await netbox.make('ipam/route-targets', { name: a })].map(
        ({ id }) => id,
      );
      expect(await netbox.vrf({ import_targets: ids })).toMatchObject({ import_targets: [{ name: a }, { name: b }] });
    });

    it('have an owner from 4.5 on', async () => {
      expect('owner' in (await netbox.get(`ipam/prefixes/${prefixes[0]}/`)).json).toBe(isAtLeast(release, '4.5'));
    });

    it('of a brief list are few, and show what a person calls the object', async () => {
      const [row = {}] = await netbox.rows(`${list}&brief=true&ordering=id&limit=1`);
      expect(row).toMatchObject({ id: prefixes[0], display: '10.0.0.0/16', prefix: '10.0.0.0/16' });
      expect(row).not.toHaveProperty('status');
    });

    it('that are choices are objects, empty ones null; references are short objects with an address', async () => {
      const { json } = await netbox.get(`ipam/prefixes/${prefixes[0]}/`);
      expect(json).toMatchObject({
        family: { value: 4, label: 'IPv4' },
        status: { value: 'active', label: 'Active' },
        role: null,
        tenant: null,
        vrf: { id: vrf, url: expect.stringMatching(`/api/ipam/vrfs/${vrf}/$`) as string },
        tags: [],
        url: expect.stringMatching(`^https?://.*/api/ipam/prefixes/${prefixes[0]}/$`) as string,
      });
      expect(json['last_updated']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z$/);
      const address = await netbox.make('ipam/ip-addresses', { address: '10.0.0.1/16', vrf });
      expect(address['role']).toBeNull();
      const l2vpn = await netbox.make('vpn/l2vpns', { name: netbox.name('l2'), slug: netbox.name('l2'), type: 'vxlan-evpn' });
      expect('status' in l2vpn).toBe(isAtLeast(release, '4.3'));
    });
  });

  describe('filters', () => {
    const found = async (query: string): Promise<number[]> => idsOf(await netbox.rows(`${list}&ordering=id&${query}`));

    it('take ids, many at once, and from one on', async () => {
      expect(await found(`id=${prefixes[0]}&id=${prefixes[5]}&id=999999999`)).toEqual([prefixes[0], prefixes[5]]);
      expect(await found(`id__gt=${prefixes[4]}`)).toEqual(prefixes.slice(5));
      expect(await found(`id__lte=${prefixes[1]}`)).toEqual(prefixes.slice(0, 2));
    });

    it('keep everything where nobody knows their name', async () => {
      expect(await found('colour=red')).toEqual(prefixes);
      expect(await found('cf_nobody_has_this=1')).toEqual(prefixes);
      expect(await found(`id__in=${prefixes[0]},${prefixes[1]}`)).toEqual(prefixes);
    });

    it('refuse an object that is not there, a choice that is none and a number that is none', async () => {
      for (const query of ['ipam/prefixes/?vrf_id=999999999', `${list}&status=bogus`, `${list}&id=x`]) {
        expect((await netbox.get(query)).status).toBe(400);
      }
    });

    it('refuse an object that is not there also where it is no field that has it, and what is no id of a request', async () => {
      for (const query of [
        'vpn/l2vpn-terminations/?vlan_id=999999999',
        'vpn/l2vpn-terminations/?interface_id=999999999',
        'ipam/vlans/?l2vpn_id=999999999',
        'ipam/ip-addresses/?interface_id=999999999',
        'ipam/prefixes/?present_in_vrf_id=999999999',
        'ipam/vrfs/?tenant_group_id=999999999',
        'ipam/vrfs/?modified_by_request=nonsense',
      ])
        expect({ query, status: (await netbox.get(query)).status }).toEqual({ query, status: 400 });
    });

    it('that are neither true nor false keep everything', async () => {
      expect(await found('is_pool=maybe')).toEqual(prefixes);
      expect(await found('is_pool=true')).toEqual([]);
    });

    it('compare prefixes', async () => {
      const inner = await netbox.make('ipam/prefixes', { prefix: '10.3.7.0/24', vrf });
      expect(await found('prefix=10.3.0.0/16')).toEqual([prefixes[3]]);
      expect(await found('within=10.3.0.0/16')).toEqual([inner.id]);
      expect(await found('within_include=10.3.0.0/16')).toEqual([prefixes[3], inner.id]);
      expect(await found('contains=10.3.7.9')).toEqual([prefixes[3], inner.id]);
      expect(await found('mask_length=24')).toEqual([inner.id]);
      expect(await found('family=6')).toEqual([]);
      expect((await netbox.get(`ipam/prefixes/${prefixes[3]}/`)).json).toMatchObject({ children: 1, _depth: 0 });
      expect((await netbox.get(`ipam/prefixes/${inner.id}/`)).json).toMatchObject({ children: 0, _depth: 1 });
    });

    it('compare addresses with and without a mask', async () => {
      const own = (await netbox.vrf()).id;
      const made: JsonObject[] = [];
      for (const address of ['10.9.0.1/24', '10.9.0.2/32', '2001:DB8::1/64'])
        made.push(await netbox.make('ipam/ip-addresses', { address, vrf: own, dns_name: 'Host.Example' }));
      const addresses = async (query: string): Promise<unknown[]> =>
        (await netbox.rows(`ipam/ip-addresses/?vrf_id=${own}&ordering=id&${query}`)).map(({ address }) => address);
      expect(made.map(({ address }) => address)).toEqual(['10.9.0.1/24', '10.9.0.2/32', '2001:db8::1/64']);
      expect(await addresses('address=10.9.0.1')).toEqual(['10.9.0.1/24']);
      expect(await addresses('address=10.9.0.1/32')).toEqual([]);
      expect(await addresses('address=10.9.0.1/24&address=10.9.0.2')).toEqual(['10.9.0.1/24', '10.9.0.2/32']);
      expect(await addresses('parent=10.9.0.0/24')).toEqual(['10.9.0.1/24', '10.9.0.2/32']);
      expect(await addresses('family=6')).toEqual(['2001:db8::1/64']);
      expect(await addresses('dns_name=host.example&assigned=false')).toHaveLength(3);
      expect(await addresses('description__ic=x')).toEqual([]);
    });

    it('give addresses in the order of hosts, whatever their masks, where nobody asks for another', async () => {
      const own = (await netbox.vrf()).id;
      for (const address of ['2001:db8::1/64', '10.9.0.3/32', '10.9.0.2/24', '10.9.0.1/32'])
        await netbox.make('ipam/ip-addresses', { address, vrf: own });
      const rows = await netbox.rows(`ipam/ip-addresses/?vrf_id=${own}`);
      expect(rows.map(({ address }) => address)).toEqual(['10.9.0.1/32', '10.9.0.2/24', '10.9.0.3/32', '2001:db8::1/64']);
    });

    it('take null for nothing, and the name of a VRF is no key', async () => {
      const name = netbox.name('twin');
      const twins = [await netbox.vrf({ name }), await netbox.vrf({ name })];
      expect(idsOf(await netbox.rows(`ipam/vrfs/?name=${name}&ordering=id`))).toEqual(idsOf(twins));
      const global = await netbox.make('ipam/ip-addresses', { address: `198.51.100.${(Date.now() % 200) + 1}/32` });
      expect(idsOf(await netbox.rows(`ipam/ip-addresses/?vrf_id=null&id=${global.id}`))).toEqual([global.id]);
    });

    it('tell what changed since a time', async () => {
      const { json } = await netbox.get(`ipam/prefixes/${prefixes[6]}/`);
      const since = encodeURIComponent(textOf(json['last_updated']));
      expect(await found(`last_updated__gte=${since}`)).toContain(prefixes[6]);
      const changed = await netbox.call('PATCH', `ipam/prefixes/${prefixes[0]}/`, { description: 'changed' });
      const later = encodeURIComponent(textOf(changed.json['last_updated']));
      expect(await found(`last_updated__gte=${later}`)).toEqual([prefixes[0]]);
      const request = changed.headers['x-request-id'];
      expect(await found(`modified_by_request=${request}`)).toEqual([prefixes[0]]);
      expect(await found(`created_by_request=${request}`)).toEqual([]);
    });

    it('find what imports from a VRF, and what a route target is used by', async () => {
      const target = await netbox.make('ipam/route-targets', { name: netbox.name('rt').slice(-21) });
      const [from, to] = [await netbox.vrf({ export_targets: [target.id] }), await netbox.vrf({ import_targets: [target.id] })];
      const prefix = await netbox.make('ipam/prefixes', { prefix: '10.77.0.0/24', vrf: from.id });
      expect(idsOf(await netbox.rows(`ipam/prefixes/?present_in_vrf_id=${to.id}`))).toEqual([prefix.id]);
      expect(idsOf(await netbox.rows(`ipam/vrfs/?import_target_id=${target.id}`))).toEqual([to.id]);
    });
  });

  it('offers its choices by OPTIONS', async () => {
    const { json } = await netbox.call('OPTIONS', 'ipam/prefixes/');
    expect(json).toMatchObject({
      actions: { POST: { status: { choices: expect.arrayContaining([{ value: 'container', display_name: 'Container' }]) as unknown[] } } },
    });
  });
});
