export { AllocationModule } from './allocation.module.js';
export { AllocationService } from './allocation.service.js';
export { BatchAllocationService, type BatchItem } from './batch-allocation.service.js';
