/** EOS takes the source of a session by interface name, the intent has its address. */
import type { DeviceIntent } from '#engines/intent';
import { DomainError, type Ip } from '#engines/kernel';

/** Loopback0 is left to the operator's router-id conventions; the VTEP is Loopback1, as most EOS fabrics have it. */
export const LOOPBACK = 'Loopback1';

/** @throws DomainError RENDER_UNSUPPORTED when no interface of the intent has that address. */
export function sourceInterface(intent: DeviceIntent, address: Ip): string {
  if (intent.vtep?.address === address) return LOOPBACK;
  const port = intent.underlayPorts.find((candidate) => candidate.address === address);
  if (!port) {
    throw new DomainError('RENDER_UNSUPPORTED', `give a session of ${intent.slug} the address of its loopback or of one of its links`, {
      device: intent.slug,
      address,
    });
  }
  return port.port;
}
