import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { AddressingService } from '#contexts/addressing';
import { FabricService } from '#contexts/fabric';
import { NumberingService } from '#contexts/numbering';
import { TenancyService } from '#contexts/tenancy';
import {
  Cidr,
  digest,
  DomainError,
  ExternalRef,
  Fqdn,
  Ip,
  Label,
  Mac,
  notFound,
  type OrderId,
  PortName,
  Slug,
  type TenantId,
  VlanId,
  ZonePrefix,
} from '#engines/kernel';
import { Database, tenantScope, type Tx } from '#platform';
import type { ProvisionRequest } from './domain/order.js';
import { OrderService } from './order.service.js';

/** A message of a portal, after the signature was checked. Names are the operator's: pools and devices by slug. */
export interface PortalMessage {
  readonly source: string;
  readonly type: string;
  readonly tenantId: TenantId;
  /** When it was sent. */
  readonly timestamp: Date;
  readonly data: unknown;
}

const HOST_LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const orderCreated = z.strictObject({
  order: z.string(),
  name: z.string(),
  vniPool: z.string(),
  vrf: z.string().optional(),
  subnets: z
    .array(
      z.strictObject({
        pool: z.string(),
        cidr: z.string().optional(),
        length: z.int().min(0).max(128).optional(),
        gateway: z.enum(['ANYCAST_VTEP', 'CENTRAL_VRRP', 'EXTERNAL_FIREWALL', 'NONE']).default('EXTERNAL_FIREWALL'),
        zone: z.string().optional(),
        dnsZonePrefix: z.string().optional(),
        dnsTtlSeconds: z.int().min(1).max(604_800).optional(),
        hosts: z
          .array(
            z.strictObject({
              name: z.string().regex(HOST_LABEL, 'one DNS label'),
              mac: z.string().optional(),
              address: z.string().optional(),
            }),
          )
          .max(256)
          .default([]),
      }),
    )
    .max(32)
    .default([]),
  attachments: z
    .array(
      z.strictObject({
        device: z.string(),
        port: z.string().optional(),
        tagging: z.enum(['UNTAGGED', 'TAGGED', 'BRIDGE_ONLY']).default('BRIDGE_ONLY'),
        vlan: z.int().optional(),
      }),
    )
    .min(1)
    .max(256),
});
const orderTerminated = z.strictObject({ order: z.string() });

/** Messages may overtake each other: the end of an order that is not there yet is tried again for a minute before it is refused. */
const OVERTAKEN_SECONDS = 60;

/** Long names of source and order together would be longer than a key may be. */
function hookKey(source: string, order: string): string {
  const key = `hook:${source}:${order}`;
  return key.length <= 128 ? key : `hook:${digest(key)}`;
}

/** By the clock of the database: this process' own may be wrong, and the end of an order must not be lost for it. */
async function unknownOrder(tx: Tx, message: PortalMessage, order: string): Promise<DomainError> {
  const age = await tx.one<{ seconds: number }>('SELECT extract(epoch FROM clock_timestamp() - $1::timestamptz)::float8 AS seconds', [
    message.timestamp,
  ]);
  if (age && age.seconds > OVERTAKEN_SECONDS) return notFound('network', order);
  return new DomainError('UNAVAILABLE', 'the order that this message ends has not arrived yet', { order });
}

/** Turns a portal's message into an order. The key is the portal's order number: one number, one network, however often it is sent. */
@Injectable()
export class OrderEvents {
  constructor(
    private readonly db: Database,
    private readonly orders: OrderService,
    private readonly numbering: NumberingService,
    private readonly addressing: AddressingService,
    private readonly fabric: FabricService,
    private readonly tenancy: TenancyService,
  ) {}

