import fc from 'fast-check';
import { checkFabric, compileFabric, type FabricSnapshot, withoutStrangers } from '#engines/intent';
import { randomFabric, scenarios } from '#engines/intent/testing';

/** What is read for one order: its networks, and of the rest what these touch. */
function part(snapshot: FabricSnapshot, keeps: (place: number) => boolean): FabricSnapshot {
  const networks = snapshot.networks.filter((_, place) => keeps(place));
  const attachments = snapshot.attachments.filter(({ networkId }) => networks.some(({ id }) => id === networkId));
  const devices = snapshot.devices.filter(({ id }) => attachments.some(({ deviceId }) => deviceId === id));
  const vrfs = snapshot.vrfs.filter(({ id }) => networks.some(({ vrfId }) => vrfId === id));
  const instances = [...networks, ...vrfs].map(({ eviId }) => eviId);
  const routeDistinguishers = snapshot.routeDistinguishers.filter(({ eviId }) => instances.includes(eviId));
  return { ...snapshot, networks, attachments, devices, vrfs, routeDistinguishers };
}

const errors = (snapshot: FabricSnapshot): string[] =>
  checkFabric(snapshot)
    .filter(({ severity }) => severity === 'ERROR')
    .map(({ code, path, message }) => `${code} ${path} ${message}`);

describe('a part of a fabric', () => {
  it('of any networks has no error that the whole has not', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), fc.array(fc.boolean(), { minLength: 20, maxLength: 20 }), (seed, keeps) => {
        const some = withoutStrangers(part(randomFabric(seed), (place) => keeps[place] ?? false));
        expect(errors(some)).toEqual([]);
        compileFabric(some);
      }),
      { numRuns: 80 },
    );
  });

  it.each(Object.entries(scenarios))('of each network of %s has none either', (_name, scenario) => {
    const whole = scenario();
    for (const at of whole.networks.keys()) expect(errors(withoutStrangers(part(whole, (place) => place === at)))).toEqual([]);
  });

  it('is the whole when nothing is missing', () => {
    for (const seed of [1, 2, 3]) expect(withoutStrangers(randomFabric(seed))).toEqual(randomFabric(seed));
  });
});
