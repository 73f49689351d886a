/** Reads the switch until it is what was wanted: the lines, the VNIs, the sessions and the VTEPs, or the time is over. */
import type { ExpectedPath, ExpectedRoute, Expectations, VerifyReport } from '#contexts/deployment/ports';
import { configFacts, diffText, eosDialect, ownedText } from '#engines/reconcile';
import { pause } from './pause.js';
import type { SwitchHealth, SwitchReader } from './switch-reader.js';

type Check = VerifyReport['checks'][number];

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
    const ok = checks.every((check) => check.ok);
    if (ok || performance.now() + POLL_MS > deadline || signal.aborted) return { ok, checks };
    await pause(POLL_MS, signal);
  }
}

async function runChecks(
  reader: SwitchReader,
  { owned, before }: VerifiedPush,
  { vnis, neighbors, remoteVteps, routes, addresses, paths = [] }: Expectations,
): Promise<readonly Check[]> {
  const running = await reader.runningConfig();
  const checks: Check[] = [linesCheck(running, owned)];
  if (vnis.length > 0) checks.push(...vniChecks(vnis, await reader.localVnis()));
  if (neighbors.length > 0) checks.push(...neighborChecks(neighbors, await reader.evpnNeighbors(running)));
  if (remoteVteps !== undefined) checks.push(...vtepChecks(remoteVteps, await reader.remoteVteps()));
  if (routes !== undefined) checks.push(...routeChecks(routes, await reader.multicastRoutes()));
  if (addresses !== undefined) checks.push(...addressChecks(addresses, await reader.addresses()));
  for (const path of paths) checks.push(pathCheck(path, await reader.path(path)));
  if (before !== null) checks.push(...healthChecks(before, await reader.health(), owned));
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
    return { name: `VNI ${vni}`, ok, message: ok ? 'bound to a VLAN' : `expected in \`show vxlan vni\`, found there: ${list(bound)}` };
  });
}

function neighborChecks(neighbors: readonly string[], established: readonly string[]): readonly Check[] {
  return neighbors.map((neighbor) => {
    const ok = established.includes(neighbor);
    return {
      name: `BGP EVPN ${neighbor}`,
      ok,
      message: ok ? 'Established' : `expected Established; the neighbors that are: ${list(established)}`,
    };
  });
}

function vtepChecks(
  expected: ReadonlyMap<number, readonly string[]>,
  { known, byVni }: Awaited<ReturnType<SwitchReader['remoteVteps']>>,
): readonly Check[] {
  return [...expected].flatMap(([vni, vteps]) =>
    vteps.map((vtep) => {
      const flooded = byVni.get(vni) ?? [];
      const ok = known.includes(vtep) && flooded.includes(vtep);
      return {
        name: `VTEP ${vtep} of VNI ${vni}`,
        ok,
        message: ok
          ? 'in the flood list'
          : `expected in the flood list of the VNI, found there: ${list(flooded)}; known VTEPs: ${list(known)}`,
      };
    }),
  );
}

function routeChecks(
  expected: ReadonlyMap<number, readonly ExpectedRoute[]>,
  learned: Awaited<ReturnType<SwitchReader['multicastRoutes']>>,
): readonly Check[] {
  return [...expected].flatMap(([vni, routes]) =>
    routes.map(({ vtep, rd, target }) => {
      const ofVtep = learned.filter((route) => route.vtep === vtep);
      const ok = ofVtep.some((route) => route.rd === rd && route.targets.includes(target));
      const found = list(ofVtep.map((route) => `${route.rd} with ${list(route.targets)}`));
      return {
        name: `route of ${vtep} for VNI ${vni}`,
        ok,
        message: ok ? `learned as ${rd} with ${target}` : `expected as ${rd} with route target ${target}, learned from that VTEP: ${found}`,
      };
    }),
  );
}

function addressChecks(expected: NonNullable<Expectations['addresses']>, found: ReadonlyMap<string, string>): readonly Check[] {
  return expected.map(({ port, address }) => {
    const ok = found.get(port) === address;
    return { name: `address of ${port}`, ok, message: ok ? address : `expected ${address}, found ${found.get(port) ?? 'none'}` };
  });
}

const pathCheck = ({ from, to, octets }: ExpectedPath, said: string | null): Check => ({
  name: `path from ${from} to ${to}`,
  ok: said === null,
  message: said === null ? `a packet of ${octets} octets is answered` : `a packet of ${octets} octets is not answered: ${said}`,
});

const list = (values: readonly (string | number)[]): string => (values.length === 0 ? 'none' : values.join(', '));
