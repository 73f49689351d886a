import {
  AddressAllocationService,
  AddressingService,
  PrefixAllocationService,
  PrefixPoolAdminService,
  PrefixTreeService,
  SubnetService,
  VrfLeakService,
} from '#contexts/addressing';
import { AuditService, OutboxService, ReconcilerRegistry } from '#contexts/events';
import { createLogger, createQueueBackend } from '#platform';
import { AddressRefusals } from '../../libs/contexts/addressing/src/address-refusals.js';
import { AddressSweeper } from '../../libs/contexts/addressing/src/address-sweeper.js';
import { PrefixRefusals } from '../../libs/contexts/addressing/src/prefix-refusals.js';
import { AddressAllocationStore } from '../../libs/contexts/addressing/src/store/address-allocation.store.js';
import { PrefixAllocationStore } from '../../libs/contexts/addressing/src/store/prefix-allocation.store.js';
import { PrefixPoolStore } from '../../libs/contexts/addressing/src/store/prefix-pool.store.js';
import { PrefixTreeStore } from '../../libs/contexts/addressing/src/store/prefix-tree.store.js';
import { SubnetStore } from '../../libs/contexts/addressing/src/store/subnet.store.js';
import { VrfRouteStore } from '../../libs/contexts/addressing/src/store/vrf-route.store.js';
import { JobQueues } from '../../libs/contexts/events/src/job-queues.js';
import type { OpenDatabase } from './open-database.js';
import { testConfig } from './world.js';

export interface Addressing {
  /** What orders use. */
  readonly addressing: AddressingService;
  readonly prefixes: PrefixAllocationService;
  readonly addresses: AddressAllocationService;
  readonly pools: PrefixPoolAdminService;
  readonly tree: PrefixTreeService;
  readonly subnets: SubnetService;
  readonly leaks: VrfLeakService;
  /** Holds and quarantines whose time is over go back. */
  sweep(): Promise<void>;
}

/** The services of addressing on a database, without an application around them. */
export function addressingOn({ db, url }: OpenDatabase): Addressing {
  const audit = new AuditService();
  const outbox = new OutboxService(new JobQueues(createQueueBackend(url, undefined), createLogger('silent')), testConfig(url));
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
    sweep: () => new AddressSweeper(db, prefixStore, addressStore, outbox, new ReconcilerRegistry()).run(new AbortController().signal),
  };
}
