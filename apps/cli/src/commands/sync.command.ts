import { Argument, type Command, InvalidArgumentError, Option } from 'commander';
import { printable } from '../printable.js';
import { readSecret } from '../read-secret.js';
import { askFor } from './ask-for.js';
import { integer, type Output, print, withOutput } from './output.js';
import {
  type Change,
  changeLines,
  type Conflict,
  conflictLines,
  type Connector,
  type ConnectorDetails,
  connectorLine,
  far,
  type Rule,
  type Run,
  runLines,
} from './sync-lines.js';

interface Page<Node> {
  readonly nodes: readonly Node[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

const RUN =
  'id trigger dryRun state phase startedAt finishedAt counts { read created updated deleted unchanged conflicts skipped } progress { objectType done total } digest guards error';
const CONNECTOR = `id version slug kind url enabled mode health { ok message apiVersion lagSeconds circuit } lastRun { ${RUN} }`;
const DETAILS = `${CONNECTOR} adoption onRemoteGone graceSeconds scanEverySeconds lastFullScanAt settings tlsSpkiSha256 zones authority { objectType field owner byDefault }`;
const CHANGE = 'seq action objectType label ours theirs before after takenOver overwritten state error';
const CONFLICT = 'id objectType label field ours theirs base firstSeenAt state resolvedAt decision decidedBy';
const ERRORS = 'errors { code message path }';
/** There is something that a person has to look at. */
const LOOK_AT_IT = 2;
const POLL_MS = 1000;

/** By its id or its slug. */
async function find<Found extends { id: string }>(reference: string, wanted: string): Promise<Found> {
  const name = reference.startsWith('syt_') ? 'id: $reference' : 'slug: $reference';
  const type = reference.startsWith('syt_') ? 'ID' : 'Slug';
  const found = await askFor<Found | null>('connector', `query ($reference: ${type}) { connector(${name}) { ${wanted} } }`, { reference });
  if (found) return found;
  const { nodes } = await askFor<Page<{ slug: string }>>('connectors', '{ connectors(first: 100) { nodes { slug } } }', {});
  throw new Error(`there is no connector ${reference}; there are: ${nodes.map(({ slug }) => slug).join(', ') || 'none'}`);
}

async function findRun<Found>(id: string, wanted: string, after: string | null = null): Promise<Found> {
  const document = `query ($id: ID!${wanted.includes('$after') ? ', $after: String' : ''}) { syncRun(id: $id) { ${wanted} } }`;
  const run = await askFor<Found | null>('syncRun', document, wanted.includes('$after') ? { id, after } : { id });
  if (!run) throw new Error(`there is no run ${id}`);
  return run;
}

async function everyPage<Node>(read: (after: string | null) => Promise<Page<Node>>): Promise<Node[]> {
  const nodes: Node[] = [];
  for (let after: string | null = null; ; ) {
    const page: Page<Node> = await read(after);
    nodes.push(...page.nodes);
    if (!page.pageInfo.hasNextPage) return nodes;
    after = page.pageInfo.endCursor;
  }
}

const PAGE = 'pageInfo { hasNextPage endCursor }';
const conflictsOf = (id: string, state: 'OPEN' | 'RESOLVED'): Promise<Conflict[]> =>
  everyPage(async (after) => {
    const document = `query ($id: ID, $after: String, $state: SyncConflictState!) { connector(id: $id) { conflicts(first: 100, after: $after, state: $state) { nodes { ${CONFLICT} } ${PAGE} } } }`;
    return (await askFor<{ conflicts: Page<Conflict> }>('connector', document, { id, after, state })).conflicts;
  });

/** `startSync` and the like: one field, its payload's run. */
async function change(field: string, types: string, names: string, variables: Readonly<Record<string, unknown>>): Promise<Run> {
  const document = `mutation (${types}) { ${field}(${names}) { run { ${RUN} } ${ERRORS} } }`;
  return (await askFor<{ run: Run }>(field, document, variables)).run;
}

async function ended(run: Run): Promise<Run> {
  let seen = run;
  for (let told = ''; seen.state === 'RUNNING'; ) {
    if (far(seen) !== told) console.error(printable((told = far(seen))));
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    seen = await findRun<Run>(run.id, RUN);
  }
  return seen;
}

function share(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1)) throw new InvalidArgumentError('a share from 0 to 1 is needed');
  return value;
}

