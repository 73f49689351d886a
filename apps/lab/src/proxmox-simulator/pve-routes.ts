/** Calls of the API: which there are, what they need and what they take. */
import { ApiRefusal, badParameters } from './api-refusal.js';
import type { PveCluster } from './pve-cluster.js';
import { digestOf, type Entry, FILES, KEY, pendingView, type SdnFile, type SdnFiles } from './sdn-files.js';
import { readEntry, readId } from './sdn-rules.js';

export interface PveCall {
  readonly method: string;
  /** Below /api2/json, parts decoded. */
  readonly parts: readonly string[];
  readonly parameters: ReadonlyMap<string, string>;
  readonly privileges: ReadonlySet<string>;
}

/** What stands beside `data` in an answer. */
export class AnswerWith {
  constructor(
    readonly data: unknown,
    readonly attributes: Readonly<Record<string, unknown>>,
  ) {}
}

type Handler = (cluster: PveCluster, call: PveCall) => unknown;

const LOCK = 'lock-token';

export function answer(cluster: PveCluster, call: PveCall): unknown {
  const [first, second] = call.parts;
  const key = `${call.method} ${call.parts.join('/')}`;
  const handler =
    FIXED[key] ?? (first === 'cluster' && second === 'sdn' ? sdnHandler(call) : first === 'nodes' ? nodeHandler(call) : undefined);
  const isOld = Number.parseInt(cluster.release, 10) < 9;
  const isTooNew = (isOld && /sdn\/(lock|rollback)$/.test(key)) || (cluster.release < '9.1' && key.endsWith('sdn/dry-run'));
  if (handler === undefined || isTooNew) throw new ApiRefusal(501, `Method '${call.method} /${call.parts.join('/')}' not implemented`);
  return handler(cluster, call);
}

const FIXED: Readonly<Record<string, Handler>> = {
  'GET version': ({ release }) => ({ version: release, release: release.slice(0, 3), repoid: '0000000000000000' }),
  'GET cluster/status': (cluster, call) => {
    need(call, '/', 'Sys.Audit');
    const single = cluster.nodes.length === 1;
    return [
      ...(single
        ? []
        : [
            {
              type: 'cluster',
              id: 'cluster',
              name: cluster.name,
              nodes: cluster.nodes.length,
              quorate: cluster.isQuorate ? 1 : 0,
              version: 3,
            },
          ]),
      ...cluster.nodes.map(({ name, isOnline }, at) => ({
        type: 'node',
        id: `node/${name}`,
        name,
        online: isOnline ? 1 : 0,
        local: at === 0 ? 1 : 0,
        nodeid: at + 1,
      })),
    ];
  },
  /** Of the token that asks: every privilege of the simulator holds below the path, too. */
  'GET access/permissions': (_cluster, call) => {
    only(call, 'path');
    const path = call.parameters.get('path') ?? '/';
    return { [path]: Object.fromEntries([...call.privileges].map((privilege) => [privilege, 1])) };
  },
  'GET pools': (cluster, call) =>
    call.privileges.has('Pool.Audit')
      ? [...cluster.pools].map(([poolid, comment]) => ({ poolid, ...(comment !== '' && { comment }) }))
      : [],
  'POST pools': (cluster, call) => {
    const poolid = poolOf(call);
    if (cluster.pools.has(poolid)) throw new ApiRefusal(500, `pool '${poolid}' already exists`);
    cluster.comment(poolid, call.parameters.get('comment') ?? '');
    return null;
  },
  'PUT pools': (cluster, call) => {
    const poolid = poolOf(call);
    if (!cluster.pools.has(poolid)) throw new ApiRefusal(500, `pool '${poolid}' does not exist`);
    cluster.comment(poolid, call.parameters.get('comment') ?? '');
    return null;
  },
  'POST cluster/sdn/lock': (cluster, call) => {
    need(call, '/sdn', 'SDN.Allocate');
    only(call, 'allow-pending');
    return cluster.lock(call.parameters.get('allow-pending') === '1');
  },
  'DELETE cluster/sdn/lock': (cluster, call) => {
    need(call, '/sdn', 'SDN.Allocate');
    only(call, LOCK, 'force');
    cluster.unlock(call.parameters.get(LOCK), call.parameters.get('force') === '1');
    return null;
  },
  'PUT cluster/sdn': (cluster, call) => {
    need(call, '/sdn', 'SDN.Allocate');
    only(call, LOCK, 'release-lock');
    cluster.authorize(call.parameters.get(LOCK));
    const upid = cluster.apply();
    releaseAfter(cluster, call);
    return upid;
  },
  'POST cluster/sdn/rollback': (cluster, call) => {
    need(call, '/sdn', 'SDN.Allocate');
    only(call, LOCK, 'release-lock');
    cluster.authorize(call.parameters.get(LOCK));
    cluster.rollback();
    releaseAfter(cluster, call);
    return null;
  },
  'GET cluster/sdn/fabrics/all': ({ fabrics, runningFabrics }, call) => {
    only(call, 'pending', 'running');
    const ids = [...new Set([...runningFabrics.keys(), ...fabrics.keys()])].sort();
    return { fabrics: ids.map((id) => fabricView(id, fabrics.get(id), runningFabrics.get(id))), nodes: [] };
  },
  'GET cluster/sdn/dry-run': (cluster, call) => {
    need(call, '/sdn', 'SDN.Audit');
    cluster.node(call.parameters.get('node') ?? '');
    return { 'frr-diff': cluster.frrDiff, 'interfaces-diff': cluster.dryRun() };
  },
};

