/** Changes of single records (EXTEND, PRUNE), which servers have since 4.9.12 and 5.0.2: the real one and the simulator do the same. */
import { PowerDnsServer } from '#adapters/powerdns';
import { startCountingProxy } from '../../apps/lab/src/bench/sync/counting-proxy.js';
import { isAtLeast, knowsRecordChanges, resolve } from '../../apps/lab/src/powerdns/index.js';
import { type AskedServer, said } from './powerdns-api-itself.js';
import { converge, item, planFor, verbs } from './powerdns-plans.js';

/** One more, one less, one for another, nothing, all. */
export function sendsRecords({ release, dns, zone }: AskedServer): void {
  const [more, less] = knowsRecordChanges(release) ? ['EXTEND 1, REPLACE comments', 'PRUNE 1'] : ['REPLACE 3', 'REPLACE 2'];

  it('is sent the one record that comes or goes in a set of ours where it knows how, and the whole set otherwise', async () => {
    const sent: string[] = [];
    const proxy = await startCountingProxy(dns().apiUrl, (body) => {
      const { rrsets } = JSON.parse(body) as { rrsets: { changetype: string; records?: object[] }[] };
      sent.push(
        rrsets
          .map(({ changetype, records }) => (changetype === 'DELETE' ? changetype : `${changetype} ${records?.length ?? 'comments'}`))
          .join(', '),
      );
    });
    try {
      const target = new PowerDnsServer({ apiUrl: proxy.url, apiKey: dns().apiKey, ownerId: 'us' }).zone(zone());
      const web = (...last: number[]) => [item(`web.${zone()}/a`, ...last.map((n) => `10.20.0.${n}`))];
      for (const [desired, changes] of [
        [web(1, 2), ['REPLACE 2']],
        [web(1, 2, 3), [more]],
        [web(2, 3), [less]],
        [web(2, 4), ['REPLACE 2']],
        [web(2, 4), []],
        [[], ['DELETE']],
      ] as const) {
        expect((await converge(target, [...desired])).refused).toEqual([]);
        expect(sent.splice(0)).toEqual(changes);
        expect(await resolve(dns().dnsPort, `web.${zone()}`, 'A')).toEqual(desired[0]?.value.records ?? []);
        expect(verbs(await planFor(target, [...desired]))).toEqual(desired.map(({ key }) => `KEEP ${key}`));
      }
    } finally {
      await proxy.close();
    }
  });
}

