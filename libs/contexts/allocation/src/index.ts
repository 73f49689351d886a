export { AllocationModule } from './allocation.module.js';
