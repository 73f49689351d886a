/** Reads of the switch, repeated while no answer comes: reading changes nothing. */
import type { z } from 'zod';
import { compareConfigs, eosDialect } from '#engines/reconcile';
import { type DeviceVitals, type ExpectedPath, type MlagState, TransportError } from '#contexts/deployment/ports';
import { CommandRefusal, type EapiClient, NoAnswer } from './eapi-client.js';
import { parseSessionName, type SessionName } from './session-name.js';
import { pause } from './pause.js';
import {
  addressesShape,
  digestShape,
  evpnShape,
  hostnameShape,
  interfacesShape,
  macTableShape,
  messagesShape,
  mlagShape,
  routesShape,
  sanityShape,
  sessionsShape,
  versionShape,
  vniShape,
  vtepShape,
  vxlanShape,
} from './switch-shapes.js';

export interface OpenSession {
  readonly name: string;
  /** Present for ours. */
  readonly ours: SessionName | undefined;
  /** `timed`: its configuration is live and will be taken back when its commit timer runs out. */
  readonly state: 'pending' | 'timed' | 'ended';
}

export interface SwitchStatus {
  readonly sessions: readonly OpenSession[];
  /** Session whose commit timer runs. EOS has one at most. */
  readonly timer: string | null;
  /** Hash of the running-config as EOS counts it: equal digests, equal configurations. */
  readonly digest: string;
}

/** The digest in an answer to `DIGEST`, undefined where there is none. */
export const digestOf = (answer: unknown): string | undefined => digestShape.safeParse(answer).data?.digest;

export interface SwitchIdentity {
  readonly hostname: string;
  /** EOS release, `4.32.1F`. */
  readonly release: string;
  /** Both empty on virtual switches that were given none. */
  readonly serialNumber: string;
  readonly systemMac: string;
  /** Since the last boot. */
  readonly upSeconds: number | null;
}

/** EOS's own hash of the running-config. */
export const DIGEST = 'show running-config digest';

const macOf = (text: string): string =>
  (
    text
      .toLowerCase()
      .replaceAll(/[^0-9a-f]/g, '')
      .match(/../g) ?? []
  ).join(':');

const establishedIn = ({ vrfs }: z.infer<typeof evpnShape>): string[] =>
  Object.values(vrfs).flatMap(({ peers }) =>
    Object.entries(peers).flatMap(([address, { peerState }]) => (peerState === 'Established' ? [address] : [])),
  );
const knownIn = ({ interfaces }: z.infer<typeof vtepShape>): string[] => Object.values(interfaces).flatMap(({ vteps }) => vteps);

export type EvpnRouteType = 'imet' | 'mac-ip' | 'ip-prefix ipv4' | 'ip-prefix ipv6';

export interface SwitchRoute {
  readonly rd: string;
  /** VTEP, MAC or prefix. */
  readonly subject: string;
  readonly targets: readonly string[];
}

export interface SwitchHealth {
  /** Checks of `show vxlan config-sanity` that do not pass, with their reason. */
  readonly failedChecks: readonly string[];
  /** Interfaces with a link. */
  readonly connected: readonly string[];
}

const RETRY_MS = 250;

export class SwitchReader {
  constructor(
    private readonly client: EapiClient,
    private readonly device: string,
    private readonly signal: AbortSignal,
    /** How long no answer is tolerated, milliseconds. */
    private readonly patienceMs: number,
  ) {}

  /** Asked once: whoever opens a connection wants to know now. */
  async identity(): Promise<SwitchIdentity> {
    const [, hostname, version] = await this.json(['enable', 'show hostname', 'show version'], 0);
    const box = this.as(versionShape, version, 'show version');
    return {
      hostname: this.as(hostnameShape, hostname, 'show hostname').hostname,
      release: box.version,
      serialNumber: box.serialNumber,
      systemMac: box.systemMacAddress,
      upSeconds: box.uptime,
    };
  }

