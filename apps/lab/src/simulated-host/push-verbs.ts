/**
 * The verbs of the push program (#adapters/ssh, push-program.ts) in TypeScript: the same states, the same order of steps,
 * the same exit statuses. What the program keeps on disk is kept here over a `reboot`; its timer is not.
 */
import { type AnswerPart, decodeStageRequest, encodeAnswer, type HostSlot, PUSH_EXIT } from '#adapters/ssh';
import type { SimulatedFabric } from '../simulated-fabric.js';
import { bgpSummary, evpnRoutes, evpnTargets, evpnVnis } from './frr-reports.js';
import type { HostSystem, ToolResult } from './host-system.js';
import { ownedSlots, pathOf } from './owned-paths.js';

export interface VerbResult {
  readonly status: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

interface Pending {
  readonly fence: number;
  readonly revision: number;
  isApplied: boolean;
  readonly old: ReadonlyMap<HostSlot, string | null>;
  readonly wanted: ReadonlyMap<HostSlot, string | null>;
}

type Part = readonly [string, AnswerPart];

/** Of every simulated link. */
const UNDERLAY_MTU = 1_500;

/** Ends a verb: the simulator's `die`. */
class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export class PushVerbs {
  private seenFence = 0;
  private confirmedFence = 0;
  private confirmedRevision = 0;
  private pending: Pending | null = null;
  private timer: NodeJS.Timeout | null = null;
  private undone = '';

  /** @param onTimer told when the dead-man timer has undone a push. */
  constructor(
    private readonly slug: string,
    private readonly system: HostSystem,
    private readonly fabric: SimulatedFabric,
    private readonly onTimer: (fence: number, status: number) => void,
  ) {}

  run(verb: string, fence: number, seconds: number, input: Buffer): VerbResult {
    try {
      return { status: PUSH_EXIT.done, stdout: encodeAnswer(this.answer(verb, fence, seconds, input)), stderr: '' };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { status: error.status, stdout: Buffer.alloc(0), stderr: `${error.message}\n` };
    }
  }

  /** Fence of what was staged or is live unconfirmed; null: nothing is left of any push. */
  get pendingFence(): number | null {
    return this.pending?.fence ?? null;
  }

