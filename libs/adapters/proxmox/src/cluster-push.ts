/**
 * One push to a cluster, from its lock to its proof.
 *
 *   mark read ─ nothing pending ─ lock ─ mark STAGED ─ objects, each on its digest ─ trial per node ─ mark LIVE ─ apply ─ nodes ─ proof ─ mark DONE ─ unlock
 *                   └ somebody's: refused      └ refused: ours taken back, unlock                        └ a node fails: the objects of before, apply
 *
 * Proxmox has no timer that undoes what nobody confirms: that is done here at once, or by the next execution, which finds state and token in the mark.
 */
import type { SdnDocument, SdnObjects } from '#engines/rendering';
import { readObjects, readPending, named } from './cluster-reader.js';
import { FencedCluster, type ClusterTools } from './fenced-cluster.js';
import { nodeResults, type NodeResult, printedResults, reloadsOf } from './node-results.js';
import { type ClusterObjects, isOwn, isSame, ownObjects, printed, vnetsOf } from './own-objects.js';
import { type PushIdentity, TransportError } from '#contexts/deployment/ports';
import { isPveError } from './pve-error.js';
import { runs, SdnWriter } from './sdn-writer.js';

interface Staged {
  readonly target: SdnObjects;
  /** Ours as they ran before. */
  readonly before: SdnObjects;
}

const NOTHING: SdnObjects = { controllers: {}, zones: {}, vnets: {}, subnets: {} };
const APPLY_ATTEMPTS = 2;

export class ClusterPush {
  private readonly cluster: FencedCluster;
  private readonly writer: SdnWriter;
  private staged: Staged | null = null;
  private isLive = false;
  /** An older execution has left something that nobody proved and nobody can take back: it is put in force again and proven now. */
  private isUnproven = false;

  constructor(tools: ClusterTools, push: PushIdentity) {
    this.cluster = new FencedCluster(tools, push);
    this.writer = new SdnWriter(this.cluster);
  }

  /** Undoes what executions up to this one have left. @param confirmed null: nothing was ever confirmed, and what runs stays. */
  async recover(confirmed: SdnObjects | null): Promise<void> {
    const { mark } = await this.cluster.seen();
    if (mark === null || mark.token === null) return;
    const { wasHeld } = await this.cluster.lock(mark.state, { allowPending: true });
    if (mark.state !== 'DONE') await this.writer.undo(wasHeld);
    if (mark.state === 'LIVE' && confirmed !== null) await this.restore(confirmed);
    this.isUnproven = mark.state === 'LIVE' && confirmed === null;
    await this.cluster.release();
  }

  /** @returns what is written, object by object, and what each node would make of it; empty when nothing is to be done. */
  async stage(document: SdnDocument): Promise<string> {
    await this.cluster.seen();
    const [config, running] = [await readObjects(this.api, 'CONFIG'), await readObjects(this.api, 'RUNNING')];
    this.refuseImpossible(document, config);
    const isThere = isSame(ownObjects(config), document) && isSame(ownObjects(running), document);
    this.staged = { target: document, before: ownObjects(running) };
    if (isThere && !this.isUnproven) return '';
    await this.refuseOffline(nodesOf(document, ownObjects(running)));
    await this.refusePending();
    await this.cluster.lock('STAGED', { allowPending: false });
    try {
      // Nobody else writes from here on; who was faster has applied.
      this.staged = { target: document, before: ownObjects(await readObjects(this.api, 'RUNNING')) };
      const steps = await this.writer.write(document);
      return `${steps.length > 0 ? printed(steps) : 'the same objects once more\n'}${await this.trials()}`;
    } catch (error) {
      // What is there now is a newer execution's, and so is the lock.
      if (!(error instanceof TransportError && error.code === 'STALE_FENCE')) await this.takeBack();
      throw error;
    }
  }

  async apply(): Promise<void> {
    if (this.staged === null) throw this.cluster.failure('APPLY_FAILED', 'nothing was staged over this connection');
    if (this.isLive || !this.cluster.isLocked) return;
    await this.refuseStrangers();
    await this.cluster.mark('LIVE');
    this.isLive = true;
    refuseFailed(this.cluster, await this.putInForce(this.nodes()));
  }

  /** Idempotent. */
  async confirm(): Promise<void> {
    if (this.staged === null) throw this.cluster.failure('APPLY_FAILED', 'nothing was staged over this connection');
    if (this.cluster.isLocked && !this.isLive) throw this.cluster.failure('APPLY_FAILED', 'nothing was applied over this connection');
    await this.cluster.release();
    this.isLive = false;
  }

  /** Idempotent. @throws TransportError REVERT_UNPROVEN where the objects of before do not run everywhere. */
  async revert(): Promise<void> {
    if (!this.cluster.isLocked || this.staged === null) return;
    if (!this.isLive) return this.takeBack();
    await this.writer.undo(true);
    await this.restore(this.staged.before);
    await this.cluster.release();
    this.isLive = false;
  }

  /** Nobody will go on with it. What is live stays marked as such: the next execution undoes it. */
  async abandon(): Promise<void> {
    if (this.cluster.isLocked && !this.isLive) await this.takeBack();
  }

  private get api() {
    return this.cluster.tools.api;
  }

  private nodes(): readonly string[] {
    return nodesOf(this.staged?.target ?? NOTHING, this.staged?.before ?? NOTHING);
  }

  private async takeBack(): Promise<void> {
    await this.writer.undo(true);
    await this.cluster.release();
  }

