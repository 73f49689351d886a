/** What NetBox tells of changes by itself: webhooks of event rules. A real one sends them by a worker, one after the other. */
import { createHmac } from 'node:crypto';
import http, { type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JsonObject } from '../../apps/lab/src/netbox-simulator/index.js';
import { against, hookHost, isAtLeast, isRealNetBox, NetBoxUnderTest, releases, textOf } from './netbox-under-test.js';

console.info(`NetBox contract: ${releases.map(against).join(', ')}`);
if (hookHost === null)
  console.info('Webhooks are skipped: TRAME_NETBOX_HOOK_HOST is not given, the name of this machine that the NetBox can send them to');

interface Told {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly json: JsonObject & { readonly data: JsonObject };
}

const like = (words: RegExp): string => expect.stringMatching(words) as string;
const UUID = /^[0-9a-f-]{36}$/;
const PATIENCE = { timeout: 60_000, interval: 50 };

describe.skipIf(hookHost === null).each(releases)(`NetBox %s${isRealNetBox ? '' : ' (simulated)'}: a webhook`, (release) => {
  let netbox: NetBoxUnderTest;
  const received: Told[] = [];
  const listener = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      received.push({ headers: request.headers, body, json: JSON.parse(body) as Told['json'] });
      response.writeHead(request.url === '/broken' ? 500 : 204).end();
    });
  });
  let rule: number;
  let webhook: number;

  beforeAll(async () => {
    netbox = await NetBoxUnderTest.start(release);
    await new Promise<void>((resolve) => listener.listen(0, hookHost === '127.0.0.1' ? '127.0.0.1' : '0.0.0.0', resolve));
    const payload_url = `http://${hookHost}:${(listener.address() as AddressInfo).port}/hook`;
    webhook = (await netbox.make('extras/webhooks', { name: netbox.name('hook'), payload_url, secret: 's3cret' })).id;
    const events = ['object_created', 'object_updated', 'object_deleted'];
    const action = { action_type: 'webhook', action_object_type: 'extras.webhook', action_object_id: webhook };
    const body = { name: netbox.name('rule'), object_types: ['ipam.vrf'], event_types: events, ...action };
    rule = (await netbox.make('extras/event-rules', body)).id;
  });
  beforeEach(() => void received.splice(0));
  afterAll(async () => {
    await netbox.call('PATCH', `extras/event-rules/${rule}/`, { enabled: false });
    await netbox.close();
    listener.close();
  });

  const of = (...ids: readonly unknown[]): Told[] => received.filter(({ json }) => ids.includes(json.data['id']));
  /** What was told of these objects when it was told of another one, which was changed after them. */
  const toldOf = async (...ids: readonly unknown[]): Promise<readonly Told[]> => {
    const fence = await netbox.vrf({ description: 'told' });
    await vi.waitFor(() => expect(of(fence.id)).toHaveLength(1), PATIENCE);
    if (!isRealNetBox) await netbox.simulator.idle();
    return of(...ids);
  };

  it('says what happened, to which object, by whom, and is signed over its bytes', { timeout: 90_000 }, async () => {
    const name = netbox.name('vrf');
    const made = await netbox.call('POST', 'ipam/vrfs/', { name });
    netbox.forget(`ipam/vrfs/${textOf(made.json['id'])}/`);
    const told = await toldOf(made.json['id']);
    expect(told).toHaveLength(1);
    const [{ headers, body, json } = { headers: {}, body: '', json: {} }] = told as readonly {
      headers: IncomingHttpHeaders;
      body: string;
      json: JsonObject;
    }[];
    expect(headers['x-hook-signature']).toBe(createHmac('sha512', 's3cret').update(body).digest('hex'));
    expect(headers['content-type']).toBe('application/json');
    expect(json).toMatchObject({
      event: 'created',
      timestamp: like(/^\d{4}-\d\d-\d\dT.*\+00:00$/),
      data: { id: made.json['id'], name, url: `/api/ipam/vrfs/${Number(made.json['id'])}/`, tags: [] },
      snapshots: { prechange: null, postchange: { name, tenant: null } },
    });
    const requestId = made.headers['x-request-id'];
    expect(requestId).toMatch(UUID);
    const parts = ['model', 'object_type', 'username', 'request_id', 'request'].filter((part) => part in json);
    if (!isAtLeast(release, '4.5')) expect(parts).toEqual(['model', 'username', 'request_id']);
    else if (!isAtLeast(release, '4.6')) expect(parts).toEqual(['object_type', 'username', 'request_id']);
    else if (!isAtLeast(release, '4.7')) expect(parts).toEqual(['object_type', 'username', 'request_id', 'request']);
    else expect(parts).toEqual(['object_type', 'request']);
    expect(json['object_type'] ?? `ipam.${textOf(json['model'])}`).toBe('ipam.vrf');
    if (!isAtLeast(release, '4.6')) return;
    const [change = {}] = await netbox.rows(
      `core/object-changes/?changed_object_type=ipam.vrf&changed_object_id=${textOf(made.json['id'])}`,
    );
    const more = isAtLeast(release, '4.7') ? { path_info: '/api/ipam/vrfs/', GET: {} } : {};
    expect(json['request']).toEqual({ id: requestId, method: 'POST', path: '/api/ipam/vrfs/', user: change['user_name'], ...more });
  });

  it('is one for each object of a request, after all is done, and none for what was refused', { timeout: 90_000 }, async () => {
    const bodies = [{ name: netbox.name('a') }, { name: netbox.name('b') }];
    const { list } = await netbox.call('POST', 'ipam/vrfs/', bodies);
    netbox.forget(...list.map(({ id }) => `ipam/vrfs/${textOf(id)}/`));
    const refused = netbox.name('refused');
    expect((await netbox.call('POST', 'ipam/vrfs/', [{ name: refused }, { name: '' }])).status).toBe(400);
    const told = await toldOf(...list.map(({ id }) => id));
    expect(told.map(({ json }) => json.data['id']).sort()).toEqual(list.map(({ id }) => id).sort());
    expect(received.filter(({ json }) => json.data['name'] === refused)).toEqual([]);
  });

  it('tells of what was changed and removed, with what was before', { timeout: 90_000 }, async () => {
    const { id } = await netbox.vrf({ description: 'before' });
    await toldOf(id);
    received.splice(0);
    await netbox.call('PATCH', `ipam/vrfs/${id}/`, { description: 'after' });
    await toldOf(id);
    await netbox.call('DELETE', `ipam/vrfs/${id}/`);
    expect((await toldOf(id)).map(({ json }) => json)).toMatchObject([
      { event: 'updated', snapshots: { prechange: { description: 'before' }, postchange: { description: 'after' } } },
      { event: 'deleted', data: { id }, snapshots: { prechange: { description: 'after' }, postchange: null } },
    ]);
  });

  it('is sent once, whatever the answer, and by no rule that is off or wants something else', { timeout: 90_000 }, async () => {
    const { payload_url } = (await netbox.get(`extras/webhooks/${webhook}/`)).json;
    const broken = textOf(payload_url).replace('/hook', '/broken');
    await netbox.call('PATCH', `extras/webhooks/${webhook}/`, { payload_url: broken, secret: '' });
    const { id } = await netbox.vrf();
    const [told, ...again] = await toldOf(id);
    expect(told?.headers['x-hook-signature']).toBeUndefined();
    expect(again).toEqual([]);
    const conditions = { and: [{ attr: 'description', value: 'told' }] };
    await netbox.call('PATCH', `extras/event-rules/${rule}/`, { conditions });
    const other = await netbox.vrf({ description: 'not told' });
    expect(await toldOf(other.id)).toEqual([]);
    await netbox.call('PATCH', `extras/event-rules/${rule}/`, { enabled: false });
    const unruled = await netbox.vrf({ description: 'told' });
    await netbox.call('PATCH', `extras/event-rules/${rule}/`, { enabled: true });
    expect(await toldOf(unruled.id)).toEqual([]);
  });
});
