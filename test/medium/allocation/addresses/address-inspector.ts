import assert from 'node:assert/strict';
import { SubnetService } from '#contexts/addressing';
import { Ip } from '#engines/kernel';
import type { AllocationWorld } from '../allocation-world.js';
import { type AddressModel, type Extent, type ModelSubnet, runsOf } from './address-model.js';
import type { Ground } from './address-player.js';

interface Stored {
  readonly subnet_id: string;
  readonly free: string;
  readonly hint: string;
  readonly host: string | null;
  readonly dhcp: string | null;
}

const RANGES = (kind: string): string =>
  `(SELECT string_agg(host(f.first) || '-' || host(f.last), ' ' ORDER BY f.first) FROM free_address f WHERE f.subnet_id = s.subnet_id AND f.kind = '${kind}')`;
const STORED = `SELECT s.subnet_id, s.free, host(s.hint) AS hint, ${RANGES('HOST')} AS host, ${RANGES('DHCP')} AS dhcp FROM subnet_state s WHERE s.subnet_id = ANY($1)`;

/** Holds what is stored, and what the product says about its subnets, against the model. */
export class AddressInspector {
  constructor(
    private readonly world: AllocationWorld,
    private readonly model: AddressModel,
    private readonly ground: Ground,
  ) {}

  private get ids(): string[] {
    return this.model.subnets.map(({ id }) => id);
  }

  /** After every step: free ranges of both kinds, counts, hints, quotas. */
  async look(): Promise<void> {
    const [rows, quotas] = await this.world.system(async (tx) => [
      await tx.sql<Stored>(STORED, [this.ids]),
      await tx.sql<{ text: string }>(
        `SELECT tenant_id || ' ' || max || ' ' || used AS text FROM address_quota WHERE space_id = $1 ORDER BY tenant_id`,
        [this.ground.spaceId],
      ),
    ]);
    for (const subnet of this.model.subnets) {
      const stored = rows.find((row) => row.subnet_id === subnet.id);
      const free = this.model.free(subnet);
      assert.equal(stored?.host ?? '', this.text(subnet, free));
      assert.equal(stored?.dhcp ?? '', this.text(subnet, this.model.free(subnet, 'DHCP')));
      assert.equal(BigInt(stored?.free ?? -1), BigInt(free.length) + this.beyond(subnet));
      const hint = Ip.toBigInt(stored?.hint as Ip) - this.base(subnet);
      assert.ok(free.length === 0 || hint <= BigInt(free[0] as number), `the hint is ${hint}, and ${free[0]} is free`);
    }
    assert.deepEqual(
      quotas.map(({ text }) => text),
      [...this.model.quotas].map(([tenant, max]) => `${tenant} ${max} ${this.model.used(tenant)}`).sort(),
    );
  }

  /** Now and then: every invariant of the product, every address, and what the subnets say about themselves. */
  async audit(): Promise<void> {
    assert.deepEqual(await this.world.violations('subnets', this.ids), []);
    assert.deepEqual(await this.world.violations('address spaces', [this.ground.spaceId]), []);
    const rows = await this.world.system((tx) =>
      tx.sql<{ text: string }>(
        `SELECT concat_ws(' ', host(address), id, tenant_id, subnet_id, state, generation, key, holder_kind, holder) AS text FROM ip_address
          WHERE subnet_id = ANY($1)`,
        [this.ids],
      ),
    );
    const expected = this.model.rows.map(({ subnet, address, id, tenant, state, generation, key, holderKind, holder }) =>
      [this.ip(subnet, address), id, tenant, subnet.id, state, generation, key, holderKind, holder]
        .filter((part) => part !== null)
        .join(' '),
    );
    assert.deepEqual(rows.map(({ text }) => text).sort(), expected.sort());
    const subnets = this.world.get(SubnetService);
    for (const subnet of this.model.subnets)
      await this.world.system(async (tx) => {
        const { free } = await subnets.fill(tx, subnet.id);
        assert.equal(free, BigInt(this.model.free(subnet).length) + this.beyond(subnet));
        const shown = await subnets.free(tx, subnet.id, null, 1000);
        assert.equal(shown.map(({ first, last }) => `${first}-${last}`).join(' '), this.text(subnet, this.model.free(subnet)));
        assert.deepEqual(
          (await subnets.ranges(tx, subnet.id)).map(({ first, last, kind }) => `${first}-${last} ${kind}`),
          [...subnet.ranges].sort((a, b) => a.first - b.first).map((range) => `${this.span(subnet, range)} ${range.kind}`),
        );
      });
  }

  /** Host addresses that the model does not look at. */
  private beyond(subnet: ModelSubnet): bigint {
    return subnet.isOpenEnded ? 2n ** 64n - 1n - BigInt(subnet.hosts.last) : 0n;
  }

  private text(subnet: ModelSubnet, free: readonly number[]): string {
    return runsOf(free)
      .map((run) => this.span(subnet, run))
      .join(' ');
  }

  private span(subnet: ModelSubnet, { first, last }: Extent): string {
    const isToTheEnd = subnet.isOpenEnded && last === subnet.hosts.last;
    return `${this.ip(subnet, first)}-${isToTheEnd ? Ip.fromBigInt(this.ground.family, this.base(subnet) + 2n ** 64n - 1n) : this.ip(subnet, last)}`;
  }

  private base(subnet: ModelSubnet): bigint {
    return this.ground.bases.get(subnet) as bigint;
  }

  private ip(subnet: ModelSubnet, number: number): Ip {
    return Ip.fromBigInt(this.ground.family, this.base(subnet) + BigInt(number));
  }
}
