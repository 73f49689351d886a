// What a well-behaved server never does; everything it does is in the contract test.
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { Fqdn } from '#engines/kernel';
import { makePlan } from '#engines/reconcile';
import { PowerDnsServer } from './powerdns-server.js';

const servers: http.Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  }
});

/** A server with these answers by method; it remembers the bodies of each PATCH. */
async function answering(answers: {
  GET?: [number, string] | (() => [number, string]);
  PATCH?: [number, string];
  version?: string | [number, string];
  /** Before it is answered. */
  onPatch?: () => Promise<void>;
  signal?: AbortSignal;
}) {
  const patches: { rrsets: { name: string; changetype: string; records?: object[]; comments?: object[] }[] }[] = [];
  const asked = { version: 0 };
  const { GET, version = '4.7.3', signal } = answers;
  const called = signal ? { signal } : {};
  const server = http.createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (request.method === 'PATCH') {
      patches.push(JSON.parse(Buffer.concat(chunks).toString()));
      await answers.onPatch?.();
    }
    const isServer = request.url === '/api/v1/servers/localhost';
    if (isServer) asked.version++;
    const known: [number, string] = typeof version === 'string' ? [200, JSON.stringify({ version })] : version;
    const read = typeof GET === 'function' ? GET() : GET;
    const [status, body] = (isServer ? known : request.method === 'PATCH' ? answers.PATCH : read) ?? [500, ''];
    response.writeHead(status).end(body);
  });
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  const apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const powerDns = new PowerDnsServer({ apiUrl, apiKey: 'CANARY-KEY', ownerId: 'us', formerOwnerIds: ['before'], ...called });
  return { powerDns, zone: powerDns.zone('cust.example'), patches, asked };
}

/** Of each PATCH; COMMENTS is a REPLACE of those alone. */
const changetypes = (patches: readonly { rrsets: { changetype: string; records?: object[]; comments?: object[] }[] }[]): string[][] =>
  patches.map(({ rrsets }) => rrsets.map(({ changetype, records, comments }) => (comments && !records ? 'COMMENTS' : changetype)));

const POLICY = {
  nameservers: [Fqdn.parse('ns1.example')],
  hostmaster: Fqdn.parse('hostmaster.example'),
  kind: 'NATIVE',
  soaEditApi: 'DEFAULT',
} as const;
const EMPTY_ZONE: [number, string] = [200, '{"rrsets":[]}'];
const value = { ttl: 300, records: ['10.20.0.1'] };
const creating = (...keys: string[]) =>
  makePlan({ subject: 'zone cust.example', desired: keys.map((key) => ({ key, value })), actual: [] });

describe('reading a zone', () => {
  it.each([
    [200, 'not JSON', 'DNS_UNEXPECTED_ANSWER', false],
    [200, '{}', 'DNS_UNEXPECTED_ANSWER', false],
    [200, '[]', 'DNS_UNEXPECTED_ANSWER', false],
    [200, '{"rrsets":[{"name":"a."}]}', 'DNS_UNEXPECTED_ANSWER', false],
    [204, '', 'DNS_UNEXPECTED_ANSWER', false],
    [301, '', 'DNS_UNEXPECTED_ANSWER', false],
    [500, '<html>', 'DNS_UNEXPECTED_ANSWER', true],
    [503, '', 'DNS_UNEXPECTED_ANSWER', true],
    [429, '', 'DNS_UNEXPECTED_ANSWER', true],
    [403, '', 'DNS_UNAUTHORIZED', false],
    [404, 'Not Found', 'ZONE_MISSING', false],
    [422, `{"error":"Could not find domain 'cust.example.'"}`, 'ZONE_MISSING', false],
    [422, '{"error":"something else"}', 'DNS_REFUSED', false],
  ])('throws for %i %j, and never takes it for an empty zone', async (status, body, code, retriable) => {
    const { zone } = await answering({ GET: [status, body] });
    const error = await zone.read().catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code, facts: { zone: 'cust.example', retriable } });
    expect(inspect(error, { depth: 10 })).not.toContain('CANARY');
  });

  it('takes names and contents that differ in case for the same, and leaves records of others as they are', async () => {
    const comments = [{ account: 'trame', content: 'id=us' }];
    const rrsets = [
      { name: 'GW.Cust.Example.', type: 'AAAA', ttl: 60, records: [{ content: '2001:DB8:0:0::1', disabled: false }], comments },
      { name: '1.0.20.10.in-addr.arpa.', type: 'PTR', ttl: 60, records: [{ content: 'GW.cust.example.', disabled: false }], comments },
      { name: 'note.cust.example.', type: 'TXT', ttl: 60, records: [{ content: '"Case Matters"', disabled: false }], comments: [] },
    ];
    const { zone } = await answering({ GET: [200, JSON.stringify({ rrsets })] });
    expect(await zone.read()).toEqual([
      { key: 'gw.cust.example/aaaa', value: { ttl: 60, records: ['2001:db8::1'] }, owned: true },
      { key: '1.0.20.10.in-addr.arpa/ptr', value: { ttl: 60, records: ['gw.cust.example.'] }, owned: true },
      { key: 'note.cust.example/txt', value: { ttl: 60, records: ['"Case Matters"'] }, owned: false },
    ]);
  });
});

