/** SDN of a cluster over its API: what there is, what is pending, the lock, a trial, putting in force. For pushes and for synchronisation alike. */
import { z } from 'zod';
import { canonicalOption, type SdnKind, type SdnOptions } from '#engines/rendering';
import { PveError } from './pve-error.js';
import type { PveClient, PveParameters, PveTaskEnd } from './pve-client.js';

/** CONFIG: as the files say, which the next apply, or the next boot of any node, puts in force. RUNNING: as nodes carry it. */
export type SdnView = 'CONFIG' | 'RUNNING';

export interface SdnObject {
  readonly kind: SdnKind;
  readonly id: string;
  readonly options: SdnOptions;
  /** Of the file that it stands in; a write that names another one is refused. */
  readonly digest: string | null;
}

/** What else an apply puts in force, and nothing of ours. */
export type ElseKind = 'fabrics' | 'fabric nodes' | 'prefix lists' | 'route maps';

export interface PendingObject {
  readonly kind: SdnKind | ElseKind;
  readonly id: string;
  readonly state: 'new' | 'changed' | 'deleted';
  /** Of a subnet. */
  readonly vnet?: string;
}

export interface ClusterFacts {
  /** Name of the cluster; of the node where there is none. */
  readonly name: string;
  readonly isQuorate: boolean;
  readonly nodes: readonly { readonly name: string; readonly isOnline: boolean }[];
}

export interface NodeTask {
  readonly upid: string;
  /** Null while it runs. */
  readonly exit: string | null;
}

export interface ObjectStatus {
  readonly id: string;
  /** `available`, `pending` or `error`. */
  readonly status: string;
}

const KEY: Readonly<Record<SdnKind, string>> = { controllers: 'controller', zones: 'zone', vnets: 'vnet', subnets: 'subnet' };
/** Beside the options of an object. */
const NOT_OPTIONS = new Set(['digest', 'state', 'pending', 'id']);

const objectsShape = z.array(z.record(z.string(), z.unknown()));
const versionShape = z.object({ version: z.string() });
const clusterShape = z.array(
  z.object({ type: z.string(), name: z.string(), quorate: z.coerce.number().optional(), online: z.coerce.number().optional() }),
);
const tasksShape = z.array(z.object({ upid: z.string(), status: z.string().optional() }));
const statusShape = z.array(z.object({ zone: z.string().optional(), vnet: z.string().optional(), status: z.string().nullish() }));
const trialShape = z.record(z.string(), z.unknown()).nullable();

/** Newer releases have more of them; prefix lists and route maps are named as their developers' list has them, and never were asked of a real cluster. */
const ELSEWHERE = ['/cluster/sdn/fabrics/all', '/cluster/sdn/prefix-lists', '/cluster/sdn/route-maps'] as const;
const NOT_IN_FABRICS = new Set([...NOT_OPTIONS, 'protocol', 'fabric_id', 'node_id', 'lock-token']);
const permissionsShape = z.record(z.string(), z.record(z.string(), z.coerce.number()));
const fabricsShape = z.object({ fabrics: objectsShape.optional(), nodes: objectsShape.optional() });

export class SdnApi {
  private readonly absent = new Set<string>();

  constructor(readonly client: PveClient) {}

  async version(): Promise<string> {
    return this.client.read(versionShape, await this.client.get('/version'), '/version').version;
  }

  async cluster(): Promise<ClusterFacts> {
    const entries = this.client.read(clusterShape, await this.client.get('/cluster/status'), '/cluster/status');
    const nodes = entries.filter(({ type }) => type === 'node');
    const cluster = entries.find(({ type }) => type === 'cluster');
    return {
      name: cluster?.name ?? nodes[0]?.name ?? '',
      isQuorate: cluster?.quorate !== 0,
      nodes: nodes.map(({ name, online }) => ({ name, isOnline: online !== 0 })),
    };
  }

