/** libvirt of a host. Profiles name networks, which are ordered later: they are not for a document. */
import { z } from 'zod';
import type { LibvirtFacts } from '#engines/intent';
import { word } from './shapes.js';
import { deviceName, vlan } from './words.js';

const portgroup = z.strictObject({
  name: word,
  isDefault: z.boolean().default(false),
  isTrunk: z.boolean().default(false),
  tags: z.array(vlan),
  nativeTag: z
    .strictObject({ vlan, mode: z.enum(['tagged', 'untagged']) })
    .nullable()
    .default(null),
});

export const libvirt: z.ZodType<LibvirtFacts> = z.strictObject({
  networks: z
    .array(
      z.strictObject({
        name: word,
        uuid: z.uuid().exactOptional(),
        bridge: deviceName,
        isOpenVswitch: z.boolean().default(false),
        portgroups: z.array(portgroup).default([]),
        followsAttachments: z.boolean().exactOptional(),
      }),
    )
    .default([]),
  isOnDemand: z.boolean().default(false),
  removeAfterSeconds: z.int().min(0).max(86_400).exactOptional(),
  bridgePrefix: z
    .string()
    .regex(/^[a-z]{1,7}$/, '1 to 7 letters a-z')
    .exactOptional(),
  offersBridges: z.boolean().exactOptional(),
});
