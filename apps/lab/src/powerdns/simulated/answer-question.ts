import { type Answer, type Question, RCODE, type ResourceRecord } from './dns-message.js';
import type { SimulatedRrset, SimulatedZone } from './simulated-zone.js';

/** RFC 1034 §4.3.2 for zones without delegations and wildcards. */
export function answerQuestion(question: Question, zones: readonly SimulatedZone[]): Answer {
  if (question.opcode !== 0) return { rcode: RCODE.NOTIMP, answers: [], authority: [] };
  const answers: ResourceRecord[] = [];
  let name = question.name;
  for (;;) {
    const zone = zoneOf(name, zones);
    if (!zone) return { rcode: answers.length > 0 ? RCODE.NOERROR : RCODE.REFUSED, answers, authority: [] };
    const rrset = served(zone.find(name, question.type));
    if (rrset.length > 0) return { rcode: RCODE.NOERROR, answers: [...answers, ...rrset], authority: [] };
    const [alias] = served(zone.find(name, 'CNAME'));
    const isLoop = answers.some((seen) => seen.name === alias?.name);
    if (!alias || isLoop) return { rcode: rcodeFor(name, zone), answers, authority: served(zone.find(zone.name, 'SOA')) };
    answers.push(alias);
    name = alias.content.toLowerCase();
  }
}

function zoneOf(name: string, zones: readonly SimulatedZone[]): SimulatedZone | undefined {
  return zones.filter((zone) => zone.contains(name)).sort((a, b) => b.name.length - a.name.length)[0];
}

/** A name with something at or below it exists (RFC 8020); it only has no record of this type. */
function rcodeFor(name: string, zone: SimulatedZone): number {
  return zone.all.some((rrset) => rrset.name === name || rrset.name.endsWith(`.${name}`)) ? RCODE.NOERROR : RCODE.NXDOMAIN;
}

function served(rrset: SimulatedRrset | undefined): ResourceRecord[] {
  return (rrset?.records ?? [])
    .filter(({ disabled }) => !disabled)
    .map(({ content }) => ({ name: rrset?.name ?? '', type: rrset?.type ?? '', ttl: rrset?.ttl ?? 0, content }));
}
