import { digest } from '#engines/kernel';

/** What stands behind these words is a secret, also where it is a hash: salts and type-7 texts can be searched for. */
const SECRET =
  /^((?:.*\s)?(?:password|secret|authentication-key(?: \d+(?= (?:md5|sha\d*) ))?|message-digest-key \d+ \S+|auth-key|key|community)(?: (?:[0-9]|8a|sha\d*|md5)){0,2} )(\S+)(.*)$/;

/** Equal secrets have equal fingerprints; a fingerprint is no way back. */
export function masked(text: string): string {
  return text
    .split('\n')
    .map((line) => line.replace(SECRET, (_, head: string, secret: string, rest: string) => `${head}<${digest(secret).slice(0, 8)}>${rest}`))
    .join('\n');
}
