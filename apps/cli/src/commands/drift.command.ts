import type { Command } from 'commander';
import { askFor } from './ask-for.js';
import { type Output, print, withOutput } from './output.js';

interface Item {
  readonly id: string;
  readonly kind: string;
  readonly path: string;
  readonly section: readonly string[];
  readonly intended: string | null;
  readonly observed: string | null;
  readonly risk: string;
  readonly likelyCause: string;
  readonly firstSeenAt: string;
  readonly ignoredUntil: string | null;
  readonly act: string | null;
}

interface Report {
  readonly device: string;
  readonly verdict: string;
  readonly detail: string | null;
  readonly collectedAt: string | null;
  readonly items: readonly Item[];
  readonly foreignElsewhere: number;
}

const REPORT = `device verdict clean detail collectedAt foreignElsewhere
  items { id kind path section intended observed risk likelyCause firstSeenAt ignoredUntil act actBy actReason }`;
const PAYLOAD = `{ reports { ${REPORT} } errors { code message path } }`;
/** As `plan` and `diff` of other tools have it: there is something to look at. */
const SOMETHING_FOUND = 2;

const indented = (sign: string, text: string | null): string[] =>
  text === null ? [] : text.split('\n').map((line) => `      ${sign} ${line}`);

function linesOf(report: Report): string[] {
  const head = `${report.device.padEnd(20)} ${report.verdict}  ${report.collectedAt ?? 'never read'}${report.detail ? `  ${report.detail}` : ''}`;
  return [
    head,
    ...report.items.flatMap((item) => [
      `  ${item.id}  ${item.kind}  ${item.risk}  since ${item.firstSeenAt}${item.ignoredUntil ? `  ignored until ${item.ignoredUntil}` : ''}${item.act && item.act !== 'IGNORED' ? `  ${item.act}` : ''}`,
      `    ${[item.path, ...item.section].join(' / ')}`,
      ...indented('-', item.intended),
      ...indented('+', item.observed),
      `    ${item.likelyCause}`,
    ]),
  ];
}

const show = (options: Output, reports: readonly Report[]): void => print(options, reports, reports.flatMap(linesOf));

async function deviceId(reference: string): Promise<string> {
  if (reference.startsWith('dev_')) return reference;
  const device = await askFor<{ id: string } | null>('device', 'query ($slug: Slug) { device(slug: $slug) { id } }', { slug: reference });
  if (!device) throw new Error(`there is no device ${reference}`);
  return device.id;
}

async function all(dirtyOnly: boolean): Promise<Report[]> {
  const document = `query ($after: String, $dirtyOnly: Boolean!) { driftReports(first: 100, after: $after, dirtyOnly: $dirtyOnly) {
    nodes { ${REPORT} } pageInfo { hasNextPage endCursor } } }`;
  const reports: Report[] = [];
  for (let after: string | null = null; ; ) {
    const page: { nodes: Report[]; pageInfo: { hasNextPage: boolean; endCursor: string | null } } = await askFor('driftReports', document, {
      after,
      dirtyOnly,
    });
    reports.push(...page.nodes);
    if (!page.pageInfo.hasNextPage) return reports;
    after = page.pageInfo.endCursor;
  }
}

export function addDrift(program: Command): void {
  const drift = program.command('drift').description('what devices say otherwise than what was confirmed on them');
  withOutput(drift.command('list'))
    .description('devices with something that nobody ignores, and those that do not answer')
    .option('--all', 'clean devices, too')
    .option('--exit-code', `end with ${SOMETHING_FOUND} when there is any`)
    .action(async (options: Output & { all?: boolean; exitCode?: boolean }) => {
      const reports = await all(options.all !== true);
      show(options, reports);
      if (options.exitCode && reports.some(({ verdict }) => verdict === 'DRIFT' || verdict === 'UNREACHABLE'))
        process.exitCode = SOMETHING_FOUND;
    });
  withOutput(drift.command('check'))
    .argument('<devices...>', 'ids or slugs')
    .description('have these devices read now; prints what is known so far')
    .action(async (references: string[], options: Output) => {
      const devices = await Promise.all(references.map(deviceId));
      const document = `mutation ($devices: [ID!]!) { checkDrift(devices: $devices) ${PAYLOAD} }`;
      show(options, (await askFor<{ reports: Report[] }>('checkDrift', document, { devices })).reports);
    });
  for (const [verb, field, description] of [
    ['adopt', 'adoptDrift', 'what the device says is asked of it from now on; the next plan shows it'],
    ['reapply', 'reapplyDrift', 'push what was confirmed once more; on a host whole files are put back'],
  ] as const)
    withOutput(drift.command(verb))
      .argument('<items...>', 'ids (dri_…) of `trame drift list`')
      .description(description)
      .requiredOption('--reason <text>', 'why; it is kept')
      .action(async (items: string[], options: Output & { reason: string }) => {
        const document = `mutation ($items: [ID!]!, $reason: Label!) { ${field}(items: $items, reason: $reason) ${PAYLOAD} }`;
        show(options, (await askFor<{ reports: Report[] }>(field, document, { items, reason: options.reason })).reports);
      });
  withOutput(drift.command('ignore'))
    .argument('<items...>', 'ids (dri_…) of `trame drift list`')
    .description('no alarm until then')
    .requiredOption('--until <time>', 'RFC 3339, at most a year away')
    .requiredOption('--reason <text>', 'why; it is kept')
    .action(async (items: string[], options: Output & { reason: string; until: string }) => {
      const document = `mutation ($items: [ID!]!, $until: DateTime!, $reason: Label!) { ignoreDrift(items: $items, until: $until, reason: $reason) ${PAYLOAD} }`;
      const { until, reason } = options;
      show(options, (await askFor<{ reports: Report[] }>('ignoreDrift', document, { items, until, reason })).reports);
    });
}
