/**
 * What a push owes, tried on our transport and on two clients that were made to fail: one does not look whether somebody else has
 * committed, the other does not look whether the timer runs. A case that none of them fails would show nothing.
 */
import { createHash } from 'node:crypto';
import { EosTransport } from '#adapters/eos';
import type { DeviceTarget, PushIdentity } from '#contexts/deployment/ports';
import { type Artefact, RUNNING_CONFIG_PATH } from '#engines/rendering';
import { isRealSwitch, SwitchUnderTest } from './eos-switch.js';
import { type PushCase, pushCases } from './eos-push-cases.js';
import type { ConnectClient, PushClient } from './naive-clients/push-client.js';
import { WithoutGuard } from './naive-clients/without-guard.js';
import { WithoutProof } from './naive-clients/without-proof.js';

let fence = Math.floor(Date.now() / 1000) - 1_700_000_000;

async function ours(target: DeviceTarget): Promise<PushClient> {
  const connection = await new EosTransport({ patienceMs: 3_000, settleMs: 300 }).open(target, new AbortController().signal);
  const push: PushIdentity = { planId: 'plan', revision: 1, fence: (fence += 1) };
  let wanted: readonly Artefact[] = [];
  return {
    async stage([header = '', ...lines]) {
      const content = `${header}\n${lines.map((line) => `${/^vlan /.test(line) ? '' : '   '}${line}\n`).join('')}`;
      const sha256 = createHash('sha256').update(content).digest('hex');
      wanted = [{ device: 'test', path: RUNNING_CONFIG_PATH, format: 'eos', mode: 0o644, owner: 'root', content, sha256 }];
      await connection.stage(push, wanted, []);
    },
    async commit() {
      try {
        await connection.apply(push, 60);
        const { ok } = await connection.verify(push, wanted, { vnis: [], neighbors: [] }, 1_000);
        if (!ok) throw new Error('not verified');
        await connection.confirm(push);
        return 'DONE';
      } catch {
        await connection.revert(push);
        return 'FAILED';
      }
    },
  };
}

/** @returns what is wrong, null for nothing. */
async function verdict({ run }: PushCase, version: string, connect: ConnectClient): Promise<string | null> {
  const device = await SwitchUnderTest.start({ version });
  try {
    return await run(device, connect).then(
      () => null,
      (error: Error) => error.message,
    );
  } finally {
    if (isRealSwitch) await device.rpc(['configure', 'no vlan 3981', 'no vlan 3990']);
    await device.close();
  }
}

const GUARD = 'loses nothing that somebody else commits after the session was opened';
const PROOF = 'makes nothing live that does not undo itself, when the commit is lost on the way';
const cases = pushCases.filter(({ needsSimulator }) => !(needsSimulator && isRealSwitch));
const releases = isRealSwitch ? ['the release of the switch'] : ['4.31.2F', '4.32.1F'];

describe.each(releases)('a push to a switch with EOS %s', (version) => {
  it.each([
    { who: 'our transport', connect: ours as ConnectClient, failures: {} },
    {
      who: 'a client without a lost-update guard',
      connect: (async (target) => new WithoutGuard(target)) as ConnectClient,
      failures: { [GUARD]: 'what somebody else committed is lost' },
    },
    {
      who: 'a client without proof of the armed timer',
      connect: (async (target) => new WithoutProof(target)) as ConnectClient,
      failures: isRealSwitch ? {} : { [PROOF]: 'it went live without a timer' },
    },
  ])('by $who keeps what it owes, but for exactly what it leaves out', async ({ connect, failures }) => {
    const judge = async (one: PushCase): Promise<[string, string | null]> => [one.name, await verdict(one, version, connect)];
    const verdicts: [string, string | null][] = [];
    if (isRealSwitch) for (const one of cases) verdicts.push(await judge(one));
    else verdicts.push(...(await Promise.all(cases.map(judge))));
    expect(Object.fromEntries(verdicts.filter(([, wrong]) => wrong !== null))).toEqual(failures);
  });
});
