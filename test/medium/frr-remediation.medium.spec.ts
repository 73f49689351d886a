/** What a merge sends to FRR, judged by FRR: from one configuration to the next, command by command, and then it is what was wanted. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { compareConfigs, frrDialect, remediate } from '#engines/reconcile';
import { frrHosts } from '#engines/reconcile/testing';
import { Lab, type LabNode, missingForRealHosts } from '../../apps/lab/src/hosts/index.js';
import { describeWith } from '../support/describe-with.js';

/** Always the same ones: a walk that fails has to fail again. */
const WALK = fc.sample(frrHosts, { seed: 4, numRuns: 30 });

describeWith({ missing: missingForRealHosts() }, 'remediation on a real FRR', () => {
  let directory: string;
  let lab: Lab;
  let host: LabNode;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'trame-frr-'));
    lab = await Lab.create(join(directory, 'lab'));
    host = await lab.node('pve1');
    await host.startFrr();
  });
  afterEach(async () => {
    await lab.close();
    await rm(directory, { recursive: true, force: true });
  });

  const running = () => host.run(['vtysh', '-c', 'show running-config']);

  async function type(commands: readonly string[]): Promise<void> {
    if (commands.length === 0) return;
    await host.run(['vtysh', ...['configure terminal', ...commands].flatMap((command) => ['-c', command])]);
  }

  it('leads from each configuration to the next, and back to that of the beginning', async () => {
    const atFirst = await running();
    for (const [step, wanted] of [...WALK, ''].entries()) {
      const desired = `${atFirst}\n${wanted}`;
      const now = await running();
      const commands = remediate({ running: now, previous: now, desired }, frrDialect);
      await type(commands);
      expect(compareConfigs(frrDialect, desired, await running()), `step ${step}: ${commands.join('; ')}`).toEqual([]);
    }
    expect(compareConfigs(frrDialect, atFirst, await running())).toEqual([]);
  }, 120_000);
});
