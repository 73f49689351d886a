/** VLANs and the ports where networks come out. */
import { PortName, VlanId } from '#engines/kernel';
import type { FindingCode } from '../../finding.js';
import type { AttachmentFacts, FabricSnapshot, VlanMappingFacts } from '../../snapshot.js';
import { type Mutation, pick, without, change, isEos } from './mutation.js';

const mapping = (
  name: string,
  code: FindingCode,
  vlan: (entry: VlanMappingFacts, snapshot: FabricSnapshot) => number | null,
): Mutation => ({
  name,
  code,
  apply: change<'vlanMappings', VlanMappingFacts>(
    'vlanMappings',
    (entry, snapshot) => isEos(snapshot, entry.deviceId) && vlan(entry, snapshot) !== null,
    (entry, snapshot) => ({ ...entry, vlan: VlanId.parse(vlan(entry, snapshot)) }),
  ),
});

export const vlans: readonly Mutation[] = [
  mapping(
    'two networks have one VLAN on a switch',
    'VLAN_CLASH',
    (entry, { vlanMappings }) =>
      vlanMappings.find(({ deviceId, networkId }) => deviceId === entry.deviceId && networkId !== entry.networkId)?.vlan ?? null,
  ),
  mapping('a network has two VLANs on a pair', 'VLAN_CLASH', (entry, { mlags = [], vlanMappings }) => {
    const pair = mlags.find(({ members }) => members.some(({ deviceId }) => deviceId === entry.deviceId));
    const partner = pair?.members.find(({ deviceId }) => deviceId !== entry.deviceId)?.deviceId;
    return vlanMappings.some(({ deviceId, networkId }) => deviceId === partner && networkId === entry.networkId) ? 3000 : null;
  }),
  mapping('a network has VLAN 1', 'VLAN_RESERVED', () => 1),
  mapping('a network has an internal VLAN', 'VLAN_RESERVED', () => 3800),
  mapping('a network has the VLAN of a peer link', 'VLAN_RESERVED', (entry, { mlags = [] }) =>
    mlags.some(({ members }) => members.some(({ deviceId }) => deviceId === entry.deviceId)) ? 4094 : null,
  ),
  {
    name: 'a network has no VLAN on a switch',
    code: 'VLAN_MISSING',
    apply: (snapshot, roll) => {
      const found = pick(
        roll,
        snapshot.vlanMappings.filter(({ deviceId }) => isEos(snapshot, deviceId)),
      );
      if (!found) return null;
      const isFound = ({ deviceId, networkId }: VlanMappingFacts): boolean => deviceId === found.deviceId && networkId === found.networkId;
      return { ...snapshot, vlanMappings: snapshot.vlanMappings.filter((entry) => !isFound(entry)) };
    },
  },
  {
    name: 'a leg does not carry what the other does',
    code: 'LAG_MISMATCH',
    apply: (snapshot, roll) => {
      const found = pick(
        roll,
        snapshot.attachments.filter(({ port }) => port === 'Port-Channel10' || port === 'Port-Channel20'),
      );
      return found && { ...snapshot, attachments: without(snapshot.attachments, found) };
    },
  },
  {
    name: 'a network comes out of an underlay port',
    code: 'PORT_CLASH',
    apply: change<'attachments', AttachmentFacts>(
      'attachments',
      ({ port, deviceId }, snapshot) => port !== null && isEos(snapshot, deviceId),
      (entry, { links }) => {
        const link = links.flatMap(({ ends }) => ends).find(({ deviceId }) => deviceId === entry.deviceId);
        return link ? { ...entry, port: link.port } : null;
      },
    ),
  },
  {
    name: 'a network comes out of a member of a LAG',
    code: 'PORT_CLASH',
    apply: change<'attachments', AttachmentFacts>(
      'attachments',
      ({ port, deviceId }, { lags = [] }) =>
        port !== null && lags.some(({ ends }) => ends.some((end) => end.deviceId === deviceId && end.name.startsWith('Port'))),
      (entry, { lags = [] }) => {
        const end = lags.flatMap(({ ends }) => ends).find(({ deviceId }) => deviceId === entry.deviceId);
        return end?.members[0] === undefined ? null : { ...entry, port: end.members[0] };
      },
    ),
  },
  {
    name: 'a network comes out of a port that is not there',
    code: 'ATTACHMENT_INVALID',
    apply: change<'attachments', AttachmentFacts>(
      'attachments',
      ({ port }) => port !== null,
      (entry) => ({ ...entry, port: PortName.parse('Ethernet99') }),
    ),
  },
];
