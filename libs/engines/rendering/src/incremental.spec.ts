import { compileFabric, FabricCompiler, type FabricSnapshot } from '#engines/intent';
import { demoSnapshot, dice, randomFabric } from '#engines/intent/testing';
import { isDomainError, Label } from '#engines/kernel';
import { renderDevice } from '#engines/rendering';

const contents = (devices: ReturnType<typeof compileFabric>['devices']): string[] =>
  devices.flatMap(renderDevice).map(({ device, path, content, sha256 }) => `${device} ${path} ${sha256}\n${content}`);

/** Without one network, or with one that says something else, or as it was at first. */
function changed(snapshot: FabricSnapshot, first: FabricSnapshot, roll: () => number): FabricSnapshot {
  const network = snapshot.networks[Math.floor(roll() * snapshot.networks.length)];
  if (!network || roll() < 0.2) return first;
  if (roll() < 0.4) {
    return { ...snapshot, attachments: snapshot.attachments.filter(({ networkId }) => networkId !== network.id || roll() < 0.5) };
  }
  const other = { ...network, name: Label.parse(`name ${roll()}`), subnets: roll() < 0.3 ? [] : network.subnets };
  return { ...snapshot, networks: snapshot.networks.map((one) => (one === network ? other : one)) };
}

/** The builder says a VLAN once for each place; a database says it once for each device, and only such a fabric is followed. */
function onceEach(snapshot: FabricSnapshot): FabricSnapshot {
  const mappings = new Map(snapshot.vlanMappings.map((mapping) => [`${mapping.deviceId} ${mapping.networkId}`, mapping]));
  return { ...snapshot, vlanMappings: [...mappings.values()] };
}

describe('artefacts of a fabric that is followed', () => {
  it('are those of the whole fabric, byte for byte, change after change', () => {
    for (let seed = 0; seed < 5; seed++) {
      const roll = dice(seed);
      const first = onceEach(randomFabric(seed));
      const compiler = new FabricCompiler();
      let snapshot = first;
      for (let round = 0; round < 6; round++) {
        try {
          expect(contents(compiler.compile(snapshot).devices), `seed ${seed}, round ${round}`).toEqual(
            contents(compileFabric(structuredClone(snapshot)).devices),
          );
        } catch (error) {
          if (!isDomainError(error) || error.code !== 'CHECK_FAILED') throw error;
          snapshot = first;
        }
        snapshot = changed(snapshot, first, roll);
      }
    }
  });

  it('are the same ones where the device has nothing to do with the change', () => {
    const fabric = demoSnapshot();
    const compiler = new FabricCompiler();
    const before = compiler.compile(fabric).devices.map(renderDevice);
    const after = compiler.compile(structuredClone(fabric)).devices.map(renderDevice);
    for (const [place, artefacts] of after.entries()) expect(artefacts).toBe(before[place]);
  });
});