  /** Objects as they were, in force on every node. The lock is given back even where a node fails: what runs is the configuration of before then. */
  private async restore(target: SdnObjects): Promise<void> {
    const running = ownObjects(await readObjects(this.api, 'RUNNING'));
    const steps = await this.writer.write(target);
    if (steps.length === 0 && isSame(running, target)) return;
    await this.refuseStrangers();
    const results = await this.putInForce(nodesOf(target, running));
    if (!(await runs(this.cluster, target)))
      throw this.cluster.failure('REVERT_UNPROVEN', 'the objects of before were written and do not run');
    const failed = results.filter(({ ok }) => !ok);
    if (failed.length === 0) return;
    await this.cluster.release();
    throw this.cluster.failure('REVERT_UNPROVEN', `the objects of before run again, but not on every node: ${printedResults(failed)}`);
  }

  private async putInForce(nodes: readonly string[]): Promise<readonly NodeResult[]> {
    const before = await reloadsOf(this.api, nodes);
    const upid = await this.startApply();
    if (upid !== null) {
      const end = await this.api.task(upid, this.cluster.tools.applyMs);
      if (end === null) throw this.cluster.failure('APPLY_FAILED', `the apply has not ended in time (${upid})`);
      if (end.exit !== 'OK' && !end.exit.startsWith('WARNINGS'))
        throw this.cluster.failure('APPLY_FAILED', `the apply ended with ${end.exit}: ${end.log.slice(-5).join(' | ')}`);
    }
    return nodeResults(this.api, before, this.cluster.tools.applyMs);
  }

  /** Twice is as once. @returns null where it was done and the answer got lost. */
  private async startApply(): Promise<string | null> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.api.apply(this.cluster.token);
      } catch (error) {
        if (isPveError(error, 'REFUSED')) throw this.cluster.failure('APPLY_FAILED', error.message);
        if (!isPveError(error, 'NO_ANSWER')) throw error;
        if (await this.isTaken()) return null;
        if (attempt === APPLY_ATTEMPTS) throw error;
      }
    }
  }

  private async isTaken(): Promise<boolean> {
    for (const deadline = performance.now() + this.cluster.tools.settleMs; ; await this.api.client.wait()) {
      const { own } = await readPending(this.api);
      if (own.length === 0) return true;
      if (performance.now() > deadline) return false;
    }
  }

  private async trials(): Promise<string> {
    const texts: string[] = [];
    for (const node of this.nodes()) {
      const diffs = await this.api.dryRun(node);
      if (diffs === null) return 'this release has no dry run\n';
      texts.push(...Object.entries(diffs).map(([name, diff]) => `\n${node} ${name}\n${diff.trimEnd()}\n`));
    }
    return texts.join('');
  }

  /** Reads only: names that are taken, and what has to be there already. */
  private refuseImpossible(document: SdnDocument, config: ClusterObjects): void {
    const { cluster, device } = this.cluster.tools;
    if (document.cluster !== cluster)
      throw this.cluster.failure(
        'WRONG_DEVICE',
        `the cluster ${cluster} answers at the address of ${device}, which is ${document.cluster}`,
      );
    const vnets = vnetsOf(config);
    const taken = config.filter((object) => object.kind === 'vnets' && document.vnets[object.id] !== undefined && !isOwn(object, vnets));
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

  private async refuseOffline(nodes: readonly string[]): Promise<void> {
    const { nodes: members, isQuorate } = await this.api.cluster();
    if (!isQuorate) throw this.cluster.failure('UNREACHABLE', 'the cluster has no quorum: nothing can be written');
    const unknown = nodes.filter((node) => !members.some(({ name }) => name === node));
    if (unknown.length > 0) throw this.cluster.failure('CONFIG_REFUSED', `the cluster has no node ${unknown.join(', ')}`);
    const offline = members.filter(({ name, isOnline }) => nodes.includes(name) && !isOnline).map(({ name }) => name);
    if (offline.length > 0)
      throw this.cluster.failure('UNREACHABLE', `node ${offline.join(', ')} is offline, and would not get the configuration`);
  }

  private async refusePending(): Promise<void> {
    const { own, foreign } = await readPending(this.api);
    const all = [...own, ...foreign];
    if (all.length > 0)
      throw this.cluster.failure(
        'PUSH_IN_PROGRESS',
        `somebody has changes that are not applied: ${named(all)}. An apply would put them in force: apply them, or roll them back`,
      );
  }

  /** Written by hand, past the lock: an apply would put them in force, too. */
  private async refuseStrangers(): Promise<void> {
    const { foreign } = await readPending(this.api);
    if (foreign.length > 0)
      throw this.cluster.failure(
        'PUSH_IN_PROGRESS',
        `somebody has changed files of the SDN by hand meanwhile: ${named(foreign)}; an apply would put that in force, too`,
      );
  }
}

function refuseFailed(cluster: FencedCluster, results: readonly NodeResult[]): void {
  if (results.every(({ ok }) => ok)) return;
  throw cluster.failure('APPLY_FAILED', `not every node has taken it: ${printedResults(results)}`);
}

/** Nodes that carry it now, and those that shall. */
export function nodesOf(...objects: readonly SdnObjects[]): readonly string[] {
  const names = objects.flatMap(({ zones }) => Object.values(zones).flatMap(({ nodes = '' }) => nodes.split(',')));
  return [...new Set(names)].filter((name) => name !== '').sort();
}
