/** `Ethernet2` before `Ethernet10`: runs of digits compare as numbers, all else by code unit (no locale). */
export function compareNatural(a: string, b: string): number {
  if (a === b) return 0;
  let at = 0;
  while (at < a.length && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  let run = at; // Where the run of digits begins that both are in.
  while (run > 0 && isDigit(a, run - 1)) run--;
  const [left, right] = [digits(a, run), digits(b, run)];
  if (left !== '' && right !== '' && left !== right) return Number(left) - Number(right) || (left < right ? -1 : 1);
  // A word that ends here, at a digit or with its text, comes before one that goes on.
  if (at > 0 && isWordEnd(a, at) !== isWordEnd(b, at)) return isWordEnd(a, at) ? -1 : 1;
  return a.slice(at, at + 1) < b.slice(at, at + 1) ? -1 : 1;
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 48 && code <= 57;
}

function digits(text: string, from: number): string {
  let to = from;
  while (isDigit(text, to)) to++;
  return text.slice(from, to);
}

const isWordEnd = (text: string, at: number): boolean => at === text.length || isDigit(text, at);
