import { Injectable } from '@nestjs/common';
import type { Realm } from '#contexts/addressing';
import type { Tx } from '#platform';
import { AddressDesk } from './address-desk.js';
import { CatalogueDesk } from './catalogue-desk.js';
import type { Answer, Call } from './domain/call.js';
import type { Located } from './domain/place.js';
import { NetBoxRefusal } from './domain/netbox-refusal.js';
import { PrefixDesk } from './prefix-desk.js';
import { RangeDesk } from './range-desk.js';

type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
type Handler = (call: Call, number: number) => Promise<Answer>;

/** Which path of NetBox's API is answered by whom. What stands nowhere here does not exist. */
@Injectable()
export class NetBoxDoor {
  private readonly routes: ReadonlyMap<string, Partial<Record<Method, Handler>>>;

  constructor(prefixes: PrefixDesk, addresses: AddressDesk, ranges: RangeDesk, catalogue: CatalogueDesk) {
    const available = (
      kind: 'prefix' | 'ip-range',
      locate: (tx: Tx, call: Call, realm: Realm, number: number) => Promise<Located>,
    ): Partial<Record<Method, Handler>> => ({
      GET: (call, number) => addresses.free(call, (tx, realm) => locate(tx, call, realm, number)),
      POST: (call, number) => addresses.createIn(call, { kind, number }),
    });
    this.routes = new Map<string, Partial<Record<Method, Handler>>>([
      ['/status/', { GET: () => catalogue.status() }],
      ['/ipam/aggregates/', { GET: (call) => catalogue.aggregates(call) }],
      ['/ipam/vrfs/', { GET: (call) => catalogue.vrfs(call) }],
      ['/ipam/vrfs/#/', { GET: (call) => catalogue.vrfs(call) }],
      ['/tenancy/tenants/', { GET: (call) => catalogue.tenants(call) }],
      ['/tenancy/tenants/#/', { GET: (call) => catalogue.tenants(call) }],
      ['/ipam/prefixes/', { GET: (call) => prefixes.list(call), POST: (call) => prefixes.create(call) }],
      ['/ipam/prefixes/#/', of(prefixes)],
      ['/ipam/prefixes/#/available-ips/', available('prefix', (...where) => prefixes.locate(...where))],
      ['/ipam/ip-ranges/', { GET: (call) => ranges.list(call), POST: (call) => ranges.create(call) }],
      ['/ipam/ip-ranges/#/', of(ranges)],
      ['/ipam/ip-ranges/#/available-ips/', available('ip-range', (...where) => ranges.locate(...where))],
      ['/ipam/ip-addresses/', { GET: (call) => addresses.list(call), POST: (call) => addresses.create(call) }],
      ['/ipam/ip-addresses/#/', of(addresses)],
    ]);
  }

  /** @throws NetBoxRefusal, and DomainErrors that are nobody's fault at the other end. */
  async answer(method: string, call: Call): Promise<Answer> {
    const [, before = '', number = '0', after = ''] = /^(\/[a-z-]+\/[a-z-]+\/)(\d{1,15})(\/.*)$/.exec(call.path) ?? [];
    const route = this.routes.get(before === '' ? call.path : `${before}#${after}`);
    if (!route) throw new NetBoxRefusal(404, { detail: 'Not found.' });
    const handler = route[method as Method];
    if (!handler) throw new NetBoxRefusal(400, { detail: `Method "${method}" not allowed. Here: ${Object.keys(route).join(', ')}.` });
    return handler(call, Number(number));
  }
}

const of = (desk: PrefixDesk | AddressDesk | RangeDesk): Partial<Record<Method, Handler>> => ({
  GET: (call, number) => desk.show(call, number),
  PATCH: (call, number) => desk.change(call, number),
  PUT: (call, number) => desk.change(call, number),
  DELETE: (call, number) => desk.remove(call, number),
});
