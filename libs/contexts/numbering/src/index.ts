export { NumberingModule } from './numbering.module.js';
export { type ClaimedNumber, type NumberClaim, NumberingService } from './numbering.service.js';
export { type NewNumberPool, type NumberRange, PoolAdminService } from './pool-admin.service.js';
export { numberingEntities } from './store/number-pool.entity.js';
export type { AllocationRow, NumberKind, PoolRow } from './domain/pool.js';
