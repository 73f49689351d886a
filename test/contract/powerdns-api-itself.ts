/** What the adapter relies on of the API of PowerDNS, asked without it: the real one and the simulator say the same. */
import type { OutboundHttp } from '#adapters/outbound';
import { isAtLeast, knowsRecordChanges, type LabDns } from '../../apps/lab/src/powerdns/index.js';

export interface AskedServer {
  readonly http: OutboundHttp;
  readonly release: string;
  /** There when the tests run. */
  readonly dns: () => LabDns;
  readonly zone: () => string;
  readonly api: (method: string, resource: string, body?: unknown) => ReturnType<OutboundHttp['request']>;
  readonly content: () => Promise<{ readonly serial: number; readonly rrsets: readonly AskedRrset[] }>;
  readonly snapshot: () => Promise<unknown>;
}

export interface AskedRrset {
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  readonly records: readonly { readonly content: string; readonly disabled: boolean }[];
  readonly comments: readonly { readonly account: string; readonly content: string }[];
}

export async function said(answer: ReturnType<AskedServer['api']>): Promise<string> {
  const { status, body } = await answer;
  return body === '' ? String(status) : `${status} ${(JSON.parse(body) as { error?: string }).error}`;
}

export function apiItself({ http, release, dns, zone, api, content, snapshot }: AskedServer): void {
  describe('of the API itself', () => {
    const rrset = (over: object) => ({
      name: `a.${zone()}.`,
      type: 'A',
      ttl: 60,
      changetype: 'REPLACE',
      records: [{ content: '10.0.0.1', disabled: false }],
      ...over,
    });
    const patch = (...rrsets: object[]) => api('PATCH', `/zones/${zone()}.`, { rrsets });
    const is49 = isAtLeast(release, '4.9');
    const is51 = isAtLeast(release, '5.1');
    const forKeys = is49 ? 'New RRsets are invalid: ' : '';

    it('refuses a record set with the same words', async () => {
      const label = `RRset a.${zone()}. IN`;
      expect(await said(patch(rrset({ name: `a.${zone()}` })))).toBe(`422 DNS Name 'a.${zone()}' is not canonical`);
      expect(await said(patch(rrset({}), rrset({})))).toBe(`422 Duplicate ${label} A with changetype: REPLACE`);
      const unknown = is49 ? "Changetype 'BOGUS' is not a valid value" : 'Changetype not understood';
      expect(await said(patch(rrset({ changetype: 'BOGUS' })))).toBe(`422 ${unknown}`);
      if (!knowsRecordChanges(release)) expect(await said(patch(rrset({ changetype: 'EXTEND' })))).toBe('422 Changetype not understood');
      expect(await said(patch(rrset({ changetype: undefined })))).toBe("422 Key 'changetype' not present or not a String");
      expect(await said(patch(rrset({ ttl: undefined })))).toBe(`422 ${forKeys}Key 'ttl' not an Integer or not present`);
      if (is49) expect(await said(patch(rrset({ ttl: -1 })))).toBe(`422 ${forKeys}Key 'ttl' is not a positive Integer`);
      expect(await said(patch(rrset({ comments: [{ content: 'x' }] })))).toBe(`422 ${forKeys}Key 'account' not present or not a String`);
      expect(await said(patch(rrset({ records: undefined })))).toBe(`422 No change for ${label} A`);
      expect(await said(api('PATCH', `/zones/${zone()}.`, {}))).toBe('422 No rrsets given in update request');
    });

    it('refuses what a record set holds with the same words', async () => {
      const label = `RRset a.${zone()}. IN`;
      const records = (...contents: string[]) => ({ records: contents.map((text) => ({ content: text })) });
      const twice = is51 ? `${label} A: duplicate record with content` : `Duplicate record in ${label} A with content`;
      expect(await said(patch(rrset(records('10.0.0.1', '10.0.0.1'))))).toBe(`422 ${twice} "10.0.0.1"`);
      const several = `${label} CNAME${is51 ? ': only one such record allowed' : ' has more than one record'}`;
      expect(await said(patch(rrset({ type: 'CNAME', ...records('b.example.', 'c.example.') })))).toBe(`422 ${several}`);
      const parsing = `Parsing record content (try 'pdnsutil ${is51 ? 'zone check' : 'check-zone'}'):`;
      expect(await said(patch(rrset(records('host'))))).toBe(
        `422 Record a.${zone()}./A 'host': ${parsing} while parsing IP address, expected digits at position 0 in 'host'`,
      );
      expect(await said(patch(rrset(records('2001:db8::1'))))).toBe(
        `422 Record a.${zone()}./A '2001:db8::1': ${parsing} unable to parse IP address`,
      );
      expect(await said(patch(rrset({ type: 'AAAA', ...records('10.0.0.1') })))).toBe(
        `422 Record a.${zone()}./AAAA '10.0.0.1': Invalid IPv6 address`,
      );
      expect(await said(patch(rrset({ type: 'NS', ...records('ns1.0/26.example.') })))).toBe(
        `422 ${label} NS${is49 ? ':' : ''} non-hostname content ns1.0/26.example.`,
      );
      expect(await patch(rrset({}))).toMatchObject({ status: 204 });
      expect(await said(patch(rrset({ type: 'CNAME', ...records('b.example.') })))).toBe(
        `422 ${label} CNAME: Conflicts with pre-existing RRset`,
      );
    });

    it('refuses what is no change of a zone with the same words', async () => {
      expect(await said(api('POST', '/zones', { name: `${zone()}.`, kind: 'Native', nameservers: [] }))).toBe('409 Conflict');
      const unreadable = { method: 'PATCH', url: `${dns().apiUrl}/api/v1/servers/localhost/zones/${zone()}.`, body: 'no JSON' };
      const accepting = (accept: string) => http.request({ ...unreadable, headers: { 'x-api-key': dns().apiKey, accept } });
      expect(await said(accepting('application/json'))).toBe('400 Bad Request');
      expect((await accepting('*/*')).body).toMatch(is51 ? /^\{"error": ?"Bad Request"\}$/ : /^Bad Request$/);
      expect(await said(api('GET', '/nothing'))).toBe('404 Not Found');
      expect(await said(api('GET', '/zones/nowhere.example.'))).toBe('404 Not Found');
      expect(await said(api('PUT', '/zones', {}))).toBe('405 Method Not Allowed');
    });

    it('answers in plain text to who does not ask for JSON', async () => {
      const url = `${dns().apiUrl}/api/v1/servers/localhost`;
      const plain = { method: 'GET', headers: { accept: 'text/plain', 'x-api-key': 'wrong' } };
      expect(await http.request({ ...plain, url })).toMatchObject({ status: 401, body: 'Unauthorized' });
    });

    it('writes nothing of a body that it refuses, and all of one that it takes, without looking for differences', async () => {
      const before = await snapshot();
      expect(await patch(rrset({}), rrset({ name: 'b.other.example.' }))).toMatchObject({ status: 422 });
      expect(await snapshot()).toEqual(before);
      const { serial } = await content();
      expect(await patch(rrset({}))).toMatchObject({ status: 204 });
      expect(await patch(rrset({}))).toMatchObject({ status: 204 });
      expect(await patch(rrset({ name: 'b.other.example.', changetype: 'DELETE' }))).toMatchObject({ status: 204 });
      expect((await content()).serial).toBe(serial + 3);
    });

    it('lets a set of disabled records stand beside an alias, and a comment without a record', async () => {
      const [disabled, alias] = [[{ content: '10.0.0.1', disabled: true }], [{ content: `b.${zone()}.`, disabled: false }]];
      expect(await said(patch(rrset({ records: disabled })))).toBe('204');
      expect(await said(patch(rrset({ type: 'CNAME', records: alias })))).toBe('204');
      expect(await said(patch(rrset({ records: [] })))).toContain('Conflicts with pre-existing RRset');
      expect(await said(patch(rrset({ type: 'CNAME', changetype: 'DELETE' })))).toBe('204');
      const note = { account: 'alice', content: 'was here once' };
      expect(await said(patch(rrset({ records: [], comments: [note] })))).toBe('204');
      const sets = async () => (await content()).rrsets.filter(({ name, type }) => name === `a.${zone()}.` && type === 'A');
      expect(await sets()).toMatchObject([{ ttl: 0, records: [], comments: [note] }]);
      expect(await said(patch(rrset({ records: [] })))).toBe('204');
      expect(await sets()).toEqual([]);
    });

    it('says of one name what it holds; before 4.9 with the comments of all others', async () => {
      const comments = [{ account: 'alice', content: 'ticket 7' }];
      expect(await said(patch(rrset({ comments }), rrset({ name: `b.${zone()}.`, comments })))).toBe('204');
      const answer = await api('GET', `/zones/${zone()}.?rrset_name=a.${zone()}.`);
      const { rrsets } = JSON.parse(answer.body) as { rrsets: AskedRrset[] };
      expect(rrsets.map(({ name, records }) => `${name} ${records.length}`).sort()).toEqual([
        `a.${zone()}. 1`,
        ...(is49 ? [] : [`b.${zone()}. 0`]),
      ]);
    });
  });
}
