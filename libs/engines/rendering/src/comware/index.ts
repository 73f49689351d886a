/** HP Comware 5 and 7: link aggregation towards hosts, with the VLANs that they need and no others. Lines to paste in system view. */
import type { ComwareIntent, LagIntent } from '#engines/intent';
import type { PortName, VlanId } from '#engines/kernel';
import type { Draft, Renderer } from '../artefact.js';
import { assertOutline, outline, type OutlineEntry } from '../outline.js';
import { block, paragraphs } from '../text.js';

/** What the switch takes in one `port trunk permit vlan`: vlan-id-list is &<1-10> in the command reference. */
const RANGES_A_LINE = 10;
const PATH = 'current-configuration';

export const comwareArtefacts: Renderer = ({ slug, comware, lags }): readonly Draft[] => {
  if (comware === null) return [];
  const links = lags.map((lag) => ({ lag, vlans: comware.trunks.find(({ name }) => name === lag.name)?.vlans ?? [] }));
  const vlans = [...new Set(links.flatMap((link) => link.vlans))].sort((a, b) => a - b);
  const text = paragraphs('#', [
    ranges(vlans).map((range) => `vlan ${range}`),
    ...links.map((link) => aggregation(comware, link.lag, link.vlans)),
    ...links.flatMap(({ lag, vlans: members }) => lag.members.map((port) => member(comware, lag, port, members))),
  ]);
  assertOutline(slug, PATH, text, [
    ...outline(
      [],
      ranges(vlans).map((range) => `vlan ${range}`),
    ),
    ...links.flatMap((link) => expected(comware, link.lag, link.vlans)),
  ]);
  return [{ path: PATH, format: 'comware', mode: 0o644, owner: 'root', text }];
};

function aggregation(comware: ComwareIntent, lag: LagIntent, vlans: readonly VlanId[]): string[] {
  return block(1, `interface ${lag.name}`, [
    lag.peers.length > 0 && `description ${lag.peers.join(' ')}`,
    trunk(comware, vlans),
    lag.mode === 'LACP' && 'link-aggregation mode dynamic', // static is the default, and is not shown
  ]);
}

/** Members need the attributes of their aggregation, or they are not selected: link type, permitted VLANs, PVID. */
function member(comware: ComwareIntent, lag: LagIntent, port: PortName, vlans: readonly VlanId[]): string[] {
  return block(1, `interface ${port}`, [trunk(comware, vlans), `port link-aggregation group ${groupOf(lag)}`]);
}

/** A trunk permits VLAN 1 until it is told otherwise; untagged frames of a host are nobody's. */
function trunk({ defaultVlan }: ComwareIntent, vlans: readonly VlanId[]): string[] {
  return [
    'port link-type trunk',
    'undo port trunk permit vlan 1',
    ...permits(vlans),
    ...(defaultVlan === 1 ? [] : [`port trunk pvid vlan ${defaultVlan}`]),
  ];
}

function permits(vlans: readonly VlanId[]): string[] {
  const all = ranges(vlans);
  return Array.from({ length: Math.ceil(all.length / RANGES_A_LINE) }, (_, line) => {
    return `port trunk permit vlan ${all.slice(line * RANGES_A_LINE, (line + 1) * RANGES_A_LINE).join(' ')}`;
  });
}

const groupOf = ({ name }: LagIntent): string => /\d+$/.exec(name)?.[0] ?? '';

/** `2 to 4`, `10`. */
function ranges(vlans: readonly VlanId[]): string[] {
  const found: { first: number; last: number }[] = [];
  for (const vlan of vlans) {
    const open = found.at(-1);
    if (open && open.last + 1 === vlan) open.last = vlan;
    else found.push({ first: vlan, last: vlan });
  }
  return found.map(({ first, last }) => (first === last ? String(first) : `${first} to ${last}`));
}

function expected({ defaultVlan }: ComwareIntent, lag: LagIntent, vlans: readonly VlanId[]): OutlineEntry[] {
  const lists = Math.ceil(ranges(vlans).length / RANGES_A_LINE);
  const own = [
    'port link-type trunk',
    'undo port trunk permit vlan 1',
    ...Array.from({ length: lists }, () => 'port trunk permit vlan'),
    ...(defaultVlan === 1 ? [] : [`port trunk pvid vlan ${defaultVlan}`]),
  ];
  return [
    ...outline([], [`interface ${lag.name}`, ...lag.members.map((port) => `interface ${port}`)]),
    ...outline(
      [`interface ${lag.name}`],
      [...(lag.peers.length === 0 ? [] : ['description']), ...own, ...(lag.mode === 'LACP' ? ['link-aggregation mode dynamic'] : [])],
    ),
    ...lag.members.flatMap((port) => outline([`interface ${port}`], [...own, `port link-aggregation group ${groupOf(lag)}`])),
  ];
}