  /** @param vnet of subnets, which are asked for VNet by VNet. */
  async objects(kind: SdnKind, view: SdnView, vnet?: string): Promise<readonly SdnObject[]> {
    const entries = await this.list(kind, view === 'RUNNING' ? { running: '1' } : {}, vnet);
    return entries.map((entry) => asObject(kind, entry));
  }

  async object(kind: SdnKind, id: string, vnet?: string): Promise<SdnObject> {
    const path = objectPath(kind, id, vnet);
    return asObject(kind, this.client.read(z.record(z.string(), z.unknown()), await this.client.get(path), path), id);
  }

  async pending(kind: SdnKind, vnet?: string): Promise<readonly PendingObject[]> {
    const entries = await this.list(kind, { pending: '1' }, vnet);
    return pendingOf(kind, entries, (entry) => idOf(kind, entry)).map((one) => ({ ...one, ...(vnet !== undefined && { vnet }) }));
  }

  /** Fabrics, their nodes, prefix lists and route maps: what a release does not have is none. */
  async pendingElsewhere(): Promise<readonly PendingObject[]> {
    const [fabrics, lists, maps] = [
      await this.whereThere(ELSEWHERE[0]),
      await this.whereThere(ELSEWHERE[1]),
      await this.whereThere(ELSEWHERE[2]),
    ];
    const read = fabrics === null ? {} : this.client.read(fabricsShape, fabrics, ELSEWHERE[0]);
    const named = (entry: Readonly<Record<string, unknown>>): string => textOf(entry['id']) ?? textOf(entry['name']) ?? '';
    const onNode = (entry: Readonly<Record<string, unknown>>): string =>
      [textOf(entry['fabric_id']), textOf(entry['node_id'])].filter((word) => word !== null).join(' ');
    return [
      ...pendingOf('fabrics', read.fabrics ?? [], named),
      ...pendingOf('fabric nodes', read.nodes ?? [], onNode),
      ...pendingOf('prefix lists', lists === null ? [] : this.client.read(objectsShape, lists, ELSEWHERE[1]), named),
      ...pendingOf('route maps', maps === null ? [] : this.client.read(objectsShape, maps, ELSEWHERE[2]), named),
    ];
  }

  /** Of the underlay, as `fabrics.cfg` has them: a section for each, and one for each of its nodes. What a release does not have is none. */
  async fabrics(): Promise<Readonly<Record<string, object>>> {
    const answer = await this.whereThere(ELSEWHERE[0], {});
    const { fabrics = [], nodes = [] } = answer === null ? {} : this.client.read(fabricsShape, answer, ELSEWHERE[0]);
    const section = (id: string, part: 'fabric' | 'node', entry: Readonly<Record<string, unknown>>): [string, object] => {
      const options = Object.entries(entry).filter(([name]) => !NOT_IN_FABRICS.has(name));
      return [id, { ...Object.fromEntries(options), type: `${textOf(entry['protocol']) ?? ''}_${part}` }];
    };
    return Object.fromEntries([
      ...fabrics.map((entry) => section(textOf(entry['id']) ?? '', 'fabric', entry)),
      ...nodes.map((entry) => section(`${textOf(entry['fabric_id']) ?? ''}_${textOf(entry['node_id']) ?? ''}`, 'node', entry)),
    ]);
  }

  /** Lists show what a token may see, and say nothing of the rest. */
  async maySeeAll(): Promise<boolean> {
    const path = '/access/permissions';
    const granted = this.client.read(permissionsShape, await this.client.get(path, { path: '/sdn' }), path)['/sdn'] ?? {};
    return Number(granted['SDN.Audit'] ?? 0) === 1; // its value is whether it holds below, too
  }

  /** What somebody has edited of a node's own network and not applied: an apply of the SDN puts that in force, too. Empty: nothing. */
  async nodeChanges(node: string): Promise<string> {
    return this.client.changes(`/nodes/${encodeURIComponent(node)}/network`);
  }

