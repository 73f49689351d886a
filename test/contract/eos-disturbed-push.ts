/** A push to a simulated switch while things go wrong, and the judgement of how it ended. */
import { createHash } from 'node:crypto';
import { EosTransport } from '#adapters/eos';
import type { DeviceConnection, DeviceTarget, PushIdentity } from '#contexts/deployment/ports';
import { isDomainError } from '#engines/kernel';
import type { Artefact } from '#engines/rendering';
import { type FaultKind, VirtualClock } from '../../apps/lab/src/eos-simulator/index.js';
import { SwitchUnderTest } from './eos-switch.js';

/** What goes wrong: the line, the switch, or somebody else who is at it. */
export type Accident = FaultKind | 'colleague-commits' | 'hand-edit' | 'timer-expires' | 'other-certificate';

export interface Disturbance {
  readonly accident: Accident;
  /** Number of the request that it meets, from 0. */
  readonly boundary: number;
}

export type Outcome = 'DONE' | 'REVERTED' | 'UNPROVEN' | 'NOT_STARTED';

export interface Configurations {
  /** As printed, heading included. */
  readonly old: string;
  readonly done: string;
}

export interface Judgement {
  readonly outcome: Outcome;
  /** What must never be; null for nothing. */
  readonly complaint: string | null;
  /** False: the push was over before everything had happened. */
  readonly wasHit: boolean;
}

const CONFIRM_SECONDS = 60;

const artefact = (content: string): Artefact => ({
  device: 'test',
  path: 'running-config',
  format: 'eos',
  mode: 0o644,
  owner: 'root',
  content,
  sha256: createHash('sha256').update(content).digest('hex'),
});
const OLD = artefact('vlan 100\n   name old\n!\ninterface Loopback1\n   ip address 172.16.1.1/32\n');
const NEW = artefact('vlan 100\n   name new\n!\nvlan 200\n   name more\n!\ninterface Loopback1\n   ip address 172.16.1.2/32\n');
/** What a colleague types meanwhile; nothing of ours says anything of it. */
const BY_HAND = ['vlan 3990', 'name by-hand'];
const withoutByHand = (config: string): string => config.replace('vlan 3990\n   name by-hand\n!\n', '');

const push = (fence: number): PushIdentity => ({ planId: `plan-${fence}`, revision: fence, fence });

interface World {
  readonly device: SwitchUnderTest;
  readonly clock: VirtualClock;
  readonly transport: EosTransport;
}

/** @param requestMs long enough for a busy machine: a false time-out is only one more fault, but a test may count on exactly one. */
async function world(version: string, requestMs: number, initialConfig?: string): Promise<World> {
  const clock = new VirtualClock();
  const device = await SwitchUnderTest.start({ clock, version, ...(initialConfig === undefined ? {} : { initialConfig }) });
  const transport = new EosTransport({
    requestMs,
    commitMs: requestMs,
    patienceMs: 5_000,
    settleMs: 300,
    rollbackMs: 1_500,
    afterTimerMs: 300,
  });
  return { device, clock, transport };
}

/** What an undisturbed switch prints before and after the push, and how many requests the push takes. */
export async function undisturbed(version: string): Promise<Configurations & { readonly requests: number }> {
  const { device, transport } = await world(version, 5_000);
  const states: string[] = [];
  let requests = 0;
  for (const [fence, wanted, previous] of [
    [1, OLD, []],
    [2, NEW, [OLD]],
  ] as const) {
    const before = device.simulator.journal.requests.length;
    const connection = await transport.open(device.target, new AbortController().signal);
    const outcome = await deploy(connection, push(fence), wanted, previous);
    if (outcome !== 'DONE') throw new Error(`nothing went wrong, and the push ended ${outcome}`);
    requests = device.simulator.journal.requests.length - before;
    states.push(device.simulator.device.runningConfig());
  }
  await device.close();
  return { old: states[0] ?? '', done: states[1] ?? '', requests };
}

/** What whoever deploys does with a connection: an error means revert, and a revert that fails means a person. */
async function deploy(connection: DeviceConnection, it: PushIdentity, wanted: Artefact, previous: readonly Artefact[]): Promise<Outcome> {
  try {
    const { isNoop } = await connection.stage(it, [wanted], previous);
    if (!isNoop) await connection.apply(it, CONFIRM_SECONDS);
    const report = await connection.verify(it, [wanted], { vnis: [], neighbors: [] }, 500);
    if (report.ok) {
      await connection.confirm(it);
      return 'DONE';
    }
  } catch (error) {
    if (!isDomainError(error)) throw error;
  }
  return connection.revert(it).then(
    () => 'REVERTED' as const,
    () => 'UNPROVEN' as const,
  );
}

