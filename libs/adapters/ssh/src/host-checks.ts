/** Verdicts on what a host says about itself after a push. Each names what was expected and what was found. */
import type { ExpectedEvi, Expectations, VerifyCheck } from '#contexts/deployment/ports';
import type { Answer, AnswerPart } from './answer.js';
import { evpnTargets, frrJson, neighborStates, remoteVteps, vrfNeighbors } from './frr-report.js';
import { evpnTargetsInText } from './frr-text.js';
import { type Artefact, hostFileAt, type HostSlot } from './host-file.js';
import { interfaceDrift } from './ifquery-report.js';

export type Check = VerifyCheck;

/** Files, interfaces and routing configuration: needs the answer of `verify`. */
export function configurationChecks(answer: Answer, artefacts: readonly Artefact[]): Check[] {
  return artefacts.flatMap((artefact): Check[] => {
    const file = hostFileAt(artefact.path);
    if (file === null) return [];
    const part = answer.get(file.slot);
    const isLive = part?.status === 0 && part.text === artefact.content;
    const found = isLive ? 'is what was staged' : part?.status === 0 ? 'has other content than what was staged' : 'does not exist';
    return [
      { name: `file ${artefact.path}`, ok: isLive, message: `${artefact.path} ${found}` },
      ...stateChecks(file.slot, answer, artefact),
    ];
  });
}

function stateChecks(slot: HostSlot, answer: Answer, { content }: Artefact): Check[] {
  if (slot === 'interfaces') return [interfaceCheck('interfaces', answer.get('ifquery'), content)];
  if (slot === 'ovsinterfaces') return [interfaceCheck('interfaces of Open vSwitch', answer.get('ifquery'), content)];
  if (slot === 'frr') return [residualCheck(answer.get('residual'))];
  return slot.startsWith('network:') ? [networkCheck(slot, answer.get('libvirt'))] : [];
}

function networkCheck(slot: HostSlot, part: AnswerPart | undefined): Check {
  const words = part?.text.split('\n').find((line) => line.startsWith(`${slot} `)) ?? '';
  const ok = part?.status === 0 && words === '';
  const name = `libvirt ${slot.slice(8)}`;
  return { name, ok, message: ok ? 'libvirt runs what the file says' : `libvirt does not run what the file says: ${words || 'no report'}` };
}

function interfaceCheck(name: string, part: AnswerPart | undefined, text: string): Check {
  try {
    const drift = interfaceDrift(part?.text ?? '', text);
    const message = drift.map((entry) => `${entry.name} ${entry.message}`).join('; ');
    return { name, ok: drift.length === 0, message: message === '' ? 'every interface is as the file says (ifquery --check)' : message };
  } catch (error) {
    return { name, ok: false, message: `ifquery --check gave no report: ${error instanceof Error ? error.message : String(error)}` };
  }
}

function residualCheck(part: AnswerPart | undefined): Check {
  const residual = part?.text.trim() ?? '';
  const name = 'frr running configuration';
  if (part?.status !== 0)
    return { name, ok: false, message: `frr-reload.py --test ended with ${part?.status ?? 'no answer'}: ${residual.slice(0, 500)}` };
  if (residual === '') return { name, ok: true, message: 'FRR runs what frr.conf says' };
  return {
    name,
    ok: false,
    message: `FRR runs something else than frr.conf: ${residual
      .split('\n')
      .filter((line) => line.trim() !== '')
      .join(' | ')
      .slice(0, 500)}`,
  };
}

/** State of the control plane: needs the answer of `verify` or of `protocol`. */
export function protocolChecks(answer: Answer, artefacts: readonly Artefact[], expectations: Expectations): Check[] {
  const text = artefacts.find(({ format }) => format === 'frr')?.content ?? '';
  return [
    ...neighborChecks(frrJson(answer.get('bgp')), expectations.neighbors),
    ...vrfNeighborChecks(frrJson(answer.get('vrfs')), expectations.vrfNeighbors ?? []),
    ...vniChecks(frrJson(answer.get('targets')), new Map([...evpnTargetsInText(text), ...(expectations.evis ?? [])]), expectations.vnis),
    ...vtepChecks(frrJson(answer.get('vnis')), expectations.remoteVteps ?? new Map()),
  ];
}

function neighborChecks(summary: unknown, neighbors: readonly string[]): Check[] {
  const states = neighborStates(summary);
  return neighbors.map((address) => {
    const state = summary === null ? 'unknown, bgpd does not answer' : (states.get(address) ?? 'not configured');
    return {
      name: `bgp ${address}`,
      ok: state === 'Established',
      message: `session with ${address}: expected Established, found ${state}`,
      about: { question: 'SESSIONS', subject: address, expected: `${address} Established`, seen: `${address} ${state}` },
    };
  });
}

function vrfNeighborChecks(report: unknown, neighbors: readonly string[]): Check[] {
  const established = vrfNeighbors(report);
  return neighbors.map((neighbor) => {
    const ok = established.includes(neighbor);
    const state = report === null ? 'unknown, bgpd does not answer' : ok ? 'Established' : 'not Established';
    return {
      name: `bgp in vrf ${neighbor}`,
      ok,
      message: `session in VRF ${neighbor}: expected Established, found ${state}`,
      about: { question: 'SESSIONS', subject: neighbor, expected: `${neighbor} Established`, seen: `${neighbor} ${state}` },
    };
  });
}

/** What a VNI uses: from the control plane, never from the file. */
function vniChecks(report: unknown, wanted: ReadonlyMap<number, ExpectedEvi>, vnis: readonly number[]): Check[] {
  const known = evpnTargets(report);
  return vnis.map((vni) => {
    const [found, expected] = [known.get(vni), wanted.get(vni)];
    const seen =
      report === null ? 'bgpd does not answer' : found === undefined ? 'bgpd does not know it as a VNI of this host' : sayTargets(found);
    const ok = found !== undefined && (expected === undefined || sayTargets(expected) === seen);
    const isElse = found !== undefined && expected !== undefined && !ok;
    return {
      name: `vni ${vni}`,
      ok,
      message: isElse ? `VNI ${vni}: expected ${sayTargets(expected)}, found ${seen}` : `VNI ${vni}: ${seen}`,
      about: { question: 'VNI', subject: String(vni), expected: expected ? sayTargets(expected) : 'known', seen },
    };
  });
}

const sayTargets = ({ rd, importTargets, exportTargets }: ExpectedEvi): string =>
  `rd ${rd} import ${sorted(importTargets)} export ${sorted(exportTargets)}`;

function vtepChecks(report: unknown, expected: ReadonlyMap<number, readonly string[]>): Check[] {
  const known = remoteVteps(report);
  return [...expected].map(([vni, vteps]) => {
    const found = known.get(vni) ?? [];
    const missing = vteps.filter((vtep) => !found.includes(vtep));
    const [wanted, seen] = [sorted(vteps) || 'none', report === null ? 'no answer from zebra' : sorted(found) || 'none'];
    return {
      name: `remote VTEPs of vni ${vni}`,
      ok: report !== null && missing.length === 0,
      message: `VNI ${vni}: expected remote VTEPs ${wanted}, found ${seen}`,
      about: { question: 'REMOTE_VTEPS', subject: String(vni), expected: wanted, seen },
    };
  });
}

const sorted = (words: readonly string[]): string => [...words].sort().join(' ');
