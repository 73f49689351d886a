/**
 * The reachability matrix of route targets. Membership in EVPN is decided by targets and by nothing else (RFC 7432 §7.10): a pair of
 * VTEPs whose targets do not meet is up and silent, and a target that two instances share joins two customers.
 * Targets belong to the instance here, so one cell stands for every ordered pair of its members; and a cell outside of the diagonal may only be
 * set along an edge of `importsFrom`, or inside a VLAN-aware bundle, which is one EVI.
 */
import type { RouteTarget, VrfId } from '#engines/kernel';
import type { FabricIndex } from '../fabric-index.js';
import { error, type Finding, listed } from '../finding.js';
import { groupBy } from '../group-by.js';
import { replicationOf } from './replication.js';

interface Instance {
  readonly id: string;
  readonly owner: string;
  readonly path: string;
  readonly vni: number;
  readonly importTargets: readonly RouteTarget[];
  readonly exportTargets: readonly RouteTarget[];
  readonly members: ReadonlySet<string>;
  /** What it may import beside its own: VRFs that it names. */
  readonly importsFrom: ReadonlySet<string>;
  readonly bundle: string | null;
  /** Without EVPN nothing is announced, and targets do not matter to its own members. */
  readonly isAnnounced: boolean;
}

const NOBODY: ReadonlySet<string> = new Set();

export function checkRouteTargets(index: FabricIndex): Finding[] {
  const instances = instancesOf(index);
  return [...instances.flatMap(reachability), ...edges(index), ...joined(instances), ...remoteTargets(index), ...hidden(index, instances)];
}

function instancesOf(index: FabricIndex): Instance[] {
  return [
    ...index.snapshot.networks.map((network) => ({
      id: network.id,
      vni: network.vni,
      importTargets: network.importTargets,
      exportTargets: network.exportTargets,
      owner: `network ${network.slug}`,
      path: `networks.${network.slug}`,
      members: index.membersOfNetwork.get(network.id) ?? NOBODY,
      importsFrom: NOBODY,
      bundle: network.bundle ?? null,
      isAnnounced: replicationOf(index, network) === 'INGRESS_EVPN',
    })),
    ...index.snapshot.vrfs.map((vrf) => ({
      id: vrf.id,
      vni: vrf.l3vni,
      importTargets: vrf.importTargets,
      exportTargets: vrf.exportTargets,
      owner: `VRF ${vrf.deviceName}`,
      path: `vrfs.${vrf.deviceName}`,
      members: index.membersOfVrf.get(vrf.id) ?? NOBODY,
      importsFrom: new Set<string>(vrf.importsFrom),
      bundle: null,
      isAnnounced: true,
    })),
  ];
}

function reachability({ importTargets, exportTargets, members, owner, path, id, isAnnounced }: Instance): Finding[] {
  const meets = exportTargets.some((target) => importTargets.includes(target));
  if (meets || members.size < 2 || !isAnnounced) return [];
  const message = `let ${owner} import one of the route targets that it exports: no two of its ${members.size} VTEPs reach each other`;
  return [error('RT_UNREACHABLE', path, message, [id])];
}

/** An edge carries what the provider exports. */
function edges({ snapshot: { vrfs }, vrf: byId }: FabricIndex): Finding[] {
  return vrfs.flatMap(({ id, deviceName, importsFrom = [] }) =>
    [...new Set<VrfId>(importsFrom)].flatMap((from) => {
      const provider = byId.get(from);
      const path = `vrfs.${deviceName}.importsFrom`;
      if (from === id) return [error('VRF_INVALID', path, `take VRF ${deviceName} from what it imports: it has its own routes`, [id])];
      if (!provider || provider.exportTargets.length > 0) return [];
      const message = `let VRF ${provider.deviceName} export a route target, or take it from what VRF ${deviceName} imports: there is nothing to import`;
      return [error('RT_UNREACHABLE', path, message, [id, from])];
    }),
  );
}

