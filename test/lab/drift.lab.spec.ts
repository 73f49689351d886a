// A hand in vtysh on a real host, from the next collection to the end of it.
import { FRR_PATH, INTERFACES_PATH } from '#engines/rendering';
import { missingForRealHosts } from '../../apps/lab/src/hosts/index.js';
import { describeWith } from '../support/describe-with.js';
import { type DriftWorld, startDriftWorld } from '../support/drift-world.js';

describeWith({ missing: missingForRealHosts() }, 'drift of a real host', () => {
  let world: DriftWorld;
  beforeAll(async () => {
    world = await startDriftWorld(true);
  });
  afterAll(() => world?.close());

  const node = () => {
    if (!world.real) throw new Error('no real host');
    return world.real.node;
  };
  const running = () => node().run(['vtysh', '-c', 'show running-config']);
  const files = () =>
    node().run([
      'sh',
      '-c',
      `cat ${FRR_PATH} ${INTERFACES_PATH}; find /var/lib/trame /etc/network /etc/frr -type f | xargs stat -c '%n %Y %s'`,
    ]);

  it('that nobody touched is none, and looking writes nothing there', async () => {
    expect(await world.collect('pve1')).toMatchObject({ verdict: 'CLEAN', items: [] });
    const before = await files();
    expect(await world.collect('pve1')).toMatchObject({ verdict: 'CLEAN', items: [] });
    expect(await files()).toBe(before);
  });

  it('of a hand in vtysh is found in the next collection; of two lines one is adopted and one re-applied, by one push', async () => {
    await node().run([
      'vtysh',
      '-c',
      'configure terminal',
      '-c',
      'router bgp 65051',
      '-c',
      'neighbor 192.168.100.1 timers 3 9',
      '-c',
      'timers bgp 4 12',
    ]);
    const { items } = await world.collect('pve1');
    expect(items.map(({ kind, section, observed }) => [kind, section, observed]).sort()).toEqual([
      ['FOREIGN_IN_OWNED_SECTION', ['router bgp 65051'], 'timers bgp 4 12'],
      ['OURS_CHANGED', ['router bgp 65051'], 'neighbor 192.168.100.1 timers 3 9'],
    ]);
    for (const { likelyCause } of items) expect(likelyCause).toContain('`write memory` is missing');
    const idOf = (kind: string) => items.filter((item) => item.kind === kind).map(({ id }) => id);
    await world.drift.adopt('operator', idOf('FOREIGN_IN_OWNED_SECTION'), 'they are right');
    await world.drift.reapply('operator', idOf('OURS_CHANGED'), 'ours');
    await world.approveAndApply();
    expect(await node().run(['cat', FRR_PATH])).toContain(' timers bgp 4 12\n');
    expect(await running()).toMatch(/ timers bgp 4 12\n(?:.*\n)* neighbor 192.168.100.1 timers 20 60\n/);
    expect(await world.collect('pve1')).toMatchObject({ verdict: 'CLEAN' });
  });

  it('of an interface is found by what is live, and of a file by whoever wrote it', async () => {
    await node().run(['ip', 'link', 'set', 'ens19', 'mtu', '1400']);
    await node().run(['ip', 'address', 'del', '172.16.1.51/32', 'dev', 'lo']);
    await node().run(['sh', '-c', `sed -i 's/timers 20 60/timers 3 9/' ${FRR_PATH} && chown nobody ${FRR_PATH}`]);
    const { items } = await world.collect('pve1');
    expect(items).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ section: ['iface lo'], isConfiguration: false }),
        expect.objectContaining({
          path: FRR_PATH,
          likelyCause: expect.stringMatching(/\(owner nobody, changed \d+ s ago\); it is not in force/),
        }),
      ]),
    );
  });
});
