/** How a Debian host is wired. */
import { z } from 'zod';
import type { HostFacts, HostNatFacts } from '#engines/intent';
import { addresses, mtu, udpPort } from './shapes.js';
import { cidr, deviceName, ip, vlan } from './words.js';

const deviceNames = z.array(deviceName).default([]);
const port = { name: deviceName, addresses, gateway: ip.nullable().default(null), mtu };

const bond = z.strictObject({
  ...port,
  mode: z.enum(['balance-rr', 'active-backup', 'balance-xor', 'broadcast', '802.3ad', 'balance-tlb', 'balance-alb']),
  members: z.array(deviceName).min(1),
  miimon: z.int().min(0).max(255).default(100),
  updelay: z.int().min(0).max(60_000).nullable().default(null),
  lacpRate: z.enum(['slow', 'fast']).nullable().default(null),
  hashPolicy: z.enum(['layer2', 'layer2+3', 'layer3+4', 'encap2+3', 'encap3+4']).nullable().default(null),
  primary: deviceName.nullable().default(null),
  minLinks: z.int().min(0).max(64).nullable().default(null),
});

const bridge = z.strictObject({
  ...port,
  ports: deviceNames,
  isVlanAware: z.boolean().default(false),
  vlans: z.array(z.strictObject({ first: vlan, last: vlan })).default([]),
  hasStp: z.boolean().default(false),
});

const vlanInterface = z.strictObject({
  ...port,
  parent: deviceName,
  vlan,
  protocol: z.enum(['802.1q', '802.1ad']).default('802.1q'),
});

const source = { source: cidr, out: deviceName, bridge: deviceName };
const nat: z.ZodType<HostNatFacts> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('MASQUERADE'), ...source }),
  z.strictObject({ kind: z.literal('SNAT'), ...source, to: ip }),
  z.strictObject({
    kind: z.literal('DNAT'),
    in: deviceName,
    bridge: deviceName,
    protocol: z.enum(['tcp', 'udp']),
    port: udpPort,
    to: ip,
    toPort: udpPort,
  }),
]);

export const host: z.ZodType<HostFacts> = z.strictObject({
  loopback: deviceName.nullable().default(null),
  ports: z.array(z.strictObject(port)).default([]),
  bonds: z.array(bond).default([]),
  bridges: z.array(bridge).default([]),
  vlans: z.array(vlanInterface).default([]),
  nat: z.array(nat).default([]),
});
