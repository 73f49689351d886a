/** What a check found wrong in a snapshot. Findings are values: the API, the plan screen and the log print the same ones. */
export type FindingCode =
  | 'UNKNOWN_REFERENCE'
  | 'DUPLICATE_VNI'
  | 'DUPLICATE_EVI'
  | 'DUPLICATE_RD'
  | 'DUPLICATE_NAME'
  | 'DUPLICATE_ADDRESS'
  | 'RD_MISSING'
  | 'RT_UNREACHABLE'
  | 'RT_LEAK'
  | 'DUPLICATE_RT'
  | 'ROUTE_NOT_ENCODABLE'
  | 'VRF_INVALID'
  | 'VLAN_MISSING'
  | 'VLAN_CLASH'
  | 'PORT_CLASH'
  | 'ATTACHMENT_INVALID'
  | 'LINK_INVALID'
  | 'SESSION_INVALID'
  | 'MTU_TOO_SMALL'
  | 'SUBNET_OVERLAP'
  | 'GATEWAY_INVALID'
  | 'NAME_INVALID'
  | 'NOT_SUPPORTED'
  | 'SOFTWARE_TOO_OLD'
  | 'SOFTWARE_UNKNOWN'
  | 'FALLBACK_USED'
  | 'REPLICATION_INVALID'
  | 'MULTICAST_GROUP_INVALID'
  | 'MULTICAST_GROUP_SHARED'
  | 'VLAN_RESERVED'
  | 'LAG_INVALID'
  | 'LAG_MISMATCH'
  | 'DUPLICATE_SEGMENT'
  | 'MLAG_INVALID'
  | 'INTERFACE_INVALID'
  | 'MTU_MISMATCH'
  | 'UNDERLAY_INVALID'
  | 'BUNDLE_INVALID'
  | 'DOMAIN_INVALID'
  | 'MANAGEMENT_TOUCHED'
  | 'PROTECTED_NETWORK'
  | 'MAC_NOT_ALLOWED'
  | 'IPV6_FORWARDING';

export interface Finding {
  readonly code: FindingCode;
  /** An ERROR stops the compiler; a WARNING is shown with the plan. */
  readonly severity: 'ERROR' | 'WARNING';
  /** One sentence that says what to do. */
  readonly message: string;
  /** Where in the snapshot, by names and not by list positions: `networks.blue.subnets.10.20.0.0/24`. */
  readonly path: string;
  /** Ids of the objects concerned, sorted. */
  readonly subjects: readonly string[];
}

export function error(code: FindingCode, path: string, message: string, subjects: readonly string[]): Finding {
  return { code, severity: 'ERROR', message, path, subjects: [...new Set(subjects)].sort() };
}

export function warning(code: FindingCode, path: string, message: string, subjects: readonly string[]): Finding {
  return { ...error(code, path, message, subjects), severity: 'WARNING' };
}

/** `blue, green and 3 more`: a sentence stays a sentence, however many there are. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, 4);
  const rest = names.length - shown.length;
  if (rest > 0) return `${shown.join(', ')} and ${rest} more`;
  return shown.length > 1 ? `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}` : shown.join('');
}
