/**
 * What the qemu hook knows: one line per network, blanks between the fields, `-` where there is nothing. It is replaced as a whole, and its last line counts
 * the networks, so that a hook that meets half of it goes on with the one before.
 */
import type { FloodingIntent, OnDemandIntent, OnDemandNetworkIntent } from '#engines/intent';
import { DomainError } from '#engines/kernel';

export function renderNetworkMap({ removeAfterSeconds, bridgePrefix, networks }: OnDemandIntent): string[] {
  return [
    'trame libvirt networks 1',
    `remove-after ${removeAfterSeconds}`,
    `prefix ${bridgePrefix}`,
    ...networks.map(networkLine),
    `end ${networks.length}`,
  ];
}

function networkLine({ bridge, tunnel, vni, mtu, udpPort, local, flooding, libvirtNetworks }: OnDemandNetworkIntent): string {
  return ['network', bridge, tunnel, vni, mtu, udpPort, local, ...floodingFields(flooding), list(libvirtNetworks)].join(' ');
}

function floodingFields(flooding: FloodingIntent): readonly string[] {
  if (flooding.kind === 'EVPN') return ['evpn', '-', '-'];
  return flooding.kind === 'STATIC' ? ['static', list(flooding.peers), '-'] : ['multicast', flooding.group, flooding.port];
}

const list = (values: readonly string[]): string => (values.length === 0 ? '-' : values.join(','));

const NAME = String.raw`[A-Za-z0-9_.:-]+`;
const ADDRESS = '[0-9a-f.:]+';
const NETWORK = new RegExp(
  `^network ${NAME} vxlan(\\d+) \\1 \\d+ \\d+ ${ADDRESS} (?:evpn - -|static (?:-|${ADDRESS}(?:,${ADDRESS})*) -|multicast [0-9.]+ [A-Za-z0-9/.-]+) (?:-|${NAME}(?:,${NAME})*)$`,
);

/** @throws DomainError RENDER_ESCAPE when a name of the intent would make other fields, or another line. */
export function assertNetworkMap(device: string, path: string, text: readonly string[], { networks }: OnDemandIntent): void {
  const [head, delay, prefix, ...rest] = text;
  const stranger = rest
    .slice(0, -1)
    .find((line, position) => !NETWORK.test(line) || !line.startsWith(`network ${networks[position]?.bridge} `));
  const isWhole = head === 'trame libvirt networks 1' && /^remove-after \d+$/.test(delay ?? '') && /^prefix [a-z]+$/.test(prefix ?? '');
  if (isWhole && stranger === undefined && rest.length === networks.length + 1 && rest.at(-1) === `end ${networks.length}`) return;
  const line = (stranger ?? text.slice(0, 3).join(', ')).slice(0, 120).replace(/[^ -~]/g, '?');
  throw new DomainError('RENDER_ESCAPE', `refused to hand out ${path} of ${device}: "${line}" is not in the intent`, {
    device,
    path,
    line,
  });
}
