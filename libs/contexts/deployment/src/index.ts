export { DeploymentModule } from './deployment.module.js';
export type { DeviceTransports } from './device-connector.js';
export type { DeploymentPlan, ItemState, PlanItem, PlanState, Risk } from './domain/plan.js';
export { PlannerService } from './planner.service.js';
export { RolloutService } from './rollout.service.js';
export { SteeringService } from './steering.service.js';
export type { DriftItem, DriftReport } from './domain/drift-report.js';
export { DriftCollector } from './drift-collector.js';
export { DriftService } from './drift.service.js';
