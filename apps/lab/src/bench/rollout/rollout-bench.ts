/**
 * What a rollout over a hundred devices takes, what a fault of the canary costs, and what a deployment of nothing writes. API, workers and
 * PostgreSQL are processes as in an installation; the devices are simulated, behind real SSH and TLS, in this process.
 */
import { encodeId } from '#engines/kernel';
import { generateSshKeyPair } from '#adapters/ssh';
import { INTERFACES_PATH } from '#engines/rendering';
import { ApiCaller } from '../../chaos/api-caller.js';
import { Installation, type Place, type Say } from '../../chaos/installation.js';
import { EAPI_USER } from '../../chaos/leaf-under-test.js';
import type { Customer } from '../../chaos/order-client.js';
import { pause } from '../../chaos/timing.js';
import { startEosSimulator } from '../../eos-simulator/index.js';
import { starEdgePorts, starHosts, starInventory, starLeafs, starPortCount, type StarSize } from '../../fabrics/star-inventory.js';
import type { DeviceEndpoint } from '../../fabrics/demo-inventory.js';
import { SimulatedFabric } from '../../simulated-fabric.js';
import { type SimulatedHost, startSimulatedHosts } from '../../simulated-host/index.js';
import { BenchedHost, type BenchedDevice, BenchedLeaf } from './benched-device.js';

export interface RolloutSizes extends StarSize {
  /** Milliseconds that a host takes to put a change in force; real ones need some 500. */
  readonly applyMs: number;
}

export interface RolloutBenchReport {
  readonly devices: number;
  /** From the order to run the approved plan to its end, every device verified. */
  readonly seconds: number;
  /** The same for the first takeover of all of them. */
  readonly takeoverSeconds: number;
  /** Devices that were written to although the canary had failed. */
  readonly touchedAfterCanaryFault: number;
  /** State in which the plan with the canary that failed ended. */
  readonly endOfFaultyPlan: string;
  /** Collections until one hand edit was found. */
  readonly driftFoundAfterCollections: number;
  /** Changes on devices by a rollout over all of them that have everything already. */
  readonly writesOfNothing: number;
  /** True: asked for a plan where nothing is to be done, there is none. */
  readonly isNothingPlanned: boolean;
}

/** Places of one order. */
const PLACES = 128;
const PATIENCE_MS = 240_000;
const MOST_COLLECTIONS = 5;
const ERRORS = '{ errors { code message } }';
const PROVISION = `mutation ($input: ProvisionNetworkInput!) { provisionNetwork(input: $input) ${ERRORS} }`;
const APPROVE = `mutation ($id: ID!, $digest: String!) { approvePlan(id: $id, digest: $digest) ${ERRORS} }`;
const APPLY = `mutation ($id: ID!, $digest: String!) { applyPlan(input: { plan: $id, digest: $digest }) ${ERRORS} }`;

interface Plan {
  readonly id: string;
  readonly digest: string;
  readonly state: string;
  readonly devices: number;
  readonly canary: string;
}
const PLANS = `SELECT p.id, p.digest, p.state, count(i.*)::int AS devices, min(d.slug) FILTER (WHERE i.wave = 0) AS canary
  FROM plan p JOIN plan_item i ON i.plan_id = p.id JOIN device d ON d.id = i.device_id`;

export class RolloutBench {
  private readonly installation: Installation;
  private readonly devices = new Map<string, BenchedDevice>();
  private readonly hosts = new Map<string, SimulatedHost>();
  private place!: Place;
  private customer!: Customer;
  private api!: ApiCaller;
  private serial = 0;

  constructor(
    private readonly sizes: RolloutSizes,
    directory: string,
    private readonly say: Say,
  ) {
    const env = { VERIFY_WITHIN_SECONDS: '20', LEASE_SECONDS: '10', CONFIRM_WITHIN_SECONDS: '60', ROLLOUT_SOAK_SECONDS: '0' };
    this.installation = new Installation({ queue: 'postgres', outbox: true, directory, env }, say);
  }

