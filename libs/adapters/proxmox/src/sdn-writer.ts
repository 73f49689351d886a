/** Writes pending changes of ours, one object after the other, each on what was read just before. */
import type { SdnObjects, SdnOptions } from '#engines/rendering';
import { named, readObjects, readPending } from './cluster-reader.js';
import type { FencedCluster } from './fenced-cluster.js';
import { type BY_NAME, type KnownObjects, type OptionScope, ownObjects, ownOptionsOf, type SdnStep, stepsBetween } from './own-objects.js';
import { isPveError, PveError } from './pve-error.js';
import type { SdnObject } from './sdn-api.js';

const ATTEMPTS = 3;

export class SdnWriter {
  constructor(private readonly cluster: FencedCluster) {}

  /**
   * @param scope ALL: options of people shall be as in `target`, too.
   * @returns what was written. @throws TransportError CONFIG_REFUSED | PUSH_IN_PROGRESS | OUTCOME_UNKNOWN; what was written before stays pending.
   */
  async write(target: SdnObjects, known: KnownObjects | typeof BY_NAME, scope: OptionScope = 'OURS'): Promise<readonly SdnStep[]> {
    const config = await readObjects(this.api, 'CONFIG');
    const steps = stepsBetween(ownObjects(config, known, scope), target, ownObjects(config, known, 'ALL'));
    for (const step of steps) await this.step(step);
    return steps;
  }

  /**
   * Pending changes of ours go. What somebody else wrote beside them, by hand and past the lock, stays: then ours are taken back one by one.
   * @param isAlone nobody else could have written since our first change.
   */
  async undo(known: KnownObjects | typeof BY_NAME, isAlone: boolean): Promise<void> {
    const { own, foreign } = await readPending(this.api, known);
    if (own.length === 0) return;
    if (isAlone && foreign.length === 0) await this.rollback();
    else await this.write(ownObjects(await readObjects(this.api, 'RUNNING'), known, 'ALL'), known, 'ALL');
    const left = await readPending(this.api, known);
    if (left.own.length > 0)
      throw this.cluster.failure('REVERT_UNPROVEN', `changes that were taken back are still pending: ${named(left.own)}`);
  }

  private get api() {
    return this.cluster.tools.api;
  }

  /** Twice is as once. */
  private async rollback(): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.api.rollback(await this.cluster.permit());
      } catch (error) {
        if (!isPveError(error, 'NO_ANSWER') || attempt === ATTEMPTS) throw error;
        await this.api.client.wait();
      }
    }
  }

  private async step(step: SdnStep): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.once(step);
      } catch (error) {
        const isUnknown = isPveError(error, 'NO_ANSWER');
        // The first one has come through after all, and the second was refused for it.
        if ((isUnknown || attempt > 1) && (await this.hasBecome(step))) return;
        if (!isUnknown || attempt === ATTEMPTS) throw error;
      }
    }
  }

  private async once(step: SdnStep): Promise<void> {
    const token = await this.cluster.permit();
    const { verb, kind, id, vnet, set, unset } = step;
    const seen = verb === 'create' ? null : await this.api.object(kind, id, vnet);
    if (seen !== null && !isAsBefore(seen, step)) throw this.overtaken(step);
    try {
      if (verb === 'create') await this.api.create(kind, id, set, token);
      else if (verb === 'remove') await this.api.remove(kind, id, vnet, token);
      else await this.api.update(kind, id, { set, unset, digest: seen?.digest ?? null, ...(vnet !== undefined && { vnet }) }, token);
    } catch (error) {
      throw await this.explain(error, step, seen);
    }
  }

  /** A refusal for what somebody did meanwhile is no refusal of our configuration. */
  private async explain(error: unknown, step: SdnStep, seen: SdnObject | null): Promise<unknown> {
    if (!isPveError(error, 'REFUSED', 'INVALID_PARAMETERS')) return error;
    const { fence } = (await this.cluster.seen()).mark ?? { fence: this.cluster.push.fence };
    if (fence !== this.cluster.push.fence) return this.cluster.failure('STALE_FENCE', `the lock is not ours any more (fence ${fence})`);
    if (seen !== null && step.verb === 'update') {
      const now = await this.api.object(step.kind, step.id, step.vnet).catch((gone: unknown) => {
        if (gone instanceof PveError && gone.code === 'REFUSED') return null;
        throw gone;
      });
      if (now?.digest !== seen.digest) return this.overtaken(step);
    }
    return this.cluster.failure('CONFIG_REFUSED', `${step.verb} of ${step.kind.slice(0, -1)} ${step.id}: ${error.message}`);
  }

  private overtaken({ kind, id }: SdnStep): Error {
    return this.cluster.failure(
      'PUSH_IN_PROGRESS',
      `somebody else has changed ${kind.slice(0, -1)} ${id}, or the file that it stands in, meanwhile`,
    );
  }

  /** A write that was not answered may still be under way: it is looked for a while. */
  private async hasBecome({ verb, kind, id, vnet, set, unset, before }: SdnStep): Promise<boolean> {
    const wanted: SdnOptions | null =
      verb === 'remove' ? null : Object.fromEntries(Object.entries({ ...before, ...set }).filter(([name]) => !unset.includes(name)));
    for (const deadline = performance.now() + this.cluster.tools.settleMs; ; await this.api.client.wait()) {
      const found = (await this.api.objects(kind, 'CONFIG', vnet)).find((object) => object.id === id);
      const isThere =
        found !== undefined && Object.entries(wanted ?? {}).every(([name, value]) => name === 'vnet' || found.options[name] === value);
      if (wanted === null ? found === undefined : isThere) return true;
      if (performance.now() > deadline) return false;
    }
  }
}

const isAsBefore = ({ kind, options }: SdnObject, { before }: SdnStep): boolean =>
  Object.entries(ownOptionsOf(kind, before ?? {})).every(
    ([name, value]) => (kind === 'subnets' && name === 'vnet') || (options[name] ?? '') === value,
  );
