/** An apply begins a reload on each node and waits for none: what became of it is asked of each. */
import type { SdnObjects } from '#engines/rendering';
import { masked } from './masked.js';
import { isPveError } from './pve-error.js';
import type { SdnApi } from './sdn-api.js';

export interface NodeResult {
  readonly node: string;
  readonly ok: boolean;
  /** `OK`, `error in zone trame`, or Proxmox' own words. */
  readonly result: string;
}

/** Reloads of before, by node; null where the token may not see tasks. */
export type ReloadsBefore = ReadonlyMap<string, ReadonlySet<string> | null>;

export async function reloadsOf(api: SdnApi, nodes: readonly string[]): Promise<ReloadsBefore> {
  const found = new Map<string, ReadonlySet<string> | null>();
  for (const node of nodes) found.set(node, await reloadIds(api, node));
  return found;
}

/** Waits until every node has taken the configuration, or has failed to. @param zones of ours. */
export async function nodeResults(
  api: SdnApi,
  before: ReloadsBefore,
  zones: ReadonlySet<string>,
  withinMs: number,
): Promise<readonly NodeResult[]> {
  const results: NodeResult[] = [];
  const deadline = performance.now() + withinMs;
  for (const [node, known] of before) results.push(await result(api, node, { known, zones }, deadline));
  return results;
}

export const printedResults = (results: readonly NodeResult[]): string =>
  results.map(({ node, result: words }) => `${node}: ${words}`).join('; ');

interface Asked {
  readonly known: ReadonlySet<string> | null;
  readonly zones: ReadonlySet<string>;
}

async function result(api: SdnApi, node: string, asked: Asked, deadline: number): Promise<NodeResult> {
  for (;;) {
    const seen = await look(api, node, asked);
    if (seen.isOver || performance.now() > deadline) return { node, ok: seen.isOver && seen.ok, result: seen.words };
    await api.client.wait();
  }
}

interface Look {
  readonly isOver: boolean;
  readonly ok: boolean;
  readonly words: string;
}

async function look(api: SdnApi, node: string, { known, zones: ours }: Asked): Promise<Look> {
  try {
    const task = known === null ? undefined : (await api.reloads(node)).find(({ upid }) => !known.has(upid));
    // `WARNINGS` is what a reload ends with that FRR did not take: interfaces alone are no network.
    if (task !== undefined && task.exit !== null && task.exit !== 'OK') return over(false, await words(api, task.upid, task.exit));
    const zones = (await api.zoneStatus(node)).filter(({ id }) => ours.has(id));
    const bad = zones.find(({ status }) => status !== 'available' && status !== 'pending');
    const isReloaded = known === null || (task !== undefined && task.exit !== null);
    if (!isReloaded) return notYet('has not ended its reload');
    if (bad) return over(false, `${bad.status} in zone ${bad.id}`);
    if (zones.some(({ status }) => status === 'pending')) return notYet('reload pending: it carries an older configuration');
    return over(true, task?.exit ?? 'OK');
  } catch (error) {
    if (isPveError(error, 'NODE_UNREACHABLE')) return notYet(`is not reached (${error.facts.words})`);
    throw error;
  }
}

const over = (ok: boolean, text: string): Look => ({ isOver: true, ok, words: text });
const notYet = (text: string): Look => ({ isOver: false, ok: false, words: text });

async function words(api: SdnApi, upid: string, exit: string): Promise<string> {
  const end = await api.task(upid, 0);
  return [exit, ...(end?.log ?? []).filter((line) => !line.startsWith('TASK ')).slice(-5)].map(masked).join(' | ');
}

/** Zones of ours that a node does not carry as it shall, in words; a node that is not reached says nothing of any. */
export async function lacking(api: SdnApi, node: string, zones: SdnObjects['zones']): Promise<readonly string[]> {
  try {
    const seen = await api.zoneStatus(node);
    return Object.entries(zones).flatMap(([id, { nodes }]) => {
      if (nodes !== undefined && !nodes.split(',').includes(node)) return [];
      const status = seen.find((zone) => zone.id === id)?.status ?? 'missing';
      return status === 'available' ? [] : [`zone ${id} is ${status}`];
    });
  } catch (error) {
    if (isPveError(error, 'NODE_UNREACHABLE')) return [`it is not reached (${error.facts.words})`];
    throw error;
  }
}

async function reloadIds(api: SdnApi, node: string): Promise<ReadonlySet<string> | null> {
  try {
    return new Set((await api.reloads(node)).map(({ upid }) => upid));
  } catch (error) {
    if (isPveError(error, 'FORBIDDEN')) return null;
    throw error;
  }
}
