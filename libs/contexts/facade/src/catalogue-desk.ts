import { Injectable } from '@nestjs/common';
import { Database } from '#platform';
import { type Answer, type Call, filtersOf, listAnswer, pageOf } from './domain/call.js';
import { aggregateObject, tenantBrief, vrfBrief } from './domain/netbox-objects.js';
import { noSuch } from './domain/netbox-refusal.js';
import { RealmService } from './realm.service.js';
import { FacadeStore } from './store/facade.store.js';

/** The release whose answers these are. */
export const SPOKEN = '4.2';

/** What clients ask before they begin: what this is, and where they may allocate. */
@Injectable()
export class CatalogueDesk {
  constructor(
    private readonly db: Database,
    private readonly store: FacadeStore,
    private readonly realms: RealmService,
  ) {}

  status(): Promise<Answer> {
    return Promise.resolve({
      status: 200,
      body: {
        'netbox-version': `${SPOKEN}.0`,
        'netbox-full-version': `${SPOKEN}.0-trame`,
        plugins: {},
        installed_apps: {},
        'rq-workers-running': 1,
      },
    });
  }

  /** Ranges of the pools. */
  async aggregates(call: Call): Promise<Answer> {
    filtersOf(call, []);
    const { around, ranges } = await this.realms.ground(call);
    return this.db.inTransaction(call.scope, async (tx) => {
      const ids = ranges.map(({ poolId, cidr }) => `${poolId} ${cidr}`);
      const numbers = await this.store.numbers(tx, call.facade.tenantId, 'aggregate', ids);
      const rows = ranges.map(({ cidr }, at) => aggregateObject(around, { number: numbers[at] as number, cidr }));
      const page = pageOf(call);
      return listAnswer(call, page, { rows: rows.slice(page.offset, page.offset + page.limit), count: rows.length });
    });
  }

  vrfs(call: Call): Promise<Answer> {
    return this.single(call, ['id', 'name', 'q'], 'VRF', (around) => vrfBrief(around));
  }

  tenants(call: Call): Promise<Answer> {
    return this.single(call, ['id', 'name', 'slug', 'q'], 'Tenant', (around) => tenantBrief(around));
  }

  private async single(
    call: Call,
    known: readonly string[],
    model: string,
    make: (around: Parameters<typeof tenantBrief>[0]) => Readonly<Record<string, unknown>> | null,
  ): Promise<Answer> {
    const filters = filtersOf(call, known);
    const one = make((await this.realms.ground(call)).around);
    const number = /\/(\d+)\/$/.exec(call.path)?.[1];
    if (number !== undefined) {
      if (one?.['id'] === Number(number)) return { status: 200, body: one };
      throw noSuch(model);
    }
    const isAsked = one !== null && [...filters].every(([name, values]) => values.every((value) => matches(one, name, value)));
    return listAnswer(call, pageOf(call), { rows: isAsked ? [one] : [], count: isAsked ? 1 : 0 });
  }
}

const matches = (one: Readonly<Record<string, unknown>>, name: string, value: string): boolean =>
  name === 'q' ? String(one['name']).toLowerCase().includes(value.toLowerCase()) : String(one[name]) === value;
