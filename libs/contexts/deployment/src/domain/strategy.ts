import { DomainError } from '#engines/kernel';

/** How a rollout goes through its devices. Part of the plan, and so of what is approved. */
export interface Strategy {
  /** Devices that go before all others, 1…; the first fault on one of them halts the rollout. */
  readonly canary: number;
  /** Share of all devices that has been pushed to when a wave ends, per cent, rising; the last wave is always the rest. */
  readonly percents: readonly number[];
  /** Devices that a wave after the canary has at least: a small fabric has two waves. */
  readonly minWave: number;
  /** How long a wave is watched before the next one begins, 0…86400; the last one is not waited for. */
  readonly soakSeconds: number;
  /** Pushes at the same time within a step. */
  readonly parallel: number;
  /** Devices after the canary that may fail before the rollout is halted. */
  readonly maxFailures: number;
}

export type StrategyWish = Partial<Omit<Strategy, 'minWave'>>;

/** @param soakSeconds of everything that is more than everyday work; LOW does not soak: an order is not kept waiting. */
export function strategyFor(risk: 'NONE' | 'LOW' | 'MEDIUM' | 'HIGH', soakSeconds: number, wish: StrategyWish = {}): Strategy {
  const soak = risk === 'NONE' || risk === 'LOW' ? 0 : soakSeconds;
  return { canary: 1, percents: [10, 50, 100], minWave: 5, soakSeconds: soak, parallel: 10, maxFailures: 0, ...wish };
}

/** @throws DomainError INVALID_VALUE. */
export function checkStrategy(wish: StrategyWish): StrategyWish {
  const whole = (field: string, value: number | undefined, min: number, max: number): void => {
    if (value === undefined || (Number.isInteger(value) && value >= min && value <= max)) return;
    throw invalid(field, `${min} to ${max}`);
  };
  whole('canaries', wish.canary, 1, 1000);
  whole('soakSeconds', wish.soakSeconds, 0, 86_400);
  whole('parallel', wish.parallel, 1, 50);
  whole('maxFailures', wish.maxFailures, 0, 1000);
  const percents = wish.percents ?? [];
  if (percents.some((percent, index) => percent < 1 || percent > 100 || percent <= (percents[index - 1] ?? 0)))
    throw invalid('wavePercents', 'rising numbers from 1 to 100');
  return wish;
}

const invalid = (field: string, accepted: string): DomainError<'INVALID_VALUE'> =>
  new DomainError('INVALID_VALUE', `${field} of the strategy: ${accepted}`, { path: ['strategy', field], accepted });
