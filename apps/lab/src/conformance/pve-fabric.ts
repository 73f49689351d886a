/** Cases of Proxmox fabrics: fabrics.cfg and a node, and the part of frr.conf that comes of them; or a fabrics.cfg that is refused. */
import { canonicalJson, DomainError, isDomainError } from '#engines/kernel';
import { compareFrr, parseRunningConfig, parseSdnFiles, renderFrrBody, type SdnConfig } from '#engines/pve-sdn';
import { z } from 'zod';
import { type CaseFolder, caseFolders } from './case-folder.js';
import { reportOf, verdictOf } from './case-verdict.js';
import type { ConformanceKind } from './conformance-kind.js';
import { environment } from './pve-environment.js';

const EXPECTED = 'expected_frr_body';
const REFUSAL = 'expect.json';
const EXPECTS = `folders with fabrics.cfg or sdn.typed.json, env.json and ${EXPECTED}; or with ${REFUSAL} that says {"valid": false}`;

export const pveFabric = {
  expects: EXPECTS,
  run(directory: string) {
    const folders = caseFolders(directory, [EXPECTED, REFUSAL], EXPECTS);
    return reportOf(folders.map((folder) => verdictOf(folder.name, () => (mustBeRefused(folder) ? judgeRefusal(folder) : judge(folder)))));
  },
} satisfies ConformanceKind;

function judge(folder: CaseFolder) {
  const [config, ...others] = readings(folder).map((read) => read());
  if (config === undefined) throw new DomainError('INVALID_VALUE', 'the case has neither fabrics.cfg nor sdn.typed.json');
  const facts = environment(folder.read('env.json') ?? '{}', folder.read('interfaces'));
  const expected = folder.read(EXPECTED) ?? '';
  const actual = renderFrrBody(config, facts, '9.2', folder.read('frr.conf.local'))
    .lines.map((line) => `${line}\n`)
    .join('');
  const contradictions = others.some((other) => canonicalJson(other.fabrics) !== canonicalJson(config.fabrics))
    ? [{ file: 'input', kind: 'missing' as const, context: '', line: 'fabrics.cfg and sdn.typed.json are read as different fabrics' }]
    : [];
  return {
    differences: [...compareFrr(expected, actual).map((one) => ({ ...one, file: 'frr.conf' })), ...contradictions],
    isByteEqual: expected === actual,
    note: null,
  };
}

function mustBeRefused(folder: CaseFolder): boolean {
  const text = folder.read(REFUSAL);
  return text !== null && !z.object({ valid: z.boolean() }).parse(JSON.parse(text)).valid;
}

/** Each reading has to be refused, with the code for bad input; there are no bytes to be equal. */
function judgeRefusal(folder: CaseFolder) {
  const answers = readings(folder).map(refusalOf);
  const accepted = answers.filter((answer) => answer === null);
  return {
    differences: accepted.map(() => ({
      file: 'input',
      kind: 'extra' as const,
      context: '',
      line: 'accepted, and should have been refused',
    })),
    isByteEqual: false,
    note: answers.every((answer) => answer !== null) ? `refused: ${answers[0]}` : null,
  };
}

function refusalOf(read: () => SdnConfig): string | null {
  try {
    read();
    return null;
  } catch (error) {
    if (isDomainError(error) && error.code === 'INVALID_VALUE') return error.message;
    throw error;
  }
}

/** Both ways in, where the case has both files. */
function readings(folder: CaseFolder): (() => SdnConfig)[] {
  const file = folder.read('fabrics.cfg');
  const json = folder.read('sdn.typed.json');
  return [
    ...(file === null ? [] : [() => parseSdnFiles({ 'fabrics.cfg': file }, 1)]),
    ...(json === null ? [] : [() => parseRunningConfig(json)]),
  ];
}
