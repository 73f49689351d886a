/** One cluster during one push. */
import type {
  DeviceCollection,
  DeviceConnection,
  DeviceFindings,
  DeviceVitals,
  Expectations,
  PushIdentity,
  StagedChange,
  VerifyReport,
} from '#contexts/deployment/ports';
import { type Artefact, SDN_PATH, type SdnDocument } from '#engines/rendering';
import { type ClusterMark, MarkBoard } from './cluster-mark.js';
import { ClusterPush } from './cluster-push.js';
import { documentOf, named, readObjects, readOwnPending } from './cluster-reader.js';
import type { ClusterTools } from './fenced-cluster.js';
import { lacking } from './node-results.js';
import { ownObjects } from './own-objects.js';
import { asPush, pushFailure } from './push-failure.js';
import { readSdnDocument } from './read-document.js';
import { verifyCluster } from './verify-cluster.js';

export class ProxmoxConnection implements DeviceConnection {
  private readonly pushes = new Map<number, ClusterPush>();
  private readonly board: MarkBoard;

  constructor(
    private readonly release: string,
    private readonly tools: ClusterTools,
  ) {
    this.board = new MarkBoard(tools.api.client);
  }

  inspect(paths: readonly string[]): Promise<DeviceFindings> {
    return this.asked(async () => ({
      hostname: this.tools.cluster,
      version: `Proxmox VE ${this.release}`,
      actual: await this.actual(paths),
      pending: await this.pending(),
      establishedNeighbors: [],
    }));
  }

  /** Sessions and VTEPs are not told by the API; that the cluster answers and has its quorum is. */
  observe(): Promise<DeviceVitals> {
    return this.asked(async () => {
      const { isQuorate } = await this.tools.api.cluster();
      if (!isQuorate) throw pushFailure(this.tools.device, 'UNREACHABLE', 'the cluster has lost its quorum');
      return { establishedNeighbors: [], remoteVteps: [] };
    });
  }

  collect(paths: readonly string[]): Promise<DeviceCollection> {
    return this.asked(async () => {
      const own = await readOwnPending(this.tools.api, new Set());
      const { mark } = await this.board.read();
      return {
        version: `Proxmox VE ${this.release}`,
        actual: await this.actual(paths),
        // Whoever is at work holds the device's lease, and what is read then is not kept; without one, nothing here undoes it by itself.
        pending: null,
        running: new Map(),
        live: [
          ...(own.length > 0 ? [finding('pending', `not applied: ${named(own)}`)] : []),
          ...remains(mark),
          ...(await this.unhealthy()),
        ],
        traces: new Map(),
        upSeconds: null,
      };
    });
  }

  recover(push: PushIdentity, confirmed: readonly Artefact[] = []): Promise<void> {
    return this.asked(() => this.of(push).recover(confirmed.length === 0 ? null : this.document(confirmed)));
  }

  stage(push: PushIdentity, artefacts: readonly Artefact[], previous: readonly Artefact[]): Promise<StagedChange> {
    return this.asked(async () => {
      const diff = await this.of(push).stage(
        this.document(artefacts),
        // Each by itself: what was confirmed, and what may be there beside it.
        previous.flatMap((artefact) => (artefact.path === SDN_PATH ? [this.document([artefact])] : [])),
      );
      return { diff, isNoop: diff === '' };
    });
  }

  /** Proxmox has no timer: what is not confirmed is undone by `revert`, or by the next execution. */
  apply(push: PushIdentity): Promise<void> {
    return this.asked(() => this.of(push).apply());
  }

  /** Every request has a connection of its own, so this is a new one by nature. */
  verify(_push: PushIdentity, artefacts: readonly Artefact[], expectations: Expectations, withinMs: number): Promise<VerifyReport> {
    return this.asked(() => verifyCluster(this.tools.api, this.document(artefacts), expectations, withinMs));
  }

  confirm(push: PushIdentity): Promise<void> {
    return this.asked(() => this.of(push).confirm());
  }

  revert(push: PushIdentity): Promise<void> {
    return this.asked(() => this.of(push).revert());
  }

  /** No connection is kept open between requests; a lock would be: what was staged and not applied is taken back with it. */
  async close(): Promise<void> {
    const pushes = [...this.pushes.values()];
    this.pushes.clear();
    await this.asked(async () => {
      for (const push of pushes) await push.abandon();
    });
  }

  private asked<T>(work: () => Promise<T>): Promise<T> {
    return asPush(this.tools.device, work);
  }

  private of(push: PushIdentity): ClusterPush {
    const known = this.pushes.get(push.fence) ?? new ClusterPush(this.tools, push);
    this.pushes.set(push.fence, known);
    return known;
  }

  /** What the files say: it is what the next boot of any node puts in force. */
  private async actual(paths: readonly string[]): Promise<ReadonlyMap<string, string | null>> {
    const text = paths.includes(SDN_PATH) ? documentOf(this.tools.cluster, await readObjects(this.tools.api, 'CONFIG')) : null;
    return new Map(paths.map((path) => [path, path === SDN_PATH ? text : null]));
  }

  private async pending(): Promise<DeviceFindings['pending']> {
    const { mark } = await this.board.read();
    return mark === null || mark.token === null ? null : { fence: mark.fence, applied: mark.state === 'LIVE' };
  }

  /** Nodes that do not carry our zones; one that is not reached is no change that somebody made. */
  private async unhealthy(): Promise<DeviceCollection['live']> {
    const { zones } = ownObjects(await readObjects(this.tools.api, 'RUNNING'));
    const { nodes } = await this.tools.api.cluster();
    const found: DeviceCollection['live'][number][] = [];
    for (const { name, isOnline } of nodes) {
      const problems = isOnline ? await lacking(this.tools.api, name, zones) : [];
      if (problems.length > 0) found.push(finding(`node ${name}`, problems.join(', ')));
    }
    return found;
  }

  private document(artefacts: readonly Artefact[]): SdnDocument {
    return readSdnDocument(this.tools.device, artefacts);
  }
}

const finding = (subject: string, message: string): DeviceCollection['live'][number] => ({ path: SDN_PATH, subject, message });

/** For a person where no push comes any more: the cluster has no timer that would end it. */
function remains(mark: ClusterMark | null): DeviceCollection['live'] {
  if (mark === null) return [];
  const { fence, state, token, isUnproven } = mark;
  if (token !== null && state === 'LIVE')
    return [
      finding(
        'push',
        `execution ${fence} has put in force what nobody confirmed, and holds the lock of the SDN: the next push takes it back`,
      ),
    ];
  if (token !== null) return [finding('push', `execution ${fence} has ended and holds the lock of the SDN: the next push gives it back`)];
  return isUnproven ? [finding('push', 'what is in force was not proven on every node: the next push puts it in force once more')] : [];
}