  /** @returns the token that every write needs from now on. @throws PveError REFUSED: locked, or pending changes where they are not allowed. */
  async lock(allowPending: boolean): Promise<string> {
    const token = await this.client.call('POST', '/cluster/sdn/lock', allowPending ? { 'allow-pending': '1' } : {});
    return this.client.read(z.string().min(1), token, 'POST /cluster/sdn/lock');
  }

  /** Only with its token: whose lock it is, is not asked otherwise. */
  async unlock(token: string): Promise<void> {
    await this.client.call('DELETE', '/cluster/sdn/lock', { 'lock-token': token });
  }

  async create(kind: SdnKind, id: string, options: SdnOptions, token: string): Promise<void> {
    const path = kind === 'subnets' ? `/cluster/sdn/vnets/${encodeURIComponent(options['vnet'] ?? '')}/subnets` : `/cluster/sdn/${kind}`;
    const { vnet: _ofPath, ...rest } = options;
    const own = kind === 'subnets' ? { ...rest, subnet: cidrOf(id), type: 'subnet' } : { ...options, [KEY[kind]]: id };
    await this.client.call('POST', path, { ...parametersOf(own), 'lock-token': token });
  }

  /** @param unset names of options. @throws PveError REFUSED where the digest is not that of the file any more. */
  async update(
    kind: SdnKind,
    id: string,
    change: { set: SdnOptions; unset: readonly string[]; vnet?: string; digest: string | null },
    token: string,
  ): Promise<void> {
    await this.client.call('PUT', objectPath(kind, id, change.vnet), {
      ...parametersOf(change.set),
      ...(change.unset.length > 0 && { delete: change.unset.join(',') }),
      ...(change.digest !== null && { digest: change.digest }),
      'lock-token': token,
    });
  }

  async remove(kind: SdnKind, id: string, vnet: string | undefined, token: string): Promise<void> {
    await this.client.call('DELETE', objectPath(kind, id, vnet), { 'lock-token': token });
  }

  /** What an apply would change on a node, by the file. @returns null where the release has no trial. */
  async dryRun(node: string): Promise<Readonly<Record<string, string>> | null> {
    try {
      const path = '/cluster/sdn/dry-run';
      const answer = this.client.read(trialShape, await this.client.get(path, { node }), path) ?? {};
      return Object.fromEntries(
        Object.entries(answer).flatMap(([name, diff]) => (typeof diff === 'string' && diff !== '' ? [[name, diff]] : [])),
      );
    } catch (error) {
      if (error instanceof PveError && error.code === 'NOT_IMPLEMENTED') return null;
      throw error;
    }
  }

  /** The lock stays. @returns the task of the node that serves us; those of the nodes begin after it. */
  async apply(token: string): Promise<string> {
    const upid = await this.client.call('PUT', '/cluster/sdn', { 'lock-token': token, 'release-lock': '0' });
    return this.client.read(z.string(), upid, 'PUT /cluster/sdn');
  }

  /** Everything that is pending goes, whoever made it. The lock stays. */
  async rollback(token: string): Promise<void> {
    await this.client.call('POST', '/cluster/sdn/rollback', { 'lock-token': token, 'release-lock': '0' });
  }

  task(upid: string, withinMs: number): Promise<PveTaskEnd | null> {
    return this.client.task(upid, withinMs);
  }

  /** Reloads of the network on a node, the youngest first. */
  async reloads(node: string): Promise<readonly NodeTask[]> {
    const path = `/nodes/${encodeURIComponent(node)}/tasks`;
    const tasks = this.client.read(tasksShape, await this.client.get(path, { typefilter: 'srvreload', source: 'all', limit: '50' }), path);
    return tasks.map(({ upid, status }) => ({ upid, exit: status === undefined || status === 'RUNNING' ? null : status }));
  }

  async zoneStatus(node: string): Promise<readonly ObjectStatus[]> {
    return this.statuses(`/nodes/${encodeURIComponent(node)}/sdn/zones`, 'zone');
  }

