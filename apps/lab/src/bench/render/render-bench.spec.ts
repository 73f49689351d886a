import { checkFabric, type FabricSnapshot } from '#engines/intent';
import { leafFabric } from './leaf-fabric.js';
import { changedNetworks, newNetwork } from './network-changes.js';
import { runRenderBench } from './render-bench.js';
import { renderJson, renderTable } from './render-report.js';

const silent = (): void => undefined;

describe('npm run bench -- render', () => {
  it.each(['leafs', 'mixed'] as const)('measures a fabric in which nothing is wrong: %s', (profile) => {
    const fabric = leafFabric({ devices: 6, networks: 45, profile });
    // Hosts that route IPv6 wait for a person; that is no fault of the fabric.
    const wrong = (snapshot: FabricSnapshot) => checkFabric(snapshot).filter(({ code }) => code !== 'IPV6_FORWARDING');
    expect(wrong(fabric)).toEqual([]);
    expect(wrong(changedNetworks(fabric, 1))).toEqual([]);
    expect(wrong(newNetwork(fabric))).toEqual([]);
    expect(fabric.attachments).toHaveLength(6 * 45);
    expect(fabric.devices.filter(({ platform }) => platform === 'DEBIAN_FRR')).toHaveLength(profile === 'mixed' ? 3 : 0);
  });

  it('tells figures, their range, a verdict, and a digest that is the same every time', () => {
    const sizes = {
      rounds: 1,
      fabrics: [
        { devices: 3, networks: 20 },
        { devices: 6, networks: 40 },
      ],
      incremental: { devices: 4, networks: 20 },
    };
    const report = runRenderBench(sizes, silent);
    const line = JSON.parse(renderJson(report)) as Record<string, unknown>;
    expect(line).toMatchObject({
      devices: 6,
      networks: 40,
      msPerDevice: expect.any(Number),
      growth: expect.any(Number),
      incrementalMs: expect.any(Number),
      incrementalDevices: 4,
      isJudged: false,
      missed: [],
      perUnit: [
        { devices: 3, networks: 20 },
        { devices: 6, networks: 40 },
      ],
      repeatability: { msPerDevice: [expect.any(Number), expect.any(Number), expect.any(Number)] },
    });
    expect(report.lines).toBeGreaterThan(6 * 40 * 10);
    expect(runRenderBench(sizes, silent).digest).toBe(report.digest);
    expect(renderTable(report)).toMatch(/one network changed, 4 devices rendered/);
  });
});
