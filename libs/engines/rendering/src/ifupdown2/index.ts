import type { Draft, Renderer } from '../artefact.js';
import { assertOutline } from '../outline.js';
import type { Line } from '../piece.js';
import { assertCommands } from './commands.js';
import { ifupdown2Outline } from './outline.js';
import { renderIfupdown2 } from './render-ifupdown2.js';

/** Our own file: the management stanza lives elsewhere. */
export const INTERFACES_PATH = '/etc/network/interfaces.d/trame';

export const ifupdown2Artefacts: Renderer<Line> = (intent): readonly Draft<Line>[] => {
  const text = renderIfupdown2(intent);
  assertOutline(intent.slug, INTERFACES_PATH, text, ifupdown2Outline(intent));
  assertCommands(intent.slug, INTERFACES_PATH, text);
  return [{ path: INTERFACES_PATH, format: 'ifupdown2', mode: 0o644, owner: 'root', text }];
};
