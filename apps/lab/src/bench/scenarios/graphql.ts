import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeId } from '#engines/kernel';
import { type Bench, type Measured, rateRatios, rowOf, type Scenario } from '../bench.js';
import { ALL_VNIS } from '../all-vnis.js';
import { startApi } from '../http/api-process.js';
import { Child } from '../http/child.js';
import type { Load, LoadResult } from '../http/load-message.js';
import { interleave, type Round } from '../rounds.js';
import { median } from '../statistics.js';

const NAME = 'graphql';
const CONNECTIONS = 32;
const WARM_UP_MS = 2000;
/** What a portal asks for: the number, and what it needs to give it back. */
const MUTATION = `mutation allocate($input: AllocateVniInput!) {
  allocateVni(input: $input) {
    allocation { id version value { ... on VniValue { vni } } }
    replayed
    errors { code message }
  }
}`;

/** The whole way of a request of another system, beside a server that does nothing but the insert. */
export const graphql: Scenario = {
  name: NAME,
  async run(bench): Promise<Measured> {
    const directory = await mkdtemp(join(tmpdir(), 'trame-bench-http-'));
    const generator = new Child('load-generator.js');
    const bare = new Child('bare-server.js', { args: [bench.url, String(bench.connections)] });
    const api = await startApi(bench.product, join(directory, 'api.log'));
    try {
      const { port } = await bare.answer<{ port: number }>();
      const loads = { bare: await insertLoad(bench, port), api: await mutationLoad(bench, api.port) };
      // Compiled code comes late: the first second of a process is like no other.
      for (const load of Object.values(loads)) await ask(generator, load, WARM_UP_MS);
      const measured = await interleave(bench.sizes.rounds, {
        bare: () => ask(generator, loads.bare, bench.sizes.httpRoundMs),
        api: () => ask(generator, loads.api, bench.sizes.httpRoundMs),
      });
      return {
        figures: { graphql32: median(rateRatios(measured.api, measured.bare)) },
        rows: [
          rowOf(NAME, 'bare node:http', CONNECTIONS, measured.bare),
          rowOf(NAME, 'allocateVni over HTTP', CONNECTIONS, measured.api, measured.bare),
        ],
      };
    } finally {
      await Promise.all([generator.close(), bare.close(), api.close()]);
      await rm(directory, { recursive: true, force: true });
    }
  },
};

type Request = Omit<Load, 'keyPrefix' | 'connections' | 'milliseconds'>;

async function insertLoad(bench: Bench, port: number): Promise<Request> {
  return { port, path: '/', token: await bench.product.token(), body: JSON.stringify({ key: '%KEY%' }), expect: '"stored":true' };
}

async function mutationLoad({ product }: Bench, port: number): Promise<Request> {
  const pool = await product.numberPool(await product.fabric(), ALL_VNIS);
  const input = { idempotencyKey: '%KEY%', tenant: product.publicTenantId, pool: encodeId('pool', pool.id) };
  const body = JSON.stringify({ query: MUTATION, variables: { input } });
  return { port, path: '/graphql', token: await product.token(), body, expect: '"replayed":false,"errors":[]' };
}

let serial = 0;

async function ask(generator: Child, request: Request, milliseconds: number): Promise<Round> {
  const answer = generator.answer<LoadResult>();
  generator.send({ ...request, keyPrefix: `http-${++serial}`, connections: CONNECTIONS, milliseconds } satisfies Load);
  const result = await answer;
  if ('failure' in result) throw new Error(result.failure);
  return result.round;
}
