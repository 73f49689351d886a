/** How much hangs on a line: sessions and the way by which we reach a device, networks of customers, words for people. */
import type { DriftFinding, DriftRisk } from './drift.js';

const WORDS = /^(?:no )?(?:description|alias|name|neighbor \S+ description|hostname|log|service)\b/;
const FOUNDATION = [
  /^(?:no )?(?:router |neighbor \S+ |bgp |router-id|address-family|timers|maximum-paths|redistribute|ip routing|frr defaults)/,
  /^(?:no )?(?:ip address|ipv6 address|address|shutdown|switchport$|vxlan (?:source-interface|udp-port)|vxlan-(?:local-tunnelip|port)|mtu)\b/,
  /^(?:interface (?:Ethernet|Loopback|Management|Port-Channel|Vxlan)|iface |auto )/,
];

export function driftRisk({ kind, intended, observed }: Pick<DriftFinding, 'kind' | 'intended' | 'observed'>): DriftRisk {
  if (kind === 'SECRET_CHANGED') return 'HIGH';
  if (kind === 'UNSAVED' || kind === 'ORDER_CHANGED') return 'MEDIUM';
  const said = [intended, observed].flatMap((text) => (text === null ? [] : [text.split('\n')[0] ?? '']));
  if (said.every((text) => WORDS.test(text))) return 'LOW';
  return said.some((text) => FOUNDATION.some((pattern) => pattern.test(text))) ? 'HIGH' : 'MEDIUM';
}
