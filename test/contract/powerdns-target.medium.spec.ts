// One contract, simulated and real: what the simulator lets pass or refuses, the pdns_server of the same release lets pass or refuses.
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { OutboundHttp } from '#adapters/outbound';
import { PowerDnsServer } from '#adapters/powerdns';
import { dnsRecords } from '#contexts/sync';
import type { RrsetValue } from '#contexts/sync/ports';
import { Fqdn, Ip } from '#engines/kernel';
import { type Change, makePlan, type Target } from '#engines/reconcile';
import { knowsRecordChanges, type LabDns, missingForPowerDns, resolve, startPowerDns } from '../../apps/lab/src/powerdns/index.js';
import { describeWith } from '../support/describe-with.js';
import { apiItself, type AskedServer } from './powerdns-api-itself.js';
import { converge, item, planFor, verbs } from './powerdns-plans.js';
import { recordChanges, sendsRecords } from './powerdns-record-changes.js';
import { real, type ServerUnderTest, simulated } from './powerdns-under-test.js';

const http = new OutboundHttp({ name: 'someone-else', timeoutMs: 5000, maxResponseBytes: 10_000_000, allowPrivate: true });
const REVERSE = '20.10.in-addr.arpa';
const CHILD = '0/26.2.0.192.in-addr.arpa';

