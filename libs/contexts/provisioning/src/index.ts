export type {
  DeprovisionRequest,
  NetworkOrder,
  OrderFailure,
  OrderKind,
  OrderState,
  OrderStep,
  ProvisionRequest,
  StepState,
} from './domain/order.js';
export type { AdoptedNetwork, AdoptedVrf } from './domain/adopted-network.js';
export { Farewell } from './farewell.js';
export { NetworkAdoptionService } from './network-adoption.service.js';
export { NetworkRecalls } from './network-recalls.js';
export { OrderReconciler } from './order-reconciler.js';
export { OrderService, type SubmittedOrder } from './order.service.js';
export { ProvisioningModule } from './provisioning.module.js';
export { provisioningEntities } from './store/order.entity.js';
