import fs from 'node:fs';

const LONGEST_INPUT = 64 * 1024;

/**
 * A secret is not an argument: arguments stand in lists of processes and in histories of shells. One line end at its end is not part of it, unless
 * it is a key. @param file `-`: the standard input.
 */
export async function readSecret(file = '-'): Promise<string> {
  if (file === '-' && process.stdin.isTTY) process.stderr.write('the secret (end with Ctrl-D): ');
  const source = file === '-' ? process.stdin.setEncoding('utf8') : fs.createReadStream(file, 'utf8');
  let text = '';
  for await (const chunk of source) {
    text += chunk as string;
    if (text.length > LONGEST_INPUT) throw new Error(`at most ${LONGEST_INPUT} characters are accepted`);
  }
  return text.includes('PRIVATE KEY-----') ? text : text.replace(/\r?\n$/, '');
}
