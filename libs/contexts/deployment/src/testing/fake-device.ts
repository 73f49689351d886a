/** A device in memory behind the port: it keeps files, refuses stale fences, reverts what nobody confirmed, and fails on demand. */
import { type Artefact, artefactPaths } from './artefact-paths.js';
import {
  type Chassis,
  type DeviceConnection,
  type DeviceFindings,
  type DeviceTarget,
  type DeviceTransport,
  type Expectations,
  hasFailed,
  type ProofQuestion,
  type PushIdentity,
  TransportError,
  type TransportErrorCode,
  type VerifyCheck,
  type VerifyReport,
} from '../ports/index.js';

export type FakeStep = 'open' | 'inspect' | 'stage' | 'apply' | 'verify' | 'confirm';

export class FakeDevice {
  readonly files = new Map<string, string>();
  readonly pushes: { readonly fence: number; readonly from: number; to: number }[] = [];
  /** When a change was in force and not confirmed, in milliseconds. */
  readonly unconfirmed: { readonly from: number; to: number }[] = [];
  /** What it sees of the others. */
  readonly neighbors = new Set<string>();
  readonly remoteVteps = new Set<string>();
  private faults = new Map<FakeStep, TransportErrorCode>();
  private gates = new Map<FakeStep, Promise<void>>();
  private onLive: (() => void) | null = null;
  private diesAfterApply = false;
  private backup: ReadonlyMap<string, string> | null = null;
  private pendingFence = 0;
  private isStaged = false;
  private highestFence = 0;

  constructor(readonly slug: string) {}

  /** What it says of its own box; null: it says nothing. */
  chassis: Chassis | null = null;
  /** What it had taken back by itself. */
  selfReverted: DeviceFindings['selfReverted'] = null;
  /** How it was reached last, and what was pushed to it under which identity. */
  target: DeviceTarget | null = null;
  identity: PushIdentity | null = null;
  /** What it knows of its networks: all that is expected, but for what is broken here, by question. */
  readonly broken = new Map<ProofQuestion, string>();
  /** Questions that it cannot be asked. */
  readonly mute = new Set<ProofQuestion>();
  /** Guests that it has itself, by VNI. */
  readonly macs = new Map<number, readonly string[]>();

  /** Every call of that step fails from now on, until `heal`. */
  failAt(step: FakeStep, code: TransportErrorCode): void {
    this.faults.set(step, code);
  }
  /** The change goes live, the answer never comes, and nobody gets through afterwards. */
  dieAfterApply(): void {
    this.diesAfterApply = true;
  }
  /** Every call of that step waits until the answer is called. */
  holdAt(step: FakeStep): () => void {
    let release = (): void => undefined;
    this.gates.set(step, new Promise((resolve) => (release = resolve)));
    return () => {
      this.gates.delete(step);
      release();
    };
  }
  async passed(step: FakeStep): Promise<void> {
    await this.gates.get(step);
  }
  /** What the next change breaks, once it has been confirmed. */
  afterConfirm(consequence: () => void): void {
    this.onLive = consequence;
  }
  heal(): void {
    this.onLive = null;
    this.diesAfterApply = false;
    this.faults.clear();
  }
  check(step: FakeStep): void {
    const code = this.faults.get(step);
    if (code) throw new TransportError(code, `${this.slug} failed at ${step}`, { device: this.slug, detail: step });
  }
  fence(push: PushIdentity): void {
    if (push.fence < this.highestFence)
      throw new TransportError('STALE_FENCE', `${this.slug} has seen fence ${this.highestFence}`, {
        device: this.slug,
        detail: String(push.fence),
      });
    this.highestFence = push.fence;
  }
  answers({ vnis, neighbors, remoteVteps, routes, macs, paths }: Expectations): VerifyCheck[] {
    const answer = (question: ProofQuestion, subject: string, expected: string): VerifyCheck => {
      const seen = this.broken.get(question) ?? expected;
      const about = { question, subject, expected, seen };
      if (this.mute.has(question)) return { name: question, ok: false, isUnchecked: true, message: `${this.slug} cannot tell`, about };
      return { name: question, ok: seen === expected, message: `expected ${expected}, found ${seen}`, about };
    };
    const each = <Entry>(question: ProofQuestion, map: ReadonlyMap<number, readonly Entry[]> | undefined): VerifyCheck[] =>
      [...(map ?? [])].map(([vni, list]) => answer(question, String(vni), JSON.stringify(list)));
    return [
      ...vnis.map((vni) => answer('VNI', String(vni), `vni ${vni}`)),
      ...neighbors.map((neighbor) => answer('SESSIONS', neighbor, `${neighbor} Established`)),
      ...each('REMOTE_VTEPS', remoteVteps),
      ...each('ROUTES', routes),
      ...each('MACS', macs),
      ...(paths ?? []).map(({ to, octets }) => answer('PATH_MTU', to, `${to} answers to ${octets}`)),
    ];
  }
  get pending(): { fence: number; applied: boolean } | null {
    return this.backup || this.isStaged ? { fence: this.pendingFence, applied: this.backup !== null } : null;
  }
  /** Kept on the device until the push goes on or is undone, whether or not it would change anything. */
  stage(push: PushIdentity): void {
    this.isStaged = true;
    this.pendingFence = push.fence;
  }
  goLive(push: PushIdentity, files: ReadonlyMap<string, string>): void {
    this.backup = new Map(this.files);
    this.unconfirmed.push({ from: performance.now(), to: Number.POSITIVE_INFINITY });
    this.isStaged = false;
    this.pendingFence = push.fence;
    this.replace(files);
    if (this.diesAfterApply) this.failAt('open', 'UNREACHABLE');
    if (this.diesAfterApply) this.failAt('verify', 'UNREACHABLE');
  }
  confirm(): void {
    this.settled();
    this.backup = null;
    this.onLive?.();
    this.onLive = null;
  }
  /** What the dead-man timer does. */
  revert(): void {
    this.settled();
    if (this.backup) this.replace(this.backup);
    this.backup = null;
    this.isStaged = false;
  }
  private settled(): void {
    const last = this.unconfirmed.at(-1);
    if (this.backup && last) last.to = performance.now();
  }
  private replace(files: ReadonlyMap<string, string>): void {
    const fresh = new Map(files);
    this.files.clear();
    for (const [path, content] of fresh) this.files.set(path, content);
  }
}

