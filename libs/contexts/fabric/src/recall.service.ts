import { Injectable } from '@nestjs/common';
import { OutboxService } from '#contexts/events';
import type { FabricId, OrderId, PlanId } from '#engines/kernel';
import type { Tx } from '#platform';
import type { NetworkOnDevice, NetworkRecall, ProposedRecall, RecallState } from './domain/recall.js';
import { RecallStore } from './store/recall.store.js';

/** Where a rollback and orders meet: deployment says which networks are recalled, provisioning carries it out and says what came of it. */
@Injectable()
export class RecallService {
  constructor(
    private readonly store: RecallStore,
    private readonly outbox: OutboxService,
  ) {}

  /** With the plan that takes back: nothing is asked of anybody yet. @param asOf when the plan that is taken back was made: networks are those of then. */
  async propose(tx: Tx, fabricId: FabricId, planId: PlanId, asOf: Date, recalls: readonly ProposedRecall[]): Promise<void> {
    for (const recall of recalls) await this.store.insert(tx, fabricId, planId, asOf, recall);
  }

  /**
   * The rollback begins: what it restores has its numbers in the books before a device carries them. What it withdraws waits for its devices. A
   * signal that is lost is made good by the timer of whoever carries it out.
   */
  async wantRestored(tx: Tx, fabricId: FabricId, planId: PlanId): Promise<void> {
    if ((await this.store.wantRestored(tx, planId)) > 0) await this.outbox.append(tx, 'recall.wanted', fabricId);
  }

  /** Slugs of networks that provisioning was asked to restore, longer ago than that, and has not. */
  overdue(tx: Tx, planId: PlanId, seconds: number): Promise<string[]> {
    return this.store.overdue(tx, planId, seconds);
  }

  /** The rollback is over. */
  async judge(tx: Tx, fabricId: FabricId, recall: NetworkRecall, to: RecallState, reason: string | null): Promise<void> {
    if ((await this.store.judge(tx, recall.id, recall.state, to, reason)) && to !== 'KEPT')
      await this.outbox.append(tx, 'recall.wanted', fabricId);
  }

  ofPlan(tx: Tx, planId: PlanId): Promise<NetworkRecall[]> {
    return this.store.ofPlan(tx, planId);
  }

  wanted(tx: Tx, limit = 1000): Promise<string[]> {
    return this.store.wanted(tx, limit);
  }

  lockWanted(tx: Tx, id: string): Promise<NetworkRecall | undefined> {
    return this.store.lockWanted(tx, id);
  }

  /** @param reason only where there was nothing left to do: an order is judged when its rollback is over, and then has a reason. */
  async ordered(tx: Tx, id: string, orderId: OrderId | null, reason: string | null = null): Promise<void> {
    await this.store.settle(tx, id, orderId === null ? 'KEPT' : 'ORDERED', orderId, reason);
  }

  async refused(tx: Tx, id: string, reason: string): Promise<void> {
    await this.store.settle(tx, id, 'REFUSED', null, reason);
  }

  /** What a device carried may be somebody else's by now: then it is not put back there. */
  takenBy(
    tx: Tx,
    fabricId: FabricId,
    asOf: Date,
    networks: readonly NetworkOnDevice[],
  ): Promise<{ device: string; vni: number; what: string } | undefined> {
    return this.store.takenBy(tx, fabricId, asOf, networks);
  }
}
