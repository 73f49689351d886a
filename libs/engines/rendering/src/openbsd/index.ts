/** hostname.vxlanN and hostname.bridgeN of an OpenBSD gateway: hostname.if(5), vxlan(4), bridge(4). PF stays the operator's. */
import type { OpenBsdGatewayIntent, OpenBsdIntent } from '#engines/intent';
import type { Draft, Renderer } from '../artefact.js';
import { deviceLabel } from '../device-label.js';
import { assertOutline, outline } from '../outline.js';
import { lines } from '../text.js';

const DEFAULT_PORT = 4789;
/** Without it 1, for learnt peers too: nothing behind the first router. */
const GROUP_TTL = 255;
const isMulticast = (address: string): boolean => /^(?:22[4-9]|23\d)\.|^ff/.test(address);

/** Two files a network, in the order in which netstart(8) has to read them: a bridge takes only members that are there. */
export const openBsdArtefacts: Renderer = ({ slug, openbsd }) =>
  openbsd === null ? [] : openbsd.gateways.flatMap((gateway) => [tunnel(slug, openbsd, gateway), bridge(slug, gateway)]);

function tunnel(device: string, { tunnelAddress, parent }: OpenBsdIntent, gateway: OpenBsdGatewayIntent): Draft {
  const { vni, name, mtu, udpPort, destination, addresses } = gateway;
  const label = deviceLabel(name);
  const port = udpPort === DEFAULT_PORT ? '' : `:${udpPort}`;
  const isGroup = destination !== null && isMulticast(destination);
  const path = `/etc/hostname.vxlan${vni}`;
  const text = lines(
    destination !== null &&
      `tunnel ${tunnelAddress} ${port === '' || !destination.includes(':') ? destination : `[${destination}]`}${port}`,
    `vnetid ${vni}`,
    // A group needs the interface that it is sent from (vxlan(4) of 7.1 and later: ENXIO), one peer must not have it (EPROTONOSUPPORT).
    isGroup && parent !== null && `parent ${parent}`,
    isGroup && `tunnelttl ${GROUP_TTL}`,
    `mtu ${mtu}`,
    ...addresses.map(({ address, prefixLength }, position) => addressLine(address, prefixLength, position, addresses)),
    label !== '' && `description "${label}"`,
    'up',
  );
  const keys = [
    ...(destination === null ? [] : [`tunnel ${tunnelAddress}`]),
    `vnetid ${vni}`,
    ...(isGroup && parent !== null ? [`parent ${parent}`] : []),
    ...(isGroup ? ['tunnelttl 255'] : []),
    `mtu ${mtu}`,
    ...addresses.map(({ address }) => (address.includes(':') ? 'inet6' : 'inet')),
    ...(label === '' ? [] : ['description']),
    'up',
  ];
  assertOutline(device, path, text, outline([], keys));
  return draft(path, text);
}

/** The first address of a family is the interface's own, the others are aliases: without the word each would replace the one before. */
function addressLine(address: string, length: number, position: number, all: OpenBsdGatewayIntent['addresses']): string {
  const isFirst = all.findIndex((other) => other.address.includes(':') === address.includes(':')) === position;
  return `${address.includes(':') ? 'inet6' : 'inet'} ${isFirst ? '' : 'alias '}${address}/${length}`;
}

function bridge(device: string, { vni }: OpenBsdGatewayIntent): Draft {
  const path = `/etc/hostname.bridge${vni}`;
  const text = [`add vxlan${vni}`, 'up'];
  assertOutline(device, path, text, outline([], text));
  return draft(path, text);
}

/** 0640: netstart(8) warns of a file that others may read. */
const draft = (path: string, text: readonly string[]): Draft => ({ path, format: 'hostname.if', mode: 0o640, owner: 'root', text });