describe('writing a zone', () => {
  it.each([
    ['is cut within a character', JSON.stringify({ error: `${'x'.repeat(299)}\u{1f4a9}` })],
    ['has a NUL in it', 'no JSON \0'],
  ])('gives the reason of a refusal that %s in words that a database takes', async (_what, words) => {
    const { zone } = await answering({ GET: EMPTY_ZONE, PATCH: [422, words] });
    const [refused] = await zone.apply(creating('web.cust.example/a'));
    expect(refused?.reason.at(-1)).toBe('\u{fffd}');
  });

  it('is one request, deletes first', async () => {
    const comments = [{ account: 'trame', content: 'id=us' }];
    const old = { name: 'old.cust.example.', type: 'A', ttl: 300, records: [{ content: '10.20.0.9', disabled: false }], comments };
    const { zone, patches } = await answering({ GET: [200, JSON.stringify({ rrsets: [old] })], PATCH: [204, ''] });
    const plan = makePlan({ subject: zone.name, desired: [{ key: 'a.cust.example/a', value }], actual: await zone.read() });
    await zone.apply(plan);
    expect(patches.map(({ rrsets }) => rrsets.map(({ name, changetype }) => `${changetype} ${name}`))).toEqual([
      ['DELETE old.cust.example.', 'REPLACE a.cust.example.'],
    ]);
  });

  it('believes what it reads back, not a 204', async () => {
    const { zone } = await answering({ GET: EMPTY_ZONE, PATCH: [204, ''] });
    expect(await zone.apply(creating('a.cust.example/a'))).toEqual([
      { key: 'a.cust.example/a', reason: 'written, but nothing was read back' },
    ]);
  });

  it('gives up at once on a backend that stores no comments, instead of asking for each record', async () => {
    const { zone, patches } = await answering({
      GET: EMPTY_ZONE,
      PATCH: [422, '{"error":"Hosting backend does not support editing comments."}'],
    });
    const plan = creating(...Array.from({ length: 64 }, (_, i) => `h${i}.cust.example/a`));
    await expect(zone.apply(plan)).rejects.toMatchObject({ code: 'DNS_REFUSED', facts: { detail: expect.stringContaining('comments') } });
    expect(patches).toHaveLength(1);
  });

  it('throws when it cannot know what was written', async () => {
    const { zone } = await answering({ GET: EMPTY_ZONE, PATCH: [500, 'deadlock'] });
    await expect(zone.apply(creating('a.cust.example/a'))).rejects.toMatchObject({
      code: 'DNS_UNEXPECTED_ANSWER',
      facts: { status: 500, retriable: true },
    });
  });

  it('does nothing at all for a plan without changes', async () => {
    const { zone } = await answering({ GET: [500, ''] });
    expect(await zone.apply(creating())).toEqual([]);
  });
});

