/** What `ifconfig vxlan307` and `ifconfig bridge307` of OpenBSD say, against the hostname.if(5) that is to be in force. */

export interface LiveDifference {
  readonly subject: string;
  readonly message: string;
}

interface Seen {
  readonly isUp: boolean;
  readonly mtu: string | null;
  readonly description: string | null;
  readonly vnetid: string | null;
  readonly parent: string | null;
  readonly tunnel: { readonly from: string; readonly to: string; readonly port: string | null; readonly ttl: string | null } | null;
  /** With their prefix lengths. */
  readonly addresses: readonly string[];
  readonly members: readonly string[];
}

/** @param name of the interface. @param said null: there is no such interface. @returns empty when it does what the file says. */
export function liveDifferences(name: string, file: string, said: string | null): readonly LiveDifference[] {
  if (said === null) return [{ subject: name, message: 'there is no such interface' }];
  const seen = read(said);
  const found: LiveDifference[] = [];
  const expect = (what: string, wanted: string | null, is: string | null): void => {
    if (wanted !== is) found.push({ subject: name, message: `${what} is ${is ?? 'none'}, expected ${wanted ?? 'none'}` });
  };
  const lines = file.split('\n').filter((line) => line !== '');
  const valueOf = (word: string): string | null => lines.find((line) => line.startsWith(`${word} `))?.slice(word.length + 1) ?? null;
  if (name.startsWith('bridge')) {
    const members = lines.filter((line) => line.startsWith('add ')).map((line) => line.slice(4));
    for (const member of members) expect(`member ${member}`, 'there', seen.members.includes(member) ? 'there' : null);
  } else {
    expect('vnetid', valueOf('vnetid'), seen.vnetid);
    expect('mtu', valueOf('mtu'), seen.mtu);
    expect('description', valueOf('description')?.replace(/^"|"$/g, '') ?? null, seen.description);
    const parent = valueOf('parent');
    if (parent !== null) expect('parent', parent, seen.parent);
    expect('tunnel', tunnelText(valueOf('tunnel')), seen.tunnel && `${seen.tunnel.from} ${seen.tunnel.to}${portText(seen.tunnel.port)}`);
    const ttl = valueOf('tunnelttl');
    if (ttl !== null) expect('tunnelttl', ttl, seen.tunnel?.ttl ?? null);
    const wanted = lines.filter((line) => /^inet6? /.test(line)).map((line) => line.replace(/^inet6? (?:alias )?/, '').toLowerCase());
    expect('addresses', wanted.sort().join(' ') || null, [...seen.addresses].sort().join(' ') || null);
  }
  if (lines.includes('up')) expect('state', 'up', seen.isUp ? 'up' : 'down');
  return found;
}

/** VNIs that its tunnels have. */
export const vnetidOf = (said: string): number | null => {
  const { vnetid } = read(said);
  return vnetid === null ? null : Number(vnetid);
};

const DEFAULT_PORT = '4789';
const portText = (port: string | null): string => (port === null || port === DEFAULT_PORT ? '' : ` port ${port}`);

/** `10.5.0.254 239.0.1.51:8472`, `2001:db8::1 [2001:db8::2]:8472`: from, to and a port that is another one. */
function tunnelText(words: string | null): string | null {
  if (words === null) return null;
  const [from = '', to = ''] = words.split(' ');
  const [, v6, v6Port] = /^\[(.*)\]:(\d+)$/.exec(to) ?? [];
  const [, v4, v4Port] = /^([\d.]+):(\d+)$/.exec(to) ?? [];
  return `${from} ${v6 ?? v4 ?? to}${portText(v6Port ?? v4Port ?? null)}`;
}

/** `-->` since 6.x, `->` before; the port stands behind either address where it is not 4789. */
const TUNNEL = /^\ttunnel: inet6? (\S+) -+> (\S+?)(?: ttl (\d+|copy))?(?: (?:no)?df| ecn| noecn)*\s*$/m;

function read(said: string): Seen {
  const [, from = '', to = '', ttl] = TUNNEL.exec(said) ?? [];
  const bare = (address: string): string => address.replace(/^\[(.*)\](?::\d+)?$/, '$1').replace(/^([\d.]+):\d+$/, '$1');
  const [, bracketed, dotted] = /(?:\]:(\d+)|^[\d.]+:(\d+))$/.exec(to) ?? [];
  const word = (pattern: RegExp): string | null => pattern.exec(said)?.[1] ?? null;
  const v4 = [...said.matchAll(/^\tinet (\S+) netmask 0x([0-9a-f]{8})/gm)].map(
    ([, address = '', mask = '']) => `${address}/${bitsOf(mask)}`,
  );
  const v6 = [...said.matchAll(/^\tinet6 (\S+) prefixlen (\d+)/gm)]
    .map(([, address = '', length = '']) => `${address.toLowerCase()}/${length}`)
    .filter((address) => !address.startsWith('fe80:'));
  return {
    isUp: /^\S+: flags=[0-9a-f]+<(?:[A-Z0-9]+,)*UP[,>]/.test(said),
    mtu: word(/^\S+: flags=\S+ mtu (\d+)/),
    description: word(/^\tdescription: (.*)$/m),
    vnetid: word(/^\t(?:encap: )?vnetid:? (\d+|any)/m),
    parent: word(/^\t(?:encap: )?vnetid:? \S+ parent (\S+)/m),
    tunnel: from === '' ? null : { from: bare(from), to: bare(to), port: bracketed ?? dotted ?? null, ttl: ttl ?? null },
    addresses: [...v4, ...v6],
    members: [...said.matchAll(/^\t(\S+) flags=/gm)].map(([, member = '']) => member),
  };
}

const bitsOf = (mask: string): number => [...Number.parseInt(mask, 16).toString(2)].filter((bit) => bit === '1').length;
