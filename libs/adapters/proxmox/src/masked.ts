/** Words that stand before a secret, wherever FRR, ifupdown2 and WireGuard have one: `message-digest-key 1 md5 X`, `isis password clear X`, `PrivateKey = X`. */
const BEFORE_SECRET = /password|passwd|passphrase|key|md5|secret|community/i;
const BETWEEN = /[\s:="']/;

/** Word by word: one expression over a word of a megabyte would look at all of it from each of its characters. */
function maskedLine(line: string): string {
  for (const { 0: word, index } of line.matchAll(/[\w-]+/g)) {
    const end = index + word.length;
    if (BETWEEN.test(line.charAt(end)) && BEFORE_SECRET.test(word)) return `${line.slice(0, end + 1)}***`;
  }
  return line;
}

/** What a cluster says, as it may be kept and shown: whatever follows such a word in its line is left out. */
export const masked = (text: string): string => text.split('\n').map(maskedLine).join('\n');
