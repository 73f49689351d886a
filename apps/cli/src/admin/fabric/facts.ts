/** Facts by subject (ADR 0015) as a document says them: the shapes of `engines/intent`, key by key. Devices are named, not numbered. */
import { z } from 'zod';
import type { BfdFacts, ComwareFacts, DeviceFacts, SoftwareFacts, UnderlayFacts } from '#engines/intent';
import { adopted } from './facts-adopted.js';
import { host } from './facts-host.js';
import { libvirt } from './facts-libvirt.js';
import { openvswitch } from './facts-openvswitch.js';
import { proxmox } from './facts-proxmox.js';
import { prefixLength, word } from './shapes.js';
import { cidr, deviceName, ip, mac, portName, slug, vlan } from './words.js';

const milliseconds = z.int().min(0).max(60_000);
const release = z.string().regex(/^[\w.+-]{1,32}$/, 'a release as the device says it, e.g. 10.3.1');

export const bfd: z.ZodType<BfdFacts> = z.strictObject({
  transmitMs: milliseconds,
  receiveMs: milliseconds,
  multiplier: z.int().min(1).max(255),
});

export const underlay: z.ZodType<UnderlayFacts> = z.strictObject({
  protocol: z.enum(['BGP', 'OSPF', 'ISIS', 'OPENFABRIC']),
  area: z
    .string()
    .regex(/^[0-9A-Fa-f.]{1,32}$/, '0.0.0.0 for OSPF, 49.0001 for IS-IS and OpenFabric')
    .nullable()
    .default(null),
  bfd: bfd.nullable().default(null),
  loopbacks: z.array(cidr).exactOptional(),
});

export const sessionFacts = {
  bfd: bfd.exactOptional(),
  multihop: z.int().min(1).max(255).exactOptional(),
  passwordSecret: slug.exactOptional(),
  domain: z.enum(['LOCAL', 'REMOTE']).exactOptional(),
};

export const lags = z.array(
  z.strictObject({
    mode: z.enum(['LACP', 'STATIC']),
    ends: z.array(z.strictObject({ device: slug, name: portName, members: z.array(portName).min(1) })).min(2),
    segment: mac.nullable().default(null),
  }),
);

const mlagMember = z.strictObject({
  device: slug,
  peerLink: portName,
  peerLinkMembers: z.array(portName).min(1),
  address: ip,
  prefixLength,
});
export const mlags = z.array(
  z.strictObject({ domain: z.string().min(1).max(64), members: z.tuple([mlagMember, mlagMember]), vlan, sharedVtep: ip.exactOptional() }),
);

const software: z.ZodType<SoftwareFacts> = z.strictObject({
  eos: release.exactOptional(),
  frr: release.exactOptional(),
  ifupdown2: release.exactOptional(),
  openvswitch: release.exactOptional(),
  libvirt: release.exactOptional(),
  openbsd: release.exactOptional(),
  comware: release.exactOptional(),
  opennebula: release.exactOptional(),
});

/** Without networks: those are ordered later. */
const switchFacts = z
  .strictObject({
    internalVlans: z.strictObject({ first: vlan, last: vlan }),
    tunnelPorts: z.array(portName).default([]),
    domain: z
      .strictObject({ id: word, remoteId: word.nullable().default(null) })
      .nullable()
      .default(null),
    clusterId: ip.exactOptional(),
    hasPeerGroups: z.boolean().exactOptional(),
  })
  .transform((facts) => ({ ...facts, varpAddresses: [], translations: [] }));

const comware: z.ZodType<ComwareFacts> = z.strictObject({ defaultVlan: vlan });

export const deviceSubjects = {
  software: software.exactOptional(),
  host: host.exactOptional(),
  openvswitch: openvswitch.exactOptional(),
  libvirt: libvirt.exactOptional(),
  switch: switchFacts.exactOptional(),
  comware: comware.exactOptional(),
  proxmox: proxmox.exactOptional(),
  openbsd: z
    .strictObject({ tunnelAddress: ip, parent: deviceName.exactOptional() })
    .transform((facts): NonNullable<DeviceFacts['openbsd']> => ({ ...facts, gateways: [] }))
    .exactOptional(),
  adopted: adopted.exactOptional(),
  management: z.strictObject({ port: portName, address: ip }).exactOptional(),
};
