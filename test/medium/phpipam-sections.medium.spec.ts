/** Sections that the settings name and that are not there: made before the first write where the settings say so, and never while only reading. */
import { parsePhpIpamSettings } from '#adapters/phpipam';
import { APP, closeWorlds, LEGACY, signal, World } from '../support/phpipam-room.js';

afterEach(closeWorlds);

const asking = (...sections: string[]) => ({ settings: parsePhpIpamSettings({ app: 'trame', sections, createMissing: true }) });
const names = (world: World): unknown[] => world.database.all('sections').map(({ name }) => name);
const made = (world: World): string[] => world.asked().filter((request) => request.startsWith('POST'));

describe.each([
  ['1.5.2 on PHP 7.4', LEGACY],
  ['1.8.2 on PHP 8.2', {}],
] as const)('a section that is not there, in phpIPAM %s', (_name, options) => {
  it('is told while only reading, and made once before something is written into it', async () => {
    const world = await World.start(options, asking('Trame', 'Customers'));
    expect((await world.inventory.probe(signal)).warnings).toContain('there is no section Trame: it is made before the first write');
    expect((await world.scan('prefix')).objects).toEqual([]);
    expect([names(world), made(world)]).toEqual([['Customers', 'Lab'], []]);
    await world.inventory.prepare(signal);
    await world.inventory.prepare(signal);
    expect(names(world)).toEqual(['Customers', 'Lab', 'Trame']);
    expect(made(world)).toEqual(['POST /sections/']);
    await world.create('prefix', 'pfx_1', { prefix: '10.20.0.0/16', vrf: null, tenant: null, vlan: null, description: null });
    const section = world.database.where('sections', ({ name }) => name === 'Trame')[0]?.['id'];
    expect(world.database.all('subnets')).toMatchObject([{ sectionId: section }]);
    expect((await world.scan('prefix')).objects).toMatchObject([{ mark: 'pfx_1' }]);
    expect((await world.inventory.probe(signal)).warnings?.join()).not.toContain('section');
  });
});

describe('a section that is to be made', () => {
  it('is there once where the answer was lost', async () => {
    const world = await World.start({}, asking('Trame'));
    await world.inventory.probe(signal);
    world.simulator.faults.add({ kind: 'reset-after', when: ([request]) => request?.startsWith('POST') ?? false });
    await world.inventory.prepare(signal);
    expect(names(world)).toEqual(['Customers', 'Lab', 'Trame']);
  });

  it('is there once where somebody else made it meanwhile', async () => {
    const world = await World.start({}, asking('Trame'));
    await world.inventory.probe(signal);
    world.simulator.ipam.typed('sections', { name: 'Trame' });
    await world.inventory.prepare(signal);
    expect(names(world)).toEqual(['Customers', 'Lab', 'Trame']);
  });

  it('is asked for in words where the app may only read', async () => {
    const world = await World.start({ apps: [{ ...APP, permissions: 1 }] }, asking('Trame'));
    await world.inventory.probe(signal);
    await expect(world.inventory.prepare(signal)).rejects.toMatchObject({
      code: 'PHPIPAM_NO_SECTION',
      message: expect.stringContaining('make it there, Administration → Sections'),
      facts: { retriable: false },
    });
    expect(names(world)).toEqual(['Customers', 'Lab']);
  });

  it.each(['99', 'ab'])('is none that phpIPAM would not make: %s', async (name) => {
    const world = await World.start({}, asking(name));
    await expect(world.inventory.probe(signal)).rejects.toMatchObject({ code: 'PHPIPAM_NO_SECTION' });
  });
});
