import { AuditService, type OutboxService, ReconcilerRegistry } from '#contexts/events';
import type { Database } from '#platform';
import { AddressAllocationService } from '../address-allocation.service.js';
import { AddressRefusals } from '../address-refusals.js';
import { AddressSweeper } from '../address-sweeper.js';
import { AddressingImporter } from '../addressing-importer.service.js';
import { AddressingService } from '../addressing.service.js';
import { PrefixAllocationService } from '../prefix-allocation.service.js';
import { PrefixPoolAdminService } from '../prefix-pool-admin.service.js';
import { PrefixRefusals } from '../prefix-refusals.js';
import { PrefixTreeService } from '../prefix-tree.service.js';
import { AddressAllocationStore } from '../store/address-allocation.store.js';
import { AddressingImportStore } from '../store/addressing-import.store.js';
import { PrefixAllocationStore } from '../store/prefix-allocation.store.js';
import { PrefixPoolStore } from '../store/prefix-pool.store.js';
import { PrefixTreeStore } from '../store/prefix-tree.store.js';
import { SubnetStore } from '../store/subnet.store.js';
import { VrfRouteStore } from '../store/vrf-route.store.js';
import { SubnetService } from '../subnet.service.js';
import { VrfLeakService } from '../vrf-leak.service.js';

export { addressInvariants } from '../address-invariants.js';
export { nameInvariants } from '../name-invariants.js';
export { prefixInvariants } from '../prefix-invariants.js';

export interface Addressing {
  /** What orders use. */
  readonly addressing: AddressingService;
  readonly prefixes: PrefixAllocationService;
  readonly addresses: AddressAllocationService;
  readonly pools: PrefixPoolAdminService;
  readonly tree: PrefixTreeService;
  readonly subnets: SubnetService;
  readonly leaks: VrfLeakService;
  readonly importer: AddressingImporter;
  /** Holds and quarantines whose time is over go back. */
  sweep(): Promise<void>;
}

/** The services of addressing on a database, without an application around them. */
export function addressingWith(db: Database, outbox: OutboxService): Addressing {
  const audit = new AuditService();
  const [poolStore, treeStore, prefixStore, addressStore, subnetStore] = [
    new PrefixPoolStore(),
    new PrefixTreeStore(),
    new PrefixAllocationStore(),
    new AddressAllocationStore(),
    new SubnetStore(),
  ];
  const [prefixRefusals, addressRefusals] = [new PrefixRefusals(poolStore, prefixStore), new AddressRefusals(subnetStore, addressStore)];
  const pools = new PrefixPoolAdminService(poolStore, treeStore, audit, outbox);
  const subnets = new SubnetService(subnetStore, prefixStore, addressStore, addressRefusals, audit);
  return {
    addressing: new AddressingService(pools, prefixStore, prefixRefusals, subnetStore, subnets, addressStore, addressRefusals),
    prefixes: new PrefixAllocationService(db, prefixStore, prefixRefusals, audit, outbox),
    addresses: new AddressAllocationService(db, addressStore, addressRefusals, audit),
    pools,
    tree: new PrefixTreeService(treeStore, audit),
    subnets,
    leaks: new VrfLeakService(new VrfRouteStore(), audit),
    importer: new AddressingImporter(db, new AddressingImportStore(), poolStore, audit, outbox),
    sweep: () => new AddressSweeper(db, prefixStore, addressStore, outbox, new ReconcilerRegistry()).run(new AbortController().signal),
  };
}
