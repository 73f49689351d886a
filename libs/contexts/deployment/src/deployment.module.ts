import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { AccessModule } from '#contexts/access';
import { EventsModule, JOB_HANDLERS } from '#contexts/events';
import { FabricModule } from '#contexts/fabric';
import { TenancyModule } from '#contexts/tenancy';
import { PlanResolver } from './api/plan.resolver.js';
import { driftExports, driftProviders } from './drift-providers.js';
import { proofExports, proofProviders } from './proof-providers.js';
import { DEVICE_TRANSPORTS, DeviceConnector, type DeviceTransports } from './device-connector.js';
import { DevicePusher } from './device-pusher.js';
import { DeploymentInvariants } from './deployment-invariants.js';
import { DeviceWatch } from './device-watch.js';
import { ExternalKeeper } from './external-keeper.js';
import { ExternalResolver } from './api/external.resolver.js';
import { ExternalService } from './external.service.js';
import { ExternalStore } from './store/external.store.js';
import { FabricIntents } from './domain/fabric-intents.js';
import { FabricRest } from './fabric-rest.js';
import { FabricJob } from './fabric-job.js';
import { Incidents } from './incidents.js';
import { PlannerService } from './planner.service.js';
import { RollbackResolver } from './api/rollback.resolver.js';
import { RollbackKeeper } from './rollback-keeper.js';
import { RollbackService } from './rollback.service.js';
import { RolloutExecutor } from './rollout-executor.js';
import { RolloutProver } from './rollout-prover.js';
import { RolloutService } from './rollout.service.js';
import { SteeringService } from './steering.service.js';
import { DeviceStateStore } from './store/device-state.store.js';
import { PlanStore } from './store/plan.store.js';
import { RollbackStore } from './store/rollback.store.js';
import { SteeringStore } from './store/steering.store.js';
import { FabricRetryStore } from './store/fabric-retry.store.js';
import { TakeoverStore } from './store/takeover.store.js';
import { TakeoverReader } from './takeover-reader.js';

/** One for planning and for drift: whoever asks first compiles. */
const intents: Provider = { provide: FabricIntents, useFactory: () => new FabricIntents() };
const stores = [FabricRetryStore, TakeoverStore, PlanStore, SteeringStore, DeviceStateStore, RollbackStore];
const services = [
  TakeoverReader,
  PlannerService,
  DeviceConnector,
  DevicePusher,
  DeviceWatch,
  Incidents,
  FabricRest,
  RolloutExecutor,
  RolloutProver,
  RolloutService,
  SteeringService,
];
const rollbacks = [RollbackKeeper, RollbackService, RollbackResolver];
const externals = [ExternalStore, ExternalKeeper, ExternalService, ExternalResolver];
const job = { provide: JOB_HANDLERS['fabric.changed'], useClass: FabricJob };

@Module({})
export class DeploymentModule {
  /** The worker brings the transports; a process without any (the API) plans and approves, and never pushes. */
  static with(transports: DeviceTransports): DynamicModule {
    const binding: Provider = { provide: DEVICE_TRANSPORTS, useValue: transports };
    return {
      module: DeploymentModule,
      imports: [AccessModule, EventsModule, FabricModule, TenancyModule],
      providers: [
        DeploymentInvariants,
        intents,
        ...stores,
        ...services,
        ...rollbacks,
        PlanResolver,
        ...externals,
        job,
        binding,
        ...driftProviders,
        ...proofProviders,
      ],
      exports: [
        ExternalService,
        PlannerService,
        RollbackService,
        RolloutService,
        SteeringService,
        TakeoverReader,
        job.provide,
        ...driftExports,
        ...proofExports,
      ],
    };
  }
}
