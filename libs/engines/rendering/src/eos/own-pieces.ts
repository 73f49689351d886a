/** Parts of one switch that have nothing to do with networks that come and go: as long as what they are made of is the same, so are they. */
import type { BgpIntent, DeviceIntent } from '#engines/intent';
import type { OutlineEntry } from '../outline.js';
import { type Piece, pieceOf, shared, Template } from '../piece.js';
import { paragraphs } from '../text.js';
import { portsOutline } from './outline-ports.js';
import { familyKeys, speakerKeys } from './outline-speakers.js';
import { physicalPorts, type Ported } from './ports.js';
import type { Speaking } from './sessions.js';
import { familyLines, speakerLines } from './speakers.js';
import { STEP } from './step.js';

/** `interface EthernetN` and `Port-ChannelN`. */
export const portsPiece = ({ underlayPorts, edgePorts, lags, mlag, igp, vtep, switch: facts, slug }: DeviceIntent): readonly Piece[] =>
  ofPorts({ underlayPorts, edgePorts, lags, mlag, igp, vtep, switch: facts, slug });

const ofPorts = shared<Ported>()('underlayPorts', ['edgePorts', 'lags', 'mlag', 'igp', 'vtep', 'switch', 'slug'], (view) =>
  piece(0, paragraphs('!', physicalPorts(view)), portsOutline(view)),
);

type Spoken = Speaking & { readonly bgp: BgpIntent };

/** Nothing but what is compared: a whole intent would be kept with it. */
const spoken = ({ switch: facts, mlag, vtep, underlayPorts, slug }: DeviceIntent, bgp: BgpIntent): Spoken => ({
  bgp,
  switch: facts,
  mlag,
  vtep,
  underlayPorts,
  slug,
});

const ofSessions = shared<Spoken>()('bgp', ['switch', 'mlag', 'vtep', 'underlayPorts', 'slug'], (view) => ({
  speakers: piece(STEP, speakerLines(view, view.bgp), speakerKeys(view, view.bgp)),
  families: piece(STEP, familyLines(view, view.bgp), familyKeys(view, view.bgp)),
}));

/** In `router bgp`, in front of the EVPN instances. */
export const speakersPiece = (intent: DeviceIntent, bgp: BgpIntent): readonly Piece[] => ofSessions(spoken(intent, bgp)).speakers;

/** In `router bgp`, behind them; each with a separator in front. */
export const familiesPiece = (intent: DeviceIntent, bgp: BgpIntent): readonly Piece[] => ofSessions(spoken(intent, bgp)).families;

const piece = (depth: number, lines: readonly string[], keys: readonly OutlineEntry[]): readonly Piece[] =>
  lines.length === 0 ? [] : pieceOf([new Template(depth, lines, keys)]);