function fabricView(id: string, wanted: string | undefined, now: string | undefined): object {
  const state = now === undefined ? 'new' : wanted === undefined ? 'deleted' : wanted === now ? null : 'changed';
  return { id, protocol: 'openfabric', ip_prefix: now ?? wanted, ...(state !== null && { state }) };
}

function poolOf(call: PveCall): string {
  const poolid = call.parameters.get('poolid');
  if (poolid === undefined || !/^[A-Za-z0-9._-]+$/.test(poolid)) throw badParameters({ poolid: 'invalid configuration ID' });
  need(call, `/pool/${poolid}`, 'Pool.Allocate');
  return poolid;
}

/** Said or not, a token that was given is used up, unless it is kept. */
function releaseAfter(cluster: PveCluster, { parameters }: PveCall): void {
  const token = parameters.get(LOCK);
  if (token !== undefined && parameters.get('release-lock') !== '0') cluster.unlock(token, false);
}

const isFile = (word: string | undefined): word is SdnFile =>
  word !== undefined && word !== 'subnets' && (FILES as readonly string[]).includes(word);

function sdnHandler({ method, parts }: PveCall): Handler | undefined {
  const [, , file, id, sub, subnet] = parts;
  if (!isFile(file)) return undefined;
  if (sub === 'subnets' && file === 'vnets' && id !== undefined) return objectHandler(method, 'subnets', subnet, id);
  return sub === undefined ? objectHandler(method, file, id) : undefined;
}

function objectHandler(method: string, file: SdnFile, id: string | undefined, vnet?: string): Handler | undefined {
  if (id === undefined) {
    if (method === 'GET') return (cluster, call) => listed(cluster, call, file, vnet);
    return method === 'POST' ? (cluster, call) => create(cluster, call, file, vnet) : undefined;
  }
  if (method === 'GET') return (cluster, call) => shown(cluster, call, file, id);
  if (method === 'PUT') return (cluster, call) => update(cluster, call, file, id);
  if (method !== 'DELETE') return undefined;
  return (cluster, call) => {
    need(call, `/sdn/${file}`, 'SDN.Allocate');
    only(call, LOCK);
    cluster.authorize(call.parameters.get(LOCK));
    cluster.remove(file, id);
    return null;
  };
}

function listed(cluster: PveCluster, call: PveCall, file: SdnFile, vnet: string | undefined): unknown[] {
  if (!call.privileges.has('SDN.Audit')) return []; // who may see nothing is told of nothing
  only(call, 'pending', 'running');
  const isOfVnet = (entry: Readonly<Record<string, unknown>>): boolean =>
    vnet === undefined || entry['vnet'] === vnet || (entry['pending'] as Entry | undefined)?.['vnet'] === vnet;
  if (call.parameters.get('pending') === '1')
    return pendingView(cluster.config, cluster.running, file)
      .filter(isOfVnet)
      .map((entry) => ({ ...entry, digest: digestOf(cluster.config, file) }));
  const files = call.parameters.get('running') === '1' ? cluster.running : cluster.config;
  return [...files[file]]
    .filter(([, entry]) => isOfVnet(entry))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, entry]) => full(files, file, id, entry));
}

function shown(cluster: PveCluster, call: PveCall, file: SdnFile, id: string): unknown {
  need(call, `/sdn/${file}`, 'SDN.Audit');
  return full(cluster.config, file, id, cluster.find(cluster.config, file, id));
}

const full = (files: SdnFiles, file: SdnFile, id: string, entry: Entry): object => ({
  [KEY[file]]: id,
  ...entry,
  ...(typeof entry['dhcp-range'] === 'string' && { 'dhcp-range': rangesOf(entry['dhcp-range']) }),
  digest: digestOf(files, file),
});

/** Written as text, read as objects. */
const rangesOf = (lines: string): readonly object[] =>
  lines.split('\n').map((line) => Object.fromEntries(line.split(',').map((pair) => pair.split('='))) as object);

