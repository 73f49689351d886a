import type { DeviceIntent, Platform } from '#engines/intent';
import { secretNames } from '../ports/wire-secrets.js';
import { type Artefact, renderDevice, RUNNING_CONFIG_PATH } from '#engines/rendering';

/** Paths that the transport of a platform puts in force; ALL: whatever is rendered for it. */
const PUSHED: Readonly<Partial<Record<Platform, readonly string[] | 'ALL'>>> = {
  DEBIAN_FRR: 'ALL',
  ARISTA_EOS: [RUNNING_CONFIG_PATH],
  PROXMOX: 'ALL',
  OPENBSD: 'ALL',
};

/** Does a transport put configurations of this platform in force? */
export const isServed = ({ platform }: DeviceIntent): boolean => platform in PUSHED;

/** Of what a device shall have the part that its transport can put in force, prove and undo; all of it where a person does that. */
export function pushedArtefacts(device: DeviceIntent): readonly Artefact[] {
  const paths = PUSHED[device.platform] ?? 'ALL';
  return paths === 'ALL' ? renderDevice(device) : renderDevice(device).filter(({ path }) => paths.includes(path));
}

/** By name: which secrets are set, and which of their values is the present one. */
export type SecretVersions = ReadonlyMap<string, number>;

/**
 * Why nothing of a device may be pushed, in a few words; null where it may. Its other files have to be in force first, and no transport puts
 * them there: half of what a device needs is worse than what it has.
 */
export function withheldBecause(
  { platform, openvswitch }: DeviceIntent,
  artefacts: readonly Artefact[],
  secrets: SecretVersions = new Map(),
): string | null {
  if (platform === 'DEBIAN_FRR' && openvswitch?.managedBy === 'IFUPDOWN')
    return 'classic ifupdown makes its Open vSwitch, and that has no reload: a person restarts its network';
  const unset = namesIn(artefacts).filter((name) => !secrets.has(name));
  if (unset.length > 0) return `its configuration asks for the secret ${unset.join(', ')}, which is not set`;
  return null;
}

/** The secrets that a device is sent, and which of their values. */
export const secretsOf = (artefacts: readonly Artefact[], secrets: SecretVersions = new Map()): Readonly<Record<string, number>> =>
  Object.fromEntries(namesIn(artefacts).map((name) => [name, secrets.get(name) ?? 0]));

const namesIn = (artefacts: readonly Artefact[]): string[] => [...new Set(artefacts.flatMap(({ content }) => secretNames(content)))].sort();
