/** A hundred switches in one process: what a rollout over a fabric is tried on. */
import { createHash } from 'node:crypto';
import { EosTransport } from '#adapters/eos';
import type { DeviceTarget } from '#contexts/deployment/ports';
import type { Artefact } from '#engines/rendering';
import { type EosSimulator, type EosSimulators, startEosSimulators } from '../../apps/lab/src/eos-simulator/index.js';
import { isRealSwitch } from './eos-switch.js';

const USER = { username: 'trame', password: 'secret' };
const COUNT = 100;
const PUSHED = Number(process.env['TRAME_PUSHED'] ?? 20);
const AT_ONCE = 10;
const MB = 1024 * 1024;

const targetOf = (slug: string, { address, port, spkiSha256 }: EosSimulator): DeviceTarget => ({
  slug,
  address,
  port,
  username: USER.username,
  secret: USER.password,
  sshHostKeys: [],
  tlsSpkiSha256: [spkiSha256],
});

async function push([slug, device]: readonly [string, EosSimulator]): Promise<void> {
  const content = `vlan 100\n   name ${slug}\n`;
  const sha256 = createHash('sha256').update(content).digest('hex');
  const wanted: readonly Artefact[] = [
    { device: slug, path: 'running-config', format: 'eos', mode: 0o644, owner: 'root', content, sha256 },
  ];
  const identity = { planId: 'plan', revision: 1, fence: 1 };
  const connection = await new EosTransport().open(targetOf(slug, device), new AbortController().signal);
  await connection.stage(identity, wanted, []);
  await connection.apply(identity, 60);
  await connection.verify(identity, wanted, { vnis: [], neighbors: [] }, 5_000);
  await connection.confirm(identity);
}

describe.skipIf(isRealSwitch)(`${COUNT} simulated switches`, () => {
  let simulators: EosSimulators;
  afterAll(() => simulators.close());

  it('start in a process at once, and cost little', async () => {
    const [rss, startedAt] = [process.memoryUsage().rss, performance.now()];
    simulators = await startEosSimulators(COUNT, { users: [USER] });
    const [grown, took] = [process.memoryUsage().rss - rss, performance.now() - startedAt];
    console.log(`${COUNT} switches: ${Math.round(took)} ms to start, ${Math.round(grown / MB)} MB`);
    expect(simulators.switches.size).toBe(COUNT);
    expect(new Set([...simulators.switches.values()].map(({ device }) => device.serialNumber)).size).toBe(COUNT);
    expect(grown).toBeLessThan(200 * MB);
  });

  it('take a push each, ten at a time', async () => {
    const waiting = [...simulators.switches].slice(0, PUSHED);
    const [cpu, startedAt] = [process.cpuUsage(), performance.now()];
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await push(next);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    const { user, system } = process.cpuUsage(cpu);
    const took = performance.now() - startedAt;
    console.log(`${PUSHED} pushes: ${Math.round(took)} ms, ${Math.round((user + system) / 1000 / PUSHED)} ms of CPU each, both ends`);
    const named = [...simulators.switches].filter(([slug, { device }]) => device.startupConfig().includes(`vlan 100\n   name ${slug}\n`));
    expect(named).toHaveLength(PUSHED);
  });
});