function create(cluster: PveCluster, call: PveCall, file: SdnFile, vnet: string | undefined): null {
  need(call, `/sdn/${file}`, 'SDN.Allocate');
  const entry = readEntry(file, call.parameters, [KEY[file], LOCK]);
  if (file === 'subnets') return createSubnet(cluster, call, entry, vnet ?? '');
  const id = readId(file, call.parameters.get(KEY[file]));
  if (file !== 'vnets' && entry['type'] === undefined) throw badParameters({ type: 'property is missing and it is not optional' });
  if (file === 'vnets' && entry['zone'] === undefined) throw badParameters({ zone: 'property is missing and it is not optional' });
  cluster.authorize(call.parameters.get(LOCK));
  cluster.create(file, id, file === 'vnets' ? { type: 'vnet', ...entry } : entry);
  return null;
}

function createSubnet(cluster: PveCluster, { parameters }: PveCall, entry: Entry, vnet: string): null {
  const cidr = parameters.get('subnet') ?? '';
  if (!/^[0-9a-fA-F.:]+\/\d+$/.test(cidr)) throw badParameters({ subnet: 'value does not look like a valid CIDR network' });
  if (entry['type'] !== 'subnet') throw badParameters({ type: 'property is missing and it is not optional' });
  cluster.authorize(parameters.get(LOCK));
  const zone = String(cluster.find(cluster.config, 'vnets', vnet)['zone']);
  const [network = '', mask = ''] = cidr.split('/');
  cluster.create('subnets', `${zone}-${network}-${mask}`, { ...entry, vnet, zone, cidr, network, mask });
  return null;
}

function update(cluster: PveCluster, call: PveCall, file: SdnFile, id: string): null {
  need(call, `/sdn/${file}`, 'SDN.Allocate');
  if (call.parameters.has('type'))
    throw badParameters({ type: 'property is not defined in schema and the schema does not allow additional properties' });
  const set = readEntry(file, call.parameters, [LOCK, 'digest', 'delete']);
  cluster.authorize(call.parameters.get(LOCK));
  const unset = (call.parameters.get('delete') ?? '').split(',').filter((name) => name !== '');
  cluster.update(file, id, { set, unset, digest: call.parameters.get('digest') });
  return null;
}

function nodeHandler({ method, parts }: PveCall): Handler | undefined {
  const [, name = '', what, id, last] = parts;
  if (method !== 'GET') return undefined;
  if (what === 'tasks' && id === undefined)
    return (cluster, call) => {
      need(call, `/nodes/${name}`, 'Sys.Audit');
      cluster.node(name);
      const type = call.parameters.get('typefilter');
      return cluster.tasks
        .filter((task) => task.node === name && (type === undefined || task.type === type))
        .map(({ upid, exit, type: kind }) => ({ upid, node: name, type: kind, ...(exit !== null && { status: exit }) }));
    };
  if (what === 'network' && id === undefined)
    return (cluster) => {
      const { newInterfaces } = cluster.node(name);
      return newInterfaces === null ? [] : new AnswerWith([], { changes: `+${newInterfaces}` });
    };
  if (what === 'tasks') return (cluster) => taskAnswer(cluster, name, id ?? '', last);
  if (what !== 'sdn' || id !== 'zones') return undefined;
  return (cluster) => {
    const node = cluster.node(name);
    const carries = ({ nodes }: Entry): boolean => nodes === undefined || String(nodes).split(',').includes(name);
    const status = cluster.zoneStatus(node);
    if (last === undefined) return [...cluster.running.zones].filter(([, zone]) => carries(zone)).map(([zone]) => ({ zone, status }));
    return [...cluster.running.vnets].filter(([, { zone }]) => zone === last).map(([vnet]) => ({ vnet, status }));
  };
}

function taskAnswer(cluster: PveCluster, node: string, upid: string, last: string | undefined): unknown {
  cluster.node(node);
  const task = cluster.tasks.find((one) => one.upid === upid);
  if (!task) throw new ApiRefusal(500, `no such task`);
  if (last === 'log') return task.log.map((t, at) => ({ n: at + 1, t }));
  return {
    upid,
    node,
    type: task.type,
    status: task.exit === null ? 'running' : 'stopped',
    ...(task.exit !== null && { exitstatus: task.exit }),
  };
}

function need({ privileges }: PveCall, path: string, privilege: string): void {
  if (!privileges.has(privilege)) throw new ApiRefusal(403, `Permission check failed (${path}, ${privilege})`);
}

function only({ parameters }: PveCall, ...names: readonly string[]): void {
  const strange = [...parameters.keys()].filter((name) => !names.includes(name));
  if (strange.length > 0)
    throw badParameters(
      Object.fromEntries(
        strange.map((name) => [name, 'property is not defined in schema and the schema does not allow additional properties']),
      ),
    );
}