  async run(): Promise<RolloutBenchReport> {
    await this.startDevices();
    this.installation.later(async () => Promise.all([...this.devices.values()].map((device) => device.close())));
    this.place = await this.installation.start();
    this.api = new ApiCaller(this.place.apiUrl);
    const endpoints = new Map<string, DeviceEndpoint>([...this.devices].map(([slug, { endpoint }]) => [slug, endpoint]));
    this.say(`${this.devices.size} devices: ${this.sizes.leafs} switches, ${this.sizes.hosts} hosts; taking them over`);
    this.customer = await this.installation.populate(this.place, starInventory(this.sizes, endpoints));
    const takeoverSeconds = await this.secondsOfLastPlan();
    this.say(`taken over in ${takeoverSeconds.toFixed(1)} s; a network for each of them`);
    await this.runPlan(await this.planOfNewNetworks());
    const seconds = await this.secondsOfLastPlan();
    await this.settled();
    this.say(`rolled out in ${seconds.toFixed(1)} s; a canary that fails`);
    const fault = await this.canaryFault();
    this.say(`the plan ended ${fault.end}, ${fault.touched} others touched; a rollout of nothing`);
    const nothing = await this.rolloutOfNothing();
    this.say(`${nothing.writes} writes; one edit by hand`);
    return {
      devices: this.devices.size,
      seconds: round(seconds),
      takeoverSeconds: round(takeoverSeconds),
      touchedAfterCanaryFault: fault.touched,
      endOfFaultyPlan: fault.end,
      driftFoundAfterCollections: await this.collectionsUntilFound(),
      writesOfNothing: nothing.writes,
      isNothingPlanned: nothing.isNothingPlanned,
    };
  }

  close(): Promise<void> {
    return this.installation.close();
  }

  killNow(): void {
    this.installation.killNow();
  }

  private async startDevices(): Promise<void> {
    const key = generateSshKeyPair();
    const fabric = new SimulatedFabric();
    for (const hostname of starLeafs(this.sizes)) {
      const leaf = await startEosSimulator({ hostname, users: [EAPI_USER], ethernetPorts: starPortCount(this.sizes), fabric });
      this.devices.set(hostname, new BenchedLeaf(hostname, leaf));
    }
    const { applyMs } = this.sizes;
    const hosts = starHosts(this.sizes).map((slug) => ({ slug }));
    for (const host of (await startSimulatedHosts({ hosts, authorizedKeys: [key.publicKey], fabric, applyMs })).hosts.values()) {
      this.hosts.set(host.slug, host);
      this.devices.set(host.slug, new BenchedHost(host, key.privateKey));
    }
  }

  /** Networks until each device has one more; so many devices at once are for a person to approve. */
  private async planOfNewNetworks(): Promise<Plan> {
    const [port] = starEdgePorts(this.sizes);
    const slugs = [...this.devices.keys()];
    for (let at = 0; at < slugs.length; at += PLACES) {
      const attachments = slugs.slice(at, at + PLACES).map((slug) => ({
        device: this.customer.deviceIds.get(slug),
        ...(this.hosts.has(slug) ? { tagging: 'BRIDGE_ONLY' } : { tagging: 'TAGGED', port }),
      }));
      const reference = `bench-${++this.serial}`;
      const input = {
        idempotencyKey: reference,
        externalRef: reference,
        name: reference,
        tenant: encodeId('tenant', this.customer.tenantId),
        vniPool: encodeId('pool', this.customer.vniPoolId),
        subnets: [{ prefixPool: encodeId('prefixPool', this.customer.prefixPoolId), length: 28, hosts: [] }],
        attachments,
      };
      await this.ask(this.customer.tenantToken, PROVISION, { input });
    }
    return this.untilProposed();
  }

  private async untilProposed(): Promise<Plan> {
    return this.until('a plan of all devices is proposed', async () => {
      const [plan] = await this.place.database.rows<Plan>(
        `${PLANS} WHERE p.state IN ('PROPOSED', 'APPROVED') AND NOT p.is_released GROUP BY p.id ORDER BY p.generation DESC LIMIT 1`,
      );
      return plan?.devices === this.devices.size ? plan : undefined;
    });
  }

  /** @returns the state in which it ended. */
  private async runPlan({ id, digest, state }: Plan): Promise<string> {
    const seen = { id: encodeId('plan', id), digest };
    if (state === 'PROPOSED') await this.ask(this.customer.operatorToken, APPROVE, seen);
    await this.ask(this.customer.operatorToken, APPLY, seen);
    return this.until('the plan has ended', async () => {
      const [plan] = await this.place.database.rows<{ state: string }>(
        `SELECT state FROM plan WHERE id = $1 AND state IN ('APPLIED', 'FAILED', 'HALTED', 'CANCELLED', 'SUPERSEDED')`,
        [id],
      );
      return plan?.state;
    });
  }

  private async secondsOfLastPlan(): Promise<number> {
    const [row] = await this.place.database.rows<{ state: string; seconds: number; devices: number }>(
      `SELECT p.state, extract(epoch FROM p.finished_at - p.started_at)::float8 AS seconds, (SELECT count(*) FROM plan_item i WHERE i.plan_id = p.id)::int AS devices
         FROM plan p WHERE p.started_at IS NOT NULL ORDER BY p.generation DESC LIMIT 1`,
    );
    if (row?.state !== 'APPLIED' || row.devices !== this.devices.size)
      throw new Error(`the plan over ${row?.devices} devices ended ${row?.state}: nothing to measure`);
    return row.seconds;
  }

