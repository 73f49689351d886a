/** What only a simulator can be asked: other settings, bad lines, and how it bears many objects. */
import { startNetBoxSimulator } from '../../apps/lab/src/netbox-simulator/index.js';
import { isRealNetBox, NetBoxUnderTest } from './netbox-under-test.js';

describe.skipIf(isRealNetBox)('the simulated NetBox', () => {
  let netbox: NetBoxUnderTest;
  const like = (words: RegExp): string => expect.stringMatching(words) as string;

  beforeAll(async () => {
    netbox = await NetBoxUnderTest.start('4.6');
  });
  afterEach(() => netbox.simulator.faults.clear());
  afterAll(() => netbox.close());

  it('has the settings of its administrator', async () => {
    const choices = [{ value: 'active', label: 'In use' }];
    const simulator = await startNetBoxSimulator({
      version: '4.5',
      basePath: '/netbox',
      maxPageSize: 2,
      enforceGlobalUnique: false,
      fieldChoices: { 'Prefix.status': choices },
    });
    try {
      simulator.state.seed(
        'ipam/prefixes',
        [0, 1, 2, 2].map((at) => ({ prefix: `10.0.${at}.0/24` })),
      );
      const { json } = await netbox.call(
        'GET',
        `${simulator.url}/api/ipam/prefixes/?limit=1000&ordering=id`,
        undefined,
        {},
        simulator.token,
      );
      expect(json).toMatchObject({ count: 4, next: like(/\/netbox\/api\/ipam\/prefixes\/\?limit=2&.*offset=2/) });
      expect(json['results']).toMatchObject([{ status: { value: 'active', label: 'In use' } }, {}]);
      const refused = await netbox.call(
        'POST',
        `${simulator.url}/api/ipam/prefixes/`,
        { prefix: '10.1.0.0/24', status: 'container' },
        {},
        simulator.token,
      );
      expect(refused.status).toBe(400);
    } finally {
      await simulator.close();
    }
  });

  describe('has bad lines', () => {
    const isList = ({ method, path }: { method: string; path: string }): boolean => method === 'GET' && path === '/api/ipam/vrfs/';
    const list = () => netbox.get('ipam/vrfs/');

    it.each([
      ['throttled', 429],
      ['bad-gateway', 502],
      ['unavailable', 503],
      ['server-error', 500],
      ['deadlock', 500],
    ] as const)('%s: %i, once', async (kind, status) => {
      netbox.simulator.faults.add({ kind, when: isList });
      expect((await netbox.get('ipam/prefixes/')).status).toBe(200);
      expect((await list()).status).toBe(status);
      expect((await list()).status).toBe(200);
    });

    it('answers with a page of a person, with half of a page, and with another form', async () => {
      const { faults } = netbox.simulator;
      await netbox.vrf();
      faults.add({ kind: 'login-page' });
      expect(await list()).toMatchObject({ status: 200, text: like(/^<html>/) });
      faults.add({ kind: 'truncated-json' });
      const half = await list();
      expect(half.status).toBe(200);
      expect(() => JSON.parse(half.text) as unknown).toThrow();
      faults.add({ kind: 'rewritten', rewrite: (answer) => ({ ...(answer as object), results: 'of another kind' }) });
      expect((await list()).json['results']).toBe('of another kind');
      for (const kind of ['half-page', 'reset-before', 'reset-after'] as const) {
        faults.add({ kind });
        await expect(list()).rejects.toThrow();
      }
      expect(faults.armed).toBe(0);
    });

    it('does what it was asked when the answer is lost, and not when the request is', async () => {
      const { faults, state } = netbox.simulator;
      const before = state.count('ipam/vrfs');
      faults.add({ kind: 'reset-before' });
      await expect(netbox.call('POST', 'ipam/vrfs/', { name: 'lost' })).rejects.toThrow();
      expect(state.count('ipam/vrfs')).toBe(before);
      faults.add({ kind: 'reset-after' });
      await expect(netbox.call('POST', 'ipam/vrfs/', { name: 'lost' })).rejects.toThrow();
      expect(state.count('ipam/vrfs')).toBe(before + 1);
    });

    it('is slow, and a colleague is at work meanwhile', async () => {
      const { faults, state } = netbox.simulator;
      const { id } = await netbox.vrf();
      faults.add({ kind: 'slow', ms: 60 });
      faults.meanwhile(isList, () => state.remove('ipam/vrfs', id));
      const began = performance.now();
      const { json } = await netbox.get(`ipam/vrfs/?id=${id}`);
      expect(performance.now() - began).toBeGreaterThan(50);
      expect(json['count']).toBe(0);
    });
  });

  it('loses objects without a word, as a restore of an older copy does', async () => {
    const made = [await netbox.vrf(), await netbox.vrf()];
    netbox.simulator.state.lose('ipam/vrfs', [made[0]?.id ?? 0]);
    expect((await netbox.get(`ipam/vrfs/?id=${made[0]?.id}&id=${made[1]?.id}`)).json).toMatchObject({ count: 1 });
    expect(await netbox.rows(`core/object-changes/?changed_object_type=ipam.vrf&changed_object_id=${made[0]?.id}&action=delete`)).toEqual(
      [],
    );
  });

  it('never gives back what it was sent: the bytes are its own', async () => {
    const body = { name: `  ${netbox.name('v')}`, rd: '65000:9', description: 'é' };
    const { text } = await netbox.call('POST', 'ipam/vrfs/', body);
    expect(text).not.toContain(JSON.stringify(body).slice(1, -1));
    expect(JSON.parse(text)).toMatchObject({ name: body.name.trim(), enforce_unique: true, ipaddress_count: 0 });
  });

  it('gives a page as fast from many objects as from few', async () => {
    const simulator = await startNetBoxSimulator({ version: '4.6' });
    const { state } = simulator;
    try {
      const mark = { object_types: ['ipam.ipaddress'], name: 'mark', type: 'text', unique: true, filter_logic: 'exact' };
      state.seed('extras/custom-fields', [mark]);
      const vrfs = state.seed(
        'ipam/vrfs',
        Array.from({ length: 100 }, (_, at) => ({ name: `v${at}` })),
      );
      const seed = (from: number, to: number): void => {
        const bodies = Array.from({ length: to - from }, (_, at) => from + at).map((at) => ({
          address: `10.${at >> 16}.${(at >> 8) & 255}.${at & 255}/32`,
          vrf: vrfs[at % 100] ?? 0,
          custom_fields: { mark: `m${at}` },
        }));
        state.seed('ipam/ip-addresses', bodies);
      };
      /** The best of five: the machine has other things to do. */
      const best = async (query: string, rows: number): Promise<number> => {
        const times: number[] = [];
        for (let round = 0; round < 5; round += 1) {
          const began = performance.now();
          const { json } = await netbox.call('GET', `${simulator.url}/api/ipam/ip-addresses/?${query}`, undefined, {}, simulator.token);
          times.push(performance.now() - began);
          expect(json['results']).toHaveLength(rows);
        }
        return Math.min(...times);
      };
      seed(0, 1000);
      const few = [await best('start=500&limit=300', 300), await best('cf_mark=m5&cf_mark=m6', 2)];
      seed(1000, 20_000);
      const many = [await best('start=9500&limit=300', 300), await best('cf_mark=m5&cf_mark=m17777', 2)];
      const ids = await best(`${Array.from({ length: 100 }, (_, at) => `id=${at * 150 + 1}`).join('&')}&limit=1000`, 100);
      for (const [at, ms] of many.entries()) expect(ms).toBeLessThan(5 * (few[at] ?? 0) + 20);
      expect(ids).toBeLessThan(5 * (few[0] ?? 0) + 20);
    } finally {
      await simulator.close();
    }
  });
});
