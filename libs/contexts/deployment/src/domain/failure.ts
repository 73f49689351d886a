import { isDomainError, storableText } from '#engines/kernel';
import { hasFailed, TransportError, type VerifyReport } from '../ports/device-transport.js';

/** What another try cannot mend: the order is given up at once instead of after the usual number of tries. */
const HOPELESS: ReadonlySet<string> = new Set([
  'WRONG_HOST_KEY',
  'WRONG_DEVICE',
  'AUTHENTICATION_FAILED',
  'CONFIG_REFUSED',
  'SECRET_UNREADABLE',
]);
/** The execution, or its plan, was overtaken, or it lost its lease: not the device's fault, and not counted. */
const NOBODYS_FAULT: ReadonlySet<string> = new Set(['ABORTED', 'STALE_FENCE', 'STALE_REVISION', 'PUSH_IN_PROGRESS', 'LEASE_LOST']);

/** Said by a device while the execution still holds its lease: the database is behind what is there, and only a person can mend that. */
const DATABASE_IS_BEHIND: ReadonlySet<string> = new Set(['STALE_FENCE', 'STALE_REVISION']);

export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly isHopeless: boolean;
  readonly isCounted: boolean;
  /** Whoever waits for the device is told, counted or not. */
  readonly isTold: boolean;
}

export function failureOf(error: unknown): Failure {
  const code = isDomainError(error) ? error.code : 'INTERNAL';
  return {
    code,
    message: storableText((error instanceof Error ? error.message : String(error)).slice(0, 500)),
    isHopeless: HOPELESS.has(code),
    isCounted: !NOBODYS_FAULT.has(code),
    isTold: !NOBODYS_FAULT.has(code) || DATABASE_IS_BEHIND.has(code),
  };
}

/** Seconds until the next try: 1, 2, 4 … 60. */
export const backoffSeconds = (failures: number): number => Math.min(60, 2 ** Math.min(Math.max(failures - 1, 0), 6));

/** Executions of a fabric that end in a fault, one after the other, before people are told. */
export const FAILURES_UNTIL_TOLD = 5;

/** Seconds that a fabric rests: none after the first fault, then 1, 2, 4 … 60. @param random 0 to 1: workers that failed together do not come back together. */
export const restSeconds = (failures: number, random: number): number =>
  failures <= 1 ? 0 : Math.min(60, 2 ** Math.min(failures - 2, 6)) * (0.75 + 0.25 * random);

export function verifyFailed(device: string, report: VerifyReport): TransportError {
  const failed = report.checks.filter(hasFailed).map((check) => `${check.name}: ${check.message}`);
  return new TransportError('VERIFY_FAILED', `${device} does not do what was asked: ${failed.join('; ')}`, {
    device,
    detail: failed.join('\n'),
  });
}
