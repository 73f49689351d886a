// What is deleted in a phpIPAM, and what must not go or change with it.
import type { ForeignObject, ForeignWrite } from '#contexts/sync/ports';
import { closeWorlds, LEGACY, MARK, ref, World } from '../support/phpipam-room.js';

afterEach(closeWorlds);

describe('deleting something', () => {
  const remove = ({ remoteId, version, mark }: ForeignObject): ForeignWrite => ({ verb: 'DELETE', remoteId, version, mark: mark ?? '' });

  it('is done where the mark agrees, and refused where it is another or none', async () => {
    const world = await World.start();
    const vrf = await world.create('vrf', 'vrf_1', { name: 'red' });
    expect(await world.write('vrf', { ...remove(vrf), mark: 'vrf_2' } as ForeignWrite)).toEqual([
      { refused: 'it is not deleted: its mark is vrf_1, and vrf_2 was due' },
    ]);
    expect(await world.write('vrf', remove(vrf))).toEqual([{ done: null }]);
    expect(await world.write('vrf', remove(vrf))).toEqual([{ gone: true }]);
    expect(world.database.all('vrf')).toEqual([]);
  });

  it('is done once when its answer is lost', async () => {
    const world = await World.start();
    const vrf = await world.create('vrf', 'vrf_1', { name: 'red' });
    world.simulator.faults.add({ kind: 'reset-after', when: ([request]) => request?.startsWith('DELETE') ?? false });
    expect(await world.write('vrf', remove(vrf))).toEqual([{ done: null }]);
  });

  it('takes nothing along: not the subnets and addresses of a subnet, not a reference, not the VLANs of an L2 domain', async () => {
    const world = await World.start();
    const { ipam } = world.simulator;
    const vrf = await world.create('vrf', 'vrf_1', { name: 'red' });
    const group = await world.create('vlanGroup', 'vld_1', { name: 'par1', slug: 'par1' });
    const tenant = await world.create('tenant', 'ten_1', { name: 'Acme', slug: 'acme' });
    const prefix = await world.create('prefix', 'pfx_1', { prefix: '10.20.0.0/16', vrf: ref('vrf', vrf.remoteId) });
    const theirs = { sectionId: world.section, vrfId: Number(vrf.remoteId), masterSubnetId: Number(prefix.remoteId) };
    const child = ipam.typed('subnets', { subnet: '10.20.1.0', mask: '24', ...theirs });
    ipam.typed('ipaddresses', { ip_addr: '10.20.0.9', subnetId: Number(prefix.remoteId) });
    ipam.typed('vlans', { name: 'x', number: 7, domainId: Number(group.remoteId), customer_id: Number(tenant.remoteId) });
    const refusals = [
      ...(await world.write('prefix', remove(prefix))),
      ...(await world.write('vrf', remove(vrf))),
      ...(await world.write('vlanGroup', remove(group))),
      ...(await world.write('tenant', remove(tenant))),
    ];
    expect(refusals).toEqual([
      { refused: 'it is not deleted: subnet 10.20.1.0/24 would be deleted with it' },
      { refused: 'it is not deleted: subnet 10.20.0.0/16 and 1 more would lose it' },
      { refused: 'it is not deleted: VLAN x would move to the default L2 domain' },
      { refused: 'it is not deleted: VLAN x would lose it' },
    ]);
    world.database.remove('subnets', child);
    expect(await world.write('prefix', remove(prefix))).toEqual([
      { refused: 'it is not deleted: address 10.20.0.9 would be deleted with it' },
    ]);
    expect(world.asked().filter((request) => request.startsWith('DELETE'))).toEqual([]);
  });

  it('takes no customer off a subnet, an address, a rack or a circuit, in whatever section', async () => {
    const world = await World.start();
    const { ipam } = world.simulator;
    const lab = ipam.typed('sections', { name: 'elsewhere' });
    const tenant = await world.create('tenant', 'ten_1', { name: 'Acme', slug: 'acme' });
    const customer_id = Number(tenant.remoteId);
    const subnet = ipam.typed('subnets', { subnet: '10.30.0.0', mask: '24', sectionId: lab });
    const cases = [
      ['racks', { name: 'R1' }, 'rack R1'],
      ['circuits', { cid: 'C-77' }, 'circuit C-77'],
      ['subnets', { subnet: '10.20.0.0', mask: '24', sectionId: lab }, 'subnet 10.20.0.0/24'],
      ['ipaddresses', { ip_addr: '10.30.0.9', subnetId: subnet }, 'address '],
    ] as const;
    for (const [table, row, words] of cases) {
      const id = ipam.typed(table, { ...row, customer_id });
      expect(await world.write('tenant', remove(tenant))).toEqual([{ refused: expect.stringMatching(`${words}.* would lose it`) }]);
      expect(world.database.find(table, id)).toMatchObject({ customer_id });
      // Where PHP has no memory for all of them: list by list.
      const all = (request: string) => /^GET \/(subnets|addresses)\/\?/.test(request);
      world.simulator.fatals.push({ when: all, how: 'html' });
      expect(await world.write('tenant', remove(tenant))).toEqual([{ refused: expect.stringContaining('would lose it') }]);
      world.simulator.fatals.pop();
      world.database.remove(table, id);
    }
    expect(world.asked().filter((request) => request.startsWith('DELETE'))).toEqual([]);
    expect(await world.write('tenant', remove(tenant))).toEqual([{ done: null }]);
  });

  it('takes no address and no subnet out of a translation', async () => {
    const world = await World.start();
    const { ipam } = world.simulator;
    const prefix = await world.create('prefix', 'pfx_1', { prefix: '10.20.0.0/24', vrf: null });
    const outer = await world.create('prefix', 'pfx_2', { prefix: '10.21.0.0/24', vrf: null });
    const address = await world.create('ipAddress', 'ip_1', { host: '10.20.0.9', vrf: null });
    const nat = ipam.typed('nat', {
      name: 'web',
      src: JSON.stringify({ ipaddresses: [address.remoteId] }),
      dst: JSON.stringify({ subnets: [outer.remoteId], ipaddresses: [] }),
    });
    const before = world.database.find('nat', nat);
    expect(await world.write('ipAddress', remove(address))).toEqual([{ refused: 'it is not deleted: NAT web would lose it' }]);
    expect(await world.write('prefix', remove(outer))).toEqual([{ refused: 'it is not deleted: NAT web would lose it' }]);
    expect(world.database.find('nat', nat)).toEqual(before);
    world.database.remove('nat', nat);
    expect(await world.write('ipAddress', remove(address))).toEqual([{ done: null }]);
    expect(await world.write('prefix', remove(prefix), remove(outer))).toEqual([{ done: null }, { done: null }]);
  });

  it('of a subnet and those within it is done in one go, in whatever order they come', async () => {
    const world = await World.start();
    const outer = await world.create('prefix', 'pfx_1', { prefix: '10.20.0.0/16', vrf: null });
    const inner = await world.create('prefix', 'pfx_2', { prefix: '10.20.1.0/24', vrf: null });
    expect(await world.write('prefix', remove(outer), remove(inner))).toEqual([{ done: null }, { done: null }]);
  });

  it('never takes the default L2 domain, which older releases would', async () => {
    const world = await World.start(LEGACY);
    world.simulator.ipam.edited('vlanDomains', 1, { [MARK]: 'vld_1' });
    const [domain] = (await world.scan('vlanGroup')).objects;
    expect(await world.write('vlanGroup', remove(domain as ForeignObject))).toEqual([{ refused: 'the default L2 domain stays' }]);
  });
});
