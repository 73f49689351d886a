export { NumberExclusionInput, NumberRangeInput, toExclusions, toRanges } from './api/pool.input.js';
export {
  DeletePayload,
  NumberPoolObject,
  PoolObject,
  PoolPayload,
  PoolQuotaObject,
  PoolStrategyEnum,
  shareOf,
  toNumberPoolObject,
} from './api/pool.object.js';
export { NumberingModule } from './numbering.module.js';
export { NumberAllocationService } from './number-allocation.service.js';
export { type ClaimedNumber, type NumberClaim, NumberingService } from './numbering.service.js';
export { type NewNumberPool, PoolAdminService, type PoolChange } from './pool-admin.service.js';
export { numberingEntities } from './store/number-pool.entity.js';
export type { AdoptedNumber, AllocationState, GrantedNumbers, HolderKind, NumberAllocation, NumberRequest } from './domain/allocation.js';
export { formatNumber, type NumberKind, type NumberRange, parseNumber } from './domain/number-kind.js';
export type { NumberRun, NumberState } from './domain/number-map.js';
export { POOL_STRATEGIES, type PoolRow, type PoolStrategy } from './domain/pool.js';
export type { NumberExclusion, QuotaRow } from './store/number-pool.store.js';
export { numberPools } from './numbering-invariants.js';
export { type LevelledPool, PoolLevels, type LevelSource } from './pool-levels.js';
export type { PoolLevel } from './domain/pool-level.js';
