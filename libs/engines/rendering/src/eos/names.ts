/** Names that Trame gives on a switch: derived, so that nothing a person typed is an identifier of the device. */
import type { DeviceIntent } from '#engines/intent';
import { DomainError, type Ip } from '#engines/kernel';

/** Loopback0 is the router id where that is not the VTEP address; the VTEP is Loopback1, as most EOS fabrics have it. */
export const ROUTER_ID_LOOPBACK = 'Loopback0';
export const LOOPBACK = 'Loopback1';
/** Address of an MLAG pair, on both. */
export const SHARED_LOOPBACK = 'Loopback2';
/** Keeps the VLAN of a pair on its peer link, whatever is allowed on trunks. */
export const PEER_LINK_GROUP = 'TRAME-MLAG';
/** Instance of IS-IS. */
export const ISIS_INSTANCE = 'TRAME';
/** Process of OSPF. */
export const OSPF_PROCESS = 1;

/** An IPv6 VTEP has a router id that is a number and no address, unless a session speaks from it. */
export function hasRouterIdLoopback({ bgp, vtep }: Pick<DeviceIntent, 'bgp' | 'vtep'>): boolean {
  if (!bgp || bgp.routerId === vtep?.address) return false;
  return (
    vtep?.address.includes(':') !== true || bgp.neighbors.some(({ port, updateSource }) => port === null && updateSource === bgp.routerId)
  );
}

/** A word for EOS: letters, digits, dots and dashes. */
export const wordOf = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(/[^\w.-]+/g, '-')
    .slice(0, 32) || '-';

/**
 * EOS takes the source of a session by interface name, the intent has its address.
 * @throws DomainError RENDER_UNSUPPORTED when no interface of the intent has that address.
 */
export function sourceInterface(intent: Pick<DeviceIntent, 'bgp' | 'vtep' | 'mlag' | 'underlayPorts' | 'slug'>, address: Ip): string {
  if (intent.vtep?.address === address) return LOOPBACK;
  if (intent.bgp?.routerId === address) return ROUTER_ID_LOOPBACK;
  if (intent.mlag?.address === address) return `Vlan${intent.mlag.vlan}`;
  const port = intent.underlayPorts.find((candidate) => candidate.address === address);
  if (!port) {
    throw new DomainError('RENDER_UNSUPPORTED', `give a session of ${intent.slug} the address of its loopback or of one of its links`, {
      device: intent.slug,
      address,
    });
  }
  return port.port;
}
