/** What NetBox tells of changes: the log that is asked, and the webhooks that it sends. */
import { createHmac } from 'node:crypto';
import http, { type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { against, isAtLeast, isRealNetBox, itWhere, NetBoxUnderTest, releases, textOf } from './netbox-under-test.js';

console.info(`NetBox contract: ${releases.map(against).join(', ')}`);

const like = (words: RegExp): string => expect.stringMatching(words) as string;
const UUID = /^[0-9a-f-]{36}$/;

describe.each(releases)(`NetBox %s${isRealNetBox ? '' : ' (simulated)'}: changes`, (release) => {
  let netbox: NetBoxUnderTest;

  beforeAll(async () => {
    netbox = await NetBoxUnderTest.start(release);
  });
  afterAll(() => netbox.close());

  describe('the log', () => {
    it('keeps what was before and after, also of what is gone, and why', async () => {
      const { id } = await netbox.vrf({ description: 'first' });
      const changed = await netbox.call('PATCH', `ipam/vrfs/${id}/`, { description: 'second', changelog_message: 'run 42' });
      await netbox.call('DELETE', `ipam/vrfs/${id}/`, { changelog_message: 'end of run 42' });
      const rows = await netbox.rows(`core/object-changes/?changed_object_type=ipam.vrf&changed_object_id=${id}&ordering=id`);
      expect(rows.map(({ action }) => action)).toMatchObject([{ value: 'create' }, { value: 'update' }, { value: 'delete' }]);
      const [create = {}, update = {}, remove = {}] = rows;
      expect(create).toMatchObject({ prechange_data: {}, postchange_data: { description: 'first', tenant: null } });
      expect(update).toMatchObject({
        prechange_data: { description: 'first' },
        postchange_data: { description: 'second' },
        request_id: changed.headers['x-request-id'],
      });
      expect(remove).toMatchObject({ prechange_data: { description: 'second' }, postchange_data: {}, changed_object: null });
      expect([create['prechange_data'], remove['postchange_data']]).toEqual([{}, {}]); // Not null: an object without fields.
      for (const row of rows)
        expect({ ...(row['prechange_data'] as object), ...(row['postchange_data'] as object) }).not.toHaveProperty('last_updated');
      expect(rows.map(({ message }) => message)).toEqual(
        isAtLeast(release, '4.4') ? ['', 'run 42', 'end of run 42'] : [undefined, undefined, undefined],
      );
      expect('object_repr' in create).toBe(isAtLeast(release, '4.5'));
    });

    it('is read from an id on, by type and action', async () => {
      const made = await netbox.vrf();
      const [last = {}] = await netbox.rows('core/object-changes/?ordering=-id&limit=1');
      await netbox.call('PATCH', `ipam/vrfs/${made.id}/`, { description: 'x' });
      await netbox.call('DELETE', `ipam/vrfs/${made.id}/`);
      const since = `core/object-changes/?changed_object_type=ipam.vrf&changed_object_id=${made.id}&id__gt=${Number(last['id'])}&ordering=id`;
      expect(await netbox.rows(since)).toHaveLength(2);
      expect(await netbox.rows(`${since}&action=delete`)).toMatchObject([{ changed_object_id: made.id, action: { value: 'delete' } }]);
      expect(await netbox.rows(`${since}&changed_object_type=ipam.prefix&action=create`)).toEqual([]);
    });

    it('tells of several objects at once which were deleted, and one that went with another is among them', async () => {
      const [kept, gone] = [await netbox.vrf(), await netbox.vrf()];
      const slug = netbox.name('l2');
      const l2vpn = await netbox.make('vpn/l2vpns', { name: slug, slug, type: 'vpls' });
      const vlan = await netbox.make('ipam/vlans', { vid: 8, name: slug });
      const on = { l2vpn: l2vpn.id, assigned_object_type: 'ipam.vlan', assigned_object_id: vlan.id };
      const end = await netbox.make('vpn/l2vpn-terminations', on);
      for (const path of [`ipam/vrfs/${gone.id}`, `vpn/l2vpns/${l2vpn.id}`]) await netbox.call('DELETE', `${path}/`);
      const deleted = async (type: string, ...ids: readonly number[]) => {
        const asked = ids.map((id) => `changed_object_id=${id}`).join('&');
        const rows = await netbox.rows(`core/object-changes/?action=delete&changed_object_type=${type}&${asked}&ordering=id`);
        return rows.map((row) => row['changed_object_id']);
      };
      expect(await deleted('ipam.vrf', kept.id, gone.id)).toEqual([gone.id]);
      expect(await deleted('vpn.l2vpntermination', end.id)).toEqual([end.id]);
    });

    it('has nothing of a write that changed nothing, and takes no writes', async () => {
      const { id } = await netbox.vrf();
      await netbox.call('PATCH', `ipam/vrfs/${id}/`, {});
      expect(await netbox.rows(`core/object-changes/?changed_object_type=ipam.vrf&changed_object_id=${id}`)).toHaveLength(1);
      expect((await netbox.call('POST', 'core/object-changes/', {})).status).toBe(405);
    });

    itWhere(isAtLeast(release, '4.4'))('has no room for a story of more than 200 characters, which only the database says', async () => {
      const { id } = await netbox.vrf();
      const patch = (description: string, changelog_message: string) =>
        netbox.call('PATCH', `ipam/vrfs/${id}/`, { description, changelog_message });
      expect((await patch('short', 'x'.repeat(200))).status).toBe(200);
      const long = 'x'.repeat(201);
      expect(await patch('long', long)).toMatchObject({ status: 500, json: { exception: 'DataError' } });
      expect((await netbox.get(`ipam/vrfs/${id}/`)).json['description']).toBe('short');
      expect((await patch('short', long)).status).toBe(200); // Nothing changed, so nothing is kept.
      expect(await netbox.call('DELETE', `ipam/vrfs/${id}/`, { changelog_message: long })).toMatchObject({ status: 500 });
      const rows = await netbox.rows(`core/object-changes/?changed_object_type=ipam.vrf&changed_object_id=${id}&ordering=id`);
      expect(rows.map(({ message }) => message)).toEqual(['', 'x'.repeat(200)]);
    });
  });

  // A real one cannot be asked to call this machine.
  describe.skipIf(isRealNetBox)('a webhook', () => {
    const received: { readonly headers: IncomingHttpHeaders; readonly body: string; readonly json: Record<string, unknown> }[] = [];
    const listener = http.createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString('utf8');
        received.push({ headers: request.headers, body, json: JSON.parse(body) as Record<string, unknown> });
        response.writeHead(request.url === '/broken' ? 500 : 204).end();
      });
    });
    let rule: number;
    let webhook: number;

    beforeAll(async () => {
      await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
      const payload_url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/hook`;
      webhook = (await netbox.make('extras/webhooks', { name: netbox.name('hook'), payload_url, secret: 's3cret' })).id;
      const events = ['object_created', 'object_updated', 'object_deleted'];
      const action = { action_type: 'webhook', action_object_type: 'extras.webhook', action_object_id: webhook };
      rule = (
        await netbox.make('extras/event-rules', { name: netbox.name('rule'), object_types: ['ipam.vrf'], event_types: events, ...action })
      ).id;
    });
    beforeEach(() => void received.splice(0));
    afterAll(() => listener.close());

    it('says what happened, to which object, by whom, and is signed over its bytes', async () => {
      const name = netbox.name('vrf');
      const made = await netbox.call('POST', 'ipam/vrfs/', { name });
      await netbox.simulator.idle();
      expect(received).toHaveLength(1);
      const [{ headers, body, json } = { headers: {}, body: '', json: {} }] = received;
      expect(headers['x-hook-signature']).toBe(createHmac('sha512', 's3cret').update(body).digest('hex'));
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
      expect(json['object_type'] ?? `ipam.${textOf(json['model'] as string)}`).toBe('ipam.vrf');
      if (isAtLeast(release, '4.6'))
        expect(json['request']).toEqual({ id: requestId, method: 'POST', path: '/api/ipam/vrfs/', user: 'admin' });
    });

    it('is one for each object of a request, after all is done, and none for what was refused', async () => {
      const bodies = [{ name: netbox.name('a') }, { name: netbox.name('b') }];
      const { list } = await netbox.call('POST', 'ipam/vrfs/', bodies);
      await netbox.call('POST', 'ipam/vrfs/', [...bodies, { name: '' }]);
      await netbox.simulator.idle();
      expect(received.map(({ json }) => (json['data'] as { id: number }).id).sort()).toEqual(list.map(({ id }) => Number(id)).sort());
    });

    it('tells of what a colleague changed and removed, with what was before', async () => {
      const { id } = await netbox.vrf({ description: 'before' });
      await netbox.simulator.idle();
      received.splice(0);
      netbox.simulator.state.change('ipam/vrfs', id, { description: 'after' });
      await netbox.simulator.idle();
      netbox.simulator.state.remove('ipam/vrfs', id);
      await netbox.simulator.idle();
      expect(received.map(({ json }) => json)).toMatchObject([
        { event: 'updated', snapshots: { prechange: { description: 'before' }, postchange: { description: 'after' } } },
        { event: 'deleted', data: { id }, snapshots: { prechange: { description: 'after' }, postchange: null } },
      ]);
    });

    it('is sent once, whatever the answer, and by no rule that is off or wants something else', async () => {
      const { payload_url } = (await netbox.get(`extras/webhooks/${webhook}/`)).json;
      await netbox.call('PATCH', `extras/webhooks/${webhook}/`, {
        payload_url: textOf(payload_url).replace('/hook', '/broken'),
        secret: '',
      });
      await netbox.vrf();
      await netbox.simulator.idle();
      expect(received).toHaveLength(1);
      expect(received[0]?.headers['x-hook-signature']).toBeUndefined();
      expect(netbox.simulator.deliveries.at(-1)?.status).toBe(500);
      await netbox.call('PATCH', `extras/event-rules/${rule}/`, { conditions: { and: [{ attr: 'description', value: 'told' }] } });
      await netbox.vrf({ description: 'not told' });
      await netbox.vrf({ description: 'told' });
      await netbox.call('PATCH', `extras/event-rules/${rule}/`, { enabled: false });
      await netbox.vrf({ description: 'told' });
      await netbox.simulator.idle();
      expect(received).toHaveLength(2);
    });
  });
});
