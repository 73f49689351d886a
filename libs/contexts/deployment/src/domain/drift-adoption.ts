/** What a device says otherwise, as values of ADR 0016: with them the renderers say it, too. Whether they do is proved afterwards. */
import type { AdoptedEdit, AdoptedFacts, KeptLine } from '#engines/intent';
import { DomainError } from '#engines/kernel';
import { type ConfigNode, parseConfig } from '#engines/reconcile';
import type { Artefact } from '#engines/rendering';
import type { DriftFinding, DriftKind } from './drift.js';
import { blockLines, type DriftLanguage, driftLanguage, says } from './drift-lines.js';

type Adoptable = Pick<DriftFinding, 'kind' | 'path' | 'section' | 'intended' | 'observed' | 'isConfiguration'>;

const ADOPTABLE: readonly DriftKind[] = ['OURS_MISSING', 'OURS_CHANGED', 'FOREIGN_IN_OWNED_SECTION'];
const NOTHING: AdoptedFacts = { names: [], deviations: [], kept: [] };
const FINGERPRINT = /<[0-9a-f]{8}>/;

type Line = ReturnType<typeof blockLines>[number];

/** A line as rendered, and what it says. */
interface Said {
  readonly text: string;
  readonly facts: readonly string[];
  readonly below: readonly ConfigNode[];
}

/**
 * @param rendered what the device shall carry now, with what was adopted before
 * @throws DomainError INVALID_STATE for what no value can say, with the reason
 */
export function adoptFindings(
  before: AdoptedFacts | undefined,
  rendered: readonly Artefact[],
  findings: readonly Adoptable[],
): AdoptedFacts {
  for (const finding of findings) refuseUnadoptable(finding);
  return findings.reduce<AdoptedFacts>((facts, finding) => {
    const artefact = rendered.find(({ path }) => path === finding.path);
    const language = artefact && driftLanguage(artefact.format);
    if (artefact === undefined || language === undefined) throw unadoptable(finding, `nothing is written to ${finding.path} any more`);
    return adoptOne(facts, artefact, language, finding, findings);
  }, before ?? NOTHING);
}

/** Does a rendering with the adopted values say what the device says? */
export function isHonoured(rendered: readonly Artefact[], { path, section, intended, observed }: Adoptable): boolean {
  const artefact = rendered.find((one) => one.path === path);
  const language = artefact && driftLanguage(artefact.format);
  if (artefact === undefined || language === undefined) return false;
  const facts = language.facts(artefact.content);
  const isGone = intended === null || !says(language.dialect, facts, section, intended);
  const lines = observed === null ? [] : blockLines(section, observed);
  return isGone && lines.every((line) => says(language.dialect, facts, line.section, line.text));
}

export const unadoptable = ({ kind, path, section, intended, observed }: Adoptable, because: string): DomainError<'INVALID_STATE'> => {
  const what = [...section, (observed ?? intended ?? '').split('\n')[0]].join(' / ');
  return new DomainError('INVALID_STATE', `${what} in ${path} cannot be adopted: ${because}`, { state: kind, allowedStates: ADOPTABLE });
};

function refuseUnadoptable(finding: Adoptable): void {
  const { kind, section, intended, observed } = finding;
  const text = [...section, intended ?? '', observed ?? ''].join('\n');
  if (kind === 'UNSAVED') throw unadoptable(finding, 'what runs is not changed by it; save the configuration on the device');
  if (kind === 'ORDER_CHANGED') throw unadoptable(finding, 'no value says an order; have it re-applied, or ignore it');
  if (kind === 'SECRET_CHANGED' || FINGERPRINT.test(text)) throw unadoptable(finding, 'secrets are not taken from devices; set the secret');
  if (!finding.isConfiguration) throw unadoptable(finding, 'it is no text of a configuration; have it re-applied');
}

function adoptOne(
  facts: AdoptedFacts,
  artefact: Artefact,
  language: DriftLanguage,
  finding: Adoptable,
  all: readonly Adoptable[],
): AdoptedFacts {
  const place = sectionIn(language, artefact.content, finding.section);
  if (place === undefined) throw unadoptable(finding, 'the fabric does not ask for this section any more');
  const { path, intended, observed } = finding;
  const lines = observed === null ? [] : blockLines(place.headers, observed);
  if (intended === null) {
    // A section of its own at the top stands for itself: it is kept, as what was found beside the model on the first day.
    if (place.headers.length === 0 && lines.length > 1)
      return withKept(
        facts,
        lines.map(({ section, text }) => ({ path, section, text })),
      );
    const words = wordsAround(place, lines[0]?.text ?? '');
    return withEdits(
      facts,
      finding,
      lines.map(({ section, text }) => ({ section, trame: null, running: text, ...(words !== undefined && { with: words }) })),
    );
  }
  const withdrawn = observed === null ? withoutAdopted(facts, path, blockLines(place.headers, intended)) : undefined;
  if (withdrawn !== undefined) return withdrawn;
  const line = place.lines.find((said) => said.facts.includes(intended.split('\n')[0] ?? ''));
  if (line === undefined) throw unadoptable(finding, 'the fabric does not ask for this line any more');
  const others = all.filter((other) => other !== finding && other.path === path && other.section.join('\n') === finding.section.join('\n'));
  // A line that says several things goes as a whole, and what the device has of it is said again.
  const stays = line.facts.filter((fact) => fact !== intended.split('\n')[0] && !others.some((other) => other.intended === fact));
  const [first = null, ...more] = [...lines.map(({ text }) => text), ...stays];
  return withEdits(facts, finding, [
    { section: place.headers, trame: line.text, running: first },
    ...more.map((running): AdoptedEdit => ({ section: place.headers, trame: null, running })),
  ]);
}

