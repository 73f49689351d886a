/** /etc/frr/daemons: what watchfrr starts. Where it is missing or silent, Debian's package starts zebra and staticd alone. */
import type { DeviceIntent } from '#engines/intent';
import { bfdProfiles } from './igp.js';

const IGP_DAEMON = { OSPF: 'ospfd', ISIS: 'isisd', OPENFABRIC: 'fabricd' } as const;

/** In the order of the package's file. zebra and staticd are always there. */
export function daemons(intent: DeviceIntent): readonly string[] {
  const { bgp, igp } = intent;
  const named = [bgp && 'bgpd', igp && IGP_DAEMON[igp.protocol], bfdProfiles(intent).length > 0 && 'bfdd'];
  return named.flatMap((name) => (name ? [name] : []));
}

export function renderDaemons(intent: DeviceIntent): string[] {
  const wanted = daemons(intent);
  return [
    '# Owned by Trame: changes made here by hand are undone.',
    ...wanted.map((name) => `${name}=yes`),
    'vtysh_enable=yes',
    'zebra_options="-A 127.0.0.1 -s 90000000"', // the package's: a large buffer, or zebra loses messages of the kernel
    ...[...wanted, 'staticd'].map((name) => `${name}_options="-A 127.0.0.1"`),
  ];
}
