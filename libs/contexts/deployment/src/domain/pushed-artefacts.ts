import type { DeviceIntent, Platform } from '#engines/intent';
import { type Artefact, FRR_PATH, INTERFACES_PATH, renderDevice, RUNNING_CONFIG_PATH } from '#engines/rendering';

const PUSHED: Readonly<Partial<Record<Platform, readonly string[]>>> = {
  DEBIAN_FRR: [INTERFACES_PATH, FRR_PATH],
  ARISTA_EOS: [RUNNING_CONFIG_PATH],
};

/** Does a transport put this device's configuration in force? Others are rendered and exported; a person puts it there. */
export const isPushed = ({ platform }: DeviceIntent): boolean => platform in PUSHED;

/** Of what a device shall have the part that its transport can put in force, prove and undo. */
export function pushedArtefacts(device: DeviceIntent): readonly Artefact[] {
  const paths = PUSHED[device.platform] ?? [];
  return renderDevice(device).filter(({ path }) => paths.includes(path));
}

/** Written by renderers in the place of a secret; nothing completes it at the push yet, and a device would take it for the secret itself. */
const SECRET_PLACEHOLDER = '@secret:';

/**
 * Why nothing of a device may be pushed, in a few words; null where it may. Its other files have to be in force first, and no transport puts
 * them there: half of what a device needs is worse than what it has.
 */
export function withheldBecause({ platform, libvirt, igp, bgp }: DeviceIntent, artefacts: readonly Artefact[]): string | null {
  if (platform === 'DEBIAN_FRR' && libvirt?.onDemand) return 'its networks are made on demand by the qemu hook, which is not pushed yet';
  const needsDaemons = igp !== null || (bgp?.neighbors.some(({ bfd }) => bfd !== null) ?? false);
  if (platform === 'DEBIAN_FRR' && needsDaemons) return 'its FRR needs daemons beside bgpd, and /etc/frr/daemons is not pushed yet';
  if (artefacts.some(({ content }) => content.includes(SECRET_PLACEHOLDER)))
    return 'its sessions have passwords, which are not completed yet';
  return null;
}
