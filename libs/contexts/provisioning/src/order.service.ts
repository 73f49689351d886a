import { Injectable } from '@nestjs/common';
import { FabricService, LockService, PlaceService } from '#contexts/fabric';
import { type Network, TenancyService } from '#contexts/tenancy';
import {
  type DeviceId,
  digest,
  DomainError,
  encodeId,
  type FabricId,
  type Fqdn,
  IdempotencyKey,
  notFound,
  type OrderId,
  type TenantId,
} from '#engines/kernel';
import { Database, newId, type Tx, tenantScope } from '#platform';
import {
  type DeployMode,
  type DeprovisionRequest,
  lostNames,
  type NetworkOrder,
  type OrderStep,
  type ProvisionRequest,
} from './domain/order.js';
import { OrderAllocator } from './order-allocator.js';
import { OrderRecords } from './order-records.js';
import { OrderStore } from './store/order.store.js';

export interface SubmittedOrder {
  readonly order: NetworkOrder;
  /** True when the key was seen before and this is the stored answer. */
  readonly replayed: boolean;
}

/** Accepts orders: one transaction allocates everything, records it, and asks for the fabric to be brought there. */
@Injectable()
export class OrderService {
  constructor(
    private readonly db: Database,
    private readonly orders: OrderStore,
    private readonly allocator: OrderAllocator,
    private readonly tenancy: TenancyService,
    private readonly fabric: FabricService,
    private readonly places: PlaceService,
    private readonly records: OrderRecords,
    private readonly locks: LockService,
  ) {}

  /**
   * @throws DomainError IDEMPOTENCY_KEY_REUSED (same key, another request), NOT_FOUND, POOL_EXHAUSTED, OVERLAPS, IN_USE, CHECK_FAILED, LOCKED …;
   * nothing of a refused order is kept.
   */
  async provision(tenantId: TenantId, actor: string, request: ProvisionRequest): Promise<SubmittedOrder> {
    IdempotencyKey.parse(request.idempotencyKey);
    if (request.attachments.length === 0) {
      throw new DomainError('INVALID_VALUE', 'an order needs at least one attachment: a network is somewhere', {
        path: ['attachments'],
        accepted: 'one attachment or more',
      });
    }
    return this.db.inTransaction(tenantScope(tenantId, actor), async (tx) => {
      await this.tenancy.tenant(tx, tenantId); // The operator may name one that is not there.
      // What was taken once is answered, whatever became of its devices.
      const earlier = await this.earlier(tx, tenantId, request.idempotencyKey, request);
      if (earlier) return earlier;
      const points = await this.places.attachPoints(tx, request.attachments);
      const fabricId = ([...points.values()][0] as { fabricId: FabricId }).fabricId;
      const begun = await this.begin(tx, {
        tenantId,
        fabricId,
        kind: 'PROVISION',
        externalRef: request.externalRef,
        key: request.idempotencyKey,
        request,
        message: 'Your network is being built.',
        deploy: request.deploy ?? 'AUTO_IF_LOW_RISK',
      });
      if (begun.replayed) return begun; // What was taken before the lock is still answered.
      await this.locks.refuseLockedTenant(tx, tenantId);
      const { network, deviceIds } = await this.allocator.allocate(tx, tenantId, fabricId, request);
      const launched = await this.launch(tx, begun.order, network, deviceIds, 'allocated', `VNI ${network.vni}`);
      if (request.deploy === 'PLAN_ONLY')
        // It is more than a tenant may ask of the devices of all: only the operator gets here with it.
        await tx.asSystem((all) =>
          this.fabric.attend(
            all,
            deviceIds,
            launched.order.revision,
            `${actor} wants to see what is pushed (order ${encodeId('order', launched.order.id)}).`,
          ),
        );
      return launched;
    });
  }

  /** Takes a network out of service. @throws DomainError NOT_FOUND | VERSION_CONFLICT | INVALID_STATE | IDEMPOTENCY_KEY_REUSED | LOCKED. */
  async deprovision(tenantId: TenantId, actor: string, request: DeprovisionRequest): Promise<SubmittedOrder> {
    return this.db.inTransaction(tenantScope(tenantId, actor), (tx) => this.deprovisionIn(tx, tenantId, request));
  }

  /** The same beside other effects. @param isConsequence nobody orders it: it follows from what became of another order, also where the tenant is locked. */
  async deprovisionIn(tx: Tx, tenantId: TenantId, request: DeprovisionRequest, isConsequence = false): Promise<SubmittedOrder> {
    IdempotencyKey.parse(request.idempotencyKey);
    const earlier = await this.earlier(tx, tenantId, request.idempotencyKey, request);
    if (earlier) return earlier;
    const network = await this.tenancy.lockNetwork(tx, request.networkId);
    const begun = await this.begin(tx, {
      tenantId,
      fabricId: network.fabricId,
      kind: 'DEPROVISION',
      externalRef: network.externalRef,
      key: request.idempotencyKey,
      request,
      message: 'Your network is being removed.',
    });
    if (begun.replayed) return begun;
    if (!isConsequence) await this.locks.refuseLockedTenant(tx, tenantId);
    if (request.ifVersion !== null && request.ifVersion !== network.version) {
      throw new DomainError(
        'VERSION_CONFLICT',
        `the network changed since you read it: version ${network.version}, not ${request.ifVersion}`,
        { currentVersion: network.version },
      );
    }
    const deviceIds = [...new Set((await this.places.attachmentsOf(tx, [network.id])).map((attachment) => attachment.deviceId))].sort();
    await this.fabric.refuseObserved(tx, network.fabricId, deviceIds);
    if (!(await this.tenancy.beginDeprovision(tx, network.id))) {
      throw new DomainError('INVALID_STATE', `the network is ${network.state}`, {
        state: network.state,
        allowedStates: ['PROVISIONING', 'ACTIVE', 'DEGRADED'],
      });
    }
    return this.launch(tx, begun.order, network, deviceIds, 'withdrawn', `VNI ${network.vni}`);
  }

