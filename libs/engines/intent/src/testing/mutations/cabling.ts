/** Aggregated links, pairs, bonds, and ports with a use of their own. */
import { DeviceName, Ip, Mac, PortName } from '#engines/kernel';
import type { FindingCode } from '../../finding.js';
import type { DeviceFacts, FabricSnapshot, HostBondFacts, LagFacts, MlagFacts } from '../../snapshot.js';
import { type Mutation, lacking, change, network, device, always } from './mutation.js';

const lag = (
  name: string,
  code: FindingCode,
  accepts: (entry: LagFacts, snapshot: FabricSnapshot) => boolean,
  wrong: (entry: LagFacts, snapshot: FabricSnapshot) => LagFacts,
): Mutation => ({
  name,
  code,
  apply: change<'lags', LagFacts>('lags', accepts, wrong),
});
const mlag = (name: string, code: FindingCode, wrong: (entry: MlagFacts) => MlagFacts): Mutation => ({
  name,
  code,
  apply: change<'mlags', MlagFacts>('mlags', always, wrong),
});
const isOnHost = ({ ends }: LagFacts): boolean => ends.some(({ deviceId }) => deviceId === 'device-pve1');
const isMember = (facts: DeviceFacts): boolean => (facts.host?.bonds.length ?? 0) > 0;
const bond = (name: string, code: FindingCode, facts: Partial<HostBondFacts>): Mutation =>
  device(name, code, isMember, (entry) =>
    entry.host ? { ...entry, host: { ...entry.host, bonds: entry.host.bonds.map((one) => ({ ...one, ...facts })) } } : null,
  );

export const cabling: readonly Mutation[] = [
  lag('a LAG is static where the bond speaks LACP', 'LAG_INVALID', isOnHost, (entry) => ({ ...entry, mode: 'STATIC' })),
  lag(
    'one side has a member less',
    'LAG_INVALID',
    ({ ends }) => (ends.at(-1)?.members.length ?? 0) > 1,
    (entry) => ({
      ...entry,
      ends: entry.ends.map((end, i) => (i === entry.ends.length - 1 ? { ...end, members: end.members.slice(1) } : end)),
    }),
  ),
  lag(
    'two switches are neither a segment nor a pair',
    'LAG_INVALID',
    ({ segment }) => segment !== null,
    (entry) => ({ ...entry, segment: null }),
  ),
  lag(
    'a pair has a segment, too',
    'LAG_INVALID',
    ({ segment }) => segment === null,
    (entry) => ({ ...entry, segment: Mac.parse('00:01:99:99:99:99') }),
  ),
  lag(
    'the legs of a pair have two numbers',
    'LAG_INVALID',
    ({ segment }) => segment === null,
    (entry) => ({ ...entry, ends: entry.ends.map((end, i) => (i === 0 ? { ...end, name: PortName.parse('Port-Channel11') } : end)) }),
  ),
  lag('a Port-Channel is called otherwise', 'LAG_INVALID', always, (entry) => ({
    ...entry,
    ends: entry.ends.map((end, i) => (i === 0 ? { ...end, name: PortName.parse('bond7') } : end)),
  })),
  lag('a member is not there', 'LAG_INVALID', always, (entry) => ({
    ...entry,
    ends: entry.ends.map((end, i) => (i === 0 ? { ...end, members: [PortName.parse('Ethernet99')] } : end)),
  })),
  {
    name: 'two LAGs have one segment',
    code: 'DUPLICATE_SEGMENT',
    apply: (snapshot) => {
      const found = snapshot.lags?.find(({ segment }) => segment !== null);
      return found && snapshot.lags
        ? {
            ...snapshot,
            lags: [...snapshot.lags, { ...found, ends: found.ends.map((end) => ({ ...end, name: PortName.parse('Port-Channel21') })) }],
          }
        : null;
    },
  },
  mlag('both of a pair have one peer address', 'MLAG_INVALID', (entry) => ({
    ...entry,
    members: [entry.members[0], { ...entry.members[1], address: entry.members[0].address }],
  })),
  mlag('a pair has addresses of two subnets', 'MLAG_INVALID', (entry) => ({
    ...entry,
    members: [entry.members[0], { ...entry.members[1], address: Ip.parse('169.254.9.9') }],
  })),
  mlag('a pair is one switch', 'MLAG_INVALID', (entry) => ({
    ...entry,
    members: [entry.members[0], { ...entry.members[0], address: entry.members[1].address }],
  })),
  bond('a bond has another mode than the switch', 'LAG_INVALID', { mode: 'active-backup', lacpRate: null, hashPolicy: null }),
  bond('a bond has an option of another mode', 'INTERFACE_INVALID', { minLinks: 9 }),
  bond('a bond is called like an interface of ours', 'NAME_INVALID', { name: DeviceName.parse('vxlan10001') }),
  bond('a bond has a name of 16 characters', 'NAME_INVALID', { name: 'bond-0123456789a' as DeviceName }),
  device('two interfaces of a host have one name', 'DUPLICATE_NAME', isMember, (entry) =>
    entry.host
      ? { ...entry, host: { ...entry.host, vlans: entry.host.vlans.map((one) => ({ ...one, name: DeviceName.parse('bond0') })) } }
      : null,
  ),
  device('a port is member of two things', 'PORT_CLASH', isMember, (entry) =>
    entry.host
      ? {
          ...entry,
          host: { ...entry.host, bridges: entry.host.bridges.map((one) => ({ ...one, ports: [...one.ports, DeviceName.parse('eno1')] })) },
        }
      : null,
  ),
  device('a bond takes the port of the underlay', 'PORT_CLASH', isMember, (entry) =>
    entry.host
      ? {
          ...entry,
          host: { ...entry.host, bonds: entry.host.bonds.map((one) => ({ ...one, members: [...one.members, DeviceName.parse('ens19')] })) },
        }
      : null,
  ),
  device('a bridge swallows the management port', 'MANAGEMENT_TOUCHED', isMember, (entry) =>
    entry.host
      ? {
          ...entry,
          host: { ...entry.host, bridges: entry.host.bridges.map((one) => ({ ...one, ports: [...one.ports, DeviceName.parse('ens18')] })) },
        }
      : null,
  ),
  device('a VLAN is larger than what it lies on', 'MTU_MISMATCH', isMember, (entry) =>
    entry.host ? { ...entry, host: { ...entry.host, vlans: entry.host.vlans.map((one) => ({ ...one, mtu: 9000 })) } } : null,
  ),
  network(
    'a provider port would see a MAC that is not registered',
    'MAC_NOT_ALLOWED',
    ({ guestMacs }) => guestMacs !== undefined,
    (entry) => ({ ...entry, guestMacs: [Mac.parse('52:54:00:99:99:99')] }),
  ),
  network(
    'a provider port would see nobody knows what',
    'MAC_NOT_ALLOWED',
    ({ guestMacs }) => guestMacs !== undefined,
    (entry) => lacking(entry, 'guestMacs'),
  ),
];
