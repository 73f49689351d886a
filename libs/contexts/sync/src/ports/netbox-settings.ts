import { z } from 'zod';
import { invalidValue } from '#engines/kernel';

// What NetBox wants to know of an object and the inventory does not have.

/** Slugs of NetBox. */
interface DeviceSettings {
  readonly role: string;
  readonly deviceType: string;
  /** All devices are there, and sites are not compared; without it a device is at the site that has the slug of ours. */
  readonly site?: string;
}

export type NetBoxSettings = {
  /** Without it devices and their interfaces are left alone. */
  readonly device?: DeviceSettings;
  /** Slug of the registry of our AS numbers; without it they are left alone. */
  readonly rir?: string;
  /** Of L2VPNs that we make; default `vxlan-evpn`. */
  readonly l2vpnType?: string;
  /** Of interfaces that we make; default `virtual`. */
  readonly interfaceType?: string;
  /** What is named here and not there is made, before the first write. Default false. */
  readonly createMissing?: boolean;
  /** Calls that it is asked at most, 1 to 1000; default: as fast as it answers. */
  readonly requestsPerSecond?: number;
};

const slug = z.string().regex(/^[-a-zA-Z0-9_]{1,100}$/);
const choice = z.string().regex(/^[-a-z0-9_]{1,50}$/);
const settingsShape = z.strictObject({
  device: z.strictObject({ role: slug, deviceType: slug, site: slug.optional() }).optional(),
  rir: slug.optional(),
  l2vpnType: choice.optional(),
  interfaceType: choice.optional(),
  createMissing: z.boolean().optional(),
  requestsPerSecond: z.number().min(1).max(1000).optional(),
});

/** As a person wrote them. @throws INVALID_VALUE with what is accepted. */
export function parseNetBoxSettings(written: unknown): NetBoxSettings {
  const parsed = settingsShape.safeParse(written);
  // What is absent stays absent: zod makes no keys of undefined.
  if (parsed.success) return parsed.data as NetBoxSettings;
  const accepted =
    'device { role, deviceType, site? }, rir, l2vpnType and interfaceType as slugs of NetBox, createMissing true or false, and requestsPerSecond from 1 to 1000';
  const [where, value] = faultOf(parsed.error.issues);
  throw invalidValue(`settings of NetBox${where}`, value, accepted);
}

/** A name that nobody knows says more than the one that is missing for it. */
function faultOf(issues: readonly z.core.$ZodIssue[]): [where: string, value: string] {
  for (const issue of issues)
    if (issue.code === 'unrecognized_keys') return [issue.path.map((part) => `, ${String(part)}`).join(''), issue.keys.join(', ')];
  const [issue] = issues;
  return [`, ${issue?.path.join('.') ?? ''}`, issue?.message ?? ''];
}
