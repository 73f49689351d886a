/** Reads the switch until it is what was wanted: the lines, the VNIs, the sessions and the VTEPs, or the time is over. */
import {
  type ExpectedPath,
  type ExpectedRoute,
  type Expectations,
  hasFailed,
  type MlagState,
  type ProofQuestion,
  type VerifyCheck,
  type VerifyReport,
} from '#contexts/deployment/ports';
import { configFacts, diffText, eosDialect, ownedText } from '#engines/reconcile';
import { pause } from './pause.js';
import type { SwitchHealth, SwitchReader, SwitchRoute } from './switch-reader.js';

type Check = VerifyCheck;

const POLL_MS = 250;

export interface VerifiedPush {
  /** Our lines. */
  readonly owned: string;
  /** Read before the change went live; null where that is not known. */
  readonly before: SwitchHealth | null;
}

export async function verifyPush(
  reader: SwitchReader,
  push: VerifiedPush,
  expected: Expectations,
  withinMs: number,
  signal: AbortSignal,
): Promise<VerifyReport> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const checks = await runChecks(reader, push, expected);
    const ok = !checks.some(hasFailed);
    if (ok || performance.now() + POLL_MS > deadline || signal.aborted) return { ok, checks };
    await pause(POLL_MS, signal);
  }
}

async function runChecks(reader: SwitchReader, { owned, before }: VerifiedPush, expected: Expectations): Promise<readonly Check[]> {
  const { vnis, neighbors, remoteVteps, addresses, paths = [], vrfNeighbors = [], mlag } = expected;
  const running = await reader.runningConfig();
  const checks: Check[] = [linesCheck(running, owned)];
  if (vnis.length > 0) checks.push(...vniChecks(vnis, await reader.localVnis()));
  if (neighbors.length > 0) checks.push(...neighborChecks(neighbors, await reader.evpnNeighbors(running)));
  if (vrfNeighbors.length > 0) checks.push(...vrfNeighborChecks(vrfNeighbors, await reader.vrfNeighbors()));
  if (mlag !== undefined) checks.push(mlagCheck(mlag, await reader.mlag()));
  if (remoteVteps !== undefined) checks.push(...vtepChecks(remoteVteps, await reader.remoteVteps()));
  checks.push(...(await learnedChecks(reader, expected)));
  if (addresses !== undefined) checks.push(...addressChecks(addresses, await reader.addresses()));
  for (const path of paths) checks.push(pathCheck(path, await reader.path(path)));
  if (before !== null) checks.push(...healthChecks(before, await reader.health(), owned));
  return checks;
}

/** Types 3, 2 and 5. */
async function learnedChecks(reader: SwitchReader, { routes, macs, prefixes }: Expectations): Promise<readonly Check[]> {
  const checks: Check[] = [];
  if (routes !== undefined)
    checks.push(
      ...routeChecks('ROUTES', routes, await reader.evpnRoutes('imet'), ({ vtep }) => ({ name: `route of ${vtep}`, subject: vtep })),
    );
  if (macs !== undefined)
    checks.push(
      ...routeChecks('MACS', macs, await reader.evpnRoutes('mac-ip'), ({ mac, vtep }) => ({ name: `${mac} behind ${vtep}`, subject: mac })),
    );
  if (prefixes !== undefined) {
    const [v4, v6] = [await reader.evpnRoutes('ip-prefix ipv4'), await reader.evpnRoutes('ip-prefix ipv6')];
    const learned = v4 === null ? null : [...v4, ...(v6 ?? [])];
    checks.push(...routeChecks('PREFIXES', prefixes, learned, ({ prefix, vtep }) => ({ name: `${prefix} of ${vtep}`, subject: prefix })));
  }
  return checks;
}

/** What EOS found wrong or had a link before is not ours to answer for; what is new is. */
function healthChecks(before: SwitchHealth, now: SwitchHealth | null, owned: string): readonly Check[] {
  if (now === null)
    return [{ name: 'health', ok: false, message: 'the switch told of its interfaces before the change, and does not now' }];
  const failed = now.failedChecks.filter((check) => !before.failedChecks.includes(check));
  const shut = shutInterfaces(owned);
  const lost = before.connected.filter((name) => !now.connected.includes(name) && !shut.includes(name));
  return [
    {
      name: 'VXLAN config sanity',
      ok: failed.length === 0,
      message: failed.length === 0 ? 'no check fails that passed before' : `checks that passed before: ${failed.join('; ')}`,
    },
    {
      name: 'interfaces',
      ok: lost.length === 0,
      message: lost.length === 0 ? 'all that had a link have one' : `had a link before the change: ${lost.join(', ')}`,
    },
  ];
}

const shutInterfaces = (owned: string): readonly string[] =>
  configFacts(eosDialect, owned).flatMap(({ path, text }) => (text === 'shutdown' ? [(path[0] ?? '').replace(/^interface /, '')] : []));

function linesCheck(running: string, owned: string): Check {
  const found = ownedText(running, owned);
  const message =
    found === owned
      ? 'every line that we own is in the running-config'
      : `the running-config differs from what was applied:\n${diffText(owned, found, { before: 'applied', after: 'running' })}`;
  return { name: 'running-config', ok: found === owned, message };
}

function vniChecks(vnis: readonly number[], bound: readonly number[]): readonly Check[] {
  return vnis.map((vni) => {
    const ok = bound.includes(vni);
    const seen = ok ? 'bound to a VLAN' : `bound are ${list(bound)}`;
    return {
      name: `VNI ${vni}`,
      ok,
      message: ok ? seen : `expected in \`show vxlan vni\`, found there: ${list(bound)}`,
      about: { question: 'VNI', subject: String(vni), expected: 'bound to a VLAN', seen },
    };
  });
}

