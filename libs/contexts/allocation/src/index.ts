export { AllocationModule } from './allocation.module.js';
export { AllocationService } from './allocation.service.js';
