import { createSocket, type Socket } from 'node:dgram';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { DriftService, hintIn } from '#contexts/deployment';
import { isDomainError } from '#engines/kernel';
import { CONFIG, type Config, LOGGER, type Logger } from '#platform';

/** The same device is passed on once in so long; the database has the last word on how often it is read. */
const SAME_HOST_MS = 1000;
const MOST_HOSTS = 10_000;

/**
 * Lines of a syslog relay on this machine as hints of drift. UDP without any proof of who sent it, so it listens on the loopback only, and all it
 * can do is have a known device read a little earlier.
 */
@Injectable()
export class SyslogHints implements OnApplicationBootstrap, OnModuleDestroy {
  /** Where it listens; null: it does not. */
  port: number | null = null;
  private socket: Socket | null = null;
  private readonly passedOn = new Map<string, number>();

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
    socket.on('message', (packet) => void this.take(packet.toString('utf8')));
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
    this.socket = null;
    this.port = null;
  }

  private async take(packet: string): Promise<void> {
    for (const line of packet.split('\n')) {
      const host = hintIn(line.trimEnd());
      if (host === null || !this.isNext(host)) continue;
      try {
        await this.drift.hint('syslog', host);
      } catch (error) {
        const isUnknown = isDomainError(error) && error.code === 'NOT_FOUND';
        if (!isUnknown) this.log.warn('syslog.hint_lost', { host, error });
      }
    }
  }

  private isNext(host: string): boolean {
    const now = performance.now();
    if (now - (this.passedOn.get(host) ?? Number.NEGATIVE_INFINITY) < SAME_HOST_MS) return false;
    if (this.passedOn.size >= MOST_HOSTS) this.passedOn.clear();
    this.passedOn.set(host, now);
    return true;
  }
}
