import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { type JobHandler, ReconcilerRegistry } from '#contexts/events';
import { type NetworkRecall, RecallService } from '#contexts/fabric';
import { type Network, TenancyService } from '#contexts/tenancy';
import { DomainError, type Fqdn, type NetworkId } from '#engines/kernel';
import { crashPoint, Database, isUserError, LOGGER, type Logger, systemScope, type Tx, violatedConstraint } from '#platform';
import { NetworkKeepsake } from './network-keepsake.js';
import { OrderRecords } from './order-records.js';
import { OrderService } from './order.service.js';
import { OrderStore } from './store/order.store.js';

const SCOPE = systemScope('rollback');

/**
 * What rollbacks recall becomes orders: one transaction for each network, with its row settled in it. It reads the table anew each time, so
 * a signal that is lost, or a process that dies, costs a second.
 */
@Injectable()
export class NetworkRecalls implements JobHandler, OnModuleInit {
  constructor(
    private readonly db: Database,
    private readonly recalls: RecallService,
    private readonly orders: OrderService,
    private readonly store: OrderStore,
    private readonly records: OrderRecords,
    private readonly tenancy: TenancyService,
    private readonly keepsake: NetworkKeepsake,
    private readonly reconcilers: ReconcilerRegistry,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  onModuleInit(): void {
    this.reconcilers.add({ name: 'recalls', everyMs: 1000, run: () => this.run() });
  }

  async run(): Promise<void> {
    for (const id of await this.db.inTransaction(SCOPE, (tx) => this.recalls.wanted(tx))) await this.carryOut(id);
  }

  private async carryOut(id: string): Promise<void> {
    let tried: NetworkRecall | undefined;
    try {
      await this.db.inTransaction(SCOPE, async (tx) => {
        const recall = await this.recalls.lockWanted(tx, id);
        if (!recall) return;
        tried = recall;
        await (recall.state === 'UNWANTED'
          ? this.takeBack(tx, recall)
          : recall.action === 'WITHDRAW'
            ? this.withdraw(tx, recall)
            : this.restore(tx, recall));
        crashPoint('recall.ordered');
      });
    } catch (error) {
      const reason = refusalOf(error, tried);
      this.log.warn('recall.refused', { recallId: id, error });
      // It may pass: it is tried again.
      if (reason !== null) await this.db.inTransaction(SCOPE, (tx) => this.recalls.refused(tx, id, reason));
    }
  }

  private async withdraw(tx: Tx, recall: NetworkRecall): Promise<void> {
    const network = await this.networkOf(tx, recall);
    if (!network || network.state === 'RETIRED') return this.recalls.ordered(tx, recall.id, null, 'it was removed already');
    if (network.state === 'DEPROVISIONING') return this.recalls.ordered(tx, recall.id, null, 'its removal was ordered already');
    const { order } = await this.orders.deprovisionIn(tx, network.tenantId, {
      idempotencyKey: keyOf(recall, network.id),
      networkId: network.id,
      ifVersion: null,
    });
    await this.recalls.ordered(tx, recall.id, order.id);
  }

  /** It was brought back in the books, and on no device. */
  private async takeBack(tx: Tx, recall: NetworkRecall): Promise<void> {
    // Orders before networks: the order of locks of whoever advances them.
    if (recall.networkId !== null) await this.store.lockOpenOf(tx, recall.networkId);
    const network = await this.networkOf(tx, recall);
    const reason = recall.reason ?? 'none of its devices is taken back';
    if (network && network.state !== 'RETIRED' && network.state !== 'DEPROVISIONING')
      await this.orders.deprovisionIn(tx, network.tenantId, {
        idempotencyKey: `${keyOf(recall, network.id)}:taken-back`,
        networkId: network.id,
        ifVersion: null,
      });
    await this.recalls.ordered(tx, recall.id, null, reason);
  }

  private async restore(tx: Tx, recall: NetworkRecall): Promise<void> {
    // Orders before networks: the order of locks of whoever advances them.
    const open = recall.networkId === null ? [] : await this.store.lockOpenOf(tx, recall.networkId);
    const network = await this.networkOf(tx, recall);
    let without: readonly Fqdn[] = [];
    if (!network) return this.recalls.refused(tx, recall.id, 'there is no such network any more');
    if (network.state === 'RETIRED') {
      const kept = (await this.store.kept(tx, network.id))?.kept;
      if (!kept) return this.recalls.refused(tx, recall.id, 'what it had was not kept when it was removed');
      without = await this.keepsake.bringBack(tx, network, kept);
    } else if (network.state === 'DEPROVISIONING') {
      if (open.some(({ kind }) => kind !== 'DEPROVISION'))
        return this.recalls.refused(tx, recall.id, 'it was never live: its order is being undone');
      for (const order of open) {
        await this.store.setState(tx, order.id, 'CANCELLED', 'Your network is kept.', null);
        await this.records.record(tx, { ...order, state: 'CANCELLED', customerMessage: 'Your network is kept.' }, 'order.cancelled');
      }
      await this.tenancy.resume(tx, network.id);
    } else return this.recalls.ordered(tx, recall.id, null, 'it is there');
    const { order } = await this.orders.restoreIn(
      tx,
      await this.tenancy.network(tx, network.id),
      keyOf(recall, network.id),
      await this.keepsake.devices(tx, network),
      without,
    );
    // The order says without which names. A reason here would say that the end of the rollback was judged already.
    await this.recalls.ordered(tx, recall.id, order.id);
  }

  private async networkOf(tx: Tx, { networkId }: NetworkRecall): Promise<Network | undefined> {
    if (networkId === null) return undefined;
    try {
      return await this.tenancy.lockNetwork(tx, networkId);
    } catch (error) {
      if (error instanceof DomainError && error.code === 'NOT_FOUND') return undefined;
      throw error;
    }
  }
}

const keyOf = ({ planId }: NetworkRecall, networkId: NetworkId): string => `rollback:${planId}:${networkId}`;

/**
 * @returns null for what may pass by itself: a fault of ours, a name that was taken while it was brought back (the next try is without it), and a locked tenant where no
 * rollback waits with locked devices for the end of that.
 */
function refusalOf(error: unknown, recall: NetworkRecall | undefined): string | null {
  const isAwaited = recall?.action === 'RESTORE' && recall.state === 'WANTED' && recall.reason === null;
  if (isUserError(error)) return error.code === 'LOCKED' && !isAwaited ? null : error.message;
  const constraint = violatedConstraint(error);
  return constraint === undefined || constraint === 'ip_address_dns_name_unique'
    ? null
    : `something of it is in use by now (${constraint})`;
}
