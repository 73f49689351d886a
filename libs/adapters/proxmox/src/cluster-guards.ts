/** What forbids a push, asked before anything is written, and again before it goes live. */
import type { SdnDocument, SdnObjects } from '#engines/rendering';
import { named, type PendingSeen } from './cluster-reader.js';
import type { FencedCluster } from './fenced-cluster.js';
import { type ClusterObjects, isOwnVnet, type KnownObjects, ownershipIn } from './own-objects.js';
import { isPveError } from './pve-error.js';

export class ClusterGuards {
  constructor(private readonly cluster: FencedCluster) {}

  /** Reads only: names that are taken, and what has to be there already. */
  refuseImpossible(document: SdnDocument, config: ClusterObjects): void {
    const { cluster, device } = this.cluster.tools;
    if (document.cluster !== cluster)
      throw this.cluster.failure(
        'WRONG_DEVICE',
        `the cluster ${cluster} answers at the address of ${device}, which is ${document.cluster}`,
      );
    const taken = config.filter((object) => object.kind === 'vnets' && document.vnets[object.id] !== undefined && !isOwnVnet(object));
    if (taken.length > 0)
      throw this.cluster.failure(
        'CONFIG_REFUSED',
        `there is a VNet ${taken.map(({ id }) => id).join(', ')} that is not ours (its alias does not begin with "trame "): rename ours is not possible, remove that one`,
      );
    for (const [id, asn] of Object.entries(document.needs)) {
      const found = config.find((object) => object.kind === 'controllers' && object.id === id);
      if (found === undefined)
        throw this.cluster.failure('CONFIG_REFUSED', `there is no controller ${id}: create it, or let Trame make one by calling it trame…`);
      if (found.options['asn'] !== asn)
        throw this.cluster.failure(
          'CONFIG_REFUSED',
          `controller ${id} has the AS number ${found.options['asn'] ?? 'none'}, and the route targets of the fabric begin with ${asn}`,
        );
    }
  }

  /** Zones and controllers that are wanted, are there, and were never ours: their VNets and guests are somebody's. @param known of before. */
  refuseTaken(document: SdnDocument, config: ClusterObjects, known: KnownObjects): void {
    const isOurs = ownershipIn(config, known);
    const wanted = (kind: string, id: string): boolean =>
      (kind === 'zones' && document.zones[id] !== undefined) || (kind === 'controllers' && document.controllers[id] !== undefined);
    const taken = config.filter((object) => wanted(object.kind, object.id) && !isOurs(object));
    if (taken.length > 0)
      throw this.cluster.failure(
        'CONFIG_REFUSED',
        `there is a ${taken.map(({ kind, id }) => `${kind.slice(0, -1)} ${id}`).join(', ')} that Trame has not made and has nothing in: remove it, or have the device use another name`,
      );
  }

  async refuseOffline(nodes: readonly string[]): Promise<void> {
    const { nodes: members, isQuorate } = await this.api.cluster();
    if (!isQuorate) throw this.cluster.failure('UNREACHABLE', 'the cluster has no quorum: nothing can be written');
    const unknown = nodes.filter((node) => !members.some(({ name }) => name === node));
    if (unknown.length > 0) throw this.cluster.failure('CONFIG_REFUSED', `the cluster has no node ${unknown.join(', ')}`);
    const offline = members.filter(({ name, isOnline }) => nodes.includes(name) && !isOnline).map(({ name }) => name);
    if (offline.length > 0)
      throw this.cluster.failure('UNREACHABLE', `node ${offline.join(', ')} is offline, and would not get the configuration`);
  }

  /**
   * An apply also puts in force what somebody has edited of a node's own network: `interfaces.new` becomes `interfaces`, on every member.
   * @throws TransportError PUSH_IN_PROGRESS.
   */
  async refuseEdits(): Promise<void> {
    const { nodes } = await this.api.cluster();
    for (const { name, isOnline } of nodes) {
      if (!isOnline || (await this.changes(name)) === '') continue;
      throw this.cluster.failure(
        'PUSH_IN_PROGRESS',
        `somebody has edited the network of node ${name} and not applied it; an apply of the SDN would put that in force, too: apply it, or revert it (System > Network)`,
      );
    }
  }

  /** @throws TransportError PUSH_IN_PROGRESS. */
  refusePending(pending: PendingSeen['own']): void {
    if (pending.length > 0)
      throw this.cluster.failure(
        'PUSH_IN_PROGRESS',
        `somebody has changes that are not applied: ${named(pending)}. An apply would put them in force: apply them, or roll them back`,
      );
  }

  private get api() {
    return this.cluster.tools.api;
  }

  /** A node that went away meanwhile is not reached by an apply, either. */
  private async changes(node: string): Promise<string> {
    try {
      return await this.api.nodeChanges(node);
    } catch (error) {
      if (isPveError(error, 'NODE_UNREACHABLE')) return '';
      throw error;
    }
  }
}

/** Nodes that carry it now, and those that shall. */
export function nodesOf(...objects: readonly SdnObjects[]): readonly string[] {
  const names = objects.flatMap(({ zones }) => Object.values(zones).flatMap(({ nodes = '' }) => nodes.split(',')));
  return [...new Set(names)].filter((name) => name !== '').sort();
}
