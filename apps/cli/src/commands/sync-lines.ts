/** What the API says of connectors, and a person reads. */

export interface Health {
  readonly ok: boolean;
  readonly message: string;
  readonly lagSeconds: number | null;
  readonly circuit: string;
}
export interface Rule {
  readonly objectType: string;
  readonly field: string;
  readonly owner: string;
  readonly byDefault: boolean;
}
export interface Run {
  readonly id: string;
  readonly trigger: string;
  readonly dryRun: boolean;
  readonly state: string;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly counts: Readonly<Record<string, number>>;
  readonly phase: string;
  readonly progress: { readonly objectType: string; readonly done: number; readonly total: number | null } | null;
  readonly digest: string | null;
  readonly guards: readonly string[];
  readonly error: string | null;
}
export interface Connector {
  readonly id: string;
  readonly version: number;
  readonly slug: string;
  readonly kind: string;
  readonly url: string;
  readonly enabled: boolean;
  readonly mode: string;
  readonly health: Health;
  readonly lastRun: Run | null;
}
export interface ConnectorDetails extends Connector {
  readonly adoption: string;
  readonly onRemoteGone: string;
  readonly graceSeconds: number;
  readonly scanEverySeconds: number;
  readonly lastFullScanAt: string | null;
  readonly settings: object;
  readonly zones: readonly string[];
  readonly tlsSpkiSha256: readonly string[];
  readonly authority: readonly Rule[];
}
export interface Change {
  readonly seq: number;
  readonly action: string;
  readonly objectType: string;
  readonly label: string;
  readonly before: Readonly<Record<string, unknown>>;
  readonly after: Readonly<Record<string, unknown>>;
  readonly takenOver: Readonly<Record<string, unknown>>;
  readonly state: string;
  readonly error: string | null;
}
export interface Conflict {
  readonly id: string;
  readonly objectType: string;
  readonly label: string;
  readonly field: string;
  readonly ours: string | null;
  readonly theirs: string | null;
  readonly base: string | null;
  readonly firstSeenAt: string;
  readonly state: string;
  readonly resolvedAt: string | null;
  readonly decision: string | null;
}
const lag = (seconds: number | null): string => (seconds === null ? 'never read' : seconds === 0 ? 'in step' : `${seconds} s behind`);
export const connectorLine = ({ slug, kind, enabled, mode, health }: Connector): string =>
  `${slug.padEnd(20)} ${kind.padEnd(8)} ${enabled ? `${mode.padEnd(7)} ${lag(health.lagSeconds)}  ${verdict(health)}` : 'OFF    '}  ${health.message}`;
/** The circuit alone is no verdict: CLOSED is one that works, and is that of a connector with a run that waits, too. */
const verdict = ({ ok, circuit }: Health): string => (ok ? 'ok' : `NOT OK, circuit ${circuit}`);
const counted = (counts: Run['counts']): string =>
  Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ') || 'nothing to do';
export const far = ({ phase, progress }: Pick<Run, 'phase' | 'progress'>): string =>
  progress
    ? `${phase} ${progress.objectType} ${progress.done}${progress.total === null ? '' : ` of ${progress.total}`}`
    : phase === 'WANTED'
      ? 'WANTED: no worker has come by yet'
      : phase;
export const runLines = ({ id, state, dryRun, trigger, startedAt, counts, phase, progress, digest, guards, error }: Run): string[] => [
  `${id}  ${state}${dryRun ? ' (dry run)' : ''}  ${trigger}  ${startedAt}  ${state === 'RUNNING' ? far({ phase, progress }) : counted(counts)}`,
  ...guards.map((guard) => `  ! ${guard}`),
  ...(state === 'BLOCKED_BY_GUARD' && digest !== null ? [`  digest ${digest}`] : []),
  ...(error === null ? [] : [`  ${error}`]),
];
const fieldLines = (sign: string, fields: Readonly<Record<string, unknown>>): string[] =>
  Object.entries(fields).map(([name, value]) => `    ${sign} ${name}: ${JSON.stringify(value)}`);
export const changeLines = ({ seq, action, objectType, label, state, error, before, after, takenOver }: Change): string[] => [
  `${seq}  ${action} ${objectType} ${label}  ${state}${error === null ? '' : `: ${error}`}`,
  ...fieldLines('-', before),
  ...fieldLines('+', after),
  ...fieldLines('<', takenOver),
];
export const conflictLines = ({
  id,
  objectType,
  label,
  field,
  ours,
  theirs,
  base,
  firstSeenAt,
  resolvedAt,
  decision,
}: Conflict): string[] => [
  `${id}  ${objectType} ${label}  ${field === '*' ? 'gone there' : field}  since ${firstSeenAt}${decision === null ? '' : `  keep ${decision}`}${resolvedAt === null ? '' : `  over ${resolvedAt}`}`,
  ...(field === '*'
    ? []
    : [`    ours ${JSON.stringify(ours)}`, `    theirs ${JSON.stringify(theirs)}`, `    before ${JSON.stringify(base)}`]),
];
