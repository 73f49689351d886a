/**
 * What no push may touch, wherever it comes from: the way by which we reach the switch, and who may log in. A wrong line
 * there cannot be taken back by anybody but the commit timer.
 */
import { eosDialect, type FactNode, canonicalConfig } from '#engines/reconcile';

const PROTECTED: readonly RegExp[] = [
  /^(?:no |default )?(?:management|aaa|username|enable|tacacs-server|radius-server|daemon)\b/,
  /^(?:no |default )?interface Management/,
  /^(?:no |default )?ip access-list .*\bmanagement\b/i,
];

/** @param vrfs those that management is in, see `managementVrfs`. */
export const isProtected = (line: string, vrfs: readonly string[] = []): boolean =>
  PROTECTED.some((pattern) => pattern.test(line)) || vrfs.some((vrf) => isAbout(line, vrf));

/** Its making, its routing and its routes; not the lines of a BGP instance or an SVI in it, which stand in sections of their own. */
const isAbout = (line: string, vrf: string): boolean =>
  [`vrf instance ${vrf}`, `ip routing vrf ${vrf}`, `ipv6 unicast-routing vrf ${vrf}`].includes(line.replace(/^(?:no |default )/, '')) ||
  new RegExp(`^(?:no |default )?ip(?:v6)? route vrf ${vrf.replace(/[.+]/g, '\\$&')} `).test(line);

/** VRFs in which the switch is reached: of its management ports and of eAPI. */
export function managementVrfs(running: string): readonly string[] {
  const root = canonicalConfig(eosDialect, running);
  const vrfsIn = ({ children }: FactNode): readonly string[] => [...children.keys()].flatMap((line) => /^vrf (\S+)$/.exec(line)?.[1] ?? []);
  const sections = [...root.children.values()].filter(({ text }) => /^(?:interface Management|management )/.test(text));
  return [...new Set(sections.flatMap(vrfsIn))].filter((vrf) => vrf !== 'default');
}
