/** /etc/network/interfaces.d/trame for ifupdown2 3.0: our own file; the management stanza lives elsewhere and is never touched. */
import type { DeviceIntent, UnderlayPortIntent, VtepDeviceIntent, VtepIntent } from '#engines/intent';
import type { Line } from '../piece.js';
import { paragraphs } from '../text.js';
import { apartFrom } from './apart.js';
import { hostPorts } from './host-ports.js';
import { hostMembers, hostStanzas } from './host-stanzas.js';
import { networkPieces } from './network-pieces.js';
import { portPieces, portStanza } from './port-pieces.js';
import { bareMembers, printStanzas, type Stanza, stanza } from './stanza.js';
import { vrfPieces } from './vrf-pieces.js';
import { vrfStanzas } from './vrf-stanzas.js';
import { tunnelEnd } from './vxlan-stanza.js';

export function renderIfupdown2(intent: DeviceIntent): Line[] {
  const { vtep, vtepDevice, host } = intent;
  const { together, apart, hasOwnVrfs } = apartFrom(intent);
  const own = [...underlayStanzas(intent), ...(host ? hostStanzas(host) : []), ...together.map(portStanza)];
  const members = host ? hostMembers(host) : [];
  const stanzas = [
    ...(vtep && vtepDevice ? vtepStanza(vtep, vtepDevice) : []),
    ...bareMembers([...own, ...hostPorts(intent)], members),
    ...own,
    ...(vtep && !hasOwnVrfs ? intent.vrfs.flatMap((vrf) => vrfStanzas(vrf, tunnelEnd(vtep))) : []),
  ];
  const pieces = [...portPieces(apart), ...vrfPieces(intent), ...networkPieces(intent)];
  // ifup refuses a file without any interface (3.0.0), and lo is one that every host has.
  const said = stanzas.length + pieces.length > 0 ? stanzas : [stanza('lo', 'inet loopback')];
  return paragraphs<Line>('', [
    ['# Owned by Trame: changes made here by hand are undone.'],
    ...printStanzas(said),
    ...pieces.map((piece) => [piece]),
  ]);
}

/** A second stanza for lo adds to the one of the distribution. It is where no kernel module is needed; a dummy is made once. */
function vtepStanza({ address }: VtepIntent, { name, kind }: VtepDeviceIntent): Stanza[] {
  const line = `address ${address}/${address.includes(':') ? 128 : 32}`;
  if (kind === 'PRESENT') return [];
  return [kind === 'LOOPBACK' ? stanza(name, 'inet loopback', line) : stanza(name, null, 'link-type dummy', line)];
}

/**
 * With more than one link others may come through: between its ports the host is a router of the underlay. One link is a way in and out, and
 * the kernel forwards nothing by itself. IPv6 waits for the operator's switch all the same (`net.ipv6.conf.all.forwarding`).
 */
function underlayStanzas({ underlayPorts, vtep, host }: DeviceIntent): Stanza[] {
  const bridges = new Set<string>(host?.bridges.map(({ name }) => name)); // ifupdown2 lets a bridge with an address forward, whatever is said of it
  const forwards = ({ port }: UnderlayPortIntent): boolean => underlayPorts.length > 1 && !bridges.has(port);
  const is6 = ({ address }: UnderlayPortIntent): boolean => (address ?? vtep?.address)?.includes(':') === true;
  return underlayPorts.map((link) =>
    stanza(
      link.port,
      null,
      link.address !== null && `address ${link.address}/${link.prefixLength}`,
      link.mtu !== null && `mtu ${link.mtu}`,
      forwards(link) && (is6(link) ? 'ip6-forward on' : 'ip-forward on'),
    ),
  );
}
