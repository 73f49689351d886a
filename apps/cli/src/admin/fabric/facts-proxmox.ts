/** A cluster of Proxmox VE: its nodes with their VTEPs, and what its zones are made of. */
import { z } from 'zod';
import type { ProxmoxFacts } from '#engines/intent';
import { asn, ip, vni } from './words.js';

const name = z.string().regex(/^[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$/, 'a name as Proxmox has it: letters, digits and dashes');

export const proxmox: z.ZodType<ProxmoxFacts> = z.strictObject({
  /** Of the cluster; of the node where there is only one. */
  cluster: name,
  nodes: z.array(z.strictObject({ name, vtep: ip })).min(1),
  zone: z
    .string()
    .regex(/^trame[a-z0-9]{0,3}$/, 'trame, and up to three letters or digits behind it')
    .default('trame'),
  /** Absent: VXLAN with a list of VTEPs. */
  evpn: z
    .strictObject({
      controller: z.string().regex(/^[a-zA-Z][a-zA-Z0-9_-]{0,62}[a-zA-Z0-9]$/, '2 to 64 letters, digits, dashes and underscores'),
      asn,
      peers: z.array(ip).default([]),
      vrfVni: vni,
    })
    .exactOptional(),
});
