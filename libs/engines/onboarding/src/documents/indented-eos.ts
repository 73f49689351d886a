/**
 * The indentation of an EOS configuration that lost it on its way through a web page or a mail. EOS prints definitions (`vlan`, `vrf
 * instance`, `interface`) before `router bgp`, so that behind it `vlan` and `vrf` are sections of BGP.
 */
const STEP = 3;

const TOP =
  /^(?:interface |router |vlan [\d,-]+$|vrf instance |route-map |ip prefix-list \S+$|ipv6 prefix-list \S+$|mlag configuration|peer-filter |management |peer-group |policy-map |class-map |ip access-list |dhcp relay$|end$)/;
const BELOW: readonly { readonly inside: RegExp; readonly line: RegExp }[] = [
  { inside: /^router bgp /, line: /^(?:vlan [\d,-]+$|vlan-aware-bundle |address-family |vrf (?!instance ))/ },
  { inside: /^interface /, line: /^(?:evpn ethernet-segment|encapsulation vlan)$/ },
];

/** Never throws. What has any indentation is left as it is. */
export function indentedEos(text: string): string {
  const lines = text.split('\n');
  if (lines.some((line) => /^\s+[^\s!]/.test(line))) return text;
  const open: string[] = [];
  return lines.map((line, at) => placed(open, line.trim(), lines[at + 1]?.trim() ?? '')).join('\n');
}

function placed(open: string[], line: string, next: string): string {
  if (line === '' || line.startsWith('!')) {
    open.length = isBelow(open[0], next) || (open.length > 1 && !TOP.test(next) && /^router bgp /.test(open[0] ?? '')) ? 1 : 0;
    return ' '.repeat(open.length * STEP) + line;
  }
  if (isBelow(open[0], line)) open.length = 1;
  else if (TOP.test(line)) open.length = 0;
  const written = ' '.repeat(open.length * STEP) + line;
  if ((open.length === 0 && TOP.test(line)) || isBelow(open[0], line)) open.push(line);
  return written;
}

const isBelow = (header: string | undefined, line: string): boolean =>
  header !== undefined && BELOW.some((rule) => rule.inside.test(header) && rule.line.test(line));
