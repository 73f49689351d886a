/**
 * One push to a cluster, from its lock to its proof.
 *
 *   mark read ─ nothing pending ─ lock ─ mark STAGED ─ objects, each on its digest ─ trial per node ─ mark LIVE ─ apply ─ nodes ─ proof ─ mark DONE ─ unlock
 *                   └ somebody's: refused      └ refused: ours taken back, unlock                        └ a node fails: the objects of before, apply
 *
 * Proxmox has no timer that undoes what nobody confirms: that is done here at once, or by the next execution, which finds state and token in the mark.
 */
import type { SdnDocument, SdnObjects } from '#engines/rendering';
import { ClusterGuards, nodesOf } from './cluster-guards.js';
import { readObjects, readOwnPending, readPending } from './cluster-reader.js';
import { FencedCluster, type ClusterTools } from './fenced-cluster.js';
import { masked } from './masked.js';
import { lacking, nodeResults, type NodeResult, printedResults, reloadsOf } from './node-results.js';
import { BY_NAME, hasPeoplesEdits, isSame, type KnownObjects, knownIn, type OptionScope, ownObjects, printed } from './own-objects.js';
import { type PushIdentity, TransportError } from '#contexts/deployment/ports';
import { isPveError } from './pve-error.js';
import type { SdnView } from './sdn-api.js';
import { SdnWriter } from './sdn-writer.js';

interface Staged {
  readonly target: SdnObjects;
  /** Ours as they ran before, with the options of people. */
  readonly before: SdnObjects;
}

const NOTHING: SdnObjects = { controllers: {}, zones: {}, vnets: {}, subnets: {} };
const APPLY_ATTEMPTS = 2;

export class ClusterPush {
  private readonly cluster: FencedCluster;
  private readonly writer: SdnWriter;
  private readonly guards: ClusterGuards;
  private known: KnownObjects = new Set();
  private staged: Staged | null = null;
  private isLive = false;
  /** There is no way back any more: it was confirmed, or a way back was gone and has failed. */
  private final: Error | null = null;
  private isConfirmed = false;

  constructor(tools: ClusterTools, push: PushIdentity) {
    this.cluster = new FencedCluster(tools, push);
    this.writer = new SdnWriter(this.cluster);
    this.guards = new ClusterGuards(this.cluster);
  }

  /** Undoes what executions up to this one have left. @param confirmed null: nothing was ever confirmed, and what runs stays. */
  async recover(confirmed: SdnObjects | null): Promise<void> {
    const { mark } = await this.cluster.seen();
    if (mark === null || mark.token === null) return;
    await this.cluster.lock(mark.state, { allowPending: true });
    this.known = knownIn(confirmed ?? NOTHING);
    // Between the old lock and ours somebody may have written: a rollback would take that, too. What the dead one made is known by its names only.
    if (mark.state !== 'DONE') await this.writer.undo(BY_NAME, false);
    if (mark.state === 'LIVE' && confirmed !== null) await this.restore(confirmed, 'OURS');
    if (mark.state === 'LIVE' && confirmed === null) this.cluster.isUnproven = true;
    await this.cluster.release();
  }

  /**
   * @param previous what may be there of ours, confirmed or not.
   * @returns what is written, object by object, and what each node would make of it; empty when nothing is to be done.
   */
  async stage(document: SdnDocument, previous: readonly SdnObjects[]): Promise<string> {
    const seen = await this.cluster.seen();
    const { mark } = seen;
    this.cluster.refuseEarlier(seen);
    this.known = knownIn(document, ...previous);
    const config = await readObjects(this.api, 'CONFIG');
    this.guards.refuseImpossible(document, config);
    this.guards.refuseTaken(document, config, knownIn(...previous));
    this.staged = { target: document, before: await this.own('RUNNING', 'ALL') };
    const isThere = isSame(ownObjects(config, this.known), document) && isSame(await this.own('RUNNING'), document);
    if (isThere && mark?.isUnproven !== true && (await this.isCarried(document))) return '';
    await this.guards.refuseOffline(this.nodes());
    await this.guards.refuseEdits();
    const hasRemains = await this.hasRemains(mark !== null);
    await this.cluster.lock('STAGED', { allowPending: hasRemains });
    try {
      if (hasRemains) await this.writer.undo(this.known, false);
      // Nobody else writes from here on; who was faster has applied.
      this.staged = { target: document, before: await this.own('RUNNING', 'ALL') };
      const steps = await this.writer.write(document, this.known);
      const trials = await this.trials();
      await this.cluster.permit();
      return `${steps.length > 0 ? printed(steps) : 'the same objects once more\n'}${trials}`;
    } catch (error) {
      // What is there now is a newer execution's, and so is the lock.
      if (!(error instanceof TransportError && error.code === 'STALE_FENCE')) await this.takeBack();
      throw error;
    }
  }

