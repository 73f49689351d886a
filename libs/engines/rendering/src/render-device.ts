/** Intent of one device → the files or lines it shall have. Pure; after rendering every text is parsed again and compared. */
import type { DeviceIntent, Platform } from '#engines/intent';
import { digest } from '#engines/kernel';
import type { Artefact, Draft, Renderer } from './artefact.js';
import { honourAdopted } from './adopted/honour-adopted.js';
import { eosArtefacts } from './eos/index.js';
import { frrArtefacts } from './frr/index.js';
import { ifupdown2Artefacts } from './ifupdown2/index.js';
import type { Line } from './piece.js';

/** Dialects of a platform, in the order in which they are put in force: interfaces before routing. */
const RENDERERS: Readonly<Record<Platform, readonly Renderer[]>> = {
  DEBIAN_FRR: [ifupdown2Artefacts, frrArtefacts],
  ARISTA_EOS: [eosArtefacts],
  OPENBSD: [],
  HP_COMWARE: [],
  OPENNEBULA: [],
  EXTERNAL: [],
};

/**
 * Artefacts in the order in which they are put in force. Equal intents give equal bytes.
 * @throws DomainError RENDER_ESCAPE when a rendered text says more, or less, than the intent.
 */
export function renderDevice(intent: DeviceIntent): readonly Artefact[] {
  return RENDERERS[intent.platform]
    .flatMap((renderer) => renderer(intent))
    .map((draft) => artefact(intent, intent.adopted ? honourAdopted(intent, lineByLine(draft)) : draft));
}

function artefact(intent: DeviceIntent, { text, ...head }: Draft<Line>): Artefact {
  const parts = text.map((line) => (typeof line === 'string' ? line : line.text));
  const content = parts.length === 0 ? '' : `${parts.join('\n')}\n`;
  return { device: intent.slug, ...head, content, sha256: digest(content) };
}

function lineByLine({ text, ...head }: Draft<Line>): Draft {
  return { ...head, text: text.flatMap((line) => (typeof line === 'string' ? [line] : line.text.split('\n'))) };
}
