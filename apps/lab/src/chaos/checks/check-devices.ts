import type { FabricIntent } from '#engines/intent';
import { renderDevice } from '#engines/rendering';
import type { DeviceUnderTest } from '../device-under-test.js';

/** @returns one line per way in which a device is not what render(intent) says. */
export function checkDevices({ devices: intents }: FabricIntent, devices: ReadonlyMap<string, DeviceUnderTest>): string[] {
  const unknown = [...devices.keys()].filter((slug) => !intents.some((intent) => intent.slug === slug));
  return [
    ...unknown.map((slug) => `${slug}: the fabric does not know it`),
    ...intents.flatMap((intent) => {
      const numbers = { vnis: intent.l2vnis.map(({ vni }) => vni), rds: intent.l2vnis.map(({ rd }) => rd) };
      return devices.get(intent.slug)?.differences(renderDevice(intent), numbers) ?? [`${intent.slug}: there is no such device`];
    }),
  ];
}
