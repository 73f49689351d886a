/** A host that exists only in this process: real SSH in front, real grammar checks behind, faults on demand. */
import { PUSH_EXIT } from '#adapters/ssh';
import type { SimulatedFabric } from '../simulated-fabric.js';
import { factsOf } from './host-facts.js';
import { HostSystem } from './host-system.js';
import { PushJournal } from './push-journal.js';
import { PushVerbs, type VerbResult } from './push-verbs.js';
import { type Reachability, SshFront, type VerbRequest } from './ssh-front.js';

export interface SimulatedHostOptions {
  readonly slug: string;
  readonly hostname?: string;
  readonly authorizedKeys: readonly string[];
  readonly fabric: SimulatedFabric;
  readonly journal?: PushJournal;
  /** Default 0: any free port of 127.0.0.1. */
  readonly port?: number;
  /** Milliseconds that `apply` takes; default 0. Real hosts need some 500. */
  readonly applyMs?: number;
}

/** What goes wrong at the next successful `apply`, once. */
export type ApplyFault = 'drops the connection before answering' | 'reboots before it is confirmed';

export class SimulatedHost {
  private readonly verbs: PushVerbs;
  private readonly unregister: () => void;
  private applyFault: ApplyFault | null = null;
  private verbsUntilReboot: number | null = null;
  /** Verbs run one after the other: the lock of the push program. */
  private queue: Promise<unknown> = Promise.resolve();
  readonly system: HostSystem;
  readonly journal: PushJournal;
  private front!: SshFront;

  private constructor(private readonly options: SimulatedHostOptions) {
    const { slug, fabric } = options;
    this.system = new HostSystem(options.hostname ?? slug);
    this.journal = options.journal ?? new PushJournal();
    this.verbs = new PushVerbs(slug, this.system, fabric, (fence, status) => {
      const now = Date.now();
      this.journal.add({ device: slug, connection: 0, verb: 'timer', fence, startedAt: now, endedAt: now, status });
    });
    this.unregister = fabric.register({ slug, facts: () => factsOf(this.system) });
  }

  static async start(options: SimulatedHostOptions): Promise<SimulatedHost> {
    const host = new SimulatedHost(options);
    host.front = await SshFront.listen({
      authorizedKeys: options.authorizedKeys,
      port: options.port ?? 0,
      onVerb: (request) => host.enqueue(request),
    });
    return host;
  }

  get slug(): string {
    return this.options.slug;
  }

  readonly sshAddress = '127.0.0.1';

  get sshPort(): number {
    return this.front.port;
  }

  /** `ssh-ed25519 AAAA…`, what a service has to pin. */
  get sshHostKey(): string {
    return this.front.hostKey;
  }

  /** Fence of the push that it has remains of; null: of none. */
  get pendingFence(): number | null {
    return this.verbs.pendingFence;
  }

  get logins(): number {
    return this.front.logins;
  }

  /** How it treats connections from now on; `normal` heals. */
  setReachability(reachability: Reachability): void {
    this.front.reachability = reachability;
  }

  /** Arms a fault for the next `apply` that succeeds; null: none. */
  failNextApply(fault: ApplyFault | null): void {
    this.applyFault = fault;
  }

  /** Goes down in the middle of a verb instead of answering it; null: it stays up. @param after so many verbs that it answers. */
  rebootInstead(after: number | null): void {
    this.verbsUntilReboot = after;
  }

  /** What was armed has not met anything yet. */
  get isFaultArmed(): boolean {
    return this.applyFault !== null || this.verbsUntilReboot !== null;
  }

  dropConnections(): void {
    this.front.dropConnections();
  }

  /** Connections and the dead-man timer die; the files become live as they are, and what was pending is still on disk. */
  reboot(): void {
    this.verbs.loseTimer();
    this.front.dropConnections();
    this.system.boot();
  }

  async close(): Promise<void> {
    this.verbs.loseTimer();
    this.unregister();
    await this.front.close();
  }

  private enqueue(request: VerbRequest): Promise<VerbResult | null> {
    const result = this.queue.then(() => this.serve(request));
    this.queue = result.catch(() => undefined);
    return result;
  }

  private async serve({ connection, verb, fence, seconds, input }: VerbRequest): Promise<VerbResult | null> {
    const startedAt = Date.now();
    if (verb === 'apply' && (this.options.applyMs ?? 0) > 0) await new Promise((resolve) => setTimeout(resolve, this.options.applyMs));
    const goesDown = this.verbsUntilReboot === 0;
    if (this.verbsUntilReboot !== null) this.verbsUntilReboot = goesDown ? null : this.verbsUntilReboot - 1;
    const result = this.verbs.run(verb, fence, seconds, input);
    this.journal.add({ device: this.slug, connection, verb, fence, startedAt, endedAt: Date.now(), status: result.status });
    if (goesDown) {
      this.reboot();
      return null;
    }
    if (verb !== 'apply' || result.status !== PUSH_EXIT.done || this.applyFault === null) return result;
    const fault = this.applyFault;
    this.applyFault = null;
    if (fault === 'drops the connection before answering') return null;
    // The answer goes out first: the push is told of its success and finds the host gone at the next step.
    setImmediate(() => this.reboot());
    return result;
  }
}