export class FakeTransport implements DeviceTransport {
  constructor(private readonly devices: ReadonlyMap<string, FakeDevice>) {}

  async open(target: DeviceTarget, signal: AbortSignal): Promise<DeviceConnection> {
    const device = this.devices.get(target.slug);
    if (!device) throw new TransportError('UNREACHABLE', `${target.slug} does not answer`, { device: target.slug, detail: 'no route' });
    await device.passed('open');
    device.check('open');
    device.target = target;
    if (target.serialNumber !== undefined && target.serialNumber !== device.chassis?.serialNumber)
      throw new TransportError('WRONG_DEVICE', `${target.slug}: another box answers at its address`, {
        device: target.slug,
        detail: device.chassis?.serialNumber ?? 'none',
      });
    signal.throwIfAborted();
    return new FakeConnection(device);
  }
}

class FakeConnection implements DeviceConnection {
  private staged: ReadonlyMap<string, string> = new Map();
  private readonly openedAt = performance.now();

  constructor(private readonly device: FakeDevice) {}

  async inspect(paths: readonly string[]) {
    await this.device.passed('inspect');
    this.device.check('inspect');
    return {
      hostname: this.device.slug,
      version: 'fake 1',
      actual: new Map(paths.map((path) => [path, this.device.files.get(path) ?? null])),
      pending: this.device.pending,
      establishedNeighbors: [...this.device.neighbors],
      selfReverted: this.device.selfReverted ?? null,
      ...(this.device.chassis && { chassis: this.device.chassis }),
    };
  }
  async observe() {
    this.device.check('inspect');
    return { establishedNeighbors: [...this.device.neighbors], remoteVteps: [...this.device.remoteVteps] };
  }
  async recover(push: PushIdentity) {
    this.device.fence(push);
    this.device.revert();
  }
  async stage(push: PushIdentity, artefacts: readonly Artefact[], previous: readonly Artefact[]) {
    this.device.check('stage');
    this.device.fence(push);
    this.device.identity = push;
    this.device.stage(push);
    this.staged = artefactPaths(artefacts);
    const isGone = [...artefactPaths(previous).keys()].every((path) => this.staged.has(path) || !this.device.files.has(path));
    const isNoop = isGone && [...this.staged].every(([path, content]) => this.device.files.get(path) === content);
    return { diff: isNoop ? '' : 'changed', isNoop };
  }
  async apply(push: PushIdentity) {
    await this.device.passed('apply');
    this.device.fence(push);
    this.device.goLive(push, this.staged);
    this.device.check('apply');
  }
  async verify(push: PushIdentity, artefacts: readonly Artefact[], expectations: Expectations): Promise<VerifyReport> {
    await this.device.passed('verify');
    this.device.check('verify');
    const { pending } = this.device;
    const isOurs = pending === null || (pending.fence === push.fence && pending.applied);
    const wrong = [...artefactPaths(artefacts)].filter(([path, content]) => this.device.files.get(path) !== content).map(([path]) => path);
    const checks: VerifyCheck[] = [
      { name: 'push', ok: isOurs, message: JSON.stringify(pending) },
      { name: 'files', ok: wrong.length === 0, message: wrong.join(', ') },
      ...this.device.answers(expectations),
    ];
    return { ok: !checks.some(hasFailed), checks };
  }
  async localMacs(vnis: readonly number[]) {
    this.device.check('inspect');
    return new Map(vnis.map((vni) => [vni, this.device.macs.get(vni) ?? []]));
  }
  async confirm() {
    this.device.check('confirm');
    this.device.confirm();
  }
  async revert() {
    this.device.check('open');
    this.device.revert();
  }
  async close() {
    this.device.pushes.push({ fence: 0, from: this.openedAt, to: performance.now() });
  }
}