  async apply(): Promise<void> {
    if (this.staged === null) throw this.cluster.failure('APPLY_FAILED', 'nothing was staged over this connection');
    if (this.isLive || !this.cluster.isLocked) return;
    await this.guards.refuseEdits();
    await this.refuseStrangers();
    await this.cluster.mark('LIVE');
    this.isLive = true;
    const results = await this.putInForce(this.nodes(), this.staged.target);
    if (results.some(({ ok }) => !ok))
      throw this.cluster.failure('APPLY_FAILED', `not every node has taken it: ${printedResults(results)}`);
  }

  /** Idempotent. Once the mark says DONE it is confirmed, whatever becomes of the lock. */
  async confirm(): Promise<void> {
    if (this.staged === null) throw this.cluster.failure('APPLY_FAILED', 'nothing was staged over this connection');
    if (!this.cluster.isLocked) return;
    if (!this.isLive) throw this.cluster.failure('APPLY_FAILED', 'nothing was applied over this connection');
    this.cluster.isUnproven = false;
    await this.cluster.release();
    this.isLive = false;
    this.isConfirmed = true;
  }

  /** Idempotent. @throws TransportError REVERT_UNPROVEN where the objects of before do not run everywhere, or it was confirmed. */
  async revert(): Promise<void> {
    if (this.isConfirmed) throw this.cluster.failure('REVERT_UNPROVEN', 'it was confirmed and stays in force');
    if (this.final !== null) throw this.final;
    const { staged } = this;
    if (!this.cluster.isLocked || staged === null) return;
    if (!this.isLive) return this.takeBack();
    await this.cluster.apart(async () => {
      // A confirmation that was not answered may have left another one, under which nobody would go on with this.
      await this.cluster.mark('LIVE');
      await this.writer.undo(this.known, true);
      await this.restore(staged.before, 'ALL');
      await this.cluster.release();
    });
    this.isLive = false;
  }

  /**
   * Nobody will go on with it. What is live stays marked as such, and so do remains of another execution that `recover` has not undone (nothing of
   * ours was staged over them): mark and token are what the next execution finds them by.
   */
  async abandon(): Promise<void> {
    if (this.cluster.isLocked && !this.isLive && this.staged !== null) await this.takeBack();
  }

  private get api() {
    return this.cluster.tools.api;
  }

  private nodes(): readonly string[] {
    return nodesOf(this.staged?.target ?? NOTHING, this.staged?.before ?? NOTHING);
  }

  private async own(view: SdnView, scope: OptionScope = 'OURS'): Promise<SdnObjects> {
    return ownObjects(await readObjects(this.api, view), this.known, scope);
  }

  private takeBack(): Promise<void> {
    return this.cluster.apart(async () => {
      await this.writer.undo(this.known, true);
      await this.cluster.release();
    });
  }

