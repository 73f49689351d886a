import { isIPv6 } from 'node:net';

/** Messages that prove nothing, one after the other, and how many more each second. */
const BURST = 30;
const PER_SECOND = 1;
/** Who sent something that was proved is not shut out for so long: behind a proxy everybody has one address. */
const TRUSTED_FOR_MS = 3_600_000;
/** Of addresses that are remembered. */
const MOST = 10_000;

interface Sender {
  tokens: number;
  at: number;
  provedAt: number;
}

/**
 * Whoever sends again and again what is not proved is refused before the body is read and anything is looked up. It is no truth: each process has its own,
 * and a restart forgets it.
 */
export class UnprovenLimit {
  /** The one that was heard of last is last. */
  private readonly senders = new Map<string, Sender>();

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Seconds until it is heard again; 0: now. */
  refusedFor(address: string): number {
    const sender = this.senders.get(keyOf(address));
    if (!sender || this.now() - sender.provedAt < TRUSTED_FOR_MS) return 0;
    const tokens = this.tokensOf(sender);
    return tokens >= 1 ? 0 : Math.ceil((1 - tokens) / PER_SECOND);
  }

  unproved(address: string): void {
    this.hear(address, (sender) => {
      sender.tokens = Math.max(0, sender.tokens - 1);
    });
  }

  proved(address: string): void {
    this.hear(address, (sender) => {
      sender.provedAt = this.now();
    });
  }

  private hear(address: string, change: (sender: Sender) => void): void {
    const key = keyOf(address);
    const sender = this.senders.get(key) ?? { tokens: BURST, at: this.now(), provedAt: Number.NEGATIVE_INFINITY };
    [sender.tokens, sender.at] = [this.tokensOf(sender), this.now()];
    change(sender);
    this.senders.delete(key);
    this.senders.set(key, sender);
    const [oldest] = this.senders.keys();
    if (this.senders.size > MOST && oldest !== undefined) this.senders.delete(oldest);
  }

  private tokensOf({ tokens, at }: Sender): number {
    return Math.min(BURST, tokens + ((this.now() - at) / 1000) * PER_SECOND);
  }
}

/** Whoever has an IPv6 address has a /64 of them (RFC 6177). */
function keyOf(address: string): string {
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address) ?? [];
  if (mapped !== undefined || !isIPv6(address)) return mapped ?? address;
  const [head = '', tail] = address.split('%')[0]?.split('::') ?? [];
  const groups = head === '' ? [] : head.split(':');
  const rest = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - groups.length - rest.length) }, () => '0');
  return [...groups, ...zeros, ...rest].slice(0, 4).join(':').toLowerCase();
}
