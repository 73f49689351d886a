/**
 * The reachability matrix of route targets. Membership in EVPN is decided by targets and by nothing else (RFC 7432 §7.10): a pair of
 * VTEPs whose targets do not meet is up and silent, and a target that two instances share joins two customers.
 * Targets belong to the instance here, so one cell stands for every ordered pair of its members.
 */
import type { Asn, RouteTarget } from '#engines/kernel';
import type { FabricIndex } from '../fabric-index.js';
import { error, type Finding, listed } from '../finding.js';

interface Instance {
  readonly id: string;
  readonly owner: string;
  readonly path: string;
  readonly vni: number;
  readonly importTargets: readonly RouteTarget[];
  readonly exportTargets: readonly RouteTarget[];
  readonly members: ReadonlySet<string>;
}

export function checkRouteTargets(index: FabricIndex): Finding[] {
  const instances = instancesOf(index);
  return [...instances.flatMap(reachability), ...leaks(instances), ...hidden(index, instances)];
}

function instancesOf(index: FabricIndex): Instance[] {
  const nobody: ReadonlySet<string> = new Set();
  return [
    ...index.snapshot.networks.map((network) => ({
      ...network,
      owner: `network ${network.slug}`,
      path: `networks.${network.slug}`,
      members: index.membersOfNetwork.get(network.id) ?? nobody,
    })),
    ...index.snapshot.vrfs.map((vrf) => ({
      ...vrf,
      vni: vrf.l3vni,
      owner: `VRF ${vrf.deviceName}`,
      path: `vrfs.${vrf.deviceName}`,
      members: index.membersOfVrf.get(vrf.id) ?? nobody,
    })),
  ];
}

function reachability(instance: Instance): Finding[] {
  const { importTargets, exportTargets, members, owner, path, id } = instance;
  const meets = exportTargets.some((target) => importTargets.includes(target));
  if (meets || members.size < 2) return [];
  const message = `let ${owner} import one of the route targets that it exports: no two of its ${members.size} VTEPs reach each other`;
  return [error('RT_UNREACHABLE', path, message, [id])];
}

/** One finding per target, however many share it: exporters × importers would grow with the square. */
function leaks(instances: readonly Instance[]): Finding[] {
  const exporters = new Map<RouteTarget, Instance[]>();
  const importers = new Map<RouteTarget, Instance[]>();
  for (const instance of instances) {
    for (const target of new Set(instance.exportTargets)) append(exporters, target, instance);
    for (const target of new Set(instance.importTargets)) append(importers, target, instance);
  }
  return [...exporters].flatMap(([target, from]) => {
    const to = importers.get(target) ?? [];
    const involved = [...new Set([...from, ...to])];
    if (to.length === 0 || involved.length < 2) return [];
    const owners = involved.map(({ owner }) => owner);
    const message = `give each of ${listed(owners)} its own route target: with ${target} in common the routes of one reach the other`;
    return [
      error(
        'RT_LEAK',
        `routeTargets.${target}`,
        message,
        involved.map(({ id }) => id),
      ),
    ];
  });
}

/**
 * On FRR a target that equals the automatic one is never really configured. Our frr.conf moves the automatic one to
 * `AS:(2^28 + VNI)` (RFC 8365 §5.1.2.1), so that value is not to be had.
 */
function hidden(index: FabricIndex, instances: readonly Instance[]): Finding[] {
  const asns = new Set<Asn>();
  for (const { platform, vtep } of index.snapshot.devices) if (platform === 'DEBIAN_FRR' && vtep) asns.add(vtep.asn);
  return instances.flatMap((instance) => {
    const automatic = [...asns].map((asn) => `${asn & 0xffff}:${0x1000_0000 + instance.vni}`);
    const taken = [...instance.importTargets, ...instance.exportTargets].find((target) => automatic.includes(target));
    if (taken === undefined) return [];
    return [
      error('NOT_SUPPORTED', instance.path, `give ${instance.owner} another route target: ${taken} is what FRR derives by itself`, [
        instance.id,
      ]),
    ];
  });
}

function append<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}
