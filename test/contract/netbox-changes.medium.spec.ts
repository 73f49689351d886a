/** What NetBox tells of changes where it is asked: its log. */
import { against, isAtLeast, isRealNetBox, itWhere, NetBoxUnderTest, releases } from './netbox-under-test.js';

console.info(`NetBox contract: ${releases.map(against).join(', ')}`);

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
});