  /** The timer dies with the host; what is pending stays on disk. */
  loseTimer(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  private answer(verb: string, fence: number, seconds: number, input: Buffer): Part[] {
    switch (verb) {
      case 'inspect':
        return [this.pendingPart(), ...this.livePart(), ...this.identityParts()];
      case 'collect':
        return [this.pendingPart(), ...this.livePart(), ...this.collectedParts()];
      case 'stage':
        return this.stage(fence, input);
      case 'apply':
        return this.apply(fence, seconds);
      case 'observe':
        return this.protocolParts().filter(([name]) => name !== 'targets');
      case 'switch':
        return [...this.livePart(), ['switch', { status: 127, text: '' }]];
      case 'verify':
        return [this.pendingPart(), ...this.livePart(), ...this.driftParts(), ...this.protocolParts(), ...this.probeParts(input)];
      case 'protocol':
        return [...this.protocolParts(), ...this.probeParts(input)];
      case 'confirm':
        return this.confirm(fence);
      case 'recover':
      case 'revert':
        return this.undoVerb(verb, fence);
      default:
        throw new Refusal(PUSH_EXIT.badRequest, `no such verb: ${verb}`);
    }
  }

  private stage(fence: number, input: Buffer): Part[] {
    this.acceptFence(fence);
    if (this.pending?.isApplied)
      throw new Refusal(PUSH_EXIT.inProgress, `push with fence ${this.pending.fence} is live and not confirmed: recover it first`);
    this.pending = null;
    if (this.confirmedFence === fence) this.confirmedFence = 0;
    const request = decodeStageRequest(input);
    if (request === null) throw new Refusal(PUSH_EXIT.badRequest, 'the request ended early or is malformed');
    if (this.system.isDiskFull) throw new Refusal(PUSH_EXIT.storageFailed, 'cannot write to /var/lib/trame: No space left on device');
    if (request.revision < this.confirmedRevision)
      throw new Refusal(
        PUSH_EXIT.staleRevision,
        `this host carries revision ${this.confirmedRevision}, the request is of revision ${request.revision}`,
      );
    const old = this.liveFiles();
    const wanted = new Map([...old, ...request.files]);
    const complaints = this.syntaxComplaints(wanted);
    if (complaints.length > 0) throw new Refusal(PUSH_EXIT.configRefused, complaints.join('\n'));
    this.pending = { fence, revision: request.revision, isApplied: false, old, wanted };
    const isEqual = sameFiles(old, wanted);
    return [...this.livePart(), ...(isEqual ? this.driftParts() : [])];
  }

  private apply(fence: number, seconds: number): Part[] {
    if (seconds < 1) throw new Refusal(PUSH_EXIT.badRequest, 'the time to confirm is at least 1 s');
    this.acceptFence(fence);
    const { pending } = this;
    if (pending === null || pending.fence !== fence || pending.isApplied)
      throw new Refusal(PUSH_EXIT.noSuchPush, `nothing is staged with fence ${fence}`);
    const live = this.liveFiles();
    if (!sameFiles(live, pending.old)) {
      this.pending = null;
      throw new Refusal(PUSH_EXIT.applyFailedAndUndone, 'the files changed since they were staged; nothing was done');
    }
    if (!this.system.isRoutingUp) {
      this.pending = null;
      throw new Refusal(PUSH_EXIT.applyFailedAndUndone, 'FRR does not answer (zebra): Exiting: failed to connect to any daemons.');
    }
    pending.isApplied = true;
    this.startTimer(fence, seconds);
    const failure = this.putInForce(pending.wanted);
    if (failure === null) return [];
    this.undo();
    throw new Refusal(PUSH_EXIT.applyFailedAndUndone, failure);
  }

  private confirm(fence: number): Part[] {
    this.acceptFence(fence);
    if (this.pending?.isApplied && this.pending.fence === fence) {
      this.confirmedFence = fence;
      this.confirmedRevision = this.pending.revision;
      this.undone = '';
      this.forget();
    } else if (this.confirmedFence !== fence) {
      throw new Refusal(PUSH_EXIT.noSuchPush, `no change with fence ${fence} is live: the dead-man timer or another push has undone it`);
    }
    return this.livePart();
  }

  private undoVerb(verb: 'recover' | 'revert', fence: number): Part[] {
    this.acceptFence(fence);
    if (verb === 'revert' && this.confirmedFence === fence) {
      throw new Refusal(PUSH_EXIT.undoUnproven, `the push with fence ${fence} is confirmed: it is undone by a new push`);
    }
    this.undo();
    return this.livePart();
  }

  /** @throws Refusal undoUnproven; the push then stays pending. */
  private undo(): void {
    if (this.pending?.isApplied) {
      const failure = this.putInForce(this.pending.old);
      if (failure !== null)
        throw new Refusal(PUSH_EXIT.undoUnproven, `${failure}\nthe former configuration could not be put back in force`);
    }
    this.forget();
  }

  private forget(): void {
    this.pending = null;
    this.loseTimer();
  }

  private startTimer(fence: number, seconds: number): void {
    this.loseTimer();
    this.timer = setTimeout(() => {
      if (!this.pending?.isApplied || this.pending.fence !== fence) return;
      const failure = this.putInForce(this.pending.old);
      this.onTimer(fence, failure === null ? PUSH_EXIT.done : PUSH_EXIT.undoUnproven);
      if (failure === null) {
        this.undone = `${fence} timer\n`;
        this.forget();
      } else this.startTimer(fence, 5);
    }, seconds * 1_000);
  }

  /** @returns what went wrong, or null. */
  private putInForce(files: ReadonlyMap<HostSlot, string | null>): string | null {
    for (const slot of new Set([...ownedSlots(this.system.paths()), ...files.keys()]))
      this.system.writeFile(pathOf(slot), files.get(slot) ?? null);
    const interfaces = this.system.reloadInterfaces();
    if (interfaces.status !== 0) return `ifreload ended with ${interfaces.status}:\n${interfaces.text}`;
    const routing = this.system.reloadRouting();
    return routing.status === 0 ? null : `frr-reload.py ended with ${routing.status}:\n${routing.text}`;
  }

  private acceptFence(fence: number): void {
    if (fence < 1) throw new Refusal(PUSH_EXIT.badRequest, 'a fence is at least 1');
    if (fence < this.seenFence)
      throw new Refusal(PUSH_EXIT.staleFence, `this host has seen fence ${this.seenFence}, the request carries ${fence}`);
    this.seenFence = fence;
  }

  private syntaxComplaints(files: ReadonlyMap<HostSlot, string | null>): string[] {
    const [interfaces, frr] = [files.get('interfaces') ?? null, files.get('frr') ?? null];
    const say = (slot: HostSlot, result: ToolResult | null): string[] =>
      result === null || result.status === 0 ? [] : result.text.split('\n').map((line) => `${slot}: ${line}`);
    return [
      ...say('interfaces', interfaces === null ? null : this.system.checkInterfaces(interfaces)),
      ...say('frr', frr === null ? null : this.system.checkRouting(frr)),
    ];
  }

  private liveFiles(): Map<HostSlot, string | null> {
    return new Map(ownedSlots(this.system.paths()).map((slot) => [slot, this.system.readFile(pathOf(slot))]));
  }

  private livePart(): Part[] {
    return [...this.liveFiles()].map(([slot, content]) => [slot, { status: content === null ? 1 : 0, text: content ?? '' }]);
  }

  private pendingPart(): Part {
    const text = this.pending === null ? '' : `${this.pending.fence} ${this.pending.isApplied ? 'applied' : 'staged'}\n`;
    return ['pending', { status: 0, text }];
  }

  private identityParts(): Part[] {
    const packages = 'frr\t8.4.4-simulated\nifupdown2\t3.0.0-simulated\n';
    return [
      ['hostname', { status: 0, text: `${this.system.hostname}\n` }],
      ['packages', { status: 0, text: packages }],
      ['bgp', this.routingPart(() => bgpSummary(this.system, this.fabric, this.slug))],
      ['undone', { status: this.undone === '' ? 1 : 0, text: this.undone }],
      ['boot', { status: 0, text: 'no\n' }],
    ];
  }

  private collectedParts(): Part[] {
    const clock = Math.floor(Date.now() / 1000);
    const traces = ownedSlots(this.system.paths()).flatMap((slot) => {
      const trace = this.system.traceOf(pathOf(slot));
      return trace === undefined ? [] : [`${slot} ${Math.floor(trace.at / 1000)} ${trace.by}`];
    });
    return [
      ['packages', { status: 0, text: 'frr\t8.4.4-simulated\nifupdown2\t3.0.0-simulated\n' }],
      ['ifquery', this.system.checkLiveInterfaces()],
      ['running', this.system.runningConfig()],
      [
        'traces',
        { status: 0, text: [`clock ${clock}`, `up ${clock - Math.floor(this.system.bootedAt / 1000)}`, ...traces, ''].join('\n') },
      ],
    ];
  }

  private driftParts(): Part[] {
    return [
      ['ifquery', this.system.checkLiveInterfaces()],
      ['residual', this.system.routingResidual()],
      ['libvirt', { status: 0, text: '' }],
    ];
  }

  private protocolParts(): Part[] {
    return [
      ['bgp', this.routingPart(() => bgpSummary(this.system, this.fabric, this.slug))],
      ['vnis', this.routingPart(() => evpnVnis(this.system, this.fabric, this.slug))],
      ['targets', this.routingPart(() => evpnTargets(this.system))],
      ['vrfs', this.routingPart(() => ({ default: bgpSummary(this.system, this.fabric, this.slug) }))],
    ];
  }

  /** What stands on standard input, in its order. No guest is simulated: no MAC is learned. */
  private probeParts(input: Buffer): Part[] {
    const lines = input.toString('utf8').split('\n').filter(Boolean);
    return lines.map((line, position): Part => {
      const name = `probe${String(position).replace(/\d/g, (digit) => 'abcdefghij'[Number(digit)] ?? '')}`;
      return [name, this.probe(line.split(' '))];
    });
  }

  private probe([word, ...rest]: readonly string[]): AnswerPart {
    if (word === 'macs') return this.routingPart(() => ({}));
    if (word === 'rds') {
      const parts = rest.map((rd) => this.routingPart(() => evpnRoutes(this.fabric, this.slug, rd)));
      return parts.find(({ status }) => status !== 0) ?? { status: 0, text: parts.map(({ text }) => `${text}\n`).join('') };
    }
    const [to = '', octets = '0'] = rest;
    if (word === 'ping') {
      const isAnswered = this.fabric.isReachable(to) && Number(octets) + 28 <= UNDERLAY_MTU;
      return { status: isAnswered ? 0 : 1, text: `3 packets transmitted, ${isAnswered ? 3 : 0} received\n` };
    }
    if (word === 'address') {
      const addresses = this.system.interfaces
        .filter(({ name }) => name === to)
        .flatMap(({ attributes }) => attributes.filter(([key]) => key === 'address'));
      const info = addresses.map(([, value]) => ({ local: value.split('/')[0] }));
      return { status: 0, text: JSON.stringify([{ ifname: to, flags: ['UP'], addr_info: info }]) };
    }
    throw new Refusal(PUSH_EXIT.badRequest, `no such probe: ${word}`);
  }

  private routingPart(report: () => unknown): AnswerPart {
    if (!this.system.isRoutingUp) return { status: 1, text: 'Exiting: failed to connect to any daemons.\n' };
    return { status: 0, text: JSON.stringify(report()) };
  }
}

function sameFiles(a: ReadonlyMap<HostSlot, string | null>, b: ReadonlyMap<HostSlot, string | null>): boolean {
  return [...new Set([...a.keys(), ...b.keys()])].every((slot) => (a.get(slot) ?? null) === (b.get(slot) ?? null));
}
