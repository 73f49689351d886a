/**
 * From the network that libvirt has to the one that it shall have, while guests are plugged in. libvirt reads network XML only when it defines a network, and what
 * it defines counts from the next start of that network: so portgroups are changed one by one, in what runs and in what is kept
 * (`net-update --live --config`, since 0.10.2). What a guest got from a portgroup when it was plugged in stays with its port.
 */
import type { LibvirtNetworkIntent, LibvirtPortgroupFacts } from '#engines/intent';
import { networkPath, renderPortgroup } from './render-network.js';

export interface RunningNetwork extends LibvirtNetworkIntent {
  readonly isActive: boolean;
}

/** Arguments of one call of `virsh`. */
export type VirshCommand = readonly string[];

/** @param running null where libvirt knows no network of that name. Empty when nothing is left to do. */
export function networkUpdates(running: RunningNetwork | null, desired: LibvirtNetworkIntent): readonly VirshCommand[] {
  const { name } = desired;
  const define = ['net-define', networkPath(desired)];
  if (running === null) return [define, ['net-start', name], ['net-autostart', name]];
  const isOther = running.bridge !== desired.bridge || running.isOpenVswitch !== desired.isOpenVswitch;
  // A stop of a bridged network touches neither the bridge nor what is plugged into it (libvirt 9.0, measured).
  if (isOther) return [define, ...(running.isActive ? [['net-destroy', name]] : []), ['net-start', name]];
  const changes = portgroupChanges(running.portgroups, desired.portgroups);
  const scope = running.isActive ? ['--live', '--config'] : ['--config'];
  const updates = changes.map(([verb, portgroup]) => [
    'net-update',
    name,
    verb,
    'portgroup',
    renderPortgroup(portgroup).join(''),
    ...scope,
  ]);
  return running.isActive ? updates : [...updates, ['net-start', name]];
}

type Change = readonly ['delete' | 'modify' | 'add', LibvirtPortgroupFacts];

/** First what goes, so that the default can move from one to another. */
function portgroupChanges(from: readonly LibvirtPortgroupFacts[], to: readonly LibvirtPortgroupFacts[]): readonly Change[] {
  const before = new Map(from.map((portgroup) => [portgroup.name, portgroup]));
  const wanted = new Set(to.map(({ name }) => name));
  const said = (portgroup: LibvirtPortgroupFacts): string =>
    renderPortgroup({ ...portgroup, tags: [...portgroup.tags].sort((a, b) => a - b) }).join('');
  const changed = to.filter((portgroup) => {
    const old = before.get(portgroup.name);
    return old !== undefined && said(old) !== said(portgroup);
  });
  return [
    ...from.filter(({ name }) => !wanted.has(name)).map((portgroup): Change => ['delete', portgroup]),
    ...changed.filter(({ isDefault }) => !isDefault).map((portgroup): Change => ['modify', portgroup]),
    ...changed.filter(({ isDefault }) => isDefault).map((portgroup): Change => ['modify', portgroup]),
    ...to.filter(({ name }) => !before.has(name)).map((portgroup): Change => ['add', portgroup]),
  ];
}
