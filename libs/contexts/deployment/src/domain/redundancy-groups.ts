/** Devices that stand in for each other: while one of them is pushed to, the others carry what it may drop. */
import type { DeviceIntent } from '#engines/intent';

/**
 * Names of the groups by device slug; only groups of two and more. An intent may be given twice, as it was and as it shall be: then the
 * groups of both count.
 */
export function redundancyGroups(devices: readonly DeviceIntent[]): ReadonlyMap<string, readonly string[]> {
  const members = new Map<string, Set<string>>();
  const join = (group: string, slug: string): void => void members.set(group, (members.get(group) ?? new Set()).add(slug));
  const servers = new Map<string, Set<string>>();
  for (const device of devices) {
    for (const group of ownGroups(device)) join(group, device.slug);
    if (device.mlag) join(`MLAG ${device.mlag.domain}`, device.mlag.peer);
    for (const { description, routeReflectorClient, routeServerClient } of device.bgp?.neighbors ?? [])
      if (routeReflectorClient || routeServerClient) servers.set(description, (servers.get(description) ?? new Set()).add(device.slug));
  }
  // Named by its members and not by its clients: a pair of reflectors is one group, however many it serves.
  for (const set of servers.values()) for (const slug of set) join(`reflectors ${[...set].sort().join(' ')}`, slug);
  const groups = new Map<string, string[]>();
  for (const [group, slugs] of [...members].sort(([a], [b]) => (a < b ? -1 : 1)))
    if (slugs.size > 1) for (const slug of slugs) groups.set(slug, [...(groups.get(slug) ?? []), group]);
  return groups;
}

function ownGroups({ mlag, lags, vrfs }: DeviceIntent): string[] {
  return [
    ...(mlag ? [`MLAG ${mlag.domain}`] : []),
    ...(lags ?? []).flatMap(({ segment }) => (segment ? [`segment ${segment.identifier}`] : [])),
    ...vrfs.flatMap(({ name, exit }) => (exit ? [`exits of ${name}`] : [])),
  ];
}
