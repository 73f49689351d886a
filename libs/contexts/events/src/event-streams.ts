import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { type Scope, Database, LOGGER, type Logger, systemScope } from '#platform';
import { EventService, parseCursor, type StreamedEvent } from './event.service.js';

const POLL_MS = 100;
const SCOPE = systemScope('event-streams');

interface Reader {
  readonly subjectId: string;
  /** Null: the operator reads all. */
  readonly tenantId: string | null;
  after: string | undefined;
  /** At most one page: a reader that does not take it is not read for. */
  page: StreamedEvent[];
  wake: () => void;
}

/**
 * Live streams of events. However many readers a process has, it asks the database once every 100 ms and not at all without readers;
 * nothing is missed, because every reader goes on from its own cursor.
 */
@Injectable()
export class EventStreams implements BeforeApplicationShutdown {
  private readonly readers = new Set<Reader>();
  private timer: NodeJS.Timeout | undefined;
  private isPolling = false;
  private isClosed = false;

  constructor(
    private readonly db: Database,
    private readonly events: EventService,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  /**
   * What happened to a thing, and what goes on happening, until the reader turns away or the process stops. A tenant's scope gives its
   * own events only. @param after the cursor of the last event that was seen. @param toItem what the reader gets of an event; it is made
   * when it is asked for. @throws DomainError INVALID_VALUE for a cursor that is none.
   *
   * The iterator can be ended while it waits. Do not wrap it into an async generator: that one cannot, and would be read for ever.
   */
  stream<Item>(
    scope: Scope,
    subjectId: string,
    after: string | undefined,
    toItem: (event: StreamedEvent) => Item | Promise<Item>,
  ): AsyncIterableIterator<Item> {
    parseCursor(after);
    const reader: Reader = {
      subjectId,
      tenantId: scope.kind === 'tenant' ? scope.tenantId : null,
      after,
      page: [],
      wake: () => undefined,
    };
    const done = { value: undefined, done: true } as const;
    this.readers.add(reader);
    this.startPolling();
    const iterator: AsyncIterableIterator<Item> = {
      [Symbol.asyncIterator]: () => iterator,
      next: async () => {
        while (this.readers.has(reader)) {
          const event = reader.page.shift();
          if (event) return { value: await toItem(event), done: false };
          await new Promise<void>((resolve) => {
            reader.wake = resolve;
          });
        }
        return done;
      },
      return: async () => {
        this.leave(reader);
        return done;
      },
    };
    return iterator;
  }

  beforeApplicationShutdown(): void {
    this.isClosed = true;
    for (const reader of this.readers) this.leave(reader);
  }

  private leave(reader: Reader): void {
    this.readers.delete(reader);
    reader.wake();
    if (this.readers.size === 0) this.stopPolling();
  }

  private startPolling(): void {
    if (this.isClosed) this.beforeApplicationShutdown();
    else this.timer ??= setInterval(() => void this.poll(), POLL_MS);
  }

  private stopPolling(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** An error is not the end of a stream: the readers wait, and the next poll goes on where this one stopped. */
  private async poll(): Promise<void> {
    const hungry = [...this.readers].filter((reader) => reader.page.length === 0);
    if (this.isPolling || hungry.length === 0) return;
    this.isPolling = true;
    try {
      const pages = await this.db.inTransaction(SCOPE, (tx) => this.events.readMany(tx, hungry));
      for (const [index, reader] of hungry.entries()) {
        const page = pages.get(index);
        if (!page) continue;
        reader.page = page;
        reader.after = page.at(-1)?.cursor;
        reader.wake();
      }
    } catch (error) {
      this.log.warn('events.poll_failed', { error });
    } finally {
      this.isPolling = false;
    }
  }
}