/** @returns how the push ended and what is wrong with that, the next execution included. */
export async function disturb(
  version: string,
  { old, done }: Configurations,
  disturbances: readonly Disturbance[],
  requestMs: number,
): Promise<Judgement> {
  const it = await world(version, requestMs, old);
  const { device, clock, transport } = it;
  const name = `EOS ${version}, ${disturbances.map(({ accident, boundary }) => `${accident} at request ${boundary}`).join(', ')}`;
  const running = (): string => withoutByHand(device.simulator.device.runningConfig());
  try {
    const colleague = arrange(it, disturbances);
    const signal = new AbortController().signal;
    const outcome = await transport.open(device.target, signal).then(
      (connection) => deploy(connection, push(4), NEW, [OLD]),
      () => 'NOT_STARTED' as const,
    );
    const wasHit = device.simulator.faults.pending === 0;
    device.simulator.faults.clear();
    const complaint =
      judge(outcome, running(), device.simulator.device.startupConfig(), { old, done }) ??
      colleague.complaint(outcome) ??
      (await aftermath(it, outcome, { old, done }, running)) ??
      (outcome === 'DONE' ? null : await nextExecution(it, done, running, clock));
    return { outcome, complaint: complaint === null ? null : `${name}: ${outcome}, ${complaint}`, wasHit };
  } finally {
    await device.close();
  }
}

function judge(outcome: Outcome, live: string, startup: string, { old, done }: Configurations): string | null {
  if (outcome === 'DONE' && live !== done) return 'but the configuration is not the new one';
  if (outcome === 'DONE' && !startup.includes('name new')) return 'but not saved';
  if ((outcome === 'REVERTED' || outcome === 'NOT_STARTED') && live !== old) return 'but the configuration is not the old one';
  return null;
}

/** Lets everything happen at its request. */
function arrange({ device, clock }: World, disturbances: readonly Disturbance[]): { complaint(outcome: Outcome): string | null } {
  const { faults } = device.simulator;
  const isReload = ({ accident }: Disturbance): boolean => accident.startsWith('reboot');
  let hasTyped = false;
  const actions: Partial<Record<Accident, () => Promise<unknown> | void>> = {
    'colleague-commits': async () => {
      hasTyped = (await device.rpc(['configure session human', ...BY_HAND, 'commit'])).json.error === undefined || hasTyped;
    },
    'hand-edit': async () => {
      hasTyped = (await device.rpc(['configure', ...BY_HAND])).json.error === undefined || hasTyped;
    },
    'timer-expires': async () => clock.advance((CONFIRM_SECONDS + 1) * 1000),
    'other-certificate': () => device.simulator.changeCertificate(),
  };
  // Requests are counted once, whatever waits for them, and those of the colleague are not among them.
  let seen = -1;
  let counted: readonly string[] | null = null;
  const isDue =
    (boundary: number) =>
    (commands: readonly string[]): boolean => {
      if (commands.some((command) => command === BY_HAND[0])) return false;
      if (commands !== counted) seen += 1;
      counted = commands;
      return seen >= boundary;
    };
  for (const { accident, boundary } of disturbances) {
    const action = actions[accident];
    if (action === undefined) faults.add({ kind: accident as FaultKind, ms: 200, when: isDue(boundary) });
    else faults.meanwhile(isDue(boundary), async () => void (await action()));
  }
  return {
    complaint: (outcome) =>
      outcome === 'DONE' && hasTyped && !disturbances.some(isReload) && !device.simulator.device.runningConfig().includes('by-hand')
        ? 'and what a colleague typed meanwhile is lost'
        : null,
  };
}

/** Nobody is there any more: time passes, then the next execution finds what is left. */
async function aftermath(
  { device, clock, transport }: World,
  outcome: Outcome,
  { old, done }: Configurations,
  running: () => string,
): Promise<string | null> {
  clock.advance((CONFIRM_SECONDS + 1) * 1000);
  await new Promise((resolve) => setTimeout(resolve, 0));
  const next = await patiently(() => transport.open(asItIsNow(device), new AbortController().signal));
  await next.recover(push(5));
  const end = running();
  if (end !== old && end !== done) return 'and in the end the configuration is neither the old nor the new one';
  if (outcome === 'DONE' && end !== done) return 'and then it was undone';
  const left = device.simulator.device.sessions.list().filter(({ name, state }) => name.startsWith('trame-') && state !== 'completed');
  return left.length > 0 ? `and left ${left.map(({ name }) => name).join(', ')}` : null;
}

async function nextExecution(
  { device, transport }: World,
  done: string,
  running: () => string,
  clock: VirtualClock,
): Promise<string | null> {
  const next = await patiently(() => transport.open(asItIsNow(device), new AbortController().signal));
  const outcome = await deploy(next, push(6), NEW, [OLD, NEW]); // an attempt whose end is not known counts as ours
  clock.advance((CONFIRM_SECONDS + 1) * 1000);
  return outcome === 'DONE' && running() === done ? null : `and the next execution ends ${outcome}`;
}

/** A cable may still be out, or a reload under way. */
async function patiently<T>(open: () => Promise<T>): Promise<T> {
  for (const deadline = Date.now() + 5_000; ; ) {
    try {
      return await open();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** A person has looked at the new certificate and recorded its pin. */
const asItIsNow = ({ target, simulator }: SwitchUnderTest): DeviceTarget => ({ ...target, tlsSpkiSha256: [simulator.spkiSha256] });
