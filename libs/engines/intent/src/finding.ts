/** What a check found wrong in a snapshot. Findings are values: the API, the plan screen and the log print the same ones. */
export type FindingCode =
  | 'UNKNOWN_REFERENCE'
  | 'DUPLICATE_VNI'
  | 'DUPLICATE_EVI'
  | 'DUPLICATE_RD'
  | 'DUPLICATE_NAME'
  | 'DUPLICATE_ADDRESS'
  | 'MISSING_RD'
  | 'RD_NOT_CANONICAL'
  | 'RT_UNREACHABLE'
  | 'RT_LEAK'
  | 'RT_LIMIT'
  | 'VLAN_CLASH'
  | 'VLAN_MISSING'
  | 'PORT_CLASH'
  | 'MTU_TOO_SMALL'
  | 'SUBNET_OVERLAP'
  | 'GATEWAY_INVALID'
  | 'NAME_INVALID'
  | 'CAPABILITY'
  | 'ANYCAST_WITHOUT_VRF'
  | 'SESSION_INVALID'
  | 'LINK_INVALID'
  | 'ATTACHMENT_INVALID';

export interface Finding {
  readonly code: FindingCode;
  /** An ERROR stops the compiler; a WARNING is shown with the plan. */
  readonly severity: 'ERROR' | 'WARNING';
  /** One sentence that says what to do. */
  readonly message: string;
  /** Where in the snapshot, by slugs and not by list positions: `networks.blue.subnets.10.20.0.0/24`. */
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
