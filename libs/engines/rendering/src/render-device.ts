/** Intent of one device → the files or lines it shall have. Pure; after rendering every text is parsed again and compared. */
import type { DeviceIntent, Platform } from '#engines/intent';
import { digestOfParts } from '#engines/kernel';
import type { Artefact, Draft, Renderer } from './artefact.js';
import { honourAdopted } from './adopted/honour-adopted.js';
import { comwareArtefacts } from './comware/index.js';
import { eosArtefacts } from './eos/index.js';
import { exportArtefacts } from './exports/index.js';
import { frrArtefacts } from './frr/index.js';
import { ifupdown2Artefacts } from './ifupdown2/index.js';
import { libvirtArtefacts } from './libvirt/index.js';
import { openBsdArtefacts } from './openbsd/index.js';
import { openNebulaArtefacts } from './opennebula/index.js';
import { openVswitchArtefacts } from './openvswitch/index.js';
import { proxmoxArtefacts } from './proxmox/index.js';
import type { Line } from './piece.js';
import { withoutPieces } from './text.js';

/** Dialects of a platform, in the order in which they are put in force: interfaces before routing. */
const RENDERERS: Readonly<Record<Platform, readonly Renderer<Line>[]>> = {
  DEBIAN_FRR: [openVswitchArtefacts, ifupdown2Artefacts, frrArtefacts, libvirtArtefacts],
  ARISTA_EOS: [eosArtefacts],
  OPENBSD: [openBsdArtefacts],
  HP_COMWARE: [comwareArtefacts],
  OPENNEBULA: [openNebulaArtefacts],
  PROXMOX: [proxmoxArtefacts],
  EXTERNAL: [exportArtefacts],
};

/** Intents do not change: whoever has the same one (`FabricCompiler`) has its artefacts, for as long as somebody has the intent. */
const rendered = new WeakMap<DeviceIntent, readonly Artefact[]>();

/**
 * Artefacts in the order in which they are put in force. Equal intents give equal bytes; the same intent gives the same artefacts.
 * @throws DomainError RENDER_ESCAPE when a rendered text says more, or less, than the intent.
 */
export function renderDevice(intent: DeviceIntent): readonly Artefact[] {
  const found = rendered.get(intent);
  if (found) return found;
  const made = RENDERERS[intent.platform]
    .flatMap((renderer) => renderer(intent))
    .map((draft) => artefact(intent, intent.adopted ? honourAdopted(intent, lineByLine(draft)) : draft));
  rendered.set(intent, made);
  return made;
}

/** The same intent as data, for tools that bring it to a device themselves: JSON, and variables of Ansible. Of every platform. */
export const exportDevice = (intent: DeviceIntent): readonly Artefact[] => exportArtefacts(intent).map((draft) => artefact(intent, draft));

function artefact(intent: DeviceIntent, { text, ...head }: Draft<Line>): Artefact {
  const parts = partsOf(text);
  // Added up and not joined: the engine keeps a sum as a tree of its parts, which devices share, until somebody reads it.
  let content = '';
  for (const part of parts) content += typeof part === 'string' ? part : part.text;
  const sha256 = digestOfParts(parts.map((part) => (typeof part === 'string' ? part : part.countable)));
  return { device: intent.slug, ...head, content, sha256 };
}

/** Whole lines with their ends; those of the device itself together, and each piece by itself. */
function partsOf(text: readonly Line[]): readonly Line[] {
  const parts: Line[] = [];
  let lines: string[] = [];
  for (const line of text) {
    if (typeof line === 'string') {
      lines.push(line);
      continue;
    }
    lines.push(''); // the end of the line before, and of this piece
    if (lines.length > 1) parts.push(lines.join('\n'));
    parts.push(line);
    lines = [''];
  }
  if (text.length > 0) parts.push([...lines, ''].join('\n'));
  return parts;
}

const lineByLine = ({ text, ...head }: Draft<Line>): Draft => ({ ...head, text: withoutPieces(text) });
