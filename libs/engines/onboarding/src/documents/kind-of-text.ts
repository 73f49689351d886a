/** What a text is: by the name of its file where that says it, else by its words. */
import type { DocumentKind } from './imported-file.js';

const BY_NAME: readonly (readonly [RegExp, DocumentKind])[] = [
  [/(?:^|\/)(?:zones|vnets|subnets|controllers|fabrics|prefix-lists)\.cfg$|(?:^|\/)\.running-config$/, 'pve-sdn'],
  [/(?:^|\/)frr\.conf$/, 'frr'],
  [/(?:^|\/)interfaces$|(?:^|\/)interfaces\.d\/[^/]+$/, 'interfaces'],
];

/** What no other kind says comes first. */
const BY_WORDS: readonly (readonly [RegExp, DocumentKind])[] = [
  [/^\s*(?:<\?xml[^>]*>\s*)?<(?:network|domain)\b/, 'libvirt'],
  [/^\s*\{[^]*"(?:zones|vnets|controllers)"\s*:/, 'pve-sdn'],
  [/^\s*[[{][^]*"headings"\s*:/, 'openvswitch'],
  [/^(?:evpn|simple|qinq|vxlan|vlan|vnet|subnet|bgp|isis): \S+$/m, 'pve-sdn'],
  [/^\s*(?:frr version|frr defaults|service integrated-vtysh-config)\b/m, 'frr'],
  [/^(?:! device: |interface (?:Ethernet|Vxlan|Port-Channel|Management)\d)/m, 'eos'],
  [/^\s*(?:advertise-all-vni|exit-address-family|address-family l2vpn evpn|exit-vrf)\b/m, 'frr'],
  [/^\s+Bridge "?[\w.-]+"?$[^]*^\s+Port /m, 'openvswitch'],
  [/^\s*iface \S+/m, 'interfaces'],
  [
    /^(?:interface (?:Loopback|Vlan)\d|vrf instance |vlan [\d,-]+$|router bgp \d|switchport default mode |service routing protocols |management (?:api|ssh|console)\b|banner (?:login|motd)|ip routing$|hostname \S+$)/m,
    'eos',
  ],
];

/** @returns undefined for a text that is none of them. */
export function kindOfText(name: string, text: string): DocumentKind | undefined {
  return (BY_NAME.find(([pattern]) => pattern.test(name)) ?? BY_WORDS.find(([pattern]) => pattern.test(text)))?.[1];
}
