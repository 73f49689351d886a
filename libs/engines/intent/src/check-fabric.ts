/** Everything that must hold before a line is rendered. All checks run: a caller sees every finding at once. */
import { compareNatural } from '#engines/kernel';
import { checkAttachments } from './checks/attachments.js';
import { checkCapabilities } from './checks/capabilities.js';
import { checkDuplicates } from './checks/duplicates.js';
import { checkEvpnDomains } from './checks/evpn-domains.js';
import { checkHostInterfaces } from './checks/host-interfaces.js';
import { checkIpv6Forwarding } from './checks/ipv6-forwarding.js';
import { checkLags } from './checks/lags.js';
import { checkLibvirt } from './checks/libvirt.js';
import { checkLinks } from './checks/links.js';
import { checkMacAllowLists } from './checks/mac-allow-lists.js';
import { checkManagement } from './checks/management.js';
import { checkMlags } from './checks/mlags.js';
import { checkMtu } from './checks/mtu.js';
import { checkNames } from './checks/names.js';
import { checkOpenBsd } from './checks/openbsd.js';
import { checkOpenNebula } from './checks/opennebula.js';
import { checkOpenVswitch } from './checks/openvswitch.js';
import { checkPortUses } from './checks/port-uses.js';
import { checkProtectedNetworks } from './checks/protected-networks.js';
import { checkProxmox } from './checks/proxmox.js';
import { checkReferences } from './checks/references.js';
import { checkReplication } from './checks/replication.js';
import { checkRouteDistinguishers } from './checks/route-distinguishers.js';
import { checkRouteEncodings } from './checks/route-encodings.js';
import { checkRouteTargets } from './checks/route-targets.js';
import { checkSessions } from './checks/sessions.js';
import { checkSubnets } from './checks/subnets.js';
import { checkUnderlay } from './checks/underlay.js';
import { checkVlans } from './checks/vlans.js';
import { checkVrfs } from './checks/vrfs.js';
import { FabricIndex } from './fabric-index.js';
import type { Finding } from './finding.js';
import type { FabricSnapshot } from './snapshot.js';

const CHECKS: readonly ((index: FabricIndex) => readonly Finding[])[] = [
  checkReferences,
  checkDuplicates,
  checkNames,
  checkCapabilities,
  checkReplication,
  checkLibvirt,
  checkOpenBsd,
  checkOpenNebula,
  checkOpenVswitch,
  checkProxmox,
  checkLinks,
  checkUnderlay,
  checkSessions,
  checkAttachments,
  checkHostInterfaces,
  checkIpv6Forwarding,
  checkPortUses,
  checkLags,
  checkMlags,
  checkVlans,
  checkRouteDistinguishers,
  checkRouteEncodings,
  checkRouteTargets,
  checkMtu,
  checkSubnets,
  checkVrfs,
  checkEvpnDomains,
  checkManagement,
  checkProtectedNetworks,
  checkMacAllowLists,
];

/** Errors before warnings, then by path and code; empty when the fabric can be compiled without remark. */
export function checkFabric(snapshot: FabricSnapshot): readonly Finding[] {
  return checkIndex(new FabricIndex(snapshot));
}

/** The same for whoever has the index already. */
export function checkIndex(index: FabricIndex): readonly Finding[] {
  const rank = ({ severity }: Finding): number => (severity === 'ERROR' ? 0 : 1);
  return CHECKS.flatMap((check) => check(index)).sort(
    (a, b) => rank(a) - rank(b) || compareNatural(a.path, b.path) || compareNatural(a.code, b.code) || compareNatural(a.message, b.message),
  );
}
