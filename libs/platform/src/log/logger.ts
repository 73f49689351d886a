import type { LoggerService } from '@nestjs/common';
import { pino } from 'pino';
import { lineSink } from './line-sink.js';

export interface Logger {
  debug(event: string, fields?: Record<string, unknown>): void;
  info(event: string, fields?: Record<string, unknown>): void;
  warn(event: string, fields?: Record<string, unknown>): void;
  error(event: string, fields?: Record<string, unknown>): void;
}

/** JSON lines on stderr: an event name and fields, never a sentence with values in it. Errors go in the field `error`. */
export function createLogger(level: string, base: Record<string, unknown> = {}): Logger {
  const sink = lineSink();
  const log = pino(
    { level, base, messageKey: 'event', serializers: { error: describeError }, timestamp: pino.stdTimeFunctions.isoTime },
    sink,
  );
  const at =
    (name: 'debug' | 'info' | 'warn' | 'error') =>
    (event: string, fields: Record<string, unknown> = {}): void => {
      log[name](fields, event);
      if (name === 'warn' || name === 'error') sink.leave(); // Somebody may be waiting for it.
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { code, facts } = error as { code?: unknown; facts?: unknown };
  return { name: error.name, message: error.message, code, facts, stack: error.stack, cause: error.cause && describeError(error.cause) };
}

/** Nest's own messages in our form. */
export function nestLogger(log: Logger): LoggerService {
  const forward =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (message: unknown, ...rest: unknown[]) =>
      log[level]('nest', { message: message instanceof Error ? message.message : message, context: rest.at(-1) });
  return { log: forward('debug'), error: forward('error'), warn: forward('warn'), debug: forward('debug'), verbose: forward('debug') };
}
