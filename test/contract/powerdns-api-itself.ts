/** What the adapter relies on of the API of PowerDNS, asked without it: the real one and the simulator say the same. */
import type { OutboundHttp } from '#adapters/outbound';
import type { LabDns } from '../../apps/lab/src/powerdns/index.js';

interface ServerUnderTest {
  readonly http: OutboundHttp;
  /** There when the tests run. */
  readonly dns: () => LabDns;
  readonly zone: () => string;
  readonly api: (method: string, resource: string, body?: unknown) => ReturnType<OutboundHttp['request']>;
  readonly content: () => Promise<{ readonly serial: number }>;
  readonly snapshot: () => Promise<unknown>;
}

export function apiItself({ http, dns, zone, api, content, snapshot }: ServerUnderTest): void {
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
    const said = async (answer: ReturnType<typeof api>): Promise<string> => {
      const { status, body } = await answer;
      return `${status} ${(JSON.parse(body) as { error?: string }).error}`;
    };

    it('refuses with the same words', async () => {
      expect(await said(patch(rrset({ name: `a.${zone()}` })))).toBe(`422 DNS Name 'a.${zone()}' is not canonical`);
      expect(await said(patch(rrset({}), rrset({})))).toBe(`422 Duplicate RRset a.${zone()}. IN A with changetype: REPLACE`);
      expect(await said(patch(rrset({ changetype: 'EXTEND' })))).toBe('422 Changetype not understood');
      expect(await said(patch(rrset({ changetype: undefined })))).toBe("422 Key 'changetype' not present or not a String");
      expect(await said(patch(rrset({ ttl: undefined })))).toBe("422 Key 'ttl' not an Integer or not present");
      const twice = [{ content: '10.0.0.1' }, { content: '10.0.0.1' }];
      expect(await said(patch(rrset({ records: twice })))).toBe(`422 Duplicate record in RRset a.${zone()}. IN A with content "10.0.0.1"`);
      expect(await said(api('PATCH', `/zones/${zone()}.`, {}))).toBe('422 No rrsets given in update request');
      expect(await said(api('POST', '/zones', { name: `${zone()}.`, kind: 'Native', nameservers: [] }))).toBe('409 Conflict');
      const unreadable = { method: 'PATCH', url: `${dns().apiUrl}/api/v1/servers/localhost/zones/${zone()}.`, body: 'no JSON' };
      expect(await said(http.request({ ...unreadable, headers: { 'x-api-key': dns().apiKey } }))).toBe('400 Bad Request');
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
  });
}
