/**
 * The rows that a host shall have, as JSON with one line per row: columns of ovs-vswitchd.conf.db(5) beside the name, those that have their
 * default left out. The transaction that leads there is computed against what the host has (`ovsTransaction`).
 */
import type { OpenVswitchFacts, OvsBridgeFacts, OvsInterfaceFacts, OvsMirrorFacts, OvsPortFacts, OvsSflowFacts } from '#engines/intent';
import { canonicalJson } from '#engines/kernel';

type Row = Readonly<Record<string, unknown>>;

export function renderOvsRows({ bridges }: OpenVswitchFacts): string[] {
  const limit = bridges.some(looksInside) ? [`{"${VLAN_LIMIT}":"0","bridges":[`] : ['{"bridges":['];
  return [...limit, ...separated(bridges.map(bridge)), ']}'];
}

export const VLAN_LIMIT = 'other_config:vlan-limit';

/**
 * A port that takes some inner VLANs only. Left alone, Open vSwitch looks at one tag (`vlan-limit` 1), and such a port drops all that comes
 * with two of them over a trunk, without a word (measured, 3.1).
 */
export const looksInside = ({ ports }: OvsBridgeFacts): boolean => ports.some(({ cvlans }) => cvlans.length > 0);

function bridge({ name, datapath, failMode, hasRstp, ports, mirrors, sflow }: OvsBridgeFacts): string[] {
  const columns = row({
    name,
    datapath_type: datapath === 'system' ? null : datapath,
    fail_mode: failMode === 'standalone' ? null : failMode,
    rstp_enable: hasRstp || null,
  });
  return [
    `${columns.slice(0, -1)},`,
    ...(sflow ? [`  "sflow":${row(sflowColumns(sflow))},`] : []),
    ...(mirrors.length > 0 ? ['  "mirrors":[', ...separated(mirrors.map((one) => [`    ${row(mirrorColumns(one))}`])), '  ],'] : []),
    '  "ports":[',
    ...separated(ports.map((one) => [`    ${row(portColumns(one))}`])),
    '  ]}',
  ];
}

export function portColumns(port: OvsPortFacts): Row {
  return { name: port.name, ...vlanColumns(port), ...bondColumns(port), interfaces: port.interfaces.map(interfaceRow) };
}

export function vlanColumns({ vlanMode, tag, trunks, cvlans, outerTag, isProtected }: OvsPortFacts): Row {
  return {
    vlan_mode: vlanMode,
    tag,
    trunks,
    cvlans,
    'other_config:qinq-ethtype': outerTag === '802.1ad' ? null : outerTag,
    protected: isProtected || null,
  };
}

export function bondColumns({ bond }: OvsPortFacts): Row {
  if (!bond) return {};
  return {
    bond_mode: bond.mode === 'active-backup' ? null : bond.mode,
    lacp: bond.lacp === 'off' ? null : bond.lacp,
    'other_config:lacp-time': bond.lacpTime === 'fast' ? 'fast' : null,
  };
}

function interfaceRow(part: OvsInterfaceFacts): Row {
  return filled({ name: part.name, ...interfaceColumns(part) });
}

export function interfaceColumns(part: OvsInterfaceFacts): Row {
  switch (part.type) {
    case 'system':
      return { mtu_request: part.mtu };
    case 'internal':
      return { type: part.type, mtu_request: part.mtu };
    case 'patch':
      return { type: part.type, 'options:peer': part.peer };
    case 'vxlan':
      return { type: part.type, ...tunnelOptions(part) };
  }
}

export function tunnelOptions({ vni, remote, local, udpPort }: Extract<OvsInterfaceFacts, { type: 'vxlan' }>): Row {
  return {
    'options:key': String(vni),
    'options:remote_ip': remote,
    'options:local_ip': local,
    'options:dst_port': udpPort === 4789 ? null : String(udpPort),
  };
}

export function mirrorColumns(mirror: OvsMirrorFacts): Row {
  return {
    name: mirror.name,
    select_all: mirror.selectAll || null,
    select_src_port: mirror.selectSource,
    select_dst_port: mirror.selectDestination,
    select_vlan: mirror.selectVlans,
    output_port: mirror.outputPort,
    output_vlan: mirror.outputVlan,
  };
}

export function sflowColumns({ agent, targets, header, sampling, polling }: OvsSflowFacts): Row {
  return { agent, targets, header, sampling, polling };
}

/** Without what has its default. */
export function filled(columns: Row): Row {
  return Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== null && !(Array.isArray(value) && value.length === 0)));
}

const row = (columns: Row): string => canonicalJson(filled(columns));

function separated(blocks: readonly (readonly string[])[]): string[] {
  return blocks.flatMap((lines, i) => (i < blocks.length - 1 ? [...lines.slice(0, -1), `${lines.at(-1)},`] : lines));
}
