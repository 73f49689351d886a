// What is deleted in a NetBox, and what must not go or change with it; and what can be shown to be gone.
import { closeRooms, connect, drop, made, signal, start } from '../support/netbox-room.js';

afterEach(closeRooms);

describe.each(['4.2', '4.7'] as const)('what NetBox %s can show to be deleted', (version) => {
  it('is what its change log says, and not what is hidden, or lost without a word', async () => {
    const room = await start(version);
    const { netbox, inventory } = room;
    const tenants = await Promise.all(['a', 'b', 'c', 'd'].map((name) => made(room, 'tenant', `ten_${name}`, { name, slug: name })));
    const [a, b, c, d] = tenants;
    if (!a || !b || !c || !d) throw new Error('not made');
    netbox.state.remove('tenancy/tenants', a.order);
    await inventory.write('tenant', [drop(b, 'ten_b')], signal);
    netbox.state.lose('tenancy/tenants', [c.order]);
    netbox.state.seed('ipam/vrfs', [{ name: 'x' }, { name: 'y' }, { name: 'z' }, { name: 'w' }]);
    netbox.state.remove('ipam/vrfs', d.order); // another object with the same number
    const ids = tenants.map(({ remoteId }) => remoteId);
    expect(await inventory.provenGone('tenant', ids, signal)).toEqual(new Set([a.remoteId, b.remoteId]));
    const many = Array.from({ length: 300 }, (_, at) => String(at + 1000));
    expect(await inventory.provenGone('tenant', [...many, b.remoteId], signal)).toEqual(new Set([b.remoteId]));
  });

  it('is nothing where the token may not read the log', async () => {
    const room = await start(version);
    const tenant = await made(room, 'tenant', 'ten_a', { name: 'a', slug: 'a' });
    room.netbox.state.remove('tenancy/tenants', tenant.order);
    const token = room.netbox.state.user('trame', { 'extras.customfield': { view: true }, 'tenancy.tenant': { view: true } });
    const blind = connect(room.netbox, { token: token.value });
    expect(await blind.provenGone('tenant', [tenant.remoteId], signal)).toEqual(new Set());
    token.enabled = false;
    await expect(blind.provenGone('tenant', [tenant.remoteId], signal)).rejects.toMatchObject({ code: 'NETBOX_UNAUTHORIZED' });
  });
});