  /** @returns the id of the order. @throws DomainError INVALID_VALUE for what is not understood, and whatever the order is refused with. */
  async accept(message: PortalMessage): Promise<OrderId> {
    const actor = `webhook:${message.source}`;
    switch (message.type) {
      case 'order.created': {
        const data = parse(orderCreated, message.data);
        const request = await this.db.inTransaction(tenantScope(message.tenantId, actor), (tx) => this.resolve(tx, message.source, data));
        return (await this.orders.provision(message.tenantId, actor, request)).order.id;
      }
      case 'order.terminated': {
        const order = ExternalRef.parse(parse(orderTerminated, message.data).order);
        // What this source ordered under that number: another source, or a person, may have networks of the same one.
        const networkId = await this.db.inTransaction(tenantScope(message.tenantId, actor), async (tx) => {
          const ordered = await this.orders.orderByKey(tx, message.tenantId, hookKey(message.source, order));
          if (!ordered) throw await unknownOrder(tx, message, order);
          if (ordered.networkId === null) throw notFound('network', order); // It was never live.
          return ordered.networkId;
        });
        const key = `hook:${message.source}:terminate:${networkId}`;
        return (await this.orders.deprovision(message.tenantId, actor, { idempotencyKey: key, networkId, ifVersion: null })).order.id;
      }
      default:
        throw new DomainError(
          'INVALID_VALUE',
          `the message type ${JSON.stringify(message.type.slice(0, 60))} is not known: order.created or order.terminated`,
          {
            accepted: ['order.created', 'order.terminated'],
          },
        );
    }
  }

  private async resolve(tx: Tx, source: string, data: z.infer<typeof orderCreated>): Promise<ProvisionRequest> {
    const externalRef = ExternalRef.parse(data.order);
    const vniPool = await this.numbering.poolBySlug(tx, Slug.parse(data.vniPool));
    const vrf =
      data.vrf === undefined
        ? null
        : (await this.tenancy.vrfs(tx, { first: 1000, after: null })).find((candidate) => candidate.slug === data.vrf);
    if (vrf === undefined) throw notFound('vrf', data.vrf ?? '');
    const subnets = [];
    for (const subnet of data.subnets) {
      subnets.push({
        poolId: (await this.addressing.poolBySlug(tx, Slug.parse(subnet.pool))).id,
        cidr: subnet.cidr === undefined ? null : Cidr.parse(subnet.cidr),
        length: subnet.length ?? null,
        gateway: subnet.gateway,
        zone: subnet.zone === undefined ? null : Fqdn.parse(subnet.zone),
        ...(subnet.dnsZonePrefix !== undefined && { dnsZonePrefix: ZonePrefix.parse(subnet.dnsZonePrefix) }),
        ...(subnet.dnsTtlSeconds !== undefined && { dnsTtlSeconds: subnet.dnsTtlSeconds }),
        hosts: subnet.hosts.map((host) => ({
          name: host.name,
          mac: host.mac === undefined ? null : Mac.parse(host.mac),
          address: host.address === undefined ? null : Ip.parse(host.address),
        })),
      });
    }
    const attachments = [];
    for (const place of data.attachments) {
      attachments.push({
        deviceId: (await this.fabric.deviceBySlug(tx, Slug.parse(place.device), vniPool.fabricId)).id,
        port: place.port === undefined ? null : PortName.parse(place.port),
        tagging: place.tagging,
        vlan: place.vlan === undefined ? null : VlanId.parse(place.vlan),
      });
    }
    return {
      idempotencyKey: hookKey(source, externalRef),
      externalRef,
      name: Label.parse(data.name),
      vrfId: vrf?.id ?? null,
      vniPoolId: vniPool.id,
      subnets,
      attachments,
    };
  }
}

function parse<T>(schema: z.ZodType<T>, data: unknown): T {
  const result = schema.safeParse(data);
  if (result.success) return result.data;
  const issues = result.error.issues.map((issue) => ({ path: ['data', ...issue.path.map(String)], message: issue.message }));
  throw new DomainError('INVALID_VALUE', issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '), { issues });
}
