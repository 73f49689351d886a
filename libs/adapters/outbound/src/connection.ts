import { createHash } from 'node:crypto';
import { lookup } from 'node:dns';
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { forbiddenAddress, type Reach } from './address-guard.js';
import type { OutboundCode, OutboundPhase } from './outbound-error.js';

export interface Endpoint {
  readonly secure: boolean;
  /** As WHATWG URL parsing leaves it, without the brackets of an IPv6 literal: `0x7f.1` has become `127.0.0.1`. */
  readonly hostname: string;
  readonly port: number;
}

export interface ConnectionPolicy {
  readonly reach: Reach;
  /** Base64 of SHA-256 over the SubjectPublicKeyInfo. Present = the key alone decides, not the name, the issuer or the date. */
  readonly pins: readonly string[] | null;
}

/** Why no connection was made; the client turns it into an OutboundError. */
export class ConnectionRefusal extends Error {
  constructor(
    readonly code: OutboundCode,
    message: string,
    readonly reason: string,
  ) {
    super(message);
  }
}

/**
 * A connected socket that may be written to: its address has been allowed and, with pins, its key has been compared.
 * Nothing but the TLS handshake goes out before that. The address that was checked is the address that is connected to.
 */
export async function openConnection(
  endpoint: Endpoint,
  policy: ConnectionPolicy,
  signal: AbortSignal,
  enter: (phase: OutboundPhase) => void,
): Promise<Socket> {
  if (isIP(endpoint.hostname)) refuseForbidden(endpoint.hostname, policy.reach); // net.connect calls no lookup for a literal
  const tcp = connectTcp({ host: endpoint.hostname, port: endpoint.port, lookup: guardedLookup(policy.reach), noDelay: true });
  await ready(tcp, 'connect', signal);
  if (!endpoint.secure) return tcp;

  enter('tls');
  const tls = connectTls({
    socket: tcp,
    ALPNProtocols: ['http/1.1'],
    rejectUnauthorized: policy.pins === null,
    ...(isIP(endpoint.hostname) ? { host: endpoint.hostname } : { host: endpoint.hostname, servername: endpoint.hostname }),
  });
  await ready(tls, 'secureConnect', signal);
  if (policy.pins) refuseOtherKey(tls, policy.pins);
  return tls;
}

function refuseForbidden(address: string, reach: Reach): void {
  const why = forbiddenAddress(address, reach);
  if (why === null) return;
  throw new ConnectionRefusal('FORBIDDEN_TARGET', `the address is ${why} and may not be called`, why);
}

/** Refuses a name as a whole when one of its addresses is forbidden: a name that mixes both is built to slip through. */
export function guardedLookup(reach: Reach, resolve: typeof lookup = lookup): LookupFunction {
  return (hostname, options, done) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return done(error, '', 0);
      try {
        for (const { address } of addresses) refuseForbidden(address, reach);
      } catch (refusal) {
        return done(refusal as ConnectionRefusal, '', 0);
      }
      const first = addresses[0];
      if (options.all || !first) return done(null, addresses);
      done(null, first.address, first.family);
    });
  };
}

function refuseOtherKey(socket: TLSSocket, pins: readonly string[]): void {
  const key = socket.getPeerX509Certificate()?.publicKey.export({ type: 'spki', format: 'der' });
  const presented = key ? createHash('sha256').update(key).digest('base64') : 'none';
  if (pins.includes(presented)) return;
  socket.destroy();
  const message = `the server's key is not one of the ${pins.length} pinned ones; it presented sha256 ${presented}`;
  throw new ConnectionRefusal('TLS_FAILED', message, 'PIN_MISMATCH');
}

function ready(socket: Socket, event: 'connect' | 'secureConnect', signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => void socket.destroy(new Error('aborted'));
    signal.addEventListener('abort', abort, { once: true });
    // The listener stays: between here and the HTTP client's own listeners an error would otherwise end the process.
    socket.on('error', reject);
    socket.once('close', () => {
      signal.removeEventListener('abort', abort);
      reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' })); // a peer can end a handshake without an error
    });
    socket.once(event, resolve);
    if (signal.aborted) abort();
  });
}
