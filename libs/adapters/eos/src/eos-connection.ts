/** One switch during one push. */
import type {
  DeviceCollection,
  DeviceConnection,
  DeviceFindings,
  DeviceVitals,
  Expectations,
  PendingPush,
  PushIdentity,
  StagedChange,
  VerifyReport,
} from '#contexts/deployment/ports';
import { type Artefact, RUNNING_CONFIG_PATH } from '#engines/rendering';
import { ConfigPush } from './config-push.js';
import type { PushTools } from './fenced-switch.js';
import { pushFailure } from './push-failure.js';
import type { OpenSession, SwitchIdentity } from './switch-reader.js';
import { verifyPush } from './verify-push.js';

export class EosConnection implements DeviceConnection {
  private readonly pushes = new Map<number, ConfigPush>();

  constructor(
    private readonly identity: SwitchIdentity,
    private readonly tools: PushTools,
  ) {}

  async inspect(paths: readonly string[]): Promise<DeviceFindings> {
    const { reader } = this.tools;
    const running = await reader.runningConfig();
    const { sessions } = await reader.status();
    return {
      hostname: this.identity.hostname,
      version: `EOS ${this.identity.release}`,
      actual: new Map(paths.map((path) => [path, path === RUNNING_CONFIG_PATH ? running : null])),
      pending: pendingPush(sessions),
      establishedNeighbors: await reader.evpnNeighbors(running),
      chassis: { serialNumber: this.identity.serialNumber, systemMac: this.identity.systemMac },
    };
  }

  observe(): Promise<DeviceVitals> {
    return this.tools.reader.vitals();
  }

  async localMacs(vnis: readonly number[]): Promise<ReadonlyMap<number, readonly string[]>> {
    return (await this.tools.reader.localMacs(vnis)) ?? new Map();
  }

  /** EOS does not say who wrote a line; its log does, as long as it lasts. */
  async collect(paths: readonly string[]): Promise<DeviceCollection> {
    const { reader } = this.tools;
    const running = await reader.runningConfig();
    const [startup, { sessions }] = [await reader.startupConfig(), await reader.status()];
    return {
      version: `EOS ${this.identity.release}`,
      actual: new Map(paths.map((path) => [path, path === RUNNING_CONFIG_PATH ? running : null])),
      pending: pendingPush(sessions),
      running: new Map(),
      startup,
      live: [],
      traces: new Map(),
      upSeconds: this.identity.upSeconds,
    };
  }

  recover(push: PushIdentity): Promise<void> {
    return this.of(push).recover();
  }

  async stage(push: PushIdentity, artefacts: readonly Artefact[], previous: readonly Artefact[]): Promise<StagedChange> {
    const diff = await this.of(push).stage({
      desired: this.content(artefacts),
      previous: previous.map((artefact) => this.content([artefact])),
    });
    return { diff, isNoop: diff === '' };
  }

  apply(push: PushIdentity, confirmWithinSeconds: number): Promise<void> {
    return this.of(push).apply(confirmWithinSeconds);
  }

  /** Every request has a connection of its own, so this is a new one by nature. */
  verify(push: PushIdentity, artefacts: readonly Artefact[], expectations: Expectations, withinMs: number): Promise<VerifyReport> {
    const before = this.pushes.get(push.fence)?.healthBefore ?? null;
    return verifyPush(this.tools.reader, { owned: this.content(artefacts), before }, expectations, withinMs, this.tools.signal);
  }

  confirm(push: PushIdentity): Promise<void> {
    return this.of(push).confirm();
  }

  revert(push: PushIdentity): Promise<void> {
    return this.of(push).revert();
  }

  /** Nothing is kept open between requests. */
  async close(): Promise<void> {
    this.pushes.clear();
  }

  private of(push: PushIdentity): ConfigPush {
    const known = this.pushes.get(push.fence) ?? new ConfigPush(this.tools, push);
    this.pushes.set(push.fence, known);
    return known;
  }

  private content(artefacts: readonly Artefact[]): string {
    const stray = artefacts.find(({ path, format }) => path !== RUNNING_CONFIG_PATH || format !== 'eos');
    if (stray !== undefined) {
      throw pushFailure(
        this.tools.device,
        'CONFIG_REFUSED',
        `${stray.path} (${stray.format}) is nothing for a switch: it takes ${RUNNING_CONFIG_PATH} in the format eos`,
      );
    }
    return artefacts.map(({ content }) => content).join('\n');
  }
}

/** The remains of an earlier execution; a live change counts more than one that was only staged. */
function pendingPush(sessions: readonly OpenSession[]): PendingPush | null {
  const ours = sessions.flatMap(({ ours: name, state }) =>
    name === undefined || state === 'ended' ? [] : [{ fence: name.fence, applied: state === 'timed' }],
  );
  return ours.find(({ applied }) => applied) ?? ours.sort((a, b) => b.fence - a.fence)[0] ?? null;
}