describe('one record more in a set of ours', () => {
  const comments = [{ account: 'trame', content: 'id=us' }];
  const record = (content: string) => ({ content, disabled: false });
  const set = { name: 'a.cust.example.', type: 'A', ttl: 300, records: [record('10.20.0.1')], comments };
  const sent = async (version: string | [number, string], over: object = {}, patch: [number, string] = [204, '']) => {
    const written = { ...set, records: [record('10.20.0.1'), record('10.20.0.2')] };
    const GET = (): [number, string] => [
      200,
      JSON.stringify({ rrsets: [patches.length > 0 && patch[0] === 204 ? written : { ...set, ...over }] }),
    ];
    const { zone, patches } = await answering({ GET, PATCH: patch, version });
    const desired = [{ key: 'a.cust.example/a', value: { ttl: 300, records: ['10.20.0.1', '10.20.0.2'] } }];
    await zone.apply(makePlan({ subject: zone.name, desired, actual: await zone.read() }));
    return changetypes(patches).flat();
  };

  it.each([
    ['4.7.3', 'REPLACE'],
    ['4.9.11', 'REPLACE'],
    ['4.9.12', 'EXTEND', 'COMMENTS'],
    ['5.0.1', 'REPLACE'],
    ['5.0.2', 'EXTEND', 'COMMENTS'],
    ['5.1.0-alpha1', 'EXTEND', 'COMMENTS'],
    ['6.0.0', 'EXTEND', 'COMMENTS'],
    ['unknown', 'REPLACE'],
  ])('is sent to a %s as %s', async (version, ...types) => {
    expect(await sent(version)).toEqual(types);
  });

  it('is sent as the whole set where the TTL is another, or somebody disabled a record', async () => {
    expect(await sent('5.0.2', { ttl: 60 })).toEqual(['REPLACE']);
    expect(await sent('5.0.2', { records: [record('10.20.0.1'), { content: '10.20.0.3', disabled: true }] })).toEqual(['REPLACE']);
  });

  it('is sent as the whole set where the server refuses it', async () => {
    expect(await sent('5.0.2', {}, [422, '{"error":"Changetype not understood"}'])).toEqual(['EXTEND', 'COMMENTS', 'REPLACE']);
  });

  it.each<[number, string]>([
    [403, 'Forbidden'],
    [404, 'Not Found'],
    [502, '<html>'],
    [200, 'not JSON'],
  ])('is sent as the whole set where the server does not say its version: %i %s', async (status, body) => {
    expect(await sent([status, body])).toEqual(['REPLACE']);
  });

  it('asks the server for its version once, for all its zones', async () => {
    const { powerDns, asked } = await answering({ GET: [200, JSON.stringify({ rrsets: [set] })], PATCH: [204, ''], version: [403, ''] });
    for (const name of ['cust.example', 'cust.example', 'other.example']) {
      const zone = powerDns.zone(name);
      const desired = [{ key: 'a.cust.example/a', value: { ttl: 300, records: ['10.20.0.1', '10.20.0.2'] } }];
      await zone.apply(makePlan({ subject: zone.name, desired, actual: await zone.read() }));
    }
    expect(asked.version).toBe(1);
  });

  it('is sent as the whole set where the server took the record alone and did nothing: names are in another case there', async () => {
    const ptr = { ...set, name: '1.0.20.10.in-addr.arpa.', type: 'PTR', records: [record('GW.cust.example.'), record('db.cust.example.')] };
    const key = '1.0.20.10.in-addr.arpa/ptr';
    const value = { ttl: 300, records: ['db.cust.example.'] };
    const GET = (): [number, string] => {
      const isReplaced = patches.some(({ rrsets }) => rrsets[0]?.changetype === 'REPLACE');
      return [200, JSON.stringify({ rrsets: [isReplaced ? { ...ptr, records: [record('db.cust.example.')] } : ptr] })];
    };
    const { zone, patches } = await answering({ GET, PATCH: [204, ''], version: '5.0.2' });
    const plan = makePlan({ subject: zone.name, desired: [{ key, value }], actual: await zone.read() });
    expect(await zone.apply(plan)).toEqual([]);
    expect(changetypes(patches)).toEqual([['PRUNE'], ['REPLACE']]);
  });

  it('is sent with our mark and the notes of others, for a set that is gone by then', async () => {
    const note = { account: 'alice', content: 'ticket 7' };
    const { zone, patches } = await answering({
      GET: [200, JSON.stringify({ rrsets: [{ ...set, comments: [note, ...comments] }] })],
      PATCH: [204, ''],
      version: '5.1.5',
    });
    const desired = [{ key: 'a.cust.example/a', value: { ttl: 300, records: ['10.20.0.1', '10.20.0.2'] } }];
    await zone.apply(makePlan({ subject: zone.name, desired, actual: await zone.read() }));
    expect(patches[0]?.rrsets).toEqual([
      { name: set.name, type: 'A', changetype: 'EXTEND', ttl: 300, records: [record('10.20.0.2')] },
      { name: set.name, type: 'A', changetype: 'REPLACE', comments: [...comments, note] },
    ]);
  });

  it("is not sent again where the set is somebody else's by then", async () => {
    const GET = (): [number, string] => [200, JSON.stringify({ rrsets: [patches.length === 0 ? set : { ...set, comments: [] }] })];
    const { zone, patches } = await answering({ GET, PATCH: [204, ''], version: '5.0.2' });
    const desired = [{ key: 'a.cust.example/a', value: { ttl: 300, records: ['10.20.0.1', '10.20.0.2'] } }];
    const refused = await zone.apply(makePlan({ subject: zone.name, desired, actual: await zone.read() }));
    expect(refused).toMatchObject([{ key: 'a.cust.example/a', reason: expect.stringContaining('was read back') }]);
    expect(changetypes(patches)).toEqual([['EXTEND', 'COMMENTS']]);
  });
});