/** Without lines that were only ever adopted; undefined when one of them is Trame's own. */
function withoutAdopted(facts: AdoptedFacts, path: string, lines: readonly Line[]): AdoptedFacts | undefined {
  const isGone = (section: readonly string[], text: string | null): boolean =>
    lines.some((line) => line.text === text && line.section.join('\n') === section.join('\n'));
  const isExtra = ({ section, trame, running }: AdoptedEdit): boolean => trame === null && isGone(section, running);
  const ofPath = facts.deviations.filter((one) => one.path === path);
  const kept = facts.kept.filter((line) => line.path !== path || !isGone(line.section, line.text));
  const count = ofPath.flatMap(({ edits }) => edits.filter(isExtra)).length + facts.kept.length - kept.length;
  if (count < lines.length) return undefined;
  const deviations = facts.deviations.map((one) =>
    one.path === path ? { ...one, edits: one.edits.filter((edit) => !isExtra(edit)) } : one,
  );
  return { ...facts, kept, deviations: deviations.filter(({ edits }) => edits.length > 0) };
}

const withKept = (facts: AdoptedFacts, lines: readonly KeptLine[]): AdoptedFacts => ({ ...facts, kept: [...facts.kept, ...lines] });

/** An edit of what an earlier edit says takes its place; one that says what Trame says takes it away. */
function withEdits(
  facts: AdoptedFacts,
  { kind, path, section, intended, observed }: Adoptable,
  edits: readonly AdoptedEdit[],
): AdoptedFacts {
  let { deviations } = facts;
  const fresh: AdoptedEdit[] = [];
  for (const edit of edits) {
    const isEarlier = (other: AdoptedEdit): boolean =>
      other.section.join('\n') === edit.section.join('\n') &&
      (edit.trame === null ? other.trame === edit.running && other.running === null : other.running === edit.trame);
    if (!deviations.some((one) => one.path === path && one.edits.some(isEarlier))) {
      fresh.push(edit);
      continue;
    }
    deviations = deviations.map((one) =>
      one.path === path
        ? {
            ...one,
            edits: one.edits
              .map((other) => (isEarlier(other) ? { ...other, running: edit.running } : other))
              .filter((other) => other.trame !== other.running),
          }
        : one,
    );
  }
  const subject = [section.at(-1), (intended ?? observed ?? '').split('\n')[0]].filter((words) => words !== undefined).join(': ');
  const code = kind === 'OURS_MISSING' ? 'NOT_CONFIGURED' : 'OTHER_VALUE';
  const kept = deviations.filter((one) => one.edits.length > 0);
  return { ...facts, deviations: fresh.length === 0 ? kept : [...kept, { code, path, subject, edits: fresh }] };
}

interface Place {
  /** As rendered. */
  readonly headers: readonly string[];
  readonly lines: readonly Said[];
}

/** Where the rendered text has a section; undefined: it has none. */
function sectionIn(language: DriftLanguage, content: string, section: readonly string[]): Place | undefined {
  let place: Place = { headers: [], lines: saidIn(language, [], parseConfig(content)) };
  for (const [depth, header] of section.entries()) {
    const found = place.lines.find((line) => line.facts[0] === header);
    if (found === undefined) return undefined;
    place = { headers: [...place.headers, found.text], lines: saidIn(language, section.slice(0, depth + 1), found.below) };
  }
  return place;
}

const saidIn = (language: DriftLanguage, path: readonly string[], nodes: readonly ConfigNode[]): readonly Said[] =>
  nodes.flatMap((node) => {
    const text = node.text.trim();
    if (node.kind !== 'command' || text.startsWith('#') || language.dialect.isClosing(text)) return [];
    return [{ text, facts: language.factsOfLine(path, text), below: node.children }];
  });

/** What the line goes with: the neighbor that it is about, or else the section that it is in. */
function wordsAround({ headers, lines }: Place, text: string): string | undefined {
  const neighbor = /^(?:no )?(neighbor \S+)/.exec(text)?.[1];
  if (neighbor !== undefined && lines.some((line) => line.text.replace(/^no /, '').startsWith(`${neighbor} `))) return neighbor;
  return headers.at(-1);
}
