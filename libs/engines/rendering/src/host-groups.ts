/**
 * Networks of a host that stand together in its files. A host keeps its groups, and what was made of them, when a network elsewhere in its list
 * changes.
 */
import type { L2VniIntent } from '#engines/intent';
import { carried } from './carried.js';

export interface HostGroup {
  /** Its number: groups stand in the order of their numbers. */
  readonly block: number;
  /** By VNI. */
  readonly networks: readonly L2VniIntent[];
}

/** As many VNIs as stand together: few enough that one change costs little, and enough that the rest costs less. */
const NEIGHBOURS = 32;

const blockOf = ({ vni }: L2VniIntent): number => Math.floor(vni / NEIGHBOURS);

function byBlock(networks: readonly L2VniIntent[]): ReadonlyMap<number, readonly L2VniIntent[]> {
  const blocks = new Map<number, L2VniIntent[]>();
  for (const network of networks) {
    const list = blocks.get(blockOf(network));
    if (list) list.push(network);
    else blocks.set(blockOf(network), [network]);
  }
  return blocks;
}

/** @param networks by VNI */
export const groupsByVni = carried<L2VniIntent, readonly HostGroup[]>((networks, before) => {
  if (!before) return [...byBlock(networks)].map(([block, list]) => ({ block, networks: list }));
  const gone = new Set(before.removed);
  const added = byBlock(before.added);
  const changed = new Set([...before.removed.map(blockOf), ...added.keys()]);
  const made = [...changed].flatMap((block): HostGroup[] => {
    const kept = before.value.find((group) => group.block === block)?.networks.filter((network) => !gone.has(network)) ?? [];
    const now = [...kept, ...(added.get(block) ?? [])].sort((a, b) => a.vni - b.vni);
    return now.length === 0 ? [] : [{ block, networks: now }];
  });
  return [...before.value.filter(({ block }) => !changed.has(block)), ...made].sort((a, b) => a.block - b.block);
});
