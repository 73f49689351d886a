/** Open vSwitch of a host. */
import { z } from 'zod';
import type { OpenVswitchFacts, OvsInterfaceFacts } from '#engines/intent';
import { addresses, mtu, udpPort } from './shapes.js';
import { deviceName, ip, vlan, vni } from './words.js';

const tag = z.int().min(0).max(4095);
const deviceNames = z.array(deviceName).default([]);

const ovsInterface: z.ZodType<OvsInterfaceFacts> = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('system'), name: deviceName, mtu }),
  z.strictObject({ type: z.literal('internal'), name: deviceName, mtu, addresses, gateway: ip.nullable().default(null) }),
  z.strictObject({ type: z.literal('patch'), name: deviceName, peer: deviceName }),
  z.strictObject({ type: z.literal('vxlan'), name: deviceName, vni, remote: ip, local: ip.nullable().default(null), udpPort }),
]);

const port = z.strictObject({
  name: deviceName,
  vlanMode: z.enum(['access', 'trunk', 'native-tagged', 'native-untagged', 'dot1q-tunnel']).nullable().default(null),
  tag: tag.nullable().default(null),
  trunks: z.array(tag).default([]),
  cvlans: z.array(tag).default([]),
  outerTag: z.enum(['802.1ad', '802.1q']).nullable().default(null),
  isProtected: z.boolean().default(false),
  vlansFrom: z.enum(['AS_STATED', 'ATTACHMENTS']).exactOptional(),
  interfaces: z.array(ovsInterface).min(1),
  bond: z
    .strictObject({
      mode: z.enum(['active-backup', 'balance-slb', 'balance-tcp']),
      lacp: z.enum(['active', 'passive', 'off']),
      lacpTime: z.enum(['slow', 'fast']).nullable().default(null),
    })
    .nullable()
    .default(null),
});

const mirror = z.strictObject({
  name: z.string().regex(/^[\w.-]{1,63}$/, '1 to 63 letters, digits, dots, dashes and underscores'),
  selectAll: z.boolean().default(false),
  selectSource: deviceNames,
  selectDestination: deviceNames,
  selectVlans: z.array(vlan).default([]),
  outputPort: deviceName.nullable().default(null),
  outputVlan: vlan.nullable().default(null),
});

const sflow = z.strictObject({
  agent: z.union([ip, deviceName]).nullable().default(null),
  targets: z.array(z.string().regex(/^(\d+\.\d+\.\d+\.\d+|\[[0-9a-f:]+\]):\d{1,5}$/, '192.0.2.1:6343')).min(1),
  header: z.int().min(1).max(65_535).nullable().default(null),
  sampling: z.int().min(1).nullable().default(null),
  polling: z.int().min(0).nullable().default(null),
});

export const openvswitch: z.ZodType<OpenVswitchFacts> = z.strictObject({
  managedBy: z.enum(['OVSDB', 'IFUPDOWN2', 'IFUPDOWN']),
  bridges: z.array(
    z.strictObject({
      name: deviceName,
      datapath: z.enum(['system', 'netdev']).default('system'),
      failMode: z.enum(['standalone', 'secure']).nullable().default(null),
      hasRstp: z.boolean().default(false),
      ports: z.array(port).default([]),
      mirrors: z.array(mirror).default([]),
      sflow: sflow.nullable().default(null),
    }),
  ),
});
