/**
 * The indentation of an frr.conf. FRR reads modes by their words and never needs it; whoever pasted the file may have lost it. What is
 * indented is left as it is.
 */

/** Words that open a mode, by the mode around them. */
const OPENERS: readonly { readonly inside: RegExp; readonly line: RegExp }[] = [
  {
    inside: /^$/,
    line: /^(?:router |interface |vrf |route-map |key chain |line vty|bfd$|segment-routing$|pbr-map |rpki$|nexthop-group )/,
  },
  { inside: /^router bgp /, line: /^(?:address-family |segment-routing )/ },
  { inside: /^address-family l2vpn evpn$/, line: /^vni \d+$/ },
  { inside: /^bfd$/, line: /^(?:peer|profile) / },
  { inside: /^key chain /, line: /^key \d+$/ },
];

/** `exit` leaves one mode; these leave the mode that they name. */
const CLOSERS: Readonly<Record<string, RegExp>> = {
  'exit-address-family': /^address-family /,
  'exit-vni': /^vni /,
  'exit-vrf': /^vrf /,
};

/** Never throws. */
export function indentedFrr(text: string): string {
  const lines = text.split('\n');
  if (lines.some((line) => /^\s+[^\s!]/.test(line))) return text;
  const open: string[] = [];
  return lines.map((line) => place(open, line.trim())).join('\n');
}

/** @param open headers of the modes around; changed by the line */
function place(open: string[], line: string): string {
  if (line === '' || line.startsWith('!') || line.startsWith('#')) return line;
  if (line === 'end') open.length = 0;
  else if (line === 'exit') open.pop();
  else if (CLOSERS[line] !== undefined) close(open, CLOSERS[line]);
  else return enter(open, line);
  return ' '.repeat(open.length) + line;
}

function close(open: string[], header: RegExp): void {
  const at = open.findLastIndex((one) => header.test(one));
  if (at >= 0) open.length = at;
}

function enter(open: string[], line: string): string {
  // A mode of the top level ends whatever is open: FRR looks a line up in the modes around when the innermost does not know it.
  const depth = opens('', line) && !(opens(open.at(-1) ?? '', line) && open.length > 0) && !isOfMode(open, line) ? 0 : depthOf(open, line);
  open.length = depth;
  const written = ' '.repeat(open.length) + line;
  if (opens(open.at(-1) ?? '', line)) open.push(line);
  return written;
}

/** `vrf X` stands in no other mode, `interface X` in those of MPLS and OSPFv3 alone. */
const isOfMode = (open: readonly string[], line: string): boolean =>
  /^interface /.test(line) && /^(?:mpls|router ospf6)/.test(open.at(-1) ?? '');

/** An address family ends where the next one begins, though nobody said so. */
function depthOf(open: readonly string[], line: string): number {
  for (let depth = open.length; depth > 0; depth -= 1) if (opens(open[depth - 1] ?? '', line)) return depth;
  return open.length;
}

const opens = (inside: string, line: string): boolean => OPENERS.some((rule) => rule.inside.test(inside) && rule.line.test(line));
