/**
 * frr.conf as FRR 8.4.4 takes it, as far as hosts of this fabric use it: first by its syntax (`vtysh -C`), then by its
 * meaning (what the daemons say while the lines are applied). A line is looked up in the present node and then in the
 * nodes above, as vtysh does.
 */
import { type BgpModel, FRR_COMMANDS, type FrrCommand, type FrrNode, PARENT_NODE } from './frr-commands.js';

export interface FrrRunning {
  /** `router bgp 65051 / address-family l2vpn evpn / advertise-all-vni`: each accepted line with the blocks around it. */
  readonly lines: readonly string[];
  readonly model: BgpModel;
  /** In the words of frr-reload.py's vtysh; empty: everything was applied. */
  readonly failures: readonly string[];
}

interface Place {
  readonly node: FrrNode;
  /** Lines that opened the blocks around, outermost first. */
  readonly around: readonly string[];
}

/** `vtysh -C -f FILE`: complaints with line numbers; empty: accepted. */
export function checkFrrSyntax(text: string): string[] {
  const complaints: string[] = [];
  walk(text, (line, number, found) => {
    if (found === null) complaints.push(`line ${number}: % Unknown command[4]: ${line}`);
  });
  return complaints;
}

/** What the daemons run after `frr-reload.py --reload` of a file whose syntax is right. A line that they refuse is left out, the rest stays. */
export function applyFrr(text: string): FrrRunning {
  const model: BgpModel = {
    asn: null,
    routerId: null,
    advertisesAllVnis: false,
    hasRfc8365Targets: false,
    activatesIpv4ByDefault: true,
    neighbors: new Map(),
    peerGroups: new Set(),
    vnis: new Map(),
    openVni: null,
  };
  const lines = new Set<string>();
  const failures: string[] = [];
  walk(text, (line, number, found) => {
    if (found === null || /^(exit|end|frr version)/.test(line.trim())) return;
    const isMainInstance = !found.place.around.some((block) => block.includes(' vrf '));
    const words = isMainInstance && found.command.effect ? found.command.effect(model, found.groups) : null;
    if (words === null) lines.add([...found.place.around, line.trim()].join(' / '));
    else if (words !== 'dropped') failures.push(`${words}\nline ${number}: Failure to communicate[13] to bgpd, line: ${line}`);
  });
  return { lines: [...lines].sort(), model, failures };
}

/** Every configuration line of a text with the blocks around it, whether or not a daemon would take it. */
export function linesOf(text: string): string[] {
  const lines = new Set<string>();
  walk(text, (line, _number, found) => {
    if (found !== null && !/^(exit|end|frr version)/.test(line.trim())) lines.add([...found.place.around, line.trim()].join(' / '));
  });
  return [...lines].sort();
}

type Visit = (line: string, number: number, found: { place: Place; command: FrrCommand; groups: string[] } | null) => void;

function walk(text: string, visit: Visit): void {
  let place: Place = { node: 'top', around: [] };
  text.split('\n').forEach((line, index) => {
    const words = line.trim();
    if (words === '' || words.startsWith('!') || words.startsWith('#')) return;
    const found = lookUp(words, place);
    visit(line, index + 1, found);
    if (found === null) return;
    place = found.place;
    if (found.command.enters !== undefined) place = { node: found.command.enters, around: [...place.around, words] };
    else if (words.startsWith('exit')) place = { node: PARENT_NODE[place.node] ?? 'top', around: place.around.slice(0, -1) };
  });
}

function lookUp(words: string, from: Place): { place: Place; command: FrrCommand; groups: string[] } | null {
  for (let place: Place | null = from; place !== null; place = above(place)) {
    for (const command of FRR_COMMANDS[place.node]) {
      const groups = command.pattern.exec(words)?.slice(1);
      if (groups !== undefined && (command.accepts?.(groups) ?? true)) return { place, command, groups };
    }
  }
  return null;
}

function above({ node, around }: Place): Place | null {
  const parent = PARENT_NODE[node];
  return parent === null ? null : { node: parent, around: around.slice(0, -1) };
}