/** @param isWhole also what takes its time and depends on no release. */
function contract({ release, start }: ServerUnderTest, isWhole: boolean): void {
  let dns: LabDns;
  let end: () => Promise<void>;
  let zone: string;
  let target: Target<RrsetValue>;
  let tests = 0;

  const server = (options: object = {}) => new PowerDnsServer({ apiUrl: dns.apiUrl, apiKey: dns.apiKey, ownerId: 'us', ...options });
  const api = async (method: string, resource: string, body?: unknown) => {
    const url = `${dns.apiUrl}/api/v1/servers/localhost${resource}`;
    return http.request({
      method,
      url,
      headers: { 'x-api-key': dns.apiKey },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  };
  /** What another program writes beside us. */
  const others = async (
    ...rrsets: { name: string; type?: string; records: string[]; comments?: object[]; disabled?: boolean; ttl?: number }[]
  ) => {
    const written = rrsets.map(({ name, type = 'A', records, comments, disabled = false, ttl = 60 }) => ({
      name: `${name}.`,
      type,
      ttl,
      changetype: 'REPLACE',
      records: records.map((content) => ({ content, disabled })),
      ...(comments ? { comments } : {}),
    }));
    expect(await api('PATCH', `/zones/${zone}.`, { rrsets: written })).toMatchObject({ status: 204 });
  };
  const content: AskedServer['content'] = async () => JSON.parse((await api('GET', `/zones/${zone}.`)).body);
  /** Everything in the zone but the SOA, whose serial moves. */
  const snapshot = async () =>
    (await content()).rrsets.filter(({ type }) => type !== 'SOA').toSorted((a, b) => (a.name + a.type < b.name + b.type ? -1 : 1));

  beforeAll(async () => {
    ({ dns, end } = await start([REVERSE, CHILD]));
  });
  afterAll(() => end());
  beforeEach(async () => {
    zone = `t${++tests}.example`;
    expect(await api('POST', '/zones', { name: `${zone}.`, kind: 'Native', nameservers: [`ns1.${zone}.`] })).toMatchObject({ status: 201 });
    target = server().zone(zone);
  });

  it('writes names and reverse names that a resolver then finds, and takes them away again', async () => {
    const names = [
      ['gw', '10.20.0.1'],
      ['web', '10.20.0.10'],
      ['web', '10.20.0.9'],
      ['web', '2001:db8::9'],
    ].map(([label, address]) => ({ name: Fqdn.parse(`${label}.${zone}`), address: Ip.parse(address), ttlSeconds: 300 }));
    const desired = dnsRecords(names, [Fqdn.parse(zone), Fqdn.parse(REVERSE)]).zones;
    const before = await snapshot();
    for (const [name, items] of desired) expect((await converge(server().zone(name), [...items])).refused).toEqual([]);

    expect(await resolve(dns.dnsPort, `web.${zone}`, 'A')).toEqual(['10.20.0.9', '10.20.0.10']);
    expect(await resolve(dns.dnsPort, `web.${zone}`, 'AAAA')).toEqual(['2001:db8::9']);
    expect(await resolve(dns.dnsPort, `1.0.${REVERSE}`, 'PTR')).toEqual([`gw.${zone}`]);

    for (const name of desired.keys()) expect((await converge(server().zone(name), [])).refused).toEqual([]);
    expect(await resolve(dns.dnsPort, `web.${zone}`, 'A')).toEqual([]);
    expect(await resolve(dns.dnsPort, `1.0.${REVERSE}`, 'PTR')).toEqual([]);
    expect(await snapshot()).toEqual(before);
  });

  it('has nothing to do the second time, and applying the old plan again writes nothing', async () => {
    const desired = [item(`a.${zone}/a`, '10.20.0.1'), item(`b.${zone}/aaaa`, '2001:db8::1'), item(`c.${zone}/ptr`, `a.${zone}.`)];
    const { plan } = await converge(target, desired);
    const { serial } = await content();
    expect(await target.apply(plan)).toEqual([]);
    expect((await content()).serial).toBe(serial);
    expect(verbs(await planFor(target, desired))).toEqual(desired.map(({ key }) => `KEEP ${key}`));
  });

  it('raises the serial with every change, so that secondaries notice', async () => {
    const { serial } = await content();
    await converge(target, [item(`a.${zone}/a`, '10.20.0.1')]);
    const second = (await content()).serial;
    await converge(target, []);
    expect(second).toBeGreaterThan(serial);
    expect((await content()).serial).toBeGreaterThan(second);
  });

  it('brings back a set of ours that was edited, disabled or shortened by hand', async () => {
    const desired = [item(`a.${zone}/a`, '10.20.0.1'), item(`b.${zone}/a`, '10.20.0.2', '10.20.0.3'), item(`c.${zone}/a`, '10.20.0.4')];
    await converge(target, desired);
    await others(
      { name: `a.${zone}`, records: ['192.0.2.66'], ttl: 300 },
      { name: `b.${zone}`, records: ['10.20.0.2'], ttl: 300 },
      { name: `c.${zone}`, records: ['10.20.0.4'], disabled: true, ttl: 300 },
    );
    expect(await resolve(dns.dnsPort, `c.${zone}`, 'A')).toEqual([]);
    const { plan, refused } = await converge(target, desired);
    expect([verbs(plan), refused]).toEqual([desired.map(({ key }) => `UPDATE ${key}`), []]);
    expect(await resolve(dns.dnsPort, `a.${zone}`, 'A')).toEqual(['10.20.0.1']);
    expect(await resolve(dns.dnsPort, `b.${zone}`, 'A')).toEqual(['10.20.0.2', '10.20.0.3']);
    expect(await resolve(dns.dnsPort, `c.${zone}`, 'A')).toEqual(['10.20.0.4']);
  });

  it('does not touch what someone else holds, not even when a plan tells it to', async () => {
    await others({ name: `www.${zone}`, records: ['192.0.2.1'], comments: [{ account: 'admin', content: 'do not touch' }] });
    await others({ name: `trap.${zone}`, records: ['192.0.2.2'], comments: [{ account: 'trame', content: 'id=another-installation' }] });
    const before = await snapshot();
    const wanted = [item(`www.${zone}/a`, '10.20.0.1'), item(`trap.${zone}/a`, '10.20.0.2')];
    const { plan } = await converge(target, wanted);
    expect(verbs(plan)).toEqual([`FOREIGN trap.${zone}/a`, `FOREIGN www.${zone}/a`]);
    expect(await snapshot()).toEqual(before);

    const change = (verb: Change<RrsetValue>['verb'], key: string, after: RrsetValue | null): Change<RrsetValue> => ({
      verb,
      key,
      before: null,
      after,
    });
    const forged = [change('DELETE', `trap.${zone}/a`, null), change('CREATE', `www.${zone}/a`, { ttl: 60, records: ['10.0.0.1'] })];
    const reason = expect.stringContaining('not ours');
    expect(await target.apply({ subject: 'x', digest: 'x', changes: forged })).toEqual(forged.map(({ key }) => ({ key, reason })));
    expect(await snapshot()).toEqual(before);
  });

  it('leaves the notes of other people on a set of ours', async () => {
    await converge(target, [item(`a.${zone}/a`, '10.20.0.1')]);
    const ours = { account: 'trame', content: 'id=us' };
    const note = { account: 'alice', content: 'customer called, ticket 7' };
    await others({ name: `a.${zone}`, records: ['10.20.0.1'], comments: [ours, note] });
    await converge(target, [item(`a.${zone}/a`, '10.20.0.2')]);
    const set = (await content()).rrsets.find(({ name }) => name === `a.${zone}.`);
    expect(set?.comments).toHaveLength(2);
    expect(set?.comments).toEqual(expect.arrayContaining([expect.objectContaining(ours), expect.objectContaining(note)]));
  });

  it('takes over a name from which only a comment is left', async () => {
    const note = { account: 'alice', content: 'was here once' };
    const remains = [{ name: `a.${zone}.`, type: 'A', changetype: 'REPLACE', comments: [note] }];
    expect(await api('PATCH', `/zones/${zone}.`, { rrsets: remains })).toMatchObject({ status: 204 });
    expect((await content()).rrsets.some(({ name }) => name === `a.${zone}.`)).toBe(true);
    expect((await converge(target, [item(`a.${zone}/a`, '10.20.0.1')])).refused).toEqual([]);
    expect(await resolve(dns.dnsPort, `a.${zone}`, 'A')).toEqual(['10.20.0.1']);
  });

  it('writes the rest when the server refuses some, and returns its words', async () => {
    await others({ name: `alias.${zone}`, type: 'CNAME', records: [`elsewhere.${zone}.`] });
    const good = Array.from({ length: 9 }, (_, i) => item(`host${i}.${zone}/a`, `10.20.1.${i}`));
    const { refused } = await converge(target, [item(`alias.${zone}/a`, '10.20.0.1'), ...good, item(`zz.${zone}/a`, 'not-an-address')]);
    expect(refused).toEqual([
      { key: `alias.${zone}/a`, reason: `somebody else's CNAME has this name, to elsewhere.${zone}.` },
      { key: `zz.${zone}/a`, reason: expect.stringContaining("'not-an-address': Parsing record content") },
    ]);
    expect(verbs(await planFor(target, good))).toEqual(good.map(({ key }) => `KEEP ${key}`));
  });

  it.each([
    ['other.example/a', '10.0.0.1', 'Name is out of zone'],
    ['sp ace.ZONE/a', '10.0.0.1', 'unsupported characters'],
    ['a.ZONE/bogus', '10.0.0.1', 'unknown type given'],
    ['a.ZONE/ns', 'ns1.0/26.example.', 'non-hostname content ns1.0/26.example.'],
    ['a.ZONE/ptr', 'relative', "Not in expected format (parsed as 'relative.')"],
  ])('returns why %s %s cannot be written', async (key, record, words) => {
    const named = key.replace('ZONE', zone);
    const { refused } = await converge(target, [item(named, record)]);
    expect(refused).toEqual([{ key: named, reason: expect.stringContaining(words) }]);
  });

  it('writes a name as soon as the alias of somebody else is gone', async () => {
    await others({ name: `a.${zone}`, type: 'CNAME', records: [`elsewhere.${zone}.`] });
    const desired = [item(`a.${zone}/a`, '10.20.0.1')];
    expect((await converge(target, desired)).refused).toHaveLength(1);
    await api('PATCH', `/zones/${zone}.`, { rrsets: [{ name: `a.${zone}.`, type: 'CNAME', changetype: 'DELETE' }] });
    expect((await converge(target, desired)).refused).toEqual([]);
    expect(await resolve(dns.dnsPort, `a.${zone}`, 'A')).toEqual(['10.20.0.1']);
  });

  it('writes a name beside an alias of somebody else that is disabled, and leaves that alone', async () => {
    await others({ name: `a.${zone}`, type: 'CNAME', records: [`elsewhere.${zone}.`], disabled: true });
    const before = await snapshot();
    expect((await converge(target, [item(`a.${zone}/a`, '10.20.0.1')])).refused).toEqual([]);
    expect(await resolve(dns.dnsPort, `a.${zone}`, 'A')).toEqual(['10.20.0.1']);
    await converge(target, []);
    expect(await snapshot()).toEqual(before);
  });

  it('makes a zone with SOA and NS by policy, and leaves one alone that is there', async () => {
    const made = `made-${zone}`;
    const names = {
      nameservers: [Fqdn.parse('ns1.lab.invalid'), Fqdn.parse('ns2.lab.invalid')],
      hostmaster: Fqdn.parse('hostmaster.lab.invalid'),
    };
    await server().createZone(made, { ...names, kind: 'NATIVE', soaEditApi: 'DEFAULT' });
    const zoneOf = async () =>
      JSON.parse((await api('GET', `/zones/${made}.`)).body) as {
        serial: number;
        rrsets: { type: string; records: { content: string }[] }[];
      };
    const { serial, rrsets } = await zoneOf();
    const contents = (type: string) =>
      rrsets.filter((rrset) => rrset.type === type).flatMap(({ records }) => records.map((record) => record.content));
    expect(serial).toBeGreaterThan(2_000_000_000);
    expect(contents('SOA')).toEqual([`ns1.lab.invalid. hostmaster.lab.invalid. ${serial} 86400 7200 3600000 300`]);
    expect(contents('NS')).toEqual(['ns1.lab.invalid.', 'ns2.lab.invalid.']);

    expect((await converge(server().zone(made), [item(`a.${made}/a`, '10.20.0.1')])).refused).toEqual([]);
    const filled = await zoneOf();
    expect(filled.serial).toBeGreaterThan(serial);
    await server().createZone(made, { ...names, kind: 'PRIMARY', soaEditApi: 'EPOCH' });
    expect(await zoneOf()).toEqual(filled);
    expect(verbs((await converge(server().zone(made), [])).plan)).toEqual([`DELETE a.${made}/a`]);
    expect(await api('DELETE', `/zones/${made}.`)).toMatchObject({ status: 204 });
  });

  it('makes a reverse zone of less than a /24, and one of nibbles', async () => {
    for (const made of ['64/26.2.0.192.in-addr.arpa', '128-26.2.0.192.in-addr.arpa', '8.b.d.0.1.0.0.2.ip6.arpa']) {
      const names = { nameservers: [Fqdn.parse('ns1.lab.invalid')], hostmaster: Fqdn.parse('hostmaster.lab.invalid') };
      await server().createZone(made, { ...names, kind: 'NATIVE', soaEditApi: 'INCREASE' });
      expect((await converge(server().zone(made), [item(`5.${made}/ptr`, `host.${zone}.`)])).refused).toEqual([]);
      expect(await resolve(dns.dnsPort, `5.${made}`, 'PTR')).toEqual([`host.${zone}`]);
      expect(await api('DELETE', `/zones/${made.replace('/', '=2F')}.`)).toMatchObject({ status: 204 });
    }
  });

  it('is asked over the DNS what it serves, and says when it does not answer', async () => {
    await converge(target, [
      item(`a.${zone}/a`, '10.20.0.10', '10.20.0.9'),
      item(`a.${zone}/aaaa`, '2001:db8::9'),
      item(`b.${zone}/ptr`, `a.${zone}.`),
    ]);
    const ask = (key: string) => server().ask(`127.0.0.1:${dns.dnsPort}`, key);
    expect(await ask(`a.${zone}/a`)).toEqual(['10.20.0.9', '10.20.0.10']);
    expect(await ask(`a.${zone}/aaaa`)).toEqual(['2001:db8::9']);
    expect(await ask(`b.${zone}/ptr`)).toEqual([`a.${zone}.`]);
    expect(await ask(`nothing.${zone}/a`)).toEqual([]);
    await expect(server().ask('127.0.0.1:1', `a.${zone}/a`)).rejects.toMatchObject({ code: 'DNS_UNREACHABLE', facts: { retriable: true } });
  });

  it('replaces an alias by an address in one plan', async () => {
    await converge(target, [item(`a.${zone}/cname`, `b.${zone}.`), item(`b.${zone}/a`, '10.20.0.2')]);
    expect(await resolve(dns.dnsPort, `a.${zone}`, 'A')).toEqual(['10.20.0.2']);
    expect((await converge(target, [item(`a.${zone}/a`, '10.20.0.1')])).refused).toEqual([]);
    expect(await resolve(dns.dnsPort, `a.${zone}`, 'A')).toEqual(['10.20.0.1']);
  });

  it('serves a set that does not fit into one datagram', async () => {
    const records = Array.from({ length: 60 }, (_, i) => `10.20.7.${i}`);
    await converge(target, [item(`many.${zone}/a`, ...records)]);
    expect(await resolve(dns.dnsPort, `many.${zone}`, 'A')).toEqual(records);
  });

  it('works in a zone whose name holds a slash (RFC 2317)', async () => {
    const child = server().zone(CHILD);
    expect((await converge(child, [item(`5.${CHILD}/ptr`, `host.${zone}.`)])).refused).toEqual([]);
    expect(await resolve(dns.dnsPort, `5.${CHILD}`, 'PTR')).toEqual([`host.${zone}`]);
    expect(verbs((await converge(child, [])).plan)).toEqual([`DELETE 5.${CHILD}/ptr`]);
  });

  it('reads a zone too large for one answer by the names it knows, and says so when it knows none', async () => {
    await others(...Array.from({ length: 400 }, (_, i) => ({ name: `theirs${i}.${zone}`, records: ['192.0.2.1'] })));
    const small = { maxResponseBytes: 20_000 };
    const desired = [item(`a.${zone}/a`, '10.20.0.1'), item(`b.${zone}/a`, '10.20.0.2')];
    const keys = [...desired.map(({ key }) => key), `theirs7.${zone}/a`, `nothing.${zone}/a`];
    const bounded = server(small).zone(zone, keys);
    expect((await converge(bounded, desired)).refused).toEqual([]);
    expect(verbs(await planFor(bounded, [...desired, item(`theirs7.${zone}/a`, '10.20.0.7')]))).toEqual([
      `KEEP a.${zone}/a`,
      `KEEP b.${zone}/a`,
      `FOREIGN theirs7.${zone}/a`,
    ]);
    await expect(server(small).zone(zone).read()).rejects.toMatchObject({ code: 'ZONE_TOO_LARGE', facts: { zone } });
  });

  it('names the zone that is missing and does not create it', async () => {
    const missing = server().zone('nowhere.example');
    const error = {
      code: 'ZONE_MISSING',
      message: expect.stringContaining('nowhere.example'),
      facts: { zone: 'nowhere.example', retriable: false },
    };
    await expect(missing.read()).rejects.toMatchObject(error);
    const plan = makePlan({ subject: 'x', desired: [item('a.nowhere.example/a', '10.0.0.1')], actual: [] });
    await expect(missing.apply(plan)).rejects.toMatchObject(error);
    expect(JSON.parse((await api('GET', '/zones?zone=nowhere.example.')).body)).toEqual([]);
  });

  if (isWhole) {
    it('writes a plan larger than a request may be', async () => {
      const desired = Array.from({ length: 12_000 }, (_, i) =>
        item(`host-with-a-long-name-${i}.${zone}/a`, `10.${20 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}`),
      );
      expect((await converge(target, desired)).refused).toEqual([]);
      expect((await planFor(target, desired)).changes.every(({ verb }) => verb === 'KEEP')).toBe(true);
      expect((await converge(target, [])).refused).toEqual([]);
      expect(await target.read()).toSatisfy((items: readonly { owned: boolean }[]) => items.every(({ owned }) => !owned));
    });

    it('reports a wrong key and a server that is away, and never an empty zone', async () => {
      const plan = makePlan({ subject: 'x', desired: [item(`a.${zone}/a`, '10.0.0.1')], actual: [] });
      const wrong = server({ apiKey: 'WRONG-KEY' }).zone(zone);
      await expect(wrong.read()).rejects.toMatchObject({ code: 'DNS_UNAUTHORIZED', message: expect.not.stringContaining('WRONG-KEY') });
      await expect(wrong.apply(plan)).rejects.toMatchObject({ code: 'DNS_UNAUTHORIZED' });
      const away = server({ apiUrl: 'http://127.0.0.1:1', timeoutMs: 2000 }).zone(zone);
      await expect(away.read()).rejects.toMatchObject({ code: 'DNS_UNREACHABLE', facts: { retriable: true, detail: 'CONNECT_FAILED' } });
      await expect(away.apply(plan)).rejects.toMatchObject({ code: 'DNS_UNREACHABLE' });
    });
  }

  const asked: AskedServer = { http, release, dns: () => dns, zone: () => zone, api, content, snapshot };
  apiItself(asked);
  sendsRecords(asked);
  if (knowsRecordChanges(release)) recordChanges(asked);
}

describe.each(simulated)('$title', (server) => contract(server, server === simulated[0]));

describeWith({ missing: missingForPowerDns() }, real.title, () => {
  contract(real, true);

  it('finds its records again after a restart in the same directory', async () => {
    const directory = await mkdtemp(path.join(os.tmpdir(), 'trame-pdns-'));
    const records = [item('a.cust.example/a', '10.20.0.1')];
    const session = async (work: (target: Target<RrsetValue>, dns: LabDns) => Promise<void>) => {
      const dns = await startPowerDns({ directory, zones: ['cust.example'] });
      try {
        await work(new PowerDnsServer({ ...dns, ownerId: 'us' }).zone('cust.example'), dns);
      } finally {
        await dns.stop();
      }
    };
    try {
      await session(async (target) => expect((await converge(target, records)).refused).toEqual([]));
      await session(async (target, dns) => {
        expect(verbs(await planFor(target, records))).toEqual(['KEEP a.cust.example/a']);
        expect(await resolve(dns.dnsPort, 'a.cust.example', 'A')).toEqual(['10.20.0.1']);
      });
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
