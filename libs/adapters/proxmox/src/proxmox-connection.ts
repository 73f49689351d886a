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
import { MarkBoard } from './cluster-mark.js';
import { ClusterPush } from './cluster-push.js';
import { documentOf, named, readObjects, readPending } from './cluster-reader.js';
import type { ClusterTools } from './fenced-cluster.js';
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
      const { own } = await readPending(this.tools.api);
      return {
        version: `Proxmox VE ${this.release}`,
        actual: await this.actual(paths),
        pending: await this.pending(),
        running: new Map(),
        live: own.length > 0 ? [{ path: SDN_PATH, subject: 'pending', message: `not applied: ${named(own)}` }] : [],
        traces: new Map(),
        upSeconds: null,
      };
    });
  }

  recover(push: PushIdentity, confirmed: readonly Artefact[] = []): Promise<void> {
    return this.asked(() => this.of(push).recover(confirmed.length === 0 ? null : this.document(confirmed)));
  }

  stage(push: PushIdentity, artefacts: readonly Artefact[]): Promise<StagedChange> {
    return this.asked(async () => {
      const diff = await this.of(push).stage(this.document(artefacts));
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

  private document(artefacts: readonly Artefact[]): SdnDocument {
    return readSdnDocument(this.tools.device, artefacts);
  }
}
