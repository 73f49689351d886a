/** Lines of others that a person wants away: as an artefact that stands beside ours as something that we may remove. */
import { digest } from '#engines/kernel';
import type { Artefact } from '#engines/rendering';
import type { DriftFinding } from './drift.js';

/**
 * On a switch a push leaves what it does not know. @returns nothing for devices whose files are ours as a whole: there every push takes it away.
 * Lines with secrets cannot be named and stay; the header of their section takes them along.
 */
export function foreignArtefacts(ours: readonly Artefact[], findings: readonly DriftFinding[]): readonly Artefact[] {
  return ours.flatMap((artefact) => {
    if (artefact.format !== 'eos') return [];
    const blocks = findings
      .filter(({ path, observed, isConfiguration }) => path === artefact.path && observed !== null && isConfiguration)
      .map(({ section, observed }) => nested(section, observed ?? ''));
    const content = blocks.join('!\n');
    return content === '' ? [] : [{ ...artefact, content, sha256: digest(content) }];
  });
}

const nested = (section: readonly string[], block: string): string =>
  [...section, ...block.split('\n')].map((line, i) => `${'   '.repeat(Math.min(i, section.length))}${line}\n`).join('');