  /** Sessions and digest of one moment. */
  async status(patienceMs = this.patienceMs): Promise<SwitchStatus> {
    const [, sessions, digest] = await this.json(['enable', 'show configuration sessions detail', DIGEST], patienceMs);
    const detail = this.as(sessionsShape, sessions, 'show configuration sessions detail');
    const timer = runningTimer(detail);
    return {
      timer,
      digest: this.as(digestShape, digest, DIGEST).digest,
      sessions: Object.entries(detail.sessions).map(([name, { state }]) => ({
        name,
        ours: parseSessionName(name),
        state: name === timer ? 'timed' : state === 'pending' ? 'pending' : 'ended',
      })),
    };
  }

  async runningConfig(): Promise<string> {
    const [, text] = await this.again(() => this.client.text(['enable', 'show running-config']));
    if (text === undefined || text.trim() === '') throw this.unreadable('show running-config', 'an empty text');
    return text;
  }

  /** Would a reload change nothing? */
  async isStored(): Promise<boolean> {
    const startup = await this.startupConfig();
    return startup !== null && compareConfigs(eosDialect, await this.runningConfig(), startup).length === 0;
  }

  /** What the next reload boots; null on a switch that was never saved. */
  async startupConfig(): Promise<string | null> {
    const refused = (error: unknown): readonly string[] => {
      if (error instanceof CommandRefusal) return [];
      throw error;
    };
    const [, text = ''] = await this.again(() => this.client.text(['enable', 'show startup-config']).catch(refused));
    return text.trim() === '' ? null : text;
  }

  /** What committing the session would change, as a unified diff (empty for nothing), and would make. EOS has both as text only. */
  async session(name: string): Promise<{ readonly diff: string; readonly config: string }> {
    const commands = ['enable', `show session-config named ${name} diffs`, `show session-config named ${name}`];
    const [, diff = '', config = ''] = await this.again(() => this.client.text(commands));
    if (config.trim() === '') throw this.unreadable(commands[2] as string, 'an empty text');
    return { diff: diff.trim() === '' ? '' : diff, config };
  }

  /** BGP neighbors whose EVPN session is Established. A switch without BGP has none, and refuses the question on some releases. */
  async evpnNeighbors(runningConfig: string): Promise<readonly string[]> {
    if (!/^router bgp /m.test(runningConfig)) return [];
    const [, summary] = await this.json(['enable', 'show bgp evpn summary']);
    return establishedIn(this.as(evpnShape, summary, 'show bgp evpn summary'));
  }

  /** Sessions and VTEPs of this moment, in one request where the switch has BGP. */
  async vitals(): Promise<DeviceVitals> {
    const refused = (error: unknown): null => {
      if (error instanceof CommandRefusal) return null;
      throw error;
    };
    const commands = ['enable', 'show bgp evpn summary', 'show vxlan vtep'];
    const answers = await this.again(() => this.client.json(commands).catch(refused));
    if (answers === null) {
      const running = await this.runningConfig();
      if (/^router bgp /m.test(running)) throw this.unreadable('show bgp evpn summary', 'it is refused, although the switch has BGP');
      return { establishedNeighbors: [], remoteVteps: [] };
    }
    const [, summary, vteps] = answers;
    const mlag = await this.mlag();
    const vrfNeighbors = await this.vrfNeighbors();
    return {
      establishedNeighbors: establishedIn(this.as(evpnShape, summary, 'show bgp evpn summary')),
      remoteVteps: knownIn(this.as(vtepShape, vteps, 'show vxlan vtep')),
      ...(vrfNeighbors && { vrfNeighbors }),
      ...(mlag && { mlag }),
    };
  }

  /** Established sessions outside the main table, `blue 10.0.0.1`; null where a release does not tell. */
  async vrfNeighbors(): Promise<readonly string[] | null> {
    const answer = await this.told('show ip bgp summary vrf all', evpnShape);
    return answer === null
      ? null
      : Object.entries(answer.vrfs).flatMap(([vrf, { peers }]) =>
          vrf === 'default'
            ? []
            : Object.entries(peers).flatMap(([address, { peerState }]) => (peerState === 'Established' ? [`${vrf} ${address}`] : [])),
        );
  }

