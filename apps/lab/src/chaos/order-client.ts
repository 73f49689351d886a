/** A portal that orders and cancels networks as fast as a busy one, keeps asking until it is answered, and often asks twice. */
import { encodeId } from '#engines/kernel';
import type { DemoWorld } from '../demo/administration.js';
import { CHAOS_HOSTS, CHAOS_LEAFS, LEAF_EDGE_PORTS } from '../fabrics/chaos-inventory.js';
import type { Answer, ApiCaller } from './api-caller.js';
import type { Dice } from './dice.js';
import type { Ledger, LedgerEntry, Request } from './ledger.js';
import { pause } from './timing.js';

export interface Customer extends DemoWorld {
  /** Public id by slug. */
  readonly deviceIds: ReadonlyMap<string, string>;
}

/** Where networks may be attached, and at how many places at once. */
export interface Layout {
  readonly hosts: readonly string[];
  readonly leafs: readonly string[];
  readonly edgePorts: readonly string[];
  readonly hostsOfEach: readonly [number, number];
  /** Half of the networks have none. */
  readonly mostLeafs: number;
  /** Milliseconds between two requests of one client. */
  readonly pace: readonly [number, number];
  /** Hosts of networks get names there. */
  readonly zone?: string;
}

const CHAOS_LAYOUT: Layout = {
  hosts: CHAOS_HOSTS,
  leafs: CHAOS_LEAFS,
  edgePorts: LEAF_EDGE_PORTS,
  hostsOfEach: [1, 3],
  mostLeafs: 1,
  pace: [100, 500],
};

interface Place {
  readonly device: string;
  readonly port?: string;
  readonly tagging: 'BRIDGE_ONLY' | 'TAGGED';
}
/** Sends the one request once more. @returns the id of the order, where the door tells it. */
type Send = () => Promise<Answer<string | undefined>>;

const SOURCE = 'portal';
/** An impatient client gives up after so many tries; the others ask until the run is over. */
const IMPATIENT_TRIES = 2;

const PROVISION = `mutation ($input: ProvisionNetworkInput!) {
  provisionNetwork(input: $input) { order { id } errors { code message } } }`;
const DEPROVISION = `mutation ($input: DeprovisionNetworkInput!) {
  deprovisionNetwork(input: $input) { order { id } errors { code message } } }`;
const NETWORK = 'query ($ref: String!) { network(externalRef: $ref) { id version state } }';

export class OrderClient {
  /** References of networks that were promised and not cancelled yet, oldest first. */
  private readonly alive: string[] = [];
  private serial = 0;

  constructor(
    private readonly name: string,
    private readonly dice: Dice,
    private readonly api: ApiCaller,
    private readonly customer: Customer,
    private readonly ledger: Ledger,
    private readonly layout: Layout = CHAOS_LAYOUT,
  ) {}

  /** @param ending no new requests. @param over nothing more at all. */
  async run(ending: AbortSignal, over: AbortSignal): Promise<void> {
    while (!ending.aborted) {
      const cancels = this.alive.length > 4 && this.dice.chance(0.35);
      if (cancels) await this.cancel(over);
      else await this.order(over);
      await pause(this.dice.between(...this.layout.pace), ending);
    }
  }

  private async order(over: AbortSignal): Promise<void> {
    const reference = `${this.name}-${++this.serial}`;
    const places = this.places();
    const door = this.dice.chance(0.7) ? 'webhook' : 'graphql';
    const request: Request = { kind: 'PROVISION', door, reference, key: door === 'webhook' ? `msg_${reference}` : `key_${reference}` };
    const send = door === 'webhook' ? this.orderByWebhook(request, places) : this.orderByGraphql(request, places);
    if ((await this.insist(request, send, over)).outcome === 'acked') this.alive.push(reference);
  }

  private async cancel(over: AbortSignal): Promise<void> {
    const at = this.dice.integer(0, this.alive.length - 3);
    const reference = this.alive[at] as string;
    const byWebhook = this.dice.chance(0.5);
    const network = await this.network(reference);
    // Not built yet, not known, or undone: a person would wait, too.
    if (network?.state !== 'ACTIVE') return;
    this.alive.splice(at, 1);
    const request: Request = { kind: 'DEPROVISION', door: byWebhook ? 'webhook' : 'graphql', reference, key: `end_${reference}` };
    const send = byWebhook
      ? this.hook(request, { type: 'order.terminated', data: { order: reference } })
      : this.mutation(DEPROVISION, {
          idempotencyKey: request.key,
          tenant: encodeId('tenant', this.customer.tenantId),
          network: network.id,
          ifVersion: network.version,
        });
    await this.insist(request, send, over);
  }

