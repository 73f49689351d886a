/** `env.json` and `interfaces` of a Proxmox case: what the generator asks the node for, answered from two files. */
import { type BridgeFacts, type NodeFacts, parseInterfaces, writtenIp } from '#engines/pve-sdn';
import { z } from 'zod';

const ENVIRONMENT = z.object({
  nodename: z.string(),
  /** One answer for every destination. */
  routeGet: z.object({ src: z.string().nullish(), dev: z.string().nullish() }).optional(),
  bridge: z.object({ ovs: z.boolean().optional(), vlanAware: z.boolean().optional(), ports: z.array(z.string()).optional() }).optional(),
  ifaceMac: z.string().nullish(),
  altnames: z.record(z.string(), z.string()).optional(),
});

export function environment(env: string, interfaces: string | null): NodeFacts {
  const { nodename, routeGet, bridge, ifaceMac, altnames } = ENVIRONMENT.parse(JSON.parse(env));
  const hostInterfaces = parseInterfaces(interfaces ?? '');
  const told: BridgeFacts | undefined = bridge && {
    kind: bridge.ovs === true ? 'ovs' : bridge.vlanAware === true ? 'vlan-aware' : 'linux',
    ports: bridge.ports ?? [],
  };
  const { src, dev } = routeGet ?? {};
  const route = src && dev ? { source: writtenIp('routeGet.src', src), device: dev } : undefined;
  return {
    name: nodename,
    interfaces: hostInterfaces,
    bridge: (name) => told ?? hostInterfaces.get(name)?.bridge ?? undefined,
    route: () => route,
    mac: () => ifaceMac ?? undefined,
    kernelName: (name) => altnames?.[name] ?? name,
  };
}
