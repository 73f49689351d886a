// Hands on devices that answer over eAPI and SSH: what the next collection says, and what people make of it.
import { FRR_PATH } from '#engines/rendering';
import { type DriftWorld, startDriftWorld } from '../support/drift-world.js';

let world: DriftWorld;
beforeAll(async () => {
  world = await startDriftWorld(false);
});
afterAll(() => world?.close());

const type = (...commands: readonly string[]) => world.leaf.show('configure', ...commands);
const running = () => world.leaf.runningConfig();
const host = () => {
  const pve1 = world.simulated.get('pve1');
  if (!pve1) throw new Error('no pve1');
  return pve1;
};

describe('drift of devices that nobody touched', () => {
  it('is none, and to look at them changes nothing there', async () => {
    const [text, pushes, verbs] = [await running(), world.leaf.simulator.journal.pushes.length, host().journal.all().length];
    for (const slug of ['pve1', 'pve2', 'test']) expect(await world.collect(slug)).toMatchObject({ verdict: 'CLEAN', items: [] });
    expect(await running()).toBe(text);
    expect(world.leaf.simulator.journal.pushes).toHaveLength(pushes);
    expect(
      host()
        .journal.all()
        .slice(verbs)
        .map(({ verb }) => verb),
    ).toEqual(['collect', 'collect']);
  });
});

describe('a switch', () => {
  it('edited in `router bgp` by hand: found in the next collection; adopted, it stays and is ours', async () => {
    await type('router bgp 65051', 'maximum-paths 4');
    const report = await world.collect('test');
    expect(report.items).toMatchObject([
      {
        kind: 'FOREIGN_IN_OWNED_SECTION',
        section: ['router bgp 65051'],
        observed: 'maximum-paths 4',
        likelyCause: 'typed by hand: `write memory` is missing',
      },
      { kind: 'UNSAVED' },
    ]);
    const ids = report.items.map(({ id }) => id);
    await expect(world.drift.adopt('operator', ids, 'ok')).rejects.toMatchObject({
      code: 'INVALID_STATE',
      message: expect.stringContaining('save the configuration'),
    });
    await world.drift.adopt('operator', ids.slice(0, 1), 'ok');
    await world.approveAndApply();
    expect(await running()).toContain('maximum-paths 4');
    await type('end', 'write memory');
    expect(await world.collect('test')).toMatchObject({ verdict: 'CLEAN' });
    await type('router bgp 65051', 'no maximum-paths');
    await type('end', 'write memory');
    const gone = await world.collect('test');
    expect(gone.items).toMatchObject([{ kind: 'OURS_MISSING', intended: 'maximum-paths 4', likelyCause: 'changed by hand and saved' }]);
    await world.drift.reapply(
      'operator',
      gone.items.map(({ id }) => id),
      'ours',
    );
    await world.converge();
    expect(await running()).toContain('maximum-paths 4');
    expect(await world.collect('test')).toMatchObject({ verdict: 'CLEAN' });
  });

  it('edited in `router bgp` by hand: re-applied, it is as it was, saved, and other lines of others stay', async () => {
    await type('vlan 777', 'name mine');
    await type('end', 'write memory');
    const before = await running();
    await type('router bgp 65051', 'neighbor 192.168.100.2 timers 3 9', 'vlan 999', 'rd 1:1', 'route-target both 1:1');
    const report = await world.collect('test');
    expect(report.items.map(({ kind }) => kind)).toEqual(['OURS_CHANGED', 'FOREIGN_IN_OWNED_SECTION', 'UNSAVED']);
    expect(report.foreignLines).toContainEqual(expect.stringContaining('vlan 777'));
    await world.drift.reapply(
      'operator',
      report.items.map(({ id }) => id),
      'nobody knows them',
    );
    await world.converge();
    expect(await running()).toBe(before);
    expect(await world.collect('test')).toMatchObject({ verdict: 'CLEAN', items: [] });
  });

  it('that boots what was saved before our last push says so', async () => {
    const saved = world.leaf.simulator.device.startupConfig();
    expect(saved).toContain('neighbor 192.168.100.2 timers 20 60');
    await type('router bgp 65051', 'neighbor 192.168.100.2 timers 3 9');
    await type('end', 'write memory');
    await world.leaf.simulator.reboot();
    expect((await world.collect('test')).items).toMatchObject([
      {
        kind: 'OURS_CHANGED',
        observed: 'neighbor 192.168.100.2 timers 3 9',
        likelyCause: expect.stringMatching(/^the device rebooted \d+ s ago/),
      },
    ]);
    await type('router bgp 65051', 'neighbor 192.168.100.2 timers 20 60');
    await type('end', 'write memory');
  });

  it('that cannot be reached has no verdict, and one again when it can', async () => {
    await world.leaf.simulator.disconnect();
    expect(await world.collect('test')).toMatchObject({ verdict: 'UNREACHABLE', detail: expect.stringContaining('UNREACHABLE: ') });
    await world.leaf.simulator.connect();
    expect(await world.collect('test')).toMatchObject({ verdict: 'CLEAN' });
  });
});

describe('a host', () => {
  const frr = () => host().system.readFile(FRR_PATH) ?? '';

  it('edited in vtysh is found though its file is as we left it, and re-applied it runs the file again', async () => {
    host().system.typeIntoVtysh(frr().replace('timers 20 60', 'timers 3 9'));
    const { items } = await world.collect('pve1');
    expect(items).toMatchObject([
      {
        kind: 'OURS_CHANGED',
        path: FRR_PATH,
        observed: 'neighbor 192.168.100.1 timers 3 9',
        likelyCause: expect.stringContaining('in vtysh'),
      },
    ]);
    await world.drift.reapply(
      'operator',
      items.map(({ id }) => id),
      'ours',
    );
    await world.converge();
    expect(await world.collect('pve1')).toMatchObject({ verdict: 'CLEAN' });
  });

  it('whose file another program wrote names its owner, and what is not in force yet', async () => {
    const before = frr();
    host().system.writeFile(FRR_PATH, before.replace('timers 20 60', 'timers 3 9'), 'ansible');
    expect((await world.collect('pve1')).items).toMatchObject([
      {
        kind: 'OURS_CHANGED',
        likelyCause: expect.stringMatching(/overwrote \/etc\/frr\/frr\.conf \(owner ansible, changed \d+ s ago\); it is not in force/),
      },
    ]);
    host().system.writeFile(FRR_PATH, before);
    expect(await world.collect('pve1')).toMatchObject({ verdict: 'CLEAN' });
  });

  it('that lost an interface, or whose FRR died, has an item for it', async () => {
    host().system.deleteInterface('ens19');
    host().system.isRoutingUp = false;
    expect((await world.collect('pve1')).items.map(({ section, intended, observed }) => [section, intended, observed])).toEqual(
      expect.arrayContaining([
        [['iface ens19'], 'as the file says', 'does not exist'],
        [[], 'FRR runs', null],
      ]),
    );
    host().system.isRoutingUp = true;
    host().system.boot();
    expect(await world.collect('pve1')).toMatchObject({ verdict: 'CLEAN' });
  });
});
