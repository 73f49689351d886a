/**
 * The third wall for XML: a rendered network is taken apart by a reader that shares nothing with its writer, and must be the elements, values
 * and texts that the intent asks for, in that order, and no others.
 */
import type { LibvirtNetworkIntent, LibvirtPortgroupFacts } from '#engines/intent';
import { DomainError } from '#engines/kernel';

/** `path > element attribute=value …`, or `path "text"`. */
type Entry = string;

const TOKEN = /<!--[^-]*-->|<(?<close>\/)?(?<name>[a-z]+)(?<attributes>(?: [A-Za-z]+='[^'<]*')*)(?<empty>\/)?>|(?<text>[^<]+)/y;

const entry = (path: readonly string[], attributes: Readonly<Record<string, string>> = {}): Entry =>
  [path.join(' > '), ...Object.entries(attributes).map(([name, value]) => `${name}=${JSON.stringify(value)}`)].join(' ');
const textEntry = (path: readonly string[], text: string): Entry => `${path.join(' > ')} ${JSON.stringify(text)}`;

/** @throws DomainError RENDER_ESCAPE */
export function assertNetwork(device: string, path: string, text: readonly string[], network: LibvirtNetworkIntent): void {
  const said = elements(text.join('\n'));
  const wanted = expected(network);
  const at = wanted.findIndex((line, position) => line !== said?.[position]);
  if (said !== null && at < 0 && said.length === wanted.length) return;
  const problem =
    said === null
      ? 'cannot be read again'
      : `says ${said[at < 0 ? wanted.length : at] ?? 'nothing'} where ${wanted[at] ?? 'nothing'} belongs`;
  throw new DomainError('RENDER_ESCAPE', `refused to hand out ${path} of ${device}: it ${problem.replace(/[^ -~]/g, '?')}`, {
    device,
    path,
    problem,
  });
}

/** Null for anything but elements, attributes in single quotes, texts and comments, all closed. */
function elements(text: string): Entry[] | null {
  const found: Entry[] = [];
  const open: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const match = TOKEN.exec(text);
    if (!match?.groups) return null;
    const { close, name, attributes = '', empty, text: words } = match.groups;
    if (words !== undefined) {
      if (words.trim() !== '') found.push(textEntry(open, decoded(words)));
    } else if (name !== undefined && close !== undefined) {
      if (open.pop() !== name || attributes !== '' || empty !== undefined) return null;
    } else if (name !== undefined) {
      const values = [...attributes.matchAll(/ ([A-Za-z]+)='([^']*)'/g)].map(([, key = '', value = '']): [string, string] => [
        key,
        decoded(value),
      ]);
      found.push(entry([...open, name], Object.fromEntries(values)));
      if (empty === undefined) open.push(name);
    }
  }
  return open.length === 0 ? found : null;
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', apos: "'", quot: '"' };
const decoded = (text: string): string =>
  text.replace(/&(?:#(\d+)|([a-z]+));/g, (whole, code?: string, name?: string) =>
    code === undefined ? (ENTITIES[name ?? ''] ?? whole) : String.fromCodePoint(Number(code)),
  );

function expected({ name, uuid, bridge, isOpenVswitch, portgroups }: LibvirtNetworkIntent): Entry[] {
  const root = ['network'];
  return [
    entry(root),
    entry([...root, 'name']),
    ...(name.trim() === '' ? [] : [textEntry([...root, 'name'], name)]),
    entry([...root, 'uuid']),
    textEntry([...root, 'uuid'], uuid),
    entry([...root, 'forward'], { mode: 'bridge' }),
    entry([...root, 'bridge'], { name: bridge }),
    ...(isOpenVswitch ? [entry([...root, 'virtualport'], { type: 'openvswitch' })] : []),
    ...portgroups.flatMap((portgroup) => expectedPortgroup([...root, 'portgroup'], portgroup)),
  ];
}

function expectedPortgroup(path: readonly string[], { name, isDefault, isTrunk, tags, nativeTag }: LibvirtPortgroupFacts): Entry[] {
  const vlan = [...path, 'vlan'];
  return [
    entry(path, isDefault ? { name, default: 'yes' } : { name }),
    ...(tags.length > 0 ? [entry(vlan, isTrunk ? { trunk: 'yes' } : {})] : []),
    ...tags.map((tag) =>
      entry([...vlan, 'tag'], nativeTag?.vlan === tag ? { id: String(tag), nativeMode: nativeTag.mode } : { id: String(tag) }),
    ),
  ];
}