  private async canaryFault(): Promise<{ touched: number; end: string }> {
    const plan = await this.planOfNewNetworks();
    const canary = this.devices.get(plan.canary);
    if (!canary) throw new Error(`the canary ${plan.canary} is no device of ours`);
    await canary.refuse();
    const from = Date.now();
    const end = await this.runPlan(plan);
    const touched = [...this.devices].filter(([slug, device]) => slug !== plan.canary && device.writesSince(from) > 0).length;
    await canary.heal();
    await this.approveUntilSettled();
    return { touched, end };
  }

  /** Every device is pushed to, because nobody is sure what it carries; and it carries everything. */
  private async rolloutOfNothing(): Promise<{ writes: number; isNothingPlanned: boolean }> {
    const { database } = this.place;
    const answer = await this.ask<{ plan: object | null }>(
      this.customer.operatorToken,
      `mutation { planDeployment(input: {}) { plan { id } errors { code message } } }`,
      {},
    );
    const from = Date.now();
    await database.rows('UPDATE device_state SET is_uncertain = true');
    await database.rows('UPDATE fabric SET revision = revision + 1');
    await this.approveUntilSettled();
    const writes = [...this.devices.values()].reduce((sum, device) => sum + device.writesSince(from), 0);
    return { writes, isNothingPlanned: answer.plan === null };
  }

  private async collectionsUntilFound(): Promise<number> {
    const [host] = this.hosts.values();
    if (!host) throw new Error('a host is needed');
    const device = this.customer.deviceIds.get(host.slug);
    const text = host.system.readFile(INTERFACES_PATH) ?? '';
    host.system.writeFile(INTERFACES_PATH, text.replace(/mtu \d+/, 'mtu 1280'));
    const report = `SELECT verdict, coalesce(extract(epoch FROM collected_at) * 1000, 0)::float8 AS at FROM drift_report r JOIN device d ON d.id = r.device_id WHERE d.slug = $1`;
    let last = Date.now();
    for (let collections = 1; collections <= MOST_COLLECTIONS; collections++) {
      await this.ask(this.customer.operatorToken, `mutation ($devices: [ID!]!) { checkDrift(devices: $devices) ${ERRORS} }`, {
        devices: [device],
      });
      const { verdict, at } = await this.until('the device was read', async () => {
        const [row] = await this.place.database.rows<{ verdict: string; at: number }>(report, [host.slug]);
        return row && row.at > last ? row : undefined;
      });
      if (verdict === 'DRIFT') return collections;
      last = at;
    }
    return Number.POSITIVE_INFINITY;
  }

  /** Whatever waits for a person is approved and run, until every device is where it shall be. */
  private async approveUntilSettled(): Promise<void> {
    await this.until('every device is settled', async () => {
      const [plan] = await this.place.database.rows<Plan>(
        `${PLANS} WHERE p.state = 'PROPOSED' OR (p.state = 'APPROVED' AND NOT p.is_released) GROUP BY p.id ORDER BY p.generation DESC LIMIT 1`,
      );
      if (plan) {
        const seen = { id: encodeId('plan', plan.id), digest: plan.digest };
        // One that was overtaken meanwhile is refused; the next look finds what took its place.
        for (const step of [APPROVE, APPLY]) await this.api.graphql(this.customer.operatorToken, step, seen);
      }
      return this.isSettled();
    });
  }

  private settled(): Promise<true> {
    return this.until('every device is settled', () => this.isSettled());
  }

  private async isSettled(): Promise<true | undefined> {
    const [row] = await this.place.database.rows<{ open: number }>(
      `SELECT ((SELECT count(*) FROM device_progress p, fabric f WHERE p.verified_revision < f.revision)
         + (SELECT count(*) FROM network_order WHERE state IN ('ACCEPTED', 'RUNNING', 'AWAITING_APPROVAL', 'COMPENSATING'))
         + (SELECT count(*) FROM device_state WHERE is_uncertain))::int AS open`,
    );
    return row?.open === 0 ? true : undefined;
  }

  private async ask<T extends object>(token: string, document: string, variables: object): Promise<T> {
    const answer = await this.api.graphql<T>(token, document, variables);
    if (answer.kind === 'acked') return answer.value;
    throw new Error(`${document.slice(0, 60)}…: ${answer.kind === 'refused' ? answer.code : answer.why}`);
  }

  private async until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
    for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; await pause(50)) {
      const found = await look();
      if (found !== undefined) return found;
    }
    throw new Error(`not within ${PATIENCE_MS / 1000} s: ${what}`);
  }
}

const round = (value: number): number => Math.round(value * 10) / 10;
