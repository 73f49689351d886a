import { isIPv6 } from 'node:net';

/** Messages that prove nothing, one after the other, and how many more each second. */
const BURST = 30;
const PER_SECOND = 1;
/** What looks like a message of somebody we know is heard beside them: one that is proved opens the door again, whoever else sends from that address. */
const PLAUSIBLE_PER_SECOND = 10;
/** Who sent something that was proved is not shut out for so long: behind a proxy that is not told (TRUST_PROXY) everybody has one address. */
const TRUSTED_FOR_MS = 3_600_000;
/** Of senders that are remembered. */
const MOST = 10_000;

/** Where a message comes from, and whose it says it is. */
export interface Origin {
  readonly address: string;
  readonly source: string;
}

interface Sender {
  tokens: number;
  plausible: number;
  at: number;
  provedAt: number;
}

/**
 * Whoever sends again and again what is not proved is refused before the body is read and anything is looked up: by address and source, all sources for which
 * nothing was proved yet being one, so that nobody is heard more often for making names up. It is no truth: each process has its own, and a restart forgets it.
 */
export class UnprovenLimit {
  /** The one that was heard of last is last. */
  private readonly senders = new Map<string, Sender>();
  /** Sources for which something was proved, from wherever: no more than there are. */
  private readonly known = new Set<string>();

  constructor(private readonly now: () => number = () => performance.now()) {}

  /**
   * Seconds until it is heard again; 0: now.
   * @param isPlausible it has all that a proved one has, as far as that can be told before its body is read.
   */
  refusedFor(origin: Origin, isPlausible: boolean): number {
    const sender = this.senders.get(this.keyOf(origin));
    if (!sender) return 0;
    this.refill(sender);
    if (sender.tokens >= 1) return 0;
    if (isPlausible && this.now() - sender.provedAt < TRUSTED_FOR_MS) return 0;
    if (isPlausible && sender.plausible >= 1) {
      sender.plausible -= 1;
      return 0;
    }
    return Math.ceil((1 - sender.tokens) / PER_SECOND);
  }

  unproved(origin: Origin): void {
    const sender = this.hear(origin);
    sender.tokens = Math.max(0, sender.tokens - 1);
  }

  proved(origin: Origin): void {
    this.known.add(origin.source);
    this.hear(origin).provedAt = this.now();
  }

  private hear(origin: Origin): Sender {
    const key = this.keyOf(origin);
    const sender = this.senders.get(key) ?? {
      tokens: BURST,
      plausible: PLAUSIBLE_PER_SECOND,
      at: this.now(),
      provedAt: Number.NEGATIVE_INFINITY,
    };
    this.refill(sender);
    this.senders.delete(key);
    this.senders.set(key, sender);
    const [oldest] = this.senders.keys();
    if (this.senders.size > MOST && oldest !== undefined) this.senders.delete(oldest);
    return sender;
  }

  private refill(sender: Sender): void {
    const seconds = (this.now() - sender.at) / 1000;
    sender.tokens = Math.min(BURST, sender.tokens + seconds * PER_SECOND);
    sender.plausible = Math.min(PLAUSIBLE_PER_SECOND, sender.plausible + seconds * PLAUSIBLE_PER_SECOND);
    sender.at = this.now();
  }

  private keyOf({ address, source }: Origin): string {
    return `${networkOf(address)} ${this.known.has(source) ? source : ''}`;
  }
}

/** Whoever has an IPv6 address has a /64 of them (RFC 6177). */
function networkOf(address: string): string {
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address) ?? [];
  if (mapped !== undefined || !isIPv6(address)) return mapped ?? address;
  const [head = '', tail] = address.split('%')[0]?.split('::') ?? [];
  const groups = head === '' ? [] : head.split(':');
  const rest = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - groups.length - rest.length) }, () => '0');
  return [...groups, ...zeros, ...rest].slice(0, 4).join(':').toLowerCase();
}