  /** Null on a switch that is of no pair, or does not tell. */
  async mlag(): Promise<MlagState | null> {
    const answer = await this.told('show mlag', mlagShape);
    if (answer === null || (answer.state === 'disabled' && answer.negStatus === '')) return null;
    const { state, negStatus: negotiation, peerLinkStatus: peerLink, configSanity: sanity } = answer;
    return { state, negotiation, peerLink, sanity };
  }

  /** Guests on its own ports, per VNI; null where a release does not tell. */
  async localMacs(vnis: readonly number[]): Promise<ReadonlyMap<number, readonly string[]> | null> {
    const table = await this.told('show mac address-table', macTableShape);
    if (table === null) return null;
    const vlans = await this.vlansOfVnis();
    const learned = table.unicastTable.tableEntries.filter(
      ({ interface: port, entryType }) => port !== 'Vxlan1' && entryType === 'dynamic',
    );
    return new Map(
      vnis.map((vni) => [vni, learned.flatMap(({ vlanId, macAddress }) => (vlanId === vlans.get(vni) ? [macOf(macAddress)] : [])).sort()]),
    );
  }

  /** What EOS says of itself; null where a release does not tell, or in a shape that we do not know. */
  async health(): Promise<SwitchHealth | null> {
    const refused = (error: unknown): readonly unknown[] => {
      if (error instanceof CommandRefusal) return [];
      throw error;
    };
    const commands = ['enable', 'show vxlan config-sanity detail', 'show interfaces status'];
    const [, sanity, interfaces] = await this.again(() => this.client.json(commands).catch(refused));
    const [insane, connected] = [sanityShape.safeParse(sanity), interfacesShape.safeParse(interfaces)];
    if (!insane.success || !connected.success) return null;
    return {
      failedChecks: Object.values(insane.data.categories).flatMap(({ items }) =>
        items.flatMap(({ name, checkPass, detail }) => (checkPass ? [] : [detail === '' ? name : `${name}: ${detail}`])),
      ),
      connected: Object.entries(connected.data.interfaceStatuses).flatMap(([name, { linkStatus }]) =>
        linkStatus === 'connected' ? [name] : [],
      ),
    };
  }

  /** Valid routes of a type in the BGP table; null where a release does not tell. */
  async evpnRoutes(type: EvpnRouteType): Promise<readonly SwitchRoute[] | null> {
    const answer = await this.told(`show bgp evpn route-type ${type} detail`, routesShape);
    return (
      answer &&
      Object.entries(answer.evpnRoutes).flatMap(([key, { evpnRoutePaths }]) => {
        const [, rd, subject] = /^RD: (\S+) (?:imet|mac-ip|ip-prefix) (?:\d+ )?(\S+)/.exec(key) ?? [];
        if (rd === undefined || subject === undefined) return [];
        const valid = evpnRoutePaths.filter(({ routeType }) => routeType.valid);
        if (valid.length === 0) return [];
        const targets = valid.flatMap(({ routeDetail }) =>
          routeDetail.extCommunities.flatMap((one) => /^Route-Target-\w+:(.+)$/.exec(one)?.[1] ?? []),
        );
        return [{ rd, subject: type === 'mac-ip' ? macOf(subject) : subject, targets }];
      })
    );
  }

  /** Addresses without prefix length, by interface. */
  async addresses(): Promise<ReadonlyMap<string, string>> {
    const [, brief] = await this.json(['enable', 'show ip interface brief']);
    const { interfaces } = this.as(addressesShape, brief, 'show ip interface brief');
    return new Map(Object.entries(interfaces).map(([name, { interfaceAddress }]) => [name, interfaceAddress.ipAddr.address]));
  }

  /** One packet of that many octets, whole or not at all. @returns what the switch says, null when it was answered. */
  async path({ from, to, octets }: ExpectedPath): Promise<string | null> {
    const ping = `ping ${to} source ${from} size ${octets} df-bit repeat 1`;
    const refused = (error: unknown): readonly unknown[] => {
      if (error instanceof CommandRefusal) return [undefined, { messages: error.errors }];
      throw error;
    };
    const [, answer] = await this.again(() => this.client.json(['enable', ping]).catch(refused));
    const said = this.as(messagesShape, answer, ping).messages.join('\n');
    return /\b[1-9]\d* received/.test(said) ? null : (said.trim().split('\n').at(-1) ?? 'nothing');
  }