function object(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value;
  } catch {
    // Said below.
  }
  throw new InvalidArgumentError('an object of JSON is needed');
}

/** `prefix.description=THEM` */
function rule(text: string, before: readonly Rule[] = []): readonly Rule[] {
  const [, objectType, field, owner] = /^(\w+)\.(\w+)=(US|THEM|LAST_WRITER_WITH_REVIEW|IGNORE|DEFAULT)$/.exec(text) ?? [];
  if (!objectType || !field || !owner)
    throw new InvalidArgumentError(
      'type.field=US, THEM, LAST_WRITER_WITH_REVIEW, IGNORE or DEFAULT is needed, e.g. prefix.description=THEM',
    );
  return [...before, { objectType, field, owner, byDefault: owner === 'DEFAULT' }];
}

interface Settings extends Output {
  readonly hookSecretFile?: string;
  readonly mode?: string;
  readonly adoption?: string;
  readonly onRemoteGone?: string;
  readonly grace?: number;
  readonly scanEvery?: number;
  readonly pin?: string[];
  readonly rule?: readonly Rule[];
  readonly settings?: object;
  readonly zone?: string[];
  readonly ttl?: number;
}

const withSettings = (command: Command): Command =>
  withOutput(command)
    .addOption(new Option('--mode <mode>', 'OBSERVE writes nothing there').choices(['OBSERVE', 'WRITE']))
    .addOption(new Option('--adoption <how>', 'of what is there already and has the natural key of ours').choices(['PROPOSE', 'AUTOMATIC']))
    .addOption(new Option('--on-remote-gone <what>', 'of ours that somebody deleted there').choices(['RECREATE', 'ACCEPT', 'HOLD']))
    .option('--hook-secret-file <file>', 'of a NetBox: what its webhooks are signed with')
    .option('--grace <seconds>', 'between showing something as going away and deleting it; 86400 unless said', integer)
    .option('--scan-every <seconds>', 'everything is read anew; 86400 unless said', integer)
    .option('--pin <base64...>', 'SHA-256 of public keys; nothing else is accepted')
    .option('--rule <rule>', 'whose word counts, e.g. prefix.description=THEM; again for more', rule)
    .option('--settings <json>', 'what this kind of system needs to know besides', object)
    .option('--zone <zones...>', 'of a name server')
    .option('--ttl <seconds>', 'of a name server', integer);

const inputOf = async ({
  hookSecretFile,
  mode,
  adoption,
  onRemoteGone,
  grace,
  scanEvery,
  pin,
  settings,
  zone,
  ttl,
}: Settings): Promise<object> => ({
  hookSecret: hookSecretFile === undefined ? undefined : await readSecret(hookSecretFile),
  mode,
  adoption,
  onRemoteGone,
  settings,
  graceSeconds: grace,
  scanEverySeconds: scanEvery,
  tlsSpkiSha256: pin,
  zones: zone,
  ttlSeconds: ttl,
});

/** What was said before stays, but where it is said anew. */
const rulesOf = (said: readonly Rule[], before: readonly Rule[]): object[] =>
  [...before.filter(({ objectType, field }) => !said.some((of) => of.objectType === objectType && of.field === field)), ...said].flatMap(
    ({ objectType, field, owner, byDefault }) => (byDefault ? [] : [{ objectType, field, owner }]),
  );