  /** Sends until there is an answer; sometimes several at once, sometimes again although there was one. */
  private async insist(request: Request, send: Send, over: AbortSignal): Promise<LedgerEntry> {
    const entry = this.ledger.open(request);
    const most = this.dice.chance(0.08) ? IMPATIENT_TRIES : Number.POSITIVE_INFINITY;
    const [startsTwice, asksAgain] = [this.dice.chance(0.1), this.dice.chance(0.2)];
    while (entry.outcome === 'unknown' && entry.tries < most && !over.aborted) {
      await Promise.all(Array.from({ length: startsTwice ? 2 : 1 }, () => this.once(entry, send)));
      if (entry.outcome === 'unknown') await pause(150, over);
    }
    if (entry.outcome === 'acked' && asksAgain) await this.once(entry, send);
    this.ledger.close(entry);
    return entry;
  }

  private async once(entry: LedgerEntry, send: Send): Promise<void> {
    entry.tries += 1;
    const answer = await send();
    if (answer.kind === 'acked') entry.ack(answer.value);
    else if (answer.kind === 'refused') entry.refuse(answer.code);
  }

  /** Hosts mostly, a leaf's trunk often. */
  private places(): Place[] {
    const { hosts: some, leafs: switches, edgePorts, hostsOfEach, mostLeafs } = this.layout;
    const hosts = this.dice.sample(some, this.dice.integer(...hostsOfEach)).map((device): Place => ({ device, tagging: 'BRIDGE_ONLY' }));
    const leafs = this.dice
      .sample(switches, this.dice.chance(0.5) ? mostLeafs : 0)
      .map((device): Place => ({ device, port: this.dice.pick(edgePorts), tagging: 'TAGGED' }));
    return [...hosts, ...leafs];
  }

  private orderByWebhook({ reference, ...request }: Request, places: readonly Place[]): Send {
    const { zone } = this.layout;
    return this.hook(
      { reference, ...request },
      {
        type: 'order.created',
        data: {
          order: reference,
          name: `Network ${reference}`,
          vniPool: 'cust-vni',
          subnets: [{ pool: 'cust-v4', length: 28, ...(zone !== undefined && { zone }), hosts: [{ name: 'vm1' }, { name: 'vm2' }] }],
          attachments: places,
        },
      },
    );
  }

  private orderByGraphql({ reference, key }: Request, places: readonly Place[]): Send {
    return this.mutation(PROVISION, {
      idempotencyKey: key,
      tenant: encodeId('tenant', this.customer.tenantId),
      externalRef: reference,
      name: `Network ${reference}`,
      vniPool: encodeId('pool', this.customer.vniPoolId),
      subnets: [{ prefixPool: encodeId('prefixPool', this.customer.prefixPoolId), length: 28, hosts: [{ name: 'vm1' }] }],
      attachments: places.map((place) => ({ ...place, device: this.customer.deviceIds.get(place.device) })),
    });
  }

  /** The body is made once: what is sent again under one id is the same bytes. */
  private hook({ key }: Request, message: object): Send {
    const body = JSON.stringify({ ...message, timestamp: new Date().toISOString() });
    return () => this.api.webhook(SOURCE, this.customer.portalSecret, key, body);
  }

  private mutation(document: string, input: object): Send {
    return async () => {
      const answer = await this.api.graphql<{ order: { id: string } }>(this.customer.tenantToken, document, { input });
      return answer.kind === 'acked' ? { kind: 'acked', value: answer.value.order.id } : answer;
    };
  }

  private async network(reference: string): Promise<{ id: string; version: number; state: string } | undefined> {
    const answer = await this.api.graphql<{ id: string; version: number; state: string }>(this.customer.tenantToken, NETWORK, {
      ref: reference,
    });
    return answer.kind === 'acked' ? answer.value : undefined;
  }
}
