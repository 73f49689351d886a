/** `interface Vxlan1`: where tunnels end, which VLAN and which VRF is which VNI, and where frames to everybody go. */
import type { DeviceIntent } from '#engines/intent';
import type { Line } from '../piece.js';
import { block } from '../text.js';
import { LOOPBACK, SHARED_LOOPBACK } from './names.js';
import type { Common, Networks } from './groups.js';
import { vrfLine } from './vrf-pieces.js';
import { STEP } from './step.js';

/** @param networks by VLAN */
export function vxlan({ vtep, mlag, vrfs }: DeviceIntent, networks: Networks): Line[] {
  if (!vtep) return [];
  const flooding = networks.where(isFlooding);
  return block<Line>(STEP, 'interface Vxlan1', [
    `vxlan source-interface ${LOOPBACK}`,
    // Routed frames of a pair come from one MAC, whichever of the two sends them.
    mlag !== null && vrfs.length > 0 && 'vxlan virtual-router encapsulation mac-address mlag-system-id',
    `vxlan udp-port ${vtep.udpPort}`,
    vtep.address.includes(':') && 'vxlan encapsulation ipv6',
    ...networks.piece('vxlan', isAny),
    ...vrfLine.vxlan(vrfs),
    mlag?.sharedVtep != null && `vxlan mlag source-interface ${SHARED_LOOPBACK}`,
    ...flooding.map(
      ({ vlan, replication, remoteVteps }) =>
        replication === 'INGRESS_STATIC' && remoteVteps.length > 0 && `vxlan vlan ${vlan} flood vtep ${remoteVteps.join(' ')}`,
    ),
    ...flooding.map(({ vlan, multicastGroup }) => multicastGroup !== null && `vxlan vlan ${vlan} multicast group ${multicastGroup}`),
  ]);
}

const isAny = (): boolean => true;
const isFlooding = ({ replication }: Common): boolean => replication !== 'INGRESS_EVPN';