function addLooking(sync: Command): void {
  withOutput(sync.command('list'))
    .description('systems that are kept right, and how far each is')
    .option('--exit-code', `end with ${LOOK_AT_IT} when one is not ok`)
    .action(async (options: Output & { exitCode?: boolean }) => {
      const document = `query ($after: String) { connectors(first: 100, after: $after) { nodes { ${CONNECTOR} } ${PAGE} } }`;
      const all = await everyPage((after) => askFor<Page<Connector>>('connectors', document, { after }));
      print(options, all, all.map(connectorLine));
      if (options.exitCode && all.some(({ enabled, health }) => enabled && !health.ok)) process.exitCode = LOOK_AT_IT;
    });
  withOutput(sync.command('show'))
    .argument('<connector>', 'its id or slug')
    .description('how it is set, whose word counts otherwise than by default, and its last run')
    .action(async (reference: string, options: Output) => {
      const found = await find<ConnectorDetails>(reference, DETAILS);
      print(options, found, [
        connectorLine(found),
        `${found.id}  version ${found.version}  ${found.url}`,
        `adoption ${found.adoption}, gone there ${found.onRemoteGone}, grace ${found.graceSeconds} s, everything read each ${found.scanEverySeconds} s, last ${found.lastFullScanAt ?? 'never'}`,
        `settings ${JSON.stringify(found.settings)}`,
        ...(found.zones.length > 0 ? [`zones ${found.zones.join(' ')}`] : []),
        ...(found.tlsSpkiSha256.length > 0 ? [`pinned ${found.tlsSpkiSha256.join(' ')}`] : []),
        ...found.authority.filter(({ byDefault }) => !byDefault).map((of) => `${of.objectType}.${of.field}=${of.owner}`),
        ...(found.lastRun ? runLines(found.lastRun) : []),
      ]);
    });
  withOutput(sync.command('rules'))
    .argument('<connector>', 'its id or slug')
    .description('of every field that is compared, whose word counts; `trame sync set --rule` says otherwise')
    .action(async (reference: string, options: Output) => {
      const { authority } = await find<{ id: string; authority: Rule[] }>(reference, 'id authority { objectType field owner byDefault }');
      print(
        options,
        authority,
        authority.map(({ objectType, field, owner, byDefault }) => `${objectType}.${field}=${owner}${byDefault ? '' : '  (said)'}`),
      );
    });
  withOutput(sync.command('runs'))
    .argument('<connector>', 'its id or slug')
    .description('the newest runs')
    .option('--first <n>', 'how many', integer, 20)
    .action(async (reference: string, options: Output & { first: number }) => {
      const { id } = await find<{ id: string }>(reference, 'id');
      const document = `query ($id: ID, $first: Int!) { connector(id: $id) { runs(first: $first) { nodes { ${RUN} } } } }`;
      const { runs } = await askFor<{ runs: { nodes: Run[] } }>('connector', document, { id, first: options.first });
      print(options, runs.nodes, runs.nodes.flatMap(runLines));
    });
  withOutput(sync.command('changes'))
    .argument('<run>', 'its id (syr_…)')
    .description('each line of a run, and what came of it')
    .action(async (id: string, options: Output) => {
      const wanted = `linesKept changes(first: 100, after: $after) { nodes { ${CHANGE} } ${PAGE} }`;
      let isWhole = true;
      const all = await everyPage(async (after) => {
        const run = await findRun<{ linesKept: boolean; changes: Page<Change> }>(id, wanted, after);
        isWhole = run.linesKept;
        return run.changes;
      });
      print(options, all, all.flatMap(changeLines));
      if (!isWhole) console.error('what this run did not carry out is not kept any more; what it did is');
    });
  withOutput(sync.command('conflicts'))
    .argument('<connector>', 'its id or slug')
    .description('what both sides changed')
    .option('--resolved', 'those in which the two agree again, of the last 30 days')
    .option('--exit-code', `end with ${LOOK_AT_IT} when there are any`)
    .action(async (reference: string, options: Output & { exitCode?: boolean; resolved?: boolean }) => {
      const { id } = await find<{ id: string }>(reference, 'id');
      const all = await conflictsOf(id, options.resolved ? 'RESOLVED' : 'OPEN');
      print(options, all, all.flatMap(conflictLines));
      if (options.exitCode && all.length > 0) process.exitCode = LOOK_AT_IT;
    });
}

