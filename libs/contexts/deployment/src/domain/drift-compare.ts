/** From what was confirmed and what was read to items with classes and causes. Pure: the same reading gives the same verdict. */
import { canonicalConfig, eosDialect, type FactNode } from '#engines/reconcile';
import type { Artefact } from '#engines/rendering';
import type { DriftBase, DriftFinding, DriftKind, DriftVerdict } from './drift.js';
import type { DeviceCollection } from '../ports/index.js';
import { causeOnHost, causeOnSwitch, FILE_GONE, FRR_SILENT, LIVE, NOT_IN_FORCE, UNCONFIRMED } from './drift-cause.js';
import { blockLines, type DriftLanguage, driftLanguage, type DriftLine, driftLines, says, sectionAt } from './drift-lines.js';
import { lineReading } from './external/line-readings.js';
import { driftRisk } from './drift-risk.js';

export function compareDevice(base: DriftBase, seen: DeviceCollection): DriftVerdict {
  const comparisons = base.verifiedArtefacts.flatMap((artefact) => {
    const language = languageOf(artefact);
    return language === undefined ? [] : [new Comparison(base, seen, artefact, language)];
  });
  for (const comparison of comparisons) comparison.run();
  const files = base.verifiedArtefacts.filter((artefact) => languageOf(artefact) === undefined);
  return {
    findings: [...comparisons.flatMap(({ findings }) => findings), ...files.flatMap((artefact) => wholeFile(artefact, seen))],
    foreignElsewhere: comparisons.flatMap(({ foreign }) => foreign),
  };
}

const languageOf = ({ format }: Artefact): DriftLanguage | undefined => driftLanguage(format) ?? lineReading(format);
/** Beside our lines it has those of others: a switch, and not a file. */
const isShared = ({ format }: Artefact): boolean => format === 'eos' || format === 'comware';

/** Programs and tables have no lines that stand for themselves: such a file is as it was, or it is not. */
function wholeFile({ path, content }: Artefact, { actual, traces, live }: DeviceCollection): readonly DriftFinding[] {
  const file = actual.get(path) ?? null;
  const notInForce = live
    .filter((deviating) => deviating.path === path)
    .map(
      ({ subject, message }): DriftFinding => ({
        kind: 'OURS_CHANGED',
        path,
        section: [subject],
        intended: 'as it is stored',
        observed: message,
        risk: 'HIGH',
        likelyCause: NOT_IN_FORCE,
        isConfiguration: false,
      }),
    );
  if (file === content) return notInForce;
  const told = { isRunning: true, isInFile: true, file: path, trace: traces.get(path), isSavedByVtysh: false, isLineGone: false };
  return [
    {
      kind: file === null ? 'OURS_MISSING' : 'OURS_CHANGED',
      path,
      section: [],
      intended: path,
      observed: file === null ? null : 'other content',
      risk: 'HIGH',
      likelyCause: file === null ? FILE_GONE : causeOnHost(told),
      isConfiguration: false,
    },
    ...notInForce,
  ];
}

/** One configuration of one device. */
class Comparison {
  readonly findings: DriftFinding[] = [];
  readonly foreign: string[] = [];
  private readonly unconfirmed: readonly FactNode[];
  private readonly former: readonly FactNode[];

  constructor(
    private readonly base: DriftBase,
    private readonly seen: DeviceCollection,
    private readonly artefact: Artefact,
    private readonly language: DriftLanguage,
  ) {
    const factsOf = (artefacts: readonly Artefact[]): readonly FactNode[] =>
      artefacts.filter(({ path }) => path === artefact.path).map(({ content }) => language.facts(content));
    this.unconfirmed = factsOf(base.unconfirmed);
    this.former = factsOf(base.former ?? []);
  }

  run(): void {
    if (isShared(this.artefact)) this.onSwitch();
    else this.onHost();
  }

  private onHost(): void {
    const { path, content } = this.artefact;
    const file = this.seen.actual.get(path) ?? null;
    const live = this.seen.live.filter((deviating) => deviating.path === path);
    const intended = this.language.facts(content);
    const inFile = file === null || file === content ? [] : driftLines(this.language.dialect, intended, this.language.facts(file));
    const isStored = !this.seen.running.has(path);
    const running = this.seen.running.get(path) ?? null;
    const inForce = isStored || running === null ? [] : driftLines(this.language.dialect, intended, this.language.facts(running));
    // ifquery compares what is live with the file: where it is content, the file is in force.
    const isRunning = keysOf(isStored && live.length === 0 ? inFile : inForce);
    const isInFile = keysOf(inFile);
    for (const line of unique([...inFile, ...inForce])) {
      this.add(line, () =>
        causeOnHost({
          isRunning: isRunning.has(keyOf(line)),
          isInFile: isInFile.has(keyOf(line)),
          file: path,
          trace: this.seen.traces.get(path),
          isSavedByVtysh: /^frr version /m.test(file ?? '') && !/^frr version /m.test(content),
          isLineGone: line.observed === null,
        }),
      );
    }
    if (file === null) this.addState('OURS_MISSING', [], path, null, FILE_GONE);
    if (!isStored && running === null) this.addState('OURS_MISSING', [], 'FRR runs', null, FRR_SILENT);
    for (const { subject, message } of live) this.addState('OURS_CHANGED', [subject], 'as the file says', message, LIVE);
  }