function neighborChecks(neighbors: readonly string[], established: readonly string[]): readonly Check[] {
  return neighbors.map((neighbor) => {
    const ok = established.includes(neighbor);
    return {
      name: `BGP EVPN ${neighbor}`,
      ok,
      message: ok ? 'Established' : `expected Established; the neighbors that are: ${list(established)}`,
      about: sessionOf(neighbor, ok),
    };
  });
}

function vrfNeighborChecks(neighbors: readonly string[], established: readonly string[] | null): readonly Check[] {
  return neighbors.map((neighbor): Check => {
    const name = `BGP in VRF ${neighbor}`;
    if (established === null) return unchecked(name, 'show ip bgp summary vrf all', sessionOf(neighbor, false));
    const ok = established.includes(neighbor);
    const message = ok ? 'Established' : `expected Established; the neighbors in VRFs that are: ${list(established)}`;
    return { name, ok, message, about: sessionOf(neighbor, ok) };
  });
}

const sessionOf = (neighbor: string, ok: boolean): NonNullable<Check['about']> => ({
  question: 'SESSIONS',
  subject: neighbor,
  expected: `${neighbor} Established`,
  seen: `${neighbor} ${ok ? 'Established' : 'not Established'}`,
});

/** What was well must be; what was not may be as it was, or better. */
function mlagCheck(expected: MlagState, found: MlagState | null): Check {
  const say = ({ state, negotiation, peerLink, sanity }: MlagState): string =>
    `${state}, ${negotiation}, peer link ${peerLink}, configuration ${sanity}`;
  const about = { question: 'MLAG', subject: '', expected: say(expected), seen: found === null ? 'no pair' : say(found) } as const;
  const isKept = (part: keyof MlagState, well: string): boolean => expected[part] !== well || found?.[part] === well;
  const ok = isKept('state', 'active') && isKept('negotiation', 'connected') && isKept('peerLink', 'up') && isKept('sanity', 'consistent');
  return { name: 'MLAG', ok, message: ok ? about.seen : `expected ${about.expected}, found ${about.seen}`, about };
}

/** The release does not answer, or in a shape that is not known: neither right nor wrong. */
const unchecked = (name: string, command: string, about: NonNullable<Check['about']>): Check => ({
  name,
  ok: false,
  isUnchecked: true,
  message: `this switch does not answer \`${command}\` in a way that is known`,
  about,
});

function vtepChecks(
  expected: ReadonlyMap<number, readonly string[]>,
  { known, byVni }: Awaited<ReturnType<SwitchReader['remoteVteps']>>,
): readonly Check[] {
  return [...expected].flatMap(([vni, vteps]) => {
    const flooded = byVni.get(vni) ?? [];
    const about = { question: 'REMOTE_VTEPS', subject: String(vni), expected: list(vteps), seen: list(flooded) } as const;
    if (vteps.length === 0) return [{ name: `VTEPs of VNI ${vni}`, ok: true, message: 'none is expected', about }];
    return vteps.map((vtep) => {
      const ok = known.includes(vtep) && flooded.includes(vtep);
      return {
        name: `VTEP ${vtep} of VNI ${vni}`,
        ok,
        message: ok
          ? 'in the flood list'
          : `expected in the flood list of the VNI, found there: ${list(flooded)}; known VTEPs: ${list(known)}`,
        about,
      };
    });
  });
}

/** An RD is of one device and network: a route that has it is theirs, whatever it says. */
function routeChecks<Expected extends ExpectedRoute>(
  question: ProofQuestion,
  expected: ReadonlyMap<number, readonly Expected[]>,
  learned: readonly SwitchRoute[] | null,
  sayOf: (route: Expected) => { readonly name: string; readonly subject: string },
): readonly Check[] {
  return [...expected].flatMap(([vni, routes]) =>
    routes.map((route): Check => {
      const { name: what, subject } = sayOf(route);
      const { rd, target } = route;
      const name = `${what} for VNI ${vni}`;
      const of = (learned ?? []).filter((one) => one.subject === subject);
      const found = list(of.map((one) => `${one.rd} with ${list(one.targets)}`));
      const about = { question, subject: String(vni), expected: `${what}: ${rd} with ${target}`, seen: `${what}: ${found}` } as const;
      if (learned === null) return unchecked(name, 'show bgp evpn route-type …', about);
      const ok = of.some((one) => one.rd === rd && one.targets.includes(target));
      const message = ok
        ? `learned as ${rd} with ${target}`
        : `expected as ${rd} with route target ${target}, learned from that VTEP: ${found}`;
      return { name, ok, message, about };
    }),
  );
}

function addressChecks(expected: NonNullable<Expectations['addresses']>, found: ReadonlyMap<string, string>): readonly Check[] {
  return expected.map(({ port, address }) => {
    const seen = found.get(port) ?? 'none';
    const ok = seen === address;
    const about = { question: 'GATEWAY', subject: port, expected: address, seen } as const;
    return { name: `address of ${port}`, ok, message: ok ? address : `expected ${address}, found ${seen}`, about };
  });
}

const pathCheck = ({ from, to, octets }: ExpectedPath, said: string | null): Check => ({
  name: `path from ${from} to ${to}`,
  ok: said === null,
  message: said === null ? `a packet of ${octets} octets is answered` : `a packet of ${octets} octets is not answered: ${said}`,
  about: {
    question: 'PATH_MTU',
    subject: to,
    expected: `${to} answers to ${octets} octets in one piece`,
    seen: `${to}: ${said === null ? 'answers' : said}`,
  },
});

const list = (values: readonly (string | number)[]): string => (values.length === 0 ? 'none' : values.join(', '));
