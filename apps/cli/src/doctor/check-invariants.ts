import { type Inspection, type Invariant, InvariantInspector, InvariantRegistry } from '#contexts/events';
import { encodeId } from '#engines/kernel';
import type { Config } from '#platform';
import { withContexts } from '../contexts.js';
import { type Check, textOf } from './check.js';

const ACTOR = 'doctor';
const SHOWN = 3;
/** One look finds at most some thousand violations; a repair that leaves as many as there were is not tried for ever. */
const LOOKS = 20;

/** Asks every invariant. With `repair`, what is derived and wrong is made anew and looked at again. Never throws: what cannot be asked is a problem. */
export async function checkInvariants(config: Config, repair: boolean): Promise<Check[]> {
  try {
    return await withContexts(config, async (app) => {
      const inspector = app.get(InvariantInspector, { strict: false });
      const checks: Check[] = [];
      for (const invariant of app.get(InvariantRegistry, { strict: false }).all())
        checks.push(await checkInvariant(inspector, invariant, repair));
      return checks;
    });
  } catch (error) {
    return [{ what: 'invariants', problem: textOf(error) }];
  }
}

async function checkInvariant(inspector: InvariantInspector, invariant: Invariant, repair: boolean): Promise<Check> {
  try {
    let found = await inspector.inspect(invariant, ACTOR);
    if (!repair || !invariant.repair || found.violations.length === 0) return toCheck(invariant, found);
    let rows = 0;
    for (let looks = 0; looks < LOOKS && found.violations.length > 0; looks++) {
      rows += await inspector.repair(invariant, found.violations, ACTOR);
      found = await inspector.inspect(invariant, ACTOR);
      if (found.isAll) break;
    }
    return toCheck(invariant, found, rows);
  } catch (error) {
    return { what: invariant.name, problem: `it could not be asked: ${textOf(error)}` };
  }
}

function toCheck(invariant: Invariant, { violations, isAll }: Inspection, repairedRows?: number): Check {
  const { kind } = invariant.slices;
  const check = {
    says: invariant.says,
    violations: violations.length,
    isAll,
    first: violations.slice(0, SHOWN).map(({ id, what }) => ({ subject: encodeId(kind, id), what })),
    remedy: invariant.remedy,
    isRepairable: invariant.repair !== undefined,
    ...(repairedRows === undefined ? {} : { repairedRows }),
  };
  const what = invariant.name;
  if (violations.length === 0) return { what, invariant: check };
  return {
    what,
    problem: `${violations.length}${isAll ? '' : ' or more'} violation${violations.length === 1 ? '' : 's'}`,
    invariant: check,
  };
}
