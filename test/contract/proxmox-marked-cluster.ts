/** A simulated cluster that carries one network of ours, confirmed and marked: where pushes begin that end otherwise than they should. */
import type { Artefact } from '#engines/rendering';
import { ClusterUnderTest, TOKEN } from './proxmox-cluster.js';

export interface MarkedCluster {
  readonly cluster: ClusterUnderTest;
  /** Who may come in; the last one can be made to die. */
  readonly tokens: (typeof TOKEN)[];
  /** The simulator from inside. */
  world(): ClusterUnderTest['simulator']['cluster'];
  /** What is there. */
  before(): Artefact;
  /** What is pushed. */
  after(): Artefact;
  mark(): string;
  node2(): ReturnType<MarkedCluster['world']>['nodes'][number];
  /** Nobody holds the lock, and nothing is pending. */
  isFree(): void;
}

/** @returns the cluster of the test that runs: each has its own. */
export function markedCluster(): MarkedCluster {
  let cluster: ClusterUnderTest;
  let [old, wanted]: Artefact[] = [];
  let tokens: (typeof TOKEN)[];
  const world = () => cluster.simulator.cluster;

  beforeEach(async () => {
    tokens = [TOKEN];
    cluster = await ClusterUnderTest.start({ reloadMs: 1, tokens });
    [old, wanted] = [cluster.artefact(10_001), cluster.artefact(10_002)];
    const inside = world();
    inside.edit('zones', 'trame', { type: 'vxlan', nodes: 'node1,node2', peers: '192.0.2.1,192.0.2.2' });
    inside.edit('vnets', 'v10001', { type: 'vnet', zone: 'trame', tag: 10_001, alias: 'trame net-10001' });
    for (const { name } of inside.nodes) inside.boot(name);
    inside.pools.set('trame', 'trame: revision 41, fence 1, done');
  });
  afterEach(() => cluster.close());

  return {
    get cluster() {
      return cluster;
    },
    get tokens() {
      return tokens;
    },
    world,
    before: () => old as Artefact,
    after: () => wanted as Artefact,
    mark: () => world().pools.get('trame') ?? '',
    node2: () => {
      const [, second] = world().nodes;
      if (!second) throw new Error('no second node');
      return second;
    },
    isFree: () => {
      expect(world().lockToken).toBeNull();
      expect(world().config).toEqual(world().running);
    },
  };
}