  /**
   * A network that is part of the intent again, with what it had: the order waits for its devices. The caller has brought it back, in this
   * transaction. @param without names that it had and has no more. @throws DomainError LOCKED (the tenant).
   */
  async restoreIn(
    tx: Tx,
    network: Network,
    key: string,
    deviceIds: readonly DeviceId[],
    without: readonly Fqdn[] = [],
  ): Promise<SubmittedOrder> {
    const lost = lostNames(without);
    const begun = await this.begin(tx, {
      tenantId: network.tenantId,
      fabricId: network.fabricId,
      kind: 'RESTORE',
      externalRef: network.externalRef,
      key: IdempotencyKey.parse(key),
      request: { networkId: network.id },
      message: lost === null ? 'Your network is being brought back.' : `Your network is being brought back ${lost}.`,
    });
    if (begun.replayed) return begun;
    await this.locks.refuseLockedTenant(tx, network.tenantId);
    const done = `VNI ${network.vni}${lost === null ? '' : `, ${lost}`}`;
    return this.launch(tx, begun.order, network, deviceIds, 'restored', done, without);
  }

  /** @throws DomainError NOT_FOUND, for another tenant's order too. */
  async order(tx: Tx, id: OrderId): Promise<NetworkOrder> {
    const order = await this.orders.byId(tx, id);
    if (!order) throw notFound('order', id);
    return order;
  }

  orderByExternalRef(tx: Tx, externalRef: string): Promise<NetworkOrder | undefined> {
    return this.orders.byExternalRef(tx, externalRef);
  }

  orderByKey(tx: Tx, tenantId: TenantId, key: string): Promise<NetworkOrder | undefined> {
    return this.orders.byKey(tx, tenantId, key);
  }

  ordersPage(tx: Tx, page: { first: number; after: string | null }): Promise<NetworkOrder[]> {
    return this.orders.page(tx, page);
  }

  /** The steps of many orders at once; each names its order. */
  stepsOf(tx: Tx, ids: readonly OrderId[]): Promise<(OrderStep & { readonly orderId: OrderId })[]> {
    return this.orders.stepsOf(tx, ids);
  }

  private async begin(
    tx: Tx,
    order: {
      tenantId: TenantId;
      fabricId: FabricId;
      kind: NetworkOrder['kind'];
      externalRef: string | null;
      key: string;
      request: object;
      message: string;
      deploy?: DeployMode;
    },
  ): Promise<SubmittedOrder> {
    const id = newId<OrderId>();
    const requestSha256 = digest(order.request);
    const inserted = await this.orders.insert(tx, {
      id,
      tenantId: order.tenantId,
      fabricId: order.fabricId,
      kind: order.kind,
      externalRef: order.externalRef,
      idempotencyKey: order.key,
      request: order.request,
      requestSha256,
      requestedBy: tx.scope.actor,
      customerMessage: order.message,
      deadlineSeconds: this.records.deadlineSeconds,
      deploy: order.deploy ?? 'AUTO_IF_LOW_RISK',
    });
    if (inserted) return { order: await this.order(tx, id), replayed: false };
    const first = await this.earlier(tx, order.tenantId, order.key, order.request);
    if (!first) throw notFound('order', order.key);
    return first;
  }

  /** What came of the key, if it was used. @throws DomainError IDEMPOTENCY_KEY_REUSED (for another request). */
  private async earlier(tx: Tx, tenantId: TenantId, key: string, request: object): Promise<SubmittedOrder | undefined> {
    const first = await this.orders.byKey(tx, tenantId, key);
    if (!first) return undefined;
    if (first.requestSha256 !== digest(request)) {
      throw new DomainError('IDEMPOTENCY_KEY_REUSED', 'this idempotency key was used for another request', {
        firstSeenAt: first.createdAt.toISOString(),
      });
    }
    return { order: first, replayed: true };
  }

  private async launch(
    tx: Tx,
    order: NetworkOrder,
    network: Network,
    deviceIds: readonly DeviceId[],
    step: string,
    message: string,
    withoutNames: readonly Fqdn[] = [],
  ): Promise<SubmittedOrder> {
    await this.orders.setStep(tx, order, 1, { name: 'accepted', state: 'DONE', message: null });
    await this.orders.setStep(tx, order, 2, { name: step, state: 'DONE', message });
    const launched = await this.records.aim(tx, order, network.id, deviceIds, 'RUNNING');
    await this.records.record(tx, launched, `order.${step}`, withoutNames.length === 0 ? {} : { withoutNames });
    return { order: launched, replayed: false };
  }
}
