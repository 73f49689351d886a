import { isDomainError } from '#engines/kernel';
import type { Difference } from '#engines/pve-sdn';
import type { ConformanceReport } from './conformance-kind.js';

/** What became of one case. */
export interface CaseVerdict {
  readonly name: string;
  readonly differences: readonly (Difference & { readonly file: string })[];
  readonly isByteEqual: boolean;
  /** Said beside the verdict, e.g. with which words bad input was refused. */
  readonly note: string | null;
}

/** A case that we refuse is a case that differs, and its sentence says why. Anything else that is thrown is a fault of ours. */
export function verdictOf(name: string, judge: () => Omit<CaseVerdict, 'name'>): CaseVerdict {
  try {
    return { name, ...judge() };
  } catch (error) {
    if (!isDomainError(error)) throw error;
    return {
      name,
      differences: [{ file: 'input', kind: 'missing', context: error.code, line: error.message }],
      isByteEqual: false,
      note: null,
    };
  }
}

const SIGN = { missing: '-', extra: '+', order: '~' } as const;

export function reportOf(verdicts: readonly CaseVerdict[]): ConformanceReport {
  const equal = verdicts.filter(({ differences }) => differences.length === 0);
  const figures = { cases: verdicts.length, equal: equal.length, byteEqual: verdicts.filter(({ isByteEqual }) => isByteEqual).length };
  const width = Math.max(...verdicts.map(({ name }) => name.length));
  const rows = verdicts.map(({ name, differences, isByteEqual, note }) => {
    const verdict = differences.length > 0 ? `DIFFERS in ${differences.length}` : isByteEqual ? 'equal, byte for byte' : 'equal';
    return `${name.padEnd(width)}  ${verdict}${note === null ? '' : `: ${note}`}`;
  });
  const details = verdicts
    .filter(({ differences }) => differences.length > 0)
    .flatMap(({ name, differences }) => ['', `${name}  (- expected, + rendered, ~ order)`, ...differences.map(detail)]);
  const sum = `${figures.cases} cases, ${figures.equal} equal, ${figures.byteEqual} byte for byte`;
  return { figures, holds: equal.length === verdicts.length, text: `${[...rows, '', sum, ...details].join('\n')}\n` };
}

const detail = ({ file, kind, context, line }: CaseVerdict['differences'][number]): string =>
  `  ${SIGN[kind]} ${file}: ${context === '' ? '' : `${context} > `}${line}`;
