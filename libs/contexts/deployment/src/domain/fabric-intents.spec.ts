import { compileFabric, type FabricSnapshot } from '#engines/intent';
import { demoFabric } from '#engines/intent/testing';
import type { FabricId } from '#engines/kernel';
import { FabricIntents } from './fabric-intents.js';

const fabric = (id: string, blue = 'Blue'): FabricSnapshot => {
  const snapshot = demoFabric()
    .network({ slug: 'blue', name: blue, vni: 10_001, eviId: 1, on: ['pve1'] })
    .network({ slug: 'green', vni: 10_002, eviId: 2, on: ['pve2'] })
    .build();
  return { ...snapshot, fabric: { ...snapshot.fabric, id: id as FabricId } };
};

describe('the intents of fabrics', () => {
  it('are what compiling them gives, whichever fabric is asked for and whatever has changed in it', () => {
    const intents = new FabricIntents();
    for (const [id, name] of [
      ['a', 'Blue'],
      ['b', 'Blue'],
      ['a', 'Azure'],
      ['c', 'Sky'],
      ['b', 'Navy'],
      ['a', 'Blue'],
      ['a', 'Blue'],
    ] as const)
      expect(intents.of(fabric(id, name)), `${id} ${name}`).toEqual(compileFabric(fabric(id, name)));
  });

  it('keep the devices of which nothing is another, beside another fabric', () => {
    const intents = new FabricIntents();
    const before = intents.of(fabric('a'));
    intents.of(fabric('b'));
    const after = intents.of(fabric('a', 'Azure'));
    expect(after.devices.filter((device) => before.devices.includes(device)).map(({ slug }) => slug)).toEqual(['pve2', 'test']);
  });

  it('refuse a fabric with an error and go on from there', () => {
    const intents = new FabricIntents();
    const broken = { ...fabric('a'), routeDistinguishers: [] };
    intents.of(fabric('a'));
    expect(() => intents.of(broken)).toThrow(expect.objectContaining({ code: 'CHECK_FAILED' }));
    expect(intents.of(fabric('a'))).toEqual(compileFabric(fabric('a')));
  });

  it('are forgotten of a fabric that nobody asks for while others are asked for', () => {
    const intents = new FabricIntents();
    const before = intents.of(fabric('a'));
    for (const other of ['b', 'c']) intents.of(fabric(other));
    expect(intents.of(fabric('a')).devices[0]).not.toBe(before.devices[0]);
  });
});
