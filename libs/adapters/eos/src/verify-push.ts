/** Reads the switch until it is what was wanted: the lines, the VNIs, the sessions and the VTEPs, or the time is over. */
import type { Expectations, VerifyReport } from '#contexts/deployment/ports';
import { diffText, ownedText } from '#engines/reconcile';
import { pause } from './pause.js';
import type { SwitchReader } from './switch-reader.js';

type Check = VerifyReport['checks'][number];

const POLL_MS = 250;

export async function verifyPush(
  reader: SwitchReader,
  owned: string,
  expected: Expectations,
  withinMs: number,
  signal: AbortSignal,
): Promise<VerifyReport> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const checks = await runChecks(reader, owned, expected);
    const ok = checks.every((check) => check.ok);
    if (ok || Date.now() + POLL_MS > deadline || signal.aborted) return { ok, checks };
    await pause(POLL_MS, signal);
  }
}

async function runChecks(reader: SwitchReader, owned: string, { vnis, neighbors, remoteVteps }: Expectations): Promise<readonly Check[]> {
  const running = await reader.runningConfig();
  const checks: Check[] = [linesCheck(running, owned)];
  if (vnis.length > 0) checks.push(...vniChecks(vnis, await reader.localVnis()));
  if (neighbors.length > 0) checks.push(...neighborChecks(neighbors, await reader.evpnNeighbors(running)));
  if (remoteVteps !== undefined) checks.push(...vtepChecks(remoteVteps, await reader.remoteVteps()));
  return checks;
}

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

const list = (values: readonly (string | number)[]): string => (values.length === 0 ? 'none' : values.join(', '));