function addSaying(sync: Command): void {
  withOutput(sync.command('run'))
    .argument('<connector>', 'its id or slug')
    .description('read everything there, and put right what is not')
    .option('--dry-run', 'compute and show, write nothing')
    .option('--max-delete-ratio <share>', 'it stops when more of a type would be deleted; 0.1', share)
    .option('--wait', `until it has ended; ends with ${LOOK_AT_IT} unless it succeeded`)
    .action(async (reference: string, options: Output & { dryRun?: boolean; maxDeleteRatio?: number; wait?: boolean }) => {
      const { id: connector } = await find<{ id: string }>(reference, 'id');
      const input = { connector, dryRun: options.dryRun === true, maxDeleteRatio: options.maxDeleteRatio };
      const begun = await change('startSync', '$input: StartSyncInput!', 'input: $input', { input });
      const run = options.wait ? await ended(begun) : begun;
      print(options, run, runLines(run));
      if (options.wait && run.state !== 'SUCCEEDED') process.exitCode = LOOK_AT_IT;
    });
  withOutput(sync.command('approve'))
    .argument('<run>', 'its id')
    .argument('<digest>', 'of the run that you have seen')
    .description('what was stopped goes on, with exactly the lines that were seen')
    .action(async (id: string, digest: string, options: Output) => {
      const run = await change('approveSyncRun', '$id: ID!, $digest: String!', 'id: $id, digest: $digest', { id, digest });
      print(options, run, runLines(run));
    });
  withOutput(sync.command('adopt'))
    .argument('<run>', 'its id')
    .argument(
      '[lines...]',
      'numbers of `trame sync changes`; none: every one for which there is one candidate',
      (text, before: number[]) => [...before, integer(text)],
      [],
    )
    .description('objects of theirs that a run proposes are ours from now on')
    .action(async (id: string, lines: number[], options: Output) => {
      const seqs = lines.length > 0 ? lines : null;
      const run = await change('adoptSyncProposals', '$run: ID!, $seqs: [Int!]', 'run: $run, seqs: $seqs', { run: id, seqs });
      print(options, run, runLines(run));
    });
  withOutput(sync.command('resolve'))
    .argument('<conflict>', 'its id (syc_…)')
    .addArgument(new Argument('<side>', 'whose value stays').choices(['us', 'them']))
    .description('the next run carries it out, and begins at once')
    .action(async (id: string, side: string, options: Output) => {
      const keep = side.toUpperCase();
      const document = `mutation ($id: ID!, $keep: SyncConflictSide!) { resolveSyncConflict(id: $id, keep: $keep) { conflict { ${CONFLICT} } ${ERRORS} } }`;
      const { conflict } = await askFor<{ conflict: Conflict }>('resolveSyncConflict', document, { id, keep });
      print(options, conflict, conflictLines(conflict));
    });
}

function addSetting(sync: Command): void {
  withSettings(sync.command('connect'))
    .argument('<slug>', 'the name that it gets here')
    .addOption(new Option('--kind <kind>').choices(['netbox', 'phpipam', 'powerdns']).makeOptionMandatory())
    .requiredOption('--url <url>', 'of the installation, without /api')
    .option('--secret-file <file>', 'token, code or password; - or nothing: the standard input', '-')
    .option('--fabric <id>', 'of a name server: whose names it holds, where there are several fabrics')
    .description('keep another system right from now on; it begins in OBSERVE')
    .action(async (slug: string, options: Settings & { kind: string; url: string; secretFile: string; fabric?: string }) => {
      const secret = await readSecret(options.secretFile);
      const authority = options.rule && rulesOf(options.rule, []);
      const { url, fabric } = options;
      const input = { slug, kind: options.kind.toUpperCase(), url, fabric, secret, authority, ...(await inputOf(options)) };
      const document = `mutation ($input: CreateConnectorInput!) { createConnector(input: $input) { connector { ${CONNECTOR} } ${ERRORS} } }`;
      const { connector } = await askFor<{ connector: Connector }>('createConnector', document, { input });
      print(options, connector, [connectorLine(connector)]);
    });
  withSettings(sync.command('set'))
    .argument('<connector>', 'its id or slug')
    .option('--url <url>')
    .option('--secret-file <file>', 'another token, code or password; -: the standard input')
    .option('--on', 'what waited is done')
    .option('--off', 'nothing is sent there any more, whatever waits')
    .description('change how it is kept; what is not said stays')
    .action(async (reference: string, options: Settings & { url?: string; secretFile?: string; on?: boolean; off?: boolean }) => {
      const { id, version, authority: before } = await find<ConnectorDetails>(reference, DETAILS);
      const secret = options.secretFile === undefined ? undefined : await readSecret(options.secretFile);
      const authority =
        options.rule &&
        rulesOf(
          options.rule,
          before.filter(({ byDefault }) => !byDefault),
        );
      const enabled = options.off ? false : options.on ? true : undefined;
      const input = { url: options.url, secret, authority, enabled, ...(await inputOf(options)) };
      const document = `mutation ($id: ID!, $version: Int!, $input: UpdateConnectorInput!) { updateConnector(id: $id, ifVersion: $version, input: $input) { connector { ${CONNECTOR} } ${ERRORS} } }`;
      const { connector } = await askFor<{ connector: Connector }>('updateConnector', document, { id, version, input });
      print(options, connector, [connectorLine(connector)]);
    });
}

export function addSync(program: Command): void {
  const sync = program.command('sync').description('other systems that are kept right: NetBox, phpIPAM, name servers');
  addLooking(sync);
  addSaying(sync);
  addSetting(sync);
}
