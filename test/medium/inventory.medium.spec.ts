import { demoInventory } from '../../apps/lab/src/fabrics/demo-inventory.js';
import { createWorld, type World } from '../support/world.js';
import { type FabricInventory, FabricService, InventoryService } from '#contexts/fabric';
import { TenancyService } from '#contexts/tenancy';
import { systemScope, type Tx } from '#platform';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

const inTx = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => world.db.inTransaction(systemScope('spec'), work);
const endpoint = { address: '192.0.2.7', port: 22, username: 'root', secret: 'hunter2' };
const demo = demoInventory({ pve1: endpoint, pve2: { ...endpoint, sshHostKeys: ['SHA256:pin'] }, test: endpoint });
/** The demo once more, under another name and with other routers. */
const second: FabricInventory = {
  ...demo,
  fabric: { ...demo.fabric, slug: 'second' },
  devices: demo.devices.map((device) => {
    const address = device.vtep?.address.replace('172.16.1.', '172.17.1.') ?? '';
    return { ...device, vtep: { address, routerId: address, asn: 65_051 } };
  }),
};
const load = (inventory: FabricInventory) => inTx((tx) => world.app.get(InventoryService).load(tx, inventory));

describe('an inventory', () => {
  it('of a fabric that is there is refused in words', async () => {
    await expect(load(demo)).rejects.toMatchObject({ code: 'ALREADY_EXISTS', message: 'there is a fabric lab already' });
  });

  it('that refers to what it does not have is refused, with what it has', async () => {
    const [device, ...others] = second.devices as [FabricInventory['devices'][number], ...FabricInventory['devices']];
    await expect(load({ ...second, devices: [{ ...device, site: 'rome' }, ...others] })).rejects.toMatchObject({
      code: 'INVALID_VALUE',
      message: expect.stringContaining('par1') as string,
    });
  });

  it('is in the audit with whom it trusts, and without a secret; a name that two fabrics have is no name', async () => {
    const { fabricId, devices } = await load(second);
    const row = await inTx((tx) =>
      tx.one<{ actor: string; detail: object }>(
        `SELECT actor, detail FROM audit_entry WHERE action = 'fabric.loaded' AND subject_id = $1`,
        [fabricId],
      ),
    );
    expect(row).toMatchObject({ actor: 'spec', detail: { slug: 'second' } });
    expect(row?.detail).toMatchObject({
      devices: expect.arrayContaining([
        expect.objectContaining({ slug: 'pve2', sshHostKeys: ['SHA256:pin'], hasCredential: true }),
      ]) as unknown,
    });
    expect(JSON.stringify(row)).not.toContain('hunter2');

    const fabric = world.app.get(FabricService);
    await expect(inTx((tx) => fabric.deviceBySlug(tx, 'pve1'))).rejects.toMatchObject({ code: 'INVALID_VALUE' });
    expect((await inTx((tx) => fabric.deviceBySlug(tx, 'pve1', fabricId))).id).toBe(devices.get('pve1'));
    expect((await inTx((tx) => fabric.deviceBySlug(tx, 'pve1', world.fabricId))).id).toBe(world.deviceIds.get('pve1'));
    await expect(inTx((tx) => fabric.deviceBySlug(tx, 'nobody'))).rejects.toMatchObject({ code: 'NOT_FOUND' });

    const tenancy = world.app.get(TenancyService);
    const order = await world.provision();
    expect(await world.settle(order)).toBe('ACTIVE');
    const network = await inTx((tx) => tx.one<{ id: string; vni: number }>('SELECT id, vni FROM network LIMIT 1'));
    const find = () => inTx((tx) => tenancy.findNetwork(tx, { vni: network?.vni ?? 0 }));
    expect((await find())?.id).toBe(network?.id);
    await world.provision();
    await inTx((tx) => tx.run('UPDATE network SET fabric_id = $2, vni = $3 WHERE id <> $1', [network?.id, fabricId, network?.vni]));
    await expect(find()).rejects.toMatchObject({ code: 'INVALID_VALUE' });
  });
});
