import { DomainError } from '#engines/kernel';
import type { Brakes, Plan } from './plan.js';

/**
 * A plan that deletes much of what we own is more often a fault (a lost row, half a snapshot) than a wish. A target that is read whole has
 * neither pages nor a size of before: `checkSyncBrakes` is for those that have.
 * @throws BRAKES_HIT with `{ subject, deletes, owned, maxDeleteRatio }`; a person may then apply the plan by its digest.
 */
export function checkBrakes(plan: Plan<unknown>, brakes: Brakes): void {
  const owned = plan.changes.filter(({ verb }) => verb === 'DELETE' || verb === 'UPDATE' || verb === 'KEEP').length;
  const deletes = plan.changes.filter(({ verb }) => verb === 'DELETE').length;
  if (deletes === 0 || owned < brakes.minObjects) return;
  // Written so that a ratio that is no number stops the plan.
  if (deletes / owned <= brakes.maxDeleteRatio) return;
  const { subject } = plan;
  const percent = Math.round(brakes.maxDeleteRatio * 100);
  throw new DomainError('BRAKES_HIT', `${subject}: the plan deletes ${deletes} of ${owned} objects, ${percent} % are allowed`, {
    subject,
    deletes,
    owned,
    maxDeleteRatio: brakes.maxDeleteRatio,
  });
}
