import pg from 'pg';
import type { BenchArguments, ScenarioName } from './arguments.js';
import type { Bench, Measured, Scenario } from './bench.js';
import { openBenchDatabase } from './bench-database.js';
import { Floor, FLOOR_TABLE } from './floor.js';
import { Product } from './product.js';
import type { Report } from './report.js';
import { allFigures } from './report.js';
import { bySize } from './scenarios/by-size.js';
import { creation } from './scenarios/creation.js';
import { graphql } from './scenarios/graphql.js';
import { heldOpen } from './scenarios/held-open.js';
import { importing } from './scenarios/import.js';
import { inProcess } from './scenarios/in-process.js';
import { manyPools } from './scenarios/many-pools.js';
import { single } from './scenarios/single.js';
import { FULL, QUICK, type Sizes } from './sizes.js';
import { judge, THRESHOLDS } from './thresholds.js';

const SCENARIOS: Readonly<Record<ScenarioName, Scenario>> = {
  'in-process': inProcess,
  single,
  graphql,
  'many-pools': manyPools,
  'held-open': heldOpen,
  'by-size': bySize,
  import: importing,
  creation,
};

/** Of every pool that takes part: as many as are useful to the floor; more make neither side faster. */
const CONNECTIONS = 16;

export interface BenchOptions extends Pick<BenchArguments, 'quick' | 'scenarios'> {
  /** A server of yours; undefined starts an embedded one. */
  readonly databaseUrl: string | undefined;
  readonly say: (line: string) => void;
  /** Instead of those that go with `quick`. */
  readonly sizes?: Sizes;
}

/** @throws Error where something was not as it has to be: a value given out twice, an invariant that is violated, a server that does not keep what it commits. */
export async function runBench({ quick, scenarios, databaseUrl, say, sizes = quick ? QUICK : FULL }: BenchOptions): Promise<Report> {
  const closing: (() => Promise<unknown>)[] = [];
  try {
    const database = await openBenchDatabase(databaseUrl);
    closing.unshift(() => database.close());
    const pool = (options?: string): pg.Pool => {
      const opened = new pg.Pool({ connectionString: database.url, max: 2, ...(options !== undefined && { options }) });
      opened.on('error', () => undefined); // The query that needs the connection says so.
      closing.unshift(() => opened.end());
      return opened;
    };
    const [owner, system] = [pool(), pool('-c role=trame_system')];
    await owner.query(FLOOR_TABLE);
    const floor = new Floor(database.url, CONNECTIONS);
    closing.unshift(() => floor.close());
    const product = await Product.open(database.url, CONNECTIONS);
    closing.unshift(() => product.close());
    const bench: Bench = { url: database.url, owner, system, product, floor, sizes, connections: CONNECTIONS, say };
    const measured: Measured[] = [];
    for (const name of scenarios) {
      say(name);
      measured.push(await SCENARIOS[name].run(bench));
    }
    say('every invariant, over all that was loaded and allocated');
    await product.audit();
    return { measured, verdicts: verdictsOf(measured, scenarios), isQuick: quick, settings: database.settings };
  } finally {
    for (const close of closing) await close();
  }
}

/** All of them, unless only some scenarios were asked for. */
function verdictsOf(measured: readonly Measured[], scenarios: readonly ScenarioName[]): Report['verdicts'] {
  const figures = allFigures(measured);
  const isWhole = Object.keys(SCENARIOS).every((name) => scenarios.includes(name as ScenarioName));
  return judge(figures, isWhole ? THRESHOLDS : THRESHOLDS.filter(({ figure }) => figure in figures));
}
