import { compileFabric, type DeviceIntent } from '#engines/intent';
import { demoFabric, scenarios } from '#engines/intent/testing';
import { renderDevice, type Artefact } from '#engines/rendering';
import { diffText } from '#engines/reconcile';
import { causesOf } from './causes.js';
import { hunksOf, hunkTexts } from './hunks.js';

type Fabric = ReturnType<typeof demoFabric>;
const on = (build: (fabric: Fabric) => Fabric, slug: string): DeviceIntent =>
  compileFabric(build(demoFabric()).build()).devices.find((device) => device.slug === slug) as DeviceIntent;
const BLUE = { slug: 'blue', vni: 10_001, eviId: 1, on: ['pve1'] };
const leaf = (vlan: number) => ({ device: 'test', port: 'Ethernet2', vlan, tagging: 'TAGGED' as const });
const GREEN = { slug: 'green', vni: 10_002, eviId: 2, on: ['pve1', 'pve2', leaf(101)] };

/** The whole diff, and of each hunk its text and the names of its causes. */
function explained(before: DeviceIntent, after: DeviceIntent): { text: string; because: string[] }[] {
  const [was, is]: (readonly Artefact[])[] = [renderDevice(before), renderDevice(after)];
  const content = (of: readonly Artefact[] | undefined, path: string): string => of?.find((one) => one.path === path)?.content ?? '';
  const paths = [...new Set([...(was ?? []), ...(is ?? [])].map(({ path }) => path))].sort();
  const diff = paths.map((path) => diffText(content(was, path), content(is, path), { before: path, after: path })).join('');
  const causes = causesOf(before, after);
  const hunks = hunksOf(diff, causes, { before: was ?? [], after: is ?? [] }, [before, after]);
  const texts = hunkTexts(diff);
  expect(hunks).toHaveLength(texts.length);
  return texts.map(({ text }, index) => ({
    text,
    because: (hunks[index]?.causes ?? []).map((at) => `${causes[at]?.verb} ${causes[at]?.kind} ${causes[at]?.slug}`),
  }));
}

describe('the hunks of a diff', () => {
  it.each(['test', 'pve1'])('name the network whose lines they are, on %s', (slug) => {
    const members = { ...BLUE, on: ['pve1', leaf(100)] };
    const hunks = explained(
      on((fabric) => fabric.network(GREEN).network({ ...GREEN, slug: 'red', vni: 10_009, eviId: 9, on: ['pve1', leaf(109)] }), slug),
      on((fabric) => fabric.network(GREEN).network(members), slug),
    );
    expect(hunks.length).toBeGreaterThan(0);
    const changed = (text: string): string =>
      text
        .split('\n')
        .filter((line) => /^[+-]/.test(line))
        .join('\n');
    const said = hunks.map(
      ({ text, because }) =>
        [/10001|blue|^\+.*vlan 100$/m.test(changed(text)), /10009|red|^-.*vlan 109$/m.test(changed(text)), because] as const,
    );
    expect(said.some(([blue]) => blue)).toBe(true);
    expect(said.some(([, red]) => red)).toBe(true);
    for (const [blue, red, because] of said) {
      if (blue) expect(because).toContain('ADDED NETWORK blue');
      if (red) expect(because).toContain('REMOVED NETWORK red');
      expect(because).not.toContain('CHANGED NETWORK green');
    }
  });

  it('name the session whose timers change, and no network', () => {
    const before = on((fabric) => fabric.network(BLUE), 'pve1');
    const [peer] = before.bgp?.neighbors ?? [];
    const after: DeviceIntent = {
      ...before,
      bgp: before.bgp && {
        ...before.bgp,
        neighbors: before.bgp.neighbors.map((one) => ({ ...one, keepaliveSeconds: 7, holdSeconds: 21 })),
      },
    };
    const because = new Set(explained(before, after).flatMap((hunk) => hunk.because));
    expect([...because]).toEqual([`CHANGED SESSION ${peer?.description}`]);
  });

  it('are the device itself where nothing else is named', () => {
    const before = on((fabric) => fabric, 'pve1');
    const hunks = explained(before, { ...before, hostname: 'renamed' });
    expect(hunks.length).toBeGreaterThan(0);
    for (const { because } of hunks) expect(because).toEqual(['CHANGED DEVICE pve1']);
  });

  it('always have a cause, in every scenario, when everything comes and when everything goes', () => {
    for (const build of Object.values(scenarios))
      for (const full of compileFabric(build()).devices) {
        const empty: DeviceIntent = { ...full, l2vnis: [], vrfs: [], edgePorts: [] };
        for (const [before, after] of [
          [empty, full],
          [full, empty],
        ] as const)
          for (const { because } of explained(before, after)) expect(because).not.toEqual([]);
      }
  });

  it('are the same each time, and hold the whole diff', () => {
    const [before, after] = [on((fabric) => fabric, 'test'), on((fabric) => fabric.network({ ...BLUE, on: [leaf(100)] }), 'test')];
    expect(explained(before, after)).toEqual(explained(before, after));
    expect(explained(before, after).flatMap(({ because }) => because)).toContain('ADDED NETWORK blue');
    const diff = diffText('a\n--- b\n', 'a\n+++ c\n', { before: 'f', after: 'f' });
    expect(hunkTexts(`${diff}# the secret x was set anew\n`)).toEqual([{ path: 'f', text: '@@ -1,2 +1,2 @@ a\n a\n---- b\n++++ c' }]);
  });
});
