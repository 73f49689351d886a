export { DeploymentModule } from './deployment.module.js';
export type { DeviceTransports } from './device-pusher.js';
export type { DeploymentPlan, ItemState, PlanItem, PlanState, Risk } from './domain/plan.js';
export { PlannerService } from './planner.service.js';
export { RolloutService } from './rollout.service.js';
