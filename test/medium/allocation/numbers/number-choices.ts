import type { TenantId } from '#engines/kernel';
import type { AllocationWorld } from '../allocation-world.js';
import type { ModelPool, ModelRow, NumberModel, Refusal } from './number-model.js';
import type { Choice } from './number-steps.js';

export const HOLD_SECONDS = 600_000;

export const CODE_OF: Readonly<Record<Refusal, string>> = {
  KEY_REUSED: 'IDEMPOTENCY_KEY_REUSED',
  NOT_FOUND: 'NOT_FOUND',
  QUOTA: 'QUOTA_EXCEEDED',
  EXHAUSTED: 'POOL_EXHAUSTED',
  OUT_OF_RANGE: 'OUT_OF_RANGE',
  EXCLUDED: 'OUT_OF_RANGE',
  TAKEN: 'ALREADY_EXISTS',
};

/** What the choices of a step mean in the world as it is when the step is played. */
export class NumberChoices {
  private used = 0;

  constructor(
    readonly world: AllocationWorld,
    readonly model: NumberModel,
    /** Values are chosen from these. */
    readonly window: { readonly first: number; readonly count: number },
    /** Of this sequence alone. */
    private readonly keys: readonly string[],
  ) {}

  pool(choice: Choice): ModelPool {
    return this.model.pools[choice % this.model.pools.length] as ModelPool;
  }

  tenant(choice: Choice): TenantId {
    return this.world.tenants[choice % this.world.tenants.length] as TenantId;
  }

  other(tenant: TenantId): TenantId {
    return this.world.tenants.find((one) => one !== tenant) as TenantId;
  }

  value(choice: Choice): number {
    return this.window.first + (choice % this.window.count);
  }

  /** Of those that are allocated, or rest. */
  row(choice: Choice): ModelRow | undefined {
    return this.model.rows[choice % Math.max(1, this.model.rows.length)];
  }

  /** One that was used before; null: a new one. */
  key(choice: Choice | null): string {
    if (choice === null || this.used === 0) return this.keys[this.used++] as string;
    return this.keys[choice % this.used] as string;
  }
}
