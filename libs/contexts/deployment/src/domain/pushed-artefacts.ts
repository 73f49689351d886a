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