  /** Objects as they were, in force on every node. The lock is given back even where a node fails: what runs is the configuration of before then. */
  private async restore(target: SdnObjects, scope: OptionScope): Promise<void> {
    const running = await this.own('RUNNING');
    await this.writer.write(target, this.known, scope);
    await this.refuseStrangers();
    await this.guards.refuseEdits();
    const results = await this.putInForce(nodesOf(target, running), target);
    if (!isSame(await this.own('RUNNING', scope), target))
      throw this.cluster.failure('REVERT_UNPROVEN', 'the objects of before were written and do not run');
    const failed = results.filter(({ ok }) => !ok);
    this.cluster.isUnproven = failed.length > 0;
    if (failed.length === 0) return;
    await this.cluster.release();
    this.final = this.cluster.failure(
      'REVERT_UNPROVEN',
      `the objects of before run again, but not on every node: ${printedResults(failed)}`,
    );
    throw this.final;
  }

  /** @param nodes empty: nobody carries anything of ours any more, and every member is asked for its reload. */
  private async putInForce(nodes: readonly string[], target: SdnObjects): Promise<readonly NodeResult[]> {
    const asked = nodes.length > 0 ? nodes : (await this.api.cluster()).nodes.filter(({ isOnline }) => isOnline).map(({ name }) => name);
    const before = await reloadsOf(this.api, asked);
    const upid = await this.startApply();
    if (upid !== null) {
      const end = await this.api.task(upid, this.cluster.tools.applyMs);
      if (end === null) throw this.cluster.failure('APPLY_FAILED', `the apply has not ended in time (${upid})`);
      // Its warnings are of nodes that it did not reach: each of ours is asked.
      if (end.exit !== 'OK' && !end.exit.startsWith('WARNINGS'))
        throw this.cluster.failure('APPLY_FAILED', masked(`the apply ended with ${end.exit}: ${end.log.slice(-5).join(' | ')}`));
    }
    return nodeResults(this.api, before, new Set(Object.keys(target.zones)), this.cluster.tools.applyMs);
  }

  /** Twice is as once. @returns null where it was done and the answer got lost. */
  private async startApply(): Promise<string | null> {
    const hadPending = (await readOwnPending(this.api, this.known)).length > 0;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.api.apply(await this.cluster.permit());
      } catch (error) {
        if (isPveError(error, 'REFUSED')) throw this.cluster.failure('APPLY_FAILED', error.message);
        if (!isPveError(error, 'NO_ANSWER')) throw error;
        if (hadPending && (await this.isTaken())) return null;
        if (attempt === APPLY_ATTEMPTS) throw error;
      }
    }
  }

  private async isTaken(): Promise<boolean> {
    for (const deadline = performance.now() + this.cluster.tools.settleMs; ; await this.api.client.wait()) {
      if ((await readOwnPending(this.api, this.known)).length === 0) return true;
      if (performance.now() > deadline) return false;
    }
  }

  private async trials(): Promise<string> {
    const texts: string[] = [];
    for (const node of this.nodes()) {
      const diffs = await this.api.dryRun(node);
      if (diffs === null) return 'this release has no dry run\n';
      texts.push(...Object.entries(diffs).map(([name, diff]) => `\n${node} ${name}\n${masked(diff).trimEnd()}\n`));
    }
    return texts.join('');
  }

  /** Files say what a cluster was told, not what its nodes have taken. */
  private async isCarried({ zones }: SdnObjects): Promise<boolean> {
    for (const node of nodesOf({ ...NOTHING, zones })) if ((await lacking(this.api, node, zones)).length > 0) return false;
    return true;
  }

  /**
   * Pending changes of ours, where no push is under way, are what a worker wrote that had been overtaken and did not know: they go.
   * @throws TransportError PUSH_IN_PROGRESS: somebody else's.
   */
  private async hasRemains(wasHere: boolean): Promise<boolean> {
    const { own, foreign } = await readPending(this.api, this.known);
    this.guards.refusePending(foreign);
    if (own.length === 0) return false;
    if (!wasHere || hasPeoplesEdits(await this.own('RUNNING', 'ALL'), await this.own('CONFIG', 'ALL'))) this.guards.refusePending(own);
    return true;
  }

  /** Written by hand, past the lock: an apply would put them in force, too. */
  private async refuseStrangers(): Promise<void> {
    this.guards.refusePending((await readPending(this.api, this.known)).foreign);
  }
}