/** One finding per target, however many share it: exporters × importers would grow with the square. */
function joined(instances: readonly Instance[]): Finding[] {
  const exporters = new Map<RouteTarget, Instance[]>();
  const importers = new Map<RouteTarget, Instance[]>();
  const byId = new Map(instances.map((instance) => [instance.id, instance]));
  for (const instance of instances) {
    for (const target of new Set(instance.exportTargets)) append(exporters, target, instance);
    const wanted = new Set(instance.importTargets);
    for (const id of instance.importsFrom) for (const target of byId.get(id)?.exportTargets ?? []) wanted.add(target);
    for (const target of wanted) append(importers, target, instance);
  }
  return [...exporters].flatMap(([target, from]) => {
    const to = importers.get(target) ?? [];
    const strangers = strangersOf(from, to);
    if (strangers.length === 0) return to.length === 0 ? owned(target, from) : [];
    const involved = [...new Set([...from, ...strangers])];
    const message = `give each of ${listed(involved.map(({ owner }) => owner))} its own route target: with ${target} in common the routes of one reach the other`;
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

/** Importers that hear somebody whom they should not; linear, because who may be heard is counted and never compared one by one. */
function strangersOf(from: readonly Instance[], to: readonly Instance[]): Instance[] {
  const [only] = from;
  if (only && from.length === 1) return to.filter((importer) => importer !== only && !mayHear(importer, only));
  const ids = new Set(from.map(({ id }) => id));
  const bundles = new Map<string, number>();
  for (const { bundle } of from) if (bundle !== null) bundles.set(bundle, (bundles.get(bundle) ?? 0) + 1);
  return to.filter((importer) => {
    const mates = importer.bundle === null ? 0 : (bundles.get(importer.bundle) ?? 0);
    const self = importer.bundle === null && ids.has(importer.id) ? 1 : 0;
    const providers = [...importer.importsFrom].filter((id) => id !== importer.id && ids.has(id)).length;
    return mates + self + providers < from.length;
  });
}

const mayHear = (importer: Instance, exporter: Instance): boolean =>
  importer.importsFrom.has(exporter.id) || (importer.bundle !== null && importer.bundle === exporter.bundle);

/** A target has one owner: the next one who imports it would hear all of them. */
function owned(target: RouteTarget, from: readonly Instance[]): Finding[] {
  const isBundle = from[0]?.bundle !== null && from.every(({ bundle }) => bundle === from[0]?.bundle);
  if (from.length < 2 || isBundle) return [];
  const message = `let one of ${listed(from.map(({ owner }) => owner))} export ${target}: a route target has one owner`;
  return [
    error(
      'DUPLICATE_RT',
      `routeTargets.${target}`,
      message,
      from.map(({ id }) => id),
    ),
  ];
}

/** Of the other EVPN domains: there, too, a target that two networks share joins them. */
function remoteTargets({ snapshot: { networks } }: FabricIndex): Finding[] {
  const stretched = networks.flatMap(({ id, slug, bundle, remoteTarget }) =>
    remoteTarget === undefined ? [] : [{ id, slug, bundle, remoteTarget }],
  );
  return [...groupBy(stretched, ({ remoteTarget }) => remoteTarget)].flatMap(([target, uses]) => {
    const isBundle = uses[0]?.bundle !== undefined && uses.every(({ bundle }) => bundle === uses[0]?.bundle);
    if (uses.length < 2 || isBundle) return [];
    const message = `give each of networks ${listed(uses.map(({ slug }) => slug))} its own remote target: with ${target} in common they are one in the other domains`;
    return [
      error(
        'RT_LEAK',
        `routeTargets.${target}`,
        message,
        uses.map(({ id }) => id),
      ),
    ];
  });
}

/**
 * On FRR a target that equals the automatic one is never really configured. Our frr.conf moves the automatic one to
 * `AS:(2^28 + VNI)` (RFC 8365 §5.1.2.1), so that value is not to be had.
 */
function hidden(index: FabricIndex, instances: readonly Instance[]): Finding[] {
  const administrators = new Set<string>();
  for (const { platform, vtep } of index.snapshot.devices)
    if (platform === 'DEBIAN_FRR' && vtep) administrators.add(String(vtep.asn & 0xffff));
  return instances.flatMap(({ id, owner, path, vni, importTargets, exportTargets }) => {
    const automatic = `:${0x1000_0000 + vni}`;
    const taken = [...importTargets, ...exportTargets].find(
      (target) => target.endsWith(automatic) && administrators.has(target.slice(0, -automatic.length)),
    );
    if (taken === undefined) return [];
    return [error('NOT_SUPPORTED', path, `give ${owner} another route target: ${taken} is what FRR derives by itself`, [id])];
  });
}

function append<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}
