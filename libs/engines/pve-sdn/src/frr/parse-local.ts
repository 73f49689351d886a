/** /etc/frr/frr.conf.local as statements: what stands at the margin, and below it what is indented. */

export interface LocalStatement {
  readonly head: string;
  /** Lines below the head, trimmed; `exit` and `exit-vrf` not among them. */
  readonly body: readonly string[];
  /** The line that closed it (`exit`, `exit-vrf`), where there is one. */
  readonly end: string | null;
}

/** Blank lines and comments (`!`) are left out. */
export function parseLocal(text: string): readonly LocalStatement[] {
  const statements: { head: string; body: string[]; end: string | null }[] = [];
  for (const line of text.split('\n').map((one) => one.trimEnd())) {
    const words = line.trim();
    if (words === '' || words.startsWith('!')) continue;
    const open = statements.at(-1);
    if (open !== undefined && open.end === null && /^(?:exit|exit-vrf|end)$/.test(words)) open.end = words;
    else if (open !== undefined && open.end === null && /^\s/.test(line)) open.body.push(words);
    else statements.push({ head: words, body: [], end: null });
  }
  return statements;
}

export interface LocalRouterBody {
  readonly lines: readonly string[];
  readonly families: readonly { readonly name: string; readonly lines: readonly string[] }[];
}

/** The body of a `router bgp`, with its address families apart. */
export function routerBody(body: readonly string[]): LocalRouterBody {
  const lines: string[] = [];
  const families: { name: string; lines: string[] }[] = [];
  let isInside = false;
  for (const line of body) {
    const [, name] = /^address-family (.+)$/.exec(line) ?? [];
    if (name !== undefined) families.push({ name, lines: [] });
    else if (line !== 'exit-address-family') (isInside ? (families.at(-1)?.lines ?? lines) : lines).push(line);
    isInside = name !== undefined || (isInside && line !== 'exit-address-family');
  }
  return { lines, families };
}
