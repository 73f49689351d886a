/** What EOS answers in JSON, as far as it is read; shapes as of 4.2x to 4.3x. */
import { z } from 'zod';

export const digestShape = z.object({ digest: z.string().min(1) });
export const sessionsShape = z.object({
  sessions: z.record(z.string(), z.object({ state: z.string() })).default({}),
  commitTimerSessionName: z.string().optional(),
});
export const hostnameShape = z.object({ hostname: z.string() });
export const versionShape = z.object({
  version: z.string(),
  serialNumber: z.string().default(''),
  systemMacAddress: z.string().default(''),
  uptime: z.number().nullable().default(null),
});
/** Of `show bgp evpn summary` and of `show ip bgp summary vrf all`. */
export const evpnShape = z.object({
  vrfs: z.record(z.string(), z.object({ peers: z.record(z.string(), z.object({ peerState: z.string() })).default({}) })),
});
export const vniShape = z.object({
  vxlanIntfs: z.record(z.string(), z.object({ vniBindings: z.record(z.string(), z.object({ vlan: z.number().default(0) })).default({}) })),
});
export const vtepShape = z.object({ interfaces: z.record(z.string(), z.object({ vteps: z.array(z.string()).default([]) })) });
export const vxlanShape = z.object({
  interfaces: z.record(
    z.string(),
    z.object({
      vlanToVniMap: z.record(z.string(), z.object({ vni: z.number() })).default({}),
      vlanToVtepList: z.record(z.string(), z.object({ remoteVtepAddr: z.array(z.string()).default([]) })).default({}),
    }),
  ),
});

/** Keys say type, RD and what it is of: `RD: 172.16.1.51:1 mac-ip bc24.1100.0001`, as of 4.2x; paths the rest. */
export const routesShape = z.object({
  evpnRoutes: z.record(
    z.string(),
    z.object({
      evpnRoutePaths: z.array(
        z.object({
          routeType: z.object({ valid: z.boolean().default(false) }),
          routeDetail: z.object({ extCommunities: z.array(z.string()).default([]) }),
        }),
      ),
    }),
  ),
});
export const mlagShape = z.object({
  state: z.string(),
  negStatus: z.string().default(''),
  peerLinkStatus: z.string().default(''),
  configSanity: z.string().default(''),
});
export const macTableShape = z.object({
  unicastTable: z.object({
    tableEntries: z
      .array(z.object({ macAddress: z.string(), vlanId: z.number(), interface: z.string(), entryType: z.string() }))
      .default([]),
  }),
});
export const addressesShape = z.object({
  interfaces: z.record(z.string(), z.object({ interfaceAddress: z.object({ ipAddr: z.object({ address: z.string() }) }) })),
});
export const messagesShape = z.object({ messages: z.array(z.string()).default([]) });
export const sanityShape = z.object({
  categories: z.record(
    z.string(),
    z.object({ items: z.array(z.object({ name: z.string(), checkPass: z.boolean(), detail: z.string().default('') })).default([]) }),
  ),
});
export const interfacesShape = z.object({ interfaceStatuses: z.record(z.string(), z.object({ linkStatus: z.string() })) });
