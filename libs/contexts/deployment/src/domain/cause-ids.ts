/** What people call the objects of a fabric, and what they are in the database. */
import type { FabricSnapshot } from '#engines/intent';
import { type CauseIds, causeKey } from './causes.js';

export function causeIds({ devices, networks, vrfs, attachments }: FabricSnapshot): CauseIds {
  const slugs = new Map(networks.map(({ id, slug }) => [id, slug]));
  return new Map<string, string>([
    ...devices.map(({ slug, id }) => [causeKey('DEVICE', slug), id] as const),
    ...networks.map(({ slug, id }) => [causeKey('NETWORK', slug), id] as const),
    ...vrfs.map(({ deviceName, id }) => [causeKey('VRF', deviceName), id] as const),
    ...attachments.flatMap(({ id, deviceId, networkId, port }) => {
      const slug = slugs.get(networkId);
      // One name on two devices is two places: a cause is of one device, and so is the key.
      return port === null || slug === undefined ? [] : [[`${deviceId} ${causeKey('ATTACHMENT', `${slug} on ${port}`)}`, id] as const];
    }),
  ]);
}