  async localVnis(): Promise<readonly number[]> {
    return [...(await this.vlansOfVnis()).keys()];
  }

  private async vlansOfVnis(): Promise<ReadonlyMap<number, number>> {
    const [, vnis] = await this.json(['enable', 'show vxlan vni']);
    return new Map(
      Object.values(this.as(vniShape, vnis, 'show vxlan vni').vxlanIntfs).flatMap(({ vniBindings }) =>
        Object.entries(vniBindings).map(([vni, { vlan }]) => [Number(vni), vlan] as const),
      ),
    );
  }

  /** VTEPs that the switch knows, and those in the flood list of each VNI. */
  async remoteVteps(): Promise<{ readonly known: readonly string[]; readonly byVni: ReadonlyMap<number, readonly string[]> }> {
    const [, vteps, vxlan] = await this.json(['enable', 'show vxlan vtep', 'show interfaces vxlan 1']);
    const byVni = new Map<number, readonly string[]>();
    for (const { vlanToVniMap, vlanToVtepList } of Object.values(this.as(vxlanShape, vxlan, 'show interfaces vxlan 1').interfaces)) {
      for (const [vlan, { vni }] of Object.entries(vlanToVniMap)) byVni.set(vni, vlanToVtepList[vlan]?.remoteVtepAddr ?? []);
    }
    return { known: knownIn(this.as(vtepShape, vteps, 'show vxlan vtep')), byVni };
  }

  /** A question that not every release answers, or in a shape that we do not know: null. No answer at all is an error as ever. */
  private async told<T>(command: string, shape: z.ZodType<T>): Promise<T | null> {
    const refused = (error: unknown): readonly unknown[] => {
      if (error instanceof CommandRefusal) return [];
      throw error;
    };
    const [, answer] = await this.again(() => this.client.json(['enable', command]).catch(refused));
    const parsed = shape.safeParse(answer);
    return parsed.success ? parsed.data : null;
  }

  private json(commands: readonly string[], patienceMs = this.patienceMs): Promise<readonly unknown[]> {
    return this.again(() => this.client.json(commands), patienceMs);
  }

  private async again<T>(read: () => Promise<T>, patienceMs = this.patienceMs): Promise<T> {
    const deadline = performance.now() + patienceMs;
    for (;;) {
      try {
        return await read();
      } catch (error) {
        if (error instanceof CommandRefusal) throw this.unreadable(error.command, error.errors.join('; '));
        if (!(error instanceof NoAnswer)) throw error;
        if (performance.now() + RETRY_MS > deadline) throw this.unreachable(error.message);
        await pause(RETRY_MS, this.signal);
      }
    }
  }

  private as<T>(shape: z.ZodType<T>, value: unknown, command: string): T {
    const parsed = shape.safeParse(value);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw this.unreadable(command, `its answer has another shape than we know (${issue?.path.join('.')}: ${issue?.message})`);
  }

  private unreachable(detail: string): TransportError {
    return new TransportError('UNREACHABLE', `${this.device}: ${detail}`, { device: this.device, detail });
  }

  /** Not an empty list, and not worth repeating: the switch and we do not understand one another. */
  private unreadable(command: string, detail: string): TransportError {
    const text = `"${command}" cannot be read: ${detail}`;
    return new TransportError('UNREACHABLE', `${this.device}: ${text}`, { device: this.device, detail: text });
  }
}

/** Up to 4.31 the timer is a state of the session; from 4.32 on it stands beside, and the session is `committed` at once. */
function runningTimer({ sessions, commitTimerSessionName }: z.infer<typeof sessionsShape>): string | null {
  if (commitTimerSessionName !== undefined && commitTimerSessionName !== '') return commitTimerSessionName;
  return Object.entries(sessions).find(([, { state }]) => state === 'pendingCommitTimer')?.[0] ?? null;
}
