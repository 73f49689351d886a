import { checkBrakes } from './check-brakes.js';
import { makePlan } from './make-plan.js';

/** A plan over `owned` objects of ours that deletes the first `deletes`, next to as many foreign ones. */
function planOf(owned: number, deletes: number) {
  const item = (i: number) => ({ key: `k${i}`, value: i });
  const all = Array.from({ length: owned }, (_, i) => item(i));
  const foreign = Array.from({ length: owned }, (_, i) => ({ ...item(owned + i), owned: false }));
  return makePlan({
    subject: 'zone cust.example',
    desired: [...all.slice(deletes), ...foreign.slice(0, 5), item(9999)],
    actual: [...all.map((entry) => ({ ...entry, owned: true })), ...foreign],
  });
}

describe('checkBrakes', () => {
  const brakes = { maxDeleteRatio: 0.3, minObjects: 10 };

  it.each([
    [10, 3],
    [100, 30],
    [9, 9],
    [10, 0],
    [0, 0],
  ])('lets a plan pass that deletes, of %i owned objects, %i', (owned, deletes) => {
    expect(() => checkBrakes(planOf(owned, deletes), brakes)).not.toThrow();
  });

  it.each([
    [10, 4],
    [100, 31],
    [10, 10],
  ])('stops a plan that deletes, of %i owned objects, %i', (owned, deletes) => {
    const facts = { subject: 'zone cust.example', owned, deletes, maxDeleteRatio: 0.3 };
    expect(() => checkBrakes(planOf(owned, deletes), brakes)).toThrow(expect.objectContaining({ code: 'BRAKES_HIT', facts }));
  });

  it('counts neither foreign nor new objects as ours', () => {
    expect(() => checkBrakes(planOf(10, 4), brakes)).toThrow('deletes 4 of 10');
  });

  it('allows every delete at 1 and none at 0, and stops when the ratio is no number', () => {
    expect(() => checkBrakes(planOf(10, 10), { maxDeleteRatio: 1, minObjects: 0 })).not.toThrow();
    expect(() => checkBrakes(planOf(10, 1), { maxDeleteRatio: 0, minObjects: 0 })).toThrow('deletes 1 of 10');
    expect(() => checkBrakes(planOf(10, 1), { maxDeleteRatio: Number.NaN, minObjects: 0 })).toThrow('deletes 1 of 10');
  });
});
