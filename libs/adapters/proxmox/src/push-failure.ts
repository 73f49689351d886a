import { TransportError, type TransportErrorCode } from '#contexts/deployment/ports';
import { PveError, type PveErrorCode } from './pve-error.js';

export const pushFailure = (device: string, code: TransportErrorCode, detail: string): TransportError =>
  new TransportError(code, `${device}: ${detail}`, { device, detail });

/** What is said of a call where nobody says more. */
const CODES: Readonly<Record<PveErrorCode, TransportErrorCode>> = {
  UNREACHABLE: 'UNREACHABLE',
  WRONG_CERTIFICATE: 'WRONG_HOST_KEY',
  NO_ANSWER: 'OUTCOME_UNKNOWN',
  UNAUTHORIZED: 'AUTHENTICATION_FAILED',
  FORBIDDEN: 'AUTHENTICATION_FAILED',
  INVALID_PARAMETERS: 'CONFIG_REFUSED',
  NOT_IMPLEMENTED: 'CONFIG_REFUSED',
  NODE_UNREACHABLE: 'UNREACHABLE',
  // Of the cluster's own state, and it may be another one in a minute: no configuration is refused by it.
  NO_QUORUM: 'UNREACHABLE',
  FILES_LOCKED: 'PUSH_IN_PROGRESS',
  REFUSED: 'CONFIG_REFUSED',
  ABORTED: 'ABORTED',
};

/** Failures of calls as failures of the push; anything else stays as it is. */
export async function asPush<T>(device: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof PveError)) throw error;
    const advice =
      error.code === 'FORBIDDEN'
        ? '; the token needs SDN.Allocate and SDN.Audit on /sdn, Sys.Audit on / and Pool.Allocate on /pool/trame'
        : '';
    // A cluster that cannot even be read is no configuration that is refused: it may be another one in a minute.
    const code = error.code === 'REFUSED' && error.facts.call.startsWith('GET ') ? 'UNREACHABLE' : CODES[error.code];
    throw pushFailure(device, code, `${error.message}${advice}`);
  }
}
