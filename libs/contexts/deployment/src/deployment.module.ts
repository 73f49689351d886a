import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { EventsModule } from '#contexts/events';
import { FabricModule } from '#contexts/fabric';
import { DEVICE_TRANSPORTS, DevicePusher, type DeviceTransports } from './device-pusher.js';
import { PlannerService } from './planner.service.js';
import { RolloutService } from './rollout.service.js';
import { DeviceStateStore } from './store/device-state.store.js';
import { PlanStore } from './store/plan.store.js';

@Module({})
export class DeploymentModule {
  /** The worker brings the transports; a process without any (the API) plans and approves, and never pushes. */
  static with(transports: DeviceTransports): DynamicModule {
    const binding: Provider = { provide: DEVICE_TRANSPORTS, useValue: transports };
    return {
      module: DeploymentModule,
      imports: [EventsModule, FabricModule],
      providers: [PlanStore, DeviceStateStore, PlannerService, DevicePusher, RolloutService, binding],
      exports: [PlannerService, RolloutService],
    };
  }
}