describe('a record set with a mark of before', () => {
  const note = { account: 'alice', content: 'ticket 7' };
  const set = {
    name: 'a.cust.example.',
    type: 'A',
    ttl: 300,
    records: [{ content: '10.20.0.1', disabled: false }],
    comments: [note, { account: 'trame', content: 'id=before' }],
  };
  const key = 'a.cust.example/a';
  const applied = async (verb: 'CREATE' | 'UPDATE' | 'DELETE', after: typeof value | null) => {
    const { zone, patches } = await answering({ GET: [200, JSON.stringify({ rrsets: [set] })], PATCH: [204, ''] });
    expect(await zone.read()).toEqual([{ key, value, owned: false, markedBy: 'before' }]);
    const refused = await zone.apply({ subject: 'x', digest: 'x', changes: [{ verb, key, before: value, after }] });
    return { sent: patches.flatMap(({ rrsets }) => rrsets), refused };
  };

  it('is marked anew by its comment alone where its value is right, and written as a whole where it is not', async () => {
    const comments = [{ account: 'trame', content: 'id=us' }, note];
    expect((await applied('UPDATE', value)).sent).toEqual([{ name: set.name, type: 'A', changetype: 'REPLACE', comments }]);
    const other = { ttl: 300, records: ['10.20.0.2'] };
    expect((await applied('UPDATE', other)).sent).toEqual([
      { name: set.name, type: 'A', changetype: 'REPLACE', ttl: 300, records: [{ content: '10.20.0.2', disabled: false }], comments },
    ]);
  });

  it.each([['DELETE', null] as const, ['CREATE', value] as const])('is not written by %s', async (verb, after) => {
    expect(await applied(verb, after)).toEqual({ sent: [], refused: [{ key, reason: expect.stringContaining('not ours') }] });
  });
});

describe('an owner id', () => {
  it.each(['', 'with space', 'x'.repeat(61), 'a/b'])('%j is refused', (ownerId) => {
    const make = () => new PowerDnsServer({ apiUrl: 'http://127.0.0.1', apiKey: 'k', ownerId });
    expect(make).toThrow(expect.objectContaining({ code: 'INVALID_VALUE', message: expect.stringContaining('1 to 60 letters') }));
  });
});

describe('a server that is called off', () => {
  const stopped = new Error('stopped');
  it('is not waited for where it is asked, and is asked and told nothing more', async () => {
    const stop = new AbortController();
    let [requests, isAsked] = [0, (): void => undefined];
    const asked = new Promise<void>((resolve) => {
      isAsked = resolve;
    });
    const silent = http.createServer(() => {
      requests += 1;
      isAsked();
    });
    servers.push(silent.listen(0, '127.0.0.1'));
    await once(silent, 'listening');
    const apiUrl = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const server = new PowerDnsServer({ apiUrl, apiKey: 'k', ownerId: 'us', signal: stop.signal });
    const reading = server.zone('cust.example').read();
    await asked;
    stop.abort(stopped);
    await expect(reading).rejects.toBe(stopped);
    await expect(server.createZone('cust.example', POLICY)).rejects.toBe(stopped);
    expect(requests).toBe(1);
  });

  it('is waited for where a change was sent: nobody else writes there meanwhile', async () => {
    const stop = new AbortController();
    let isAnswered = false;
    const onPatch = async (): Promise<void> => {
      stop.abort(stopped);
      await new Promise((resolve) => setTimeout(resolve, 50));
      isAnswered = true;
    };
    const { zone, patches } = await answering({ GET: EMPTY_ZONE, PATCH: [204, ''], onPatch, signal: stop.signal });
    await expect(zone.apply(creating('a.cust.example./a'))).rejects.toBe(stopped); // Of the reading after it.
    expect({ isAnswered, patches: patches.length }).toEqual({ isAnswered: true, patches: 1 });
  });
});
