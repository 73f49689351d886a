/** What was imported, for people: devices, what was understood, what is wrong, and what comes back. */
import type { LintFinding, Onboarding } from '#engines/onboarding';

export function linesOf(onboarding: Onboarding): readonly string[] {
  const { lint, report } = onboarding;
  const count = (severity: LintFinding['severity']): number => lint.filter((finding) => finding.severity === severity).length;
  return [
    'Devices',
    ...onboarding.summary.devices.map((line) => `  ${line}`),
    '',
    'Understood',
    ...onboarding.summary.understood.map((line) => `  ${line}`),
    '',
    `Findings: ${count('ERROR')} errors, ${count('WARNING')} warnings, ${count('INFO')} notes`,
    ...lint.flatMap(findingLines),
    ...(onboarding.summary.secrets.length === 0 ? [] : ['', 'Secrets, which stand nowhere here']),
    ...onboarding.summary.secrets.map((line) => `  ${line}`),
    '',
    'Facts',
    ...report.devices.flatMap(({ device, files, unseen }) => [
      ...files.map(
        ({ path, name, facts, model, deviations, values, kept }) =>
          `  ${device} ${name || path}: ${facts} facts, of them ${model} from the model, ${deviations} from its deviations, ${values} beside it in values, ${kept} kept as they are`,
      ),
      ...(unseen.length === 0
        ? []
        : [`  ${device}: ${unseen.length} sections that Trame would write were not shown: ${unseen.join(', ')}`]),
    ]),
    ...report.devices.flatMap(({ device, files }) => files.flatMap(({ differences }) => differences.map((line) => `  ${device}: ${line}`))),
    '',
    report.differences === 1 ? '1 difference' : `${report.differences} differences`,
  ];
}

function findingLines({ severity, code, subject, sentence, fix }: LintFinding): readonly string[] {
  return [`  ${severity.padEnd(7)} ${code}  ${subject}`, `          ${sentence}`, `          → ${fix}`];
}
