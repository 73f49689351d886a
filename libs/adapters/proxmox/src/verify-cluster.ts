import { type Expectations, hasFailed, type VerifyCheck, type VerifyReport } from '#contexts/deployment/ports';
import type { SdnDocument } from '#engines/rendering';
import { named, readObjects, readOwnPending } from './cluster-reader.js';
import { lacking } from './node-results.js';
import { nodesOf } from './cluster-guards.js';
import { knownIn, ownObjects, printed, stepsBetween } from './own-objects.js';
import { isPveError } from './pve-error.js';
import type { SdnApi } from './sdn-api.js';

/** Looks until all is well, or the time is over: nodes take a while. */
export async function verifyCluster(
  api: SdnApi,
  document: SdnDocument,
  expectations: Expectations,
  withinMs: number,
): Promise<VerifyReport> {
  for (const deadline = performance.now() + withinMs; ; await api.client.wait()) {
    const checks = await look(api, document, expectations);
    const ok = !checks.some(hasFailed);
    if (ok || performance.now() > deadline || api.client.signal.aborted) return { ok, checks };
  }
}

async function look(api: SdnApi, document: SdnDocument, expectations: Expectations): Promise<readonly VerifyCheck[]> {
  const known = knownIn(document);
  const running = ownObjects(await readObjects(api, 'RUNNING'), known);
  const steps = stepsBetween(running, document);
  const own = await readOwnPending(api, known);
  const tags = new Set(Object.values(running.vnets).map(({ tag }) => Number(tag)));
  const missing = expectations.vnis.filter((vni) => !tags.has(vni));
  const nodes: VerifyCheck[] = [];
  for (const node of nodesOf(document)) nodes.push(await carries(api, node, document));
  return [
    {
      name: 'configuration',
      ok: steps.length === 0,
      message: steps.length === 0 ? 'runs as it was asked for' : `differs: ${printed(steps).trim()}`,
    },
    { name: 'pending', ok: own.length === 0, message: own.length === 0 ? 'nothing of ours is pending' : `not applied: ${named(own)}` },
    {
      name: 'vnis',
      ok: missing.length === 0,
      message: missing.length === 0 ? `${expectations.vnis.length} VNIs have their VNet` : `no VNet for VNI ${missing.join(', ')}`,
    },
    ...nodes,
    ...beyond(expectations),
  ];
}

/** Zones and VNets of ours, as the node itself finds them. */
async function carries(api: SdnApi, node: string, document: SdnDocument): Promise<VerifyCheck> {
  const name = `node ${node}`;
  try {
    const problems = [...(await lacking(api, node, document.zones))];
    for (const zone of Object.keys(document.zones)) {
      const seen = await api.vnetStatus(node, zone);
      for (const [id, options] of Object.entries(document.vnets)) {
        const status = options['zone'] === zone ? (seen.find((vnet) => vnet.id === id)?.status ?? 'missing') : 'available';
        if (status !== 'available') problems.push(`VNet ${id} is ${status}`);
      }
    }
    const message = problems.length === 0 ? 'every zone and VNet of ours is available' : problems.slice(0, 10).join(', ');
    return { name, ok: problems.length === 0, message };
  } catch (error) {
    if (isPveError(error, 'NODE_UNREACHABLE')) return { name, ok: false, message: error.message };
    throw error;
  }
}

/** The API tells of VNets what guests are on them, not whom their tunnels reach: the other ends say that. */
function beyond({ neighbors, remoteVteps, routes, paths, addresses }: Expectations): readonly VerifyCheck[] {
  const asked = [
    neighbors.length > 0 && 'sessions',
    [...(remoteVteps ?? new Map<number, readonly string[]>()).values()].some((vteps) => vteps.length > 0) && 'remote VTEPs',
    (routes?.size ?? 0) > 0 && 'routes',
    (paths?.length ?? 0) > 0 && 'paths',
    (addresses?.length ?? 0) > 0 && 'addresses',
  ].filter((what) => what !== false);
  return asked.map((what) => ({
    name: what,
    ok: false,
    isUnchecked: true,
    message: `the API of Proxmox does not tell ${what}; the devices at the other ends do`,
  }));
}
