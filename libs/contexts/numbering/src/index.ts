export { NumberingModule } from './numbering.module.js';
export { type ClaimedNumber, type NumberClaim, NumberingService } from './numbering.service.js';
export { type NewNumberPool, type NumberRange, PoolAdminService } from './pool-admin.service.js';
export { numberingEntities } from './store/number-pool.entity.js';
export type { AllocationRow, NumberKind, PoolRow } from './domain/pool.js';
export { numberPools } from './numbering-invariants.js';
export { type LevelledPool, PoolLevels, type LevelSource } from './pool-levels.js';
export type { PoolLevel } from './domain/pool-level.js';
