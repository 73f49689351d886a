/** Ports towards guests, and the VLANs on them: two shapes, with gaps for names and numbers. */
import { outline, section } from '../outline.js';
import { GAP, type Piece, pieceOf, Template } from '../piece.js';
import type { HostPort } from './host-ports.js';
import { printStanzas, type Stanza, stanza } from './stanza.js';

export const portStanza = ({ name, tag }: Pick<HostPort, 'name'> & { readonly tag: VlanSaid | null }): Stanza =>
  stanza(name, null, tag && [`vlan-raw-device ${tag.device}`, `vlan-id ${tag.vlan}`]);

interface VlanSaid {
  readonly device: string;
  readonly vlan: number | string;
}

const template = (tag: VlanSaid | null, keys: readonly string[]): Template =>
  new Template(0, printStanzas([portStanza({ name: GAP, tag })]).flat(), [
    ...outline([], [`auto ${GAP}`]),
    ...section(`iface ${GAP}`, keys),
  ]);

const PLAIN = template(null, []);
const TAGGED = template({ device: GAP, vlan: GAP }, [`vlan-raw-device ${GAP}`, `vlan-id ${GAP}`]);

const made = new WeakMap<readonly HostPort[], readonly Piece[]>();

export function portPieces(ports: readonly HostPort[]): readonly Piece[] {
  let pieces = made.get(ports);
  if (pieces === undefined) {
    const values = ports.flatMap(({ name, tag }) => (tag ? [name, name, tag.device, String(tag.vlan)] : [name, name]));
    pieces = pieceOf(
      ports.map(({ tag }) => (tag ? TAGGED : PLAIN)),
      values,
      '',
    );
    made.set(ports, pieces);
  }
  return pieces;
}