  /** VNets of a zone on a node. */
  async vnetStatus(node: string, zone: string): Promise<readonly ObjectStatus[]> {
    return this.statuses(`/nodes/${encodeURIComponent(node)}/sdn/zones/${encodeURIComponent(zone)}/content`, 'vnet');
  }

  private async statuses(path: string, key: 'zone' | 'vnet'): Promise<readonly ObjectStatus[]> {
    const entries = this.client.read(statusShape, await this.client.get(path), path);
    return entries.map((entry) => ({ id: entry[key] ?? '', status: entry.status ?? 'unknown' }));
  }

  private async whereThere(path: string, parameters: PveParameters = { pending: '1' }): Promise<unknown> {
    if (this.absent.has(path)) return null;
    try {
      return await this.client.get(path, parameters);
    } catch (error) {
      if (!(error instanceof PveError && error.code === 'NOT_IMPLEMENTED')) throw error;
      this.absent.add(path);
      return null;
    }
  }

  private async list(kind: SdnKind, parameters: PveParameters, vnet: string | undefined): Promise<readonly Record<string, unknown>[]> {
    const path = kind === 'subnets' ? `/cluster/sdn/vnets/${encodeURIComponent(vnet ?? '')}/subnets` : `/cluster/sdn/${kind}`;
    return this.client.read(objectsShape, await this.client.get(path, parameters), path);
  }
}

const objectPath = (kind: SdnKind, id: string, vnet: string | undefined): string =>
  kind === 'subnets'
    ? `/cluster/sdn/vnets/${encodeURIComponent(vnet ?? '')}/subnets/${encodeURIComponent(id)}`
    : `/cluster/sdn/${kind}/${encodeURIComponent(id)}`;

const idOf = (kind: SdnKind, entry: Readonly<Record<string, unknown>>): string => textOf(entry[KEY[kind]]) ?? textOf(entry['id']) ?? '';

function asObject(kind: SdnKind, entry: Readonly<Record<string, unknown>>, id = idOf(kind, entry)): SdnObject {
  const options = Object.entries(entry).flatMap(([name, value]) => {
    const text = NOT_OPTIONS.has(name) || name === KEY[kind] ? null : (textOf(value) ?? linesOf(value));
    return text === null ? [] : [[name, canonicalOption(text, name)]];
  });
  const digest = entry['digest'];
  return { kind, id, options: Object.fromEntries(options), digest: typeof digest === 'string' ? digest : null };
}

function pendingOf(
  kind: PendingObject['kind'],
  entries: readonly Readonly<Record<string, unknown>>[],
  id: (entry: Readonly<Record<string, unknown>>) => string,
): PendingObject[] {
  return entries.flatMap((entry) => {
    const { state } = entry;
    return state === 'new' || state === 'changed' || state === 'deleted' ? [{ kind, id: id(entry), state }] : [];
  });
}

/** A list of ranges, one a line, as it is written: `start-address=10.0.0.10,end-address=10.0.0.20`. */
function linesOf(value: unknown): string | null {
  if (!Array.isArray(value) || value.length === 0) return null;
  const lines = value.map((one: unknown) =>
    typeof one === 'object' && one !== null
      ? Object.entries(one)
          .sort(([a], [b]) => (a < b ? 1 : -1))
          .map(([name, part]) => `${name}=${textOf(part) ?? ''}`)
          .join(',')
      : (textOf(one) ?? ''),
  );
  return lines.join('\n');
}

const parametersOf = (options: SdnOptions): PveParameters =>
  Object.fromEntries(Object.entries(options).map(([name, value]) => [name, value.includes('\n') ? value.split('\n') : value]));

/** Numbers come as numbers or as text, flags as either. */
function textOf(value: unknown): string | null {
  if (typeof value === 'boolean') return value ? '1' : '0';
  return typeof value === 'string' || typeof value === 'number' ? String(value) : null;
}

/** `zone-10.20.1.0-24` → `10.20.1.0/24` */
const cidrOf = (id: string): string => id.slice(id.indexOf('-') + 1).replace(/-(\d+)$/, '/$1');