export function recordChanges({ release, zone, api, content }: AskedServer): void {
  describe('of a record alone', () => {
    const ours = { account: 'trame', content: 'id=us' };
    const rrset = (changetype: string, last: readonly (number | string)[], over: object = {}) => ({
      name: `a.${zone()}.`,
      type: 'A',
      ttl: 60,
      changetype,
      records: last.map((n) => ({ content: typeof n === 'number' ? `10.0.0.${n}` : n, disabled: false })),
      ...over,
    });
    const patch = (...rrsets: object[]) => said(api('PATCH', `/zones/${zone()}.`, { rrsets }));
    /** `A 60: 10.0.0.1, (10.0.0.2) id=us`; what is in parentheses is disabled. */
    const stands = async (): Promise<string[]> =>
      (await content()).rrsets
        .filter(({ name }) => name === `a.${zone()}.`)
        .map(({ type, ttl, records, comments }) => {
          const contents = records.map((record) => (record.disabled ? `(${record.content})` : record.content)).sort();
          return [`${type} ${ttl}: ${contents.join(', ')}`, ...comments.map((comment) => comment.content)].join(' ');
        })
        .sort();
    beforeEach(async () => {
      expect(await patch(rrset('REPLACE', [1, 2], { comments: [ours] }))).toBe('204');
    });

    it('leaves the rest of the set and its comments, and reads no comments', async () => {
      expect(await patch(rrset('EXTEND', [3]))).toBe('204');
      expect(await stands()).toEqual(['A 60: 10.0.0.1, 10.0.0.2, 10.0.0.3 id=us']);
      expect(await patch(rrset('PRUNE', [1], { comments: [] }))).toBe('204');
      expect(await patch(rrset('EXTEND', [4], { comments: [{ account: 'alice', content: 'ticket 7' }] }))).toBe('204');
      expect(await stands()).toEqual(['A 60: 10.0.0.2, 10.0.0.3, 10.0.0.4 id=us']);
    });

    it('raises the serial, but where the record is there or gone already', async () => {
      const { serial } = await content();
      expect(await patch(rrset('EXTEND', [2]), rrset('PRUNE', [9]))).toBe('204');
      expect(await patch(rrset('EXTEND', [2], { ttl: 61 }))).toBe('204');
      expect(await patch(rrset('PRUNE', [1], { name: `nothing.${zone()}.` }))).toBe('204');
      expect((await content()).serial).toBe(serial);
      expect(await patch(rrset('EXTEND', [2]), rrset('EXTEND', [3]))).toBe('204');
      expect((await content()).serial).toBe(serial + 1);
      expect(await stands()).toEqual(['A 60: 10.0.0.1, 10.0.0.2, 10.0.0.3 id=us']);
    });

    it('takes the comments away with the last record, makes a set without any, and gives one with comments alone its record', async () => {
      expect(await patch(rrset('PRUNE', [1]), rrset('PRUNE', [2]))).toBe('204');
      expect(await stands()).toEqual([]);
      expect(await patch(rrset('EXTEND', [5], { ttl: 90 }))).toBe('204');
      expect(await stands()).toEqual(['A 90: 10.0.0.5']);
      expect(await patch(rrset('REPLACE', [], { comments: [ours] }))).toBe('204');
      expect(await patch(rrset('EXTEND', [6]))).toBe('204');
      expect(await stands()).toEqual(['A 60: 10.0.0.6 id=us']);
    });

    it('makes a set that is gone with the comments that are sent beside it, in one body', async () => {
      const marked = rrset('REPLACE', [], { records: undefined, ttl: undefined, comments: [ours] });
      expect(await patch(rrset('EXTEND', [3]), marked)).toBe('204');
      expect(await stands()).toEqual(['A 60: 10.0.0.1, 10.0.0.2, 10.0.0.3 id=us']);
      expect(await patch(rrset('DELETE', [], { records: undefined }))).toBe('204');
      expect(await patch(rrset('EXTEND', [3]), marked)).toBe('204');
      expect(await stands()).toEqual(['A 60: 10.0.0.3 id=us']);
    });

    it('is refused with another TTL by 5.1; 4.9 writes a set of two, and says the lower', async () => {
      const differs = `422 RRset a.${zone()}. IN A: uses a different TTL value than the remainder of the RRset`;
      expect(await patch(rrset('EXTEND', [3], { ttl: 30 }))).toBe(isAtLeast(release, '5.1') ? differs : '204');
      expect(await stands()).toEqual([
        isAtLeast(release, '5.1') ? 'A 60: 10.0.0.1, 10.0.0.2 id=us' : 'A 30: 10.0.0.1, 10.0.0.2, 10.0.0.3 id=us',
      ]);
      expect(await patch(rrset('REPLACE', [1, 2]))).toBe('204');
      expect(await patch(rrset('PRUNE', [1], { ttl: 30 }))).toBe('204');
      expect(await stands()).toEqual(['A 60: 10.0.0.2 id=us']);
    });

    it('sees no disabled records: they are gone with the next change, and with the last other record the set', async () => {
      const [served, disabled] = [1, 2].map((n) => ({ content: `10.0.0.${n}`, disabled: n === 2 }));
      const mixed = rrset('REPLACE', [], { records: [served, disabled], comments: [ours] });
      expect(await patch(mixed)).toBe('204');
      const { serial } = await content();
      expect(await patch(rrset('PRUNE', [2]), rrset('EXTEND', [], { records: [{ content: '10.0.0.1', disabled: true }] }))).toBe('204');
      expect((await content()).serial).toBe(serial);
      expect(await stands()).toEqual(['A 60: (10.0.0.2), 10.0.0.1 id=us']);
      expect(await patch(rrset('EXTEND', [2]))).toBe('204');
      expect(await stands()).toEqual(['A 60: 10.0.0.1, 10.0.0.2 id=us']);
      expect(await patch(mixed)).toBe('204');
      expect(await patch(rrset('EXTEND', [3]))).toBe('204');
      expect(await stands()).toEqual(['A 60: 10.0.0.1, 10.0.0.3 id=us']);
      expect(await patch(mixed)).toBe('204');
      expect(await patch(rrset('PRUNE', [1]))).toBe('204');
      expect(await stands()).toEqual([]);
    });

    it('finds an address in other words, and a name only as it is written', async () => {
      const other = { type: 'AAAA', ttl: 60 };
      expect(await patch(rrset('EXTEND', ['2001:db8::1'], other))).toBe('204');
      expect(await patch(rrset('PRUNE', ['2001:DB8:0::1'], other))).toBe('204');
      const ptr = { type: 'PTR', name: `b.${zone()}.` };
      expect(await patch(rrset('REPLACE', ['GW.example.'], ptr))).toBe('204');
      const { serial } = await content();
      expect(await patch(rrset('PRUNE', ['gw.example.'], ptr))).toBe('204');
      expect((await content()).serial).toBe(serial);
      expect(await stands()).toEqual(['A 60: 10.0.0.1, 10.0.0.2 id=us']);
    });

    it('stands beside an alias, since nobody looks for one: the caller has to', async () => {
      expect(await patch(rrset('EXTEND', ['b.example.'], { type: 'CNAME' }))).toBe('204');
      expect(await stands()).toEqual(['A 60: 10.0.0.1, 10.0.0.2 id=us', 'CNAME 60: b.example.']);
      const several = `422 RRset a.${zone()}. IN CNAME: only one such record allowed`;
      expect(await patch(rrset('EXTEND', ['c.example.'], { type: 'CNAME' }))).toBe(isAtLeast(release, '5.1') ? several : '204');
    });

    it('is refused with the same words, and with it the whole body', async () => {
      const before = await stands();
      const one = '422 Exactly one record should be provided for PRUNE or EXTEND operation';
      const missing = "422 Submitted record is invalid: Key 'ttl' not an Integer or not present";
      for (const changetype of ['EXTEND', 'PRUNE']) {
        expect(await patch(rrset(changetype, [3, 4]))).toBe(one);
        expect(await patch(rrset(changetype, []))).toBe(one);
        expect(await patch(rrset(changetype, [], { records: undefined }))).toBe('422 No record provided for PRUNE or EXTEND operation');
        expect(await patch(rrset(changetype, [3], { ttl: undefined }))).toBe(missing);
        expect(await patch(rrset(changetype, [3], { name: 'b.other.example.' }))).toBe(
          '422 RRset b.other.example. IN A: Name is out of zone',
        );
        expect(await patch(rrset('EXTEND', [3]), rrset(changetype, ['host'], { name: `b.${zone()}.` }))).toContain(
          "'host': Parsing record",
        );
      }
      expect(await stands()).toEqual(before);
    });
  });
}