  private onSwitch(): void {
    const text = this.seen.actual.get(this.artefact.path) ?? '';
    const running = this.language.facts(text);
    // What silence means depends on lines that are not ours.
    const context = [...running.children.keys()].filter((line) => line.startsWith('switchport default mode ')).join('\n');
    const { format, content } = this.artefact;
    const intended = format === 'eos' ? canonicalConfig(eosDialect, content, context) : this.language.facts(content);
    const startup = this.seen.startup === undefined ? undefined : this.language.facts(this.seen.startup ?? '');
    const unsaved = startup === undefined ? [] : driftLines(this.language.dialect, running, startup);
    for (const line of driftLines(this.language.dialect, intended, running)) {
      if (this.isForeignElsewhere(line, intended) && !this.wasOurs(line)) this.foreign.push([...line.section, line.observed].join(' / '));
      else
        this.add(line, () =>
          causeOnSwitch({
            isSaved: startup === undefined || this.saysTheSame(startup, line),
            isOurs: line.intended !== null,
            upSeconds: this.seen.upSeconds,
            secondsSincePush: this.base.secondsSincePush,
          }),
        );
    }
    if (unsaved.length > 0) this.addUnsaved(unsaved);
  }

  private isForeignElsewhere({ kind, section, observed }: DriftLine, intended: FactNode): boolean {
    if (kind !== 'extra') return false;
    if (section.length === 0 || sectionAt(this.language.dialect, intended, section) === undefined) return true;
    const kept = this.base.kept.filter(({ path }) => path === this.artefact.path).map((line) => JSON.stringify([line.section, line.text]));
    return blockLines(section, observed ?? '').every((line) => kept.includes(JSON.stringify([line.section, line.text])));
  }

  /** Of a section that nobody wants any more something is left that we once asked for. */
  private wasOurs({ section, observed }: DriftLine): boolean {
    const lines = blockLines(section, observed ?? '');
    const said = lines.filter((line, at) => (lines[at + 1]?.section.length ?? 0) <= line.section.length);
    return this.former.some((facts) => said.some((line) => says(this.language.dialect, facts, line.section, line.text)));
  }

  /** What is observed of this line is also said there. */
  private saysTheSame(facts: FactNode, { section, intended, observed }: DriftLine): boolean {
    if (observed !== null) return says(this.language.dialect, facts, section, observed);
    return intended === null || !says(this.language.dialect, facts, section, intended);
  }

  private add(line: DriftLine, cause: () => string): void {
    const kind = this.kindOf(line);
    if (kind === undefined) return;
    const isUnconfirmed = this.unconfirmed.some((facts) => this.saysTheSame(facts, line));
    this.push(
      kind,
      line.section,
      line.intended,
      line.observed,
      isUnconfirmed ? UNCONFIRMED : cause(),
      driftLanguage(this.artefact.format) !== undefined,
    );
  }

  private addState(kind: DriftKind, section: readonly string[], intended: string, observed: string | null, cause: string): void {
    this.push(kind, section, intended, observed, cause, false, 'HIGH');
  }

  private addUnsaved(lines: readonly DriftLine[]): void {
    const [first] = lines;
    const example = [...(first?.section ?? []), first?.intended ?? first?.observed ?? ''].join(' / ').split('\n')[0];
    const what =
      this.seen.startup === null ? 'nothing was ever saved' : `${lines.length} differences to the startup-config, the first: ${example}`;
    this.push('UNSAVED', [], null, what, 'somebody changed the device and did not save: the next reload boots something else', false);
  }

  private push(
    kind: DriftKind,
    section: readonly string[],
    intended: string | null,
    observed: string | null,
    likelyCause: string,
    isConfiguration: boolean,
    risk = driftRisk({ kind, intended, observed }),
  ): void {
    this.findings.push({ kind, path: this.artefact.path, section, intended, observed, risk, likelyCause, isConfiguration });
  }

  /** Undefined: no drift. */
  private kindOf({ kind, intended, observed }: DriftLine): DriftKind | undefined {
    if (kind === 'missing') return 'OURS_MISSING';
    if (kind === 'extra') return 'FOREIGN_IN_OWNED_SECTION';
    if (kind === 'reordered') return 'ORDER_CHANGED';
    if (intended === null || observed === null || withoutSecret(intended) !== withoutSecret(observed)) return 'OURS_CHANGED';
    // Both say the placeholder: the device has our secret, in its own code (`password 7 …`).
    return secretIn(intended) === secretIn(observed) ? undefined : 'SECRET_CHANGED';
  }
}

/** `password 7 <1a2b3c4d>` and `password <5e6f7a8b>` are one line with two secrets. */
const withoutSecret = (masked: string): string => masked.replace(/(?: (?:\d|8a|sha\d+|md5))? <[0-9a-f]{8}>/g, ' <>');
const secretIn = (masked: string): string | undefined => /<([0-9a-f]{8})>/.exec(masked)?.[1];

const keyOf = (line: DriftLine): string => JSON.stringify([line.kind, line.section, line.intended, line.observed]);
const keysOf = (lines: readonly DriftLine[]): ReadonlySet<string> => new Set(lines.map(keyOf));
const unique = (lines: readonly DriftLine[]): readonly DriftLine[] => [...new Map(lines.map((line) => [keyOf(line), line])).values()];
