/**
 * OpenBSD as gateway. vxlan(4) was written anew for 7.1: since then it joins a group on `parent` and nowhere else, and without one the interface
 * stays down (ENXIO, and netstart(8) goes on). Before, the routing table said where, and ifconfig(8) refuses the word.
 */
import type { FabricIndex } from '../fabric-index.js';
import { error, type Finding, listed } from '../finding.js';
import type { DeviceFacts, OpenBsdFacts } from '../snapshot.js';
import { replicationOf } from './replication.js';
import { isBefore, releaseOf } from './software.js';

export function checkOpenBsd(index: FabricIndex): Finding[] {
  return index.snapshot.devices.flatMap((device) => (device.openbsd ? parentOf(index, device, device.openbsd) : []));
}

function parentOf(index: FabricIndex, { id, slug, software }: DeviceFacts, { parent, gateways }: OpenBsdFacts): Finding[] {
  const path = `devices.${slug}.openbsd.parent`;
  const release = releaseOf(software?.openbsd);
  if (release !== null && isBefore(release, [7, 1, 0])) {
    if (parent === undefined) return [];
    const message = `take the parent ${parent} from ${slug}, or upgrade OpenBSD from ${software?.openbsd} to 7.1 or later: this one has no such word, and takes the way of its routing table`;
    return [error('SOFTWARE_TOO_OLD', path, message, [id])];
  }
  const grouped = gateways.flatMap(({ networkId }) => {
    const network = index.network.get(networkId);
    return network && replicationOf(index, network) === 'MULTICAST' ? [network] : [];
  });
  if (parent !== undefined || grouped.length === 0) return [];
  const why = `from 7.1 it joins the groups of ${listed(grouped.map((network) => network.slug).sort())} on that one, and stays down without`;
  const subjects = [id, ...grouped.map((network) => network.id)];
  return release === null
    ? [error('SOFTWARE_UNKNOWN', path, `name the parent of ${slug}, or say which OpenBSD before 7.1 it runs: ${why}`, subjects)]
    : [error('REPLICATION_INVALID', path, `name the parent of ${slug}, an interface of the underlay: OpenBSD ${why}`, subjects)];
}
