/** Intent of one device → the files or lines it shall have. Pure; after rendering every text is parsed again and compared. */
import type { DeviceIntent } from '#engines/intent';
import { digest } from '#engines/kernel';
import type { Artefact } from './artefact.js';
import { eosOutline, renderEos } from './eos/index.js';
import { frrOutline, renderFrr } from './frr/index.js';
import { ifupdown2Outline, renderIfupdown2 } from './ifupdown2/index.js';
import { assertOutline } from './outline.js';

/** Paths that Trame owns, in the order in which they are put in force. */
export const INTERFACES_PATH = '/etc/network/interfaces.d/trame';
export const FRR_PATH = '/etc/frr/frr.conf';
export const RUNNING_CONFIG_PATH = 'running-config';

/**
 * Artefacts in the order in which they are put in force: interfaces before routing. Equal intents give equal bytes.
 * @throws DomainError RENDER_ESCAPE when a rendered text says more, or less, than the intent.
 */
export function renderDevice(intent: DeviceIntent): readonly Artefact[] {
  if (intent.platform === 'ARISTA_EOS') {
    const text = renderEos(intent);
    assertOutline(intent.slug, RUNNING_CONFIG_PATH, text, eosOutline(intent));
    return [artefact(intent, { path: RUNNING_CONFIG_PATH, format: 'eos', mode: 0o644, owner: 'root' }, text)];
  }
  const interfaces = renderIfupdown2(intent);
  assertOutline(intent.slug, INTERFACES_PATH, interfaces, ifupdown2Outline(intent));
  const frr = renderFrr(intent);
  assertOutline(intent.slug, FRR_PATH, frr, frrOutline(intent));
  return [
    artefact(intent, { path: INTERFACES_PATH, format: 'ifupdown2', mode: 0o644, owner: 'root' }, interfaces),
    artefact(intent, { path: FRR_PATH, format: 'frr', mode: 0o640, owner: 'frr' }, frr),
  ];
}

function artefact(intent: DeviceIntent, head: Pick<Artefact, 'path' | 'format' | 'mode' | 'owner'>, text: readonly string[]): Artefact {
  const content = text.map((line) => `${line}\n`).join('');
  return { device: intent.slug, ...head, content, sha256: digest(content) };
}
