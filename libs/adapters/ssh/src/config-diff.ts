import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff';

/** Unified diff of one file for people; empty when nothing changes. null stands for "does not exist". */
export function configDiff(path: string, before: string | null, after: string | null): string {
  if (before === after) return '';
  const names = [before === null ? '/dev/null' : path, after === null ? '/dev/null' : path] as const;
  return createTwoFilesPatch(...names, before ?? '', after ?? '', undefined, undefined, { context: 3, headerOptions: FILE_HEADERS_ONLY });
}
