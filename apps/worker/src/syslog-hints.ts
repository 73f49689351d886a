import { createSocket, type Socket } from 'node:dgram';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { DriftService, hintIn } from '#contexts/deployment';
import type { DeviceId } from '#engines/kernel';
import { CONFIG, type Config, LOGGER, type Logger } from '#platform';

/** The same device is passed on once in so long; the database has the last word on how often it is read. */
const SAME_DEVICE_MS = 1000;
/** So old may be what is known of the names of devices. */
const NAMES_MS = 60_000;
const MOST_WAITING = 100;
const TOLD_EVERY_MS = 60_000;

/**
 * Lines of a syslog relay on this machine as hints of drift. UDP without any proof of who sent it, so it listens on the loopback only, and all it
 * can do is have a known device read a little earlier. Whatever comes, one transaction at a time is asked of the database: names are looked up in a table
 * that is read once a minute, and what does not fit into a short queue is dropped and counted; a timer reads every device anyway.
 */
@Injectable()
export class SyslogHints implements OnApplicationBootstrap, OnModuleDestroy {
  /** Where it listens; null: it does not. */
  port: number | null = null;
  private socket: Socket | null = null;
  /** Hints that were dropped since the start, because others waited. */
  dropped = 0;
  private toldOfDropped = { count: 0, at: Number.NEGATIVE_INFINITY };
  private names: ReadonlyMap<string, DeviceId> = new Map();
  private namesAt = Number.NEGATIVE_INFINITY;
  private readonly waiting = new Set<string>();
  private isWorking = false;
  private passedOn = new Map<DeviceId, number>();

  constructor(
    private readonly drift: DriftService,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  onApplicationBootstrap(): Promise<void> {
    const port = this.config.DRIFT_SYSLOG_PORT;
    if (port === undefined) return Promise.resolve();
    const socket = createSocket('udp4');
    this.socket = socket;
    socket.on('message', (packet) => this.take(packet.toString('utf8')));
    return new Promise((resolve) => {
      // Another worker of this machine listens: one is enough. Hints only make sooner what the timer does anyway.
      socket.on('error', (error) => {
        this.log.warn('syslog.not_heard', { port, error });
        resolve();
      });
      socket.bind(port, '127.0.0.1', () => {
        this.port = socket.address().port;
        this.log.info('syslog.listening', { port: this.port });
        resolve();
      });
    });
  }

  onModuleDestroy(): void {
    this.socket?.removeAllListeners('message');
    this.socket?.close();
    this.waiting.clear();
    this.socket = null;
    this.port = null;
  }

  private take(packet: string): void {
    for (const line of packet.split('\n')) {
      const host = hintIn(line.trimEnd());
      if (host !== null) this.offer(host.toLowerCase());
    }
  }

  private offer(name: string): void {
    if (this.waiting.has(name) || (this.knowsNames() && !this.names.has(name))) return;
    if (this.waiting.size >= MOST_WAITING) {
      this.dropped += 1;
      return;
    }
    this.waiting.add(name);
    if (!this.isWorking) void this.work();
  }

  /** The only one: what waits is passed on one after the other. */
  private async work(): Promise<void> {
    this.isWorking = true;
    for (const name of this.waiting) {
      // A set that grows while it is walked: what comes meanwhile is visited, too.
      this.waiting.delete(name);
      try {
        if (!this.knowsNames()) await this.readNames();
        const id = this.names.get(name);
        if (id !== undefined && this.isNext(id)) await this.drift.hintDevice('syslog', id);
      } catch (error) {
        this.log.warn('syslog.hint_lost', { name, error });
      }
    }
    this.isWorking = false;
    this.tellOfDropped();
  }

  private readonly knowsNames = (): boolean => performance.now() - this.namesAt < NAMES_MS;

  /** Where they cannot be read what was known is used for another minute. */
  private async readNames(): Promise<void> {
    try {
      this.names = await this.drift.names('syslog');
    } finally {
      this.namesAt = performance.now();
    }
    this.passedOn = new Map([...this.passedOn].filter(([, at]) => performance.now() - at < SAME_DEVICE_MS));
  }

  private isNext(id: DeviceId): boolean {
    const now = performance.now();
    if (now - (this.passedOn.get(id) ?? Number.NEGATIVE_INFINITY) < SAME_DEVICE_MS) return false;
    this.passedOn.set(id, now);
    return true;
  }

  private tellOfDropped(): void {
    const [count, now] = [this.dropped - this.toldOfDropped.count, performance.now()];
    if (count === 0 || now - this.toldOfDropped.at < TOLD_EVERY_MS) return;
    this.log.warn('syslog.hints_dropped', { count });
    this.toldOfDropped = { count: this.dropped, at: now };
  }
}
