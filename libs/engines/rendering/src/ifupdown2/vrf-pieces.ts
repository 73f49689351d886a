/** VRFs of a host: their stanzas are the same on every host that has no more of them than its networks, but for the VTEP and its MAC. */
import type { DeviceIntent, VrfIntent } from '#engines/intent';
import type { Ip, Mac } from '#engines/kernel';
import { GAP, type Piece, pieceOf, shared, Template } from '../piece.js';
import { paragraphs } from '../text.js';
import { apartFrom } from './apart.js';
import { stanzaOutline, vrfSays } from './outline-stanzas.js';
import { printStanzas } from './stanza.js';
import { type HostVrf, vrfStanzas } from './vrf-stanzas.js';
import { tunnelEnd, type TunnelEnd } from './vxlan-stanza.js';

interface VrfSaid extends Omit<HostVrf, 'routerMac'>, Pick<VrfIntent, 'importTargets'>, Omit<TunnelEnd, 'address'> {}

const FIELDS = ['name', 'l3vni', 'mtu', 'bridgeName', 'vxlanName', 'loopbacks', 'exit', 'udpPort', 'family'] as const;

const template = shared<VrfSaid>()('importTargets', FIELDS, (said) => {
  const vrf: HostVrf = { ...said, routerMac: GAP as Mac };
  return new Template(
    0,
    paragraphs('', printStanzas(vrfStanzas(vrf, { ...said, address: GAP as Ip }))),
    stanzaOutline(vrfSays(vrf, said.family)),
  );
});

const made = new WeakMap<readonly VrfIntent[], TunnelEnd & { readonly pieces: readonly Piece[] }>();

/** None where the name of a VRF is that of a port, too: there it stands in the stanza of the port. */
export function vrfPieces(intent: DeviceIntent): readonly Piece[] {
  const { vtep, vrfs } = intent;
  if (!vtep || !apartFrom(intent).hasOwnVrfs) return [];
  const last = made.get(vrfs);
  if (last?.address === vtep.address && last.udpPort === vtep.udpPort) return last.pieces;
  const end = tunnelEnd(vtep);
  const templates = vrfs.map((vrf) => template(saidOf(vrf, end)));
  const values = vrfs.flatMap(({ routerMac }, place) => {
    const addresses = (templates[place] as Template).parts.length - 2;
    return [...Array<string>(addresses).fill(end.address), routerMac];
  });
  const pieces = pieceOf(templates, values, '');
  made.set(vrfs, { ...end, pieces });
  return pieces;
}

const NONE: VrfIntent['loopbacks'] = [];

const saidOf = (vrf: VrfIntent, { udpPort, family }: TunnelEnd): VrfSaid => ({
  importTargets: vrf.importTargets,
  name: vrf.name,
  l3vni: vrf.l3vni,
  mtu: vrf.mtu,
  bridgeName: vrf.bridgeName,
  vxlanName: vrf.vxlanName,
  loopbacks: vrf.loopbacks.length === 0 ? NONE : vrf.loopbacks,
  exit: vrf.exit,
  udpPort,
  family,
});
