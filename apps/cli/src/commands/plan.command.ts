import type { Command } from 'commander';
import { askFor } from './ask-for.js';
import { integer, type Output, print, withOutput } from './output.js';

interface Plan {
  readonly id: string;
  readonly digest: string;
  readonly risk: string;
  readonly state: string;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly haltReason: string | null;
  readonly approvalsNeeded: number;
  readonly approvals: readonly { readonly by: string }[];
  readonly waves: readonly {
    readonly order: number;
    readonly deviceCount: number;
    readonly done: number;
    readonly failed: number;
    readonly soakSeconds: number;
  }[];
}
interface PlanCause {
  readonly kind: string;
  readonly slug: string;
  readonly verb: string;
  readonly subject: string | null;
}
interface PlanDevice {
  readonly device: string;
  readonly wave: number;
  readonly step: number;
  readonly risk: string;
  readonly riskReasons: readonly string[];
  readonly causes: readonly PlanCause[];
  readonly diff: string;
  readonly hunks: readonly { readonly causes: readonly PlanCause[] }[];
  readonly state: string;
  readonly error: string | null;
}
interface Recall {
  readonly network: string;
  readonly vni: number;
  readonly action: string;
  readonly state: string;
  readonly reason: string | null;
  readonly order: string | null;
}
interface PlanDetails extends Plan {
  readonly rollbackOf: string | null;
  readonly stalled: string | null;
  readonly recalls: readonly Recall[];
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly message: string }[];
  readonly devices: readonly PlanDevice[];
}

const PLAN =
  'id digest risk state createdBy createdAt haltReason approvalsNeeded approvals { by } waves { order deviceCount done failed soakSeconds soakingUntil }';
const RECALLS = 'rollbackOf recalls { network vni action state reason order }';
const DETAILS = `${PLAN} ${RECALLS} baseRevision targetRevision stale stalled checks { name ok message } devices { device wave step redundancy risk riskReasons causes { kind slug verb subject object } diff hunks { path causes { kind slug verb subject object } } state error }`;
const ERRORS = 'errors { code message path }';

const line = (plan: Plan): string => {
  const waves = plan.waves
    .map(({ done, deviceCount, failed }) => `${done}/${deviceCount}${failed > 0 ? ` (${failed} failed)` : ''}`)
    .join(' ');
  return `${plan.id}  ${plan.state.padEnd(10)} ${plan.risk.padEnd(5)} ${waves}  by ${plan.createdBy}${plan.haltReason ? `  ${plan.haltReason}` : ''}`;
};
const because = ({ kind, slug, verb, subject }: PlanCause): string =>
  `${verb.toLowerCase()} ${kind.toLowerCase()} ${slug}${subject ? ` (${subject})` : ''}`;
const MOST_CAUSES = 5;

/** Above each hunk why it is there. */
function diffLines({ diff, hunks }: PlanDevice): string[] {
  let at = 0;
  return diff.split('\n').flatMap((text) => {
    if (text === '') return [];
    if (!text.startsWith('@@ ')) return [`    ${text}`];
    const causes = hunks[at++]?.causes ?? [];
    const more = causes.length > MOST_CAUSES ? ` and ${causes.length - MOST_CAUSES} more` : '';
    return [...(causes.length > 0 ? [`    # ${causes.slice(0, MOST_CAUSES).map(because).join(', ')}${more}`] : []), `    ${text}`];
  });
}

const deviceLines = (item: PlanDevice): string[] => [
  `${item.device}  wave ${item.wave} step ${item.step}  ${item.risk}  ${item.state}${item.error ? `: ${item.error}` : ''}`,
  ...item.riskReasons.map((reason) => `  ! ${reason}`),
  ...item.causes.map((cause) => `  ${because(cause)}`),
  ...diffLines(item),
];
const recallLines = ({ rollbackOf, recalls }: Pick<PlanDetails, 'rollbackOf' | 'recalls'>): string[] => [
  ...(rollbackOf === null ? [] : [`takes back ${rollbackOf}`]),
  ...recalls.map(
    ({ network, vni, action, state, reason, order }) =>
      `${action.toLowerCase()} network ${network} (VNI ${vni})  ${state}${order === null ? '' : `  ${order}`}${reason === null ? '' : `: ${reason}`}`,
  ),
];

/** `approvePlan` and the like: one field, its payload's plan. */
async function change<Answer>(
  field: string,
  types: string,
  names: string,
  variables: Readonly<Record<string, unknown>>,
  wanted = PLAN,
): Promise<Answer> {
  const document = `mutation (${types}) { ${field}(${names}) { plan { ${wanted} } ${ERRORS} } }`;
  return (await askFor<{ plan: Answer }>(field, document, variables)).plan;
}

async function find(id: string): Promise<PlanDetails> {
  const plan = await askFor<PlanDetails | null>('plan', `query ($id: ID!) { plan(id: $id) { ${DETAILS} } }`, { id });
  if (!plan) throw new Error(`there is no plan ${id}`);
  return plan;
}

export function addPlan(program: Command): void {
  const plan = program.command('plan').description('plans of a fabric, and rollouts under way');
  withOutput(plan.command('list'))
    .description('the newest plans')
    .option('--first <n>', 'how many', integer, 20)
    .action(async (options: Output & { first: number }) => {
      const plans = await askFor<Plan[]>('plans', `query ($first: Int!) { plans(first: $first) { ${PLAN} } }`, { first: options.first });
      print(options, plans, plans.map(line));
    });
  withOutput(plan.command('show'))
    .argument('<plan>', 'its id (plan_…)')
    .description('what it changes and why, device by device')
    .action(async (id: string, options: Output) => {
      const found = await find(id);
      const checks = found.checks.map(({ name, ok, message }) => `${ok ? 'ok ' : 'NO '} ${name}: ${message}`);
      print(options, found, [
        line(found),
        `digest ${found.digest}`,
        ...(found.stalled === null ? [] : [`stalled: ${found.stalled}`]),
        ...recallLines(found),
        ...checks,
        ...found.devices.flatMap(deviceLines),
      ]);
    });
  withOutput(plan.command('approve'))
    .argument('<plan>', 'its id')
    .argument('<digest>', 'of the plan that you have seen')
    .option('--comment <text>', 'kept with the approval')
    .action(async (id: string, digest: string, options: Output & { comment?: string }) => {
      const types = '$id: ID!, $digest: String!, $comment: Label';
      const variables = { id, digest, comment: options.comment };
      const approved = await change<Plan>('approvePlan', types, 'id: $id, digest: $digest, comment: $comment', variables);
      print(options, approved, [line(approved)]);
    });
  withOutput(plan.command('apply'))
    .argument('<plan>', 'its id')
    .argument('<digest>', 'of the plan that was approved')
    .action(async (id: string, digest: string, options: Output) => {
      const begun = await change<Plan>('applyPlan', '$id: ID!, $digest: String!', 'input: { plan: $id, digest: $digest }', { id, digest });
      print(options, begun, [line(begun)]);
    });
  withOutput(plan.command('make'))
    .description('what would be pushed now; writes to no device')
    .option('--devices <ids...>', 'only these')
    .option('--may-touch-management', 'the way by which they are managed may change: risk HIGH')
    .action(async (options: Output & { devices?: string[]; mayTouchManagement?: boolean }) => {
      const { devices, mayTouchManagement = false } = options;
      const [types, input] = [
        '$devices: [ID!], $mayTouchManagement: Boolean!',
        'input: { devices: $devices, mayTouchManagement: $mayTouchManagement }',
      ];
      const made = await change<Plan | null>('planDeployment', types, input, { devices, mayTouchManagement });
      print(options, made, [made === null ? 'every device does what is asked' : line(made)]);
    });
  withOutput(plan.command('rollback'))
    .argument('<plan>', 'its id')
    .requiredOption('--reason <text>', 'kept with the plan that takes it back, and with the locks of its devices')
    .option('--digest <digest>', 'of the plan that you have seen')
    .option('--devices <ids...>', 'only these; all that it changed where none are named')
    .description('take it back: its devices get what they carried before, its networks are withdrawn or restored')
    .action(async (id: string, options: Output & { reason: string; digest?: string; devices?: string[] }) => {
      const { reason, digest, devices } = options;
      const types = '$id: ID!, $reason: Label!, $digest: String, $devices: [ID!]';
      const names = 'id: $id, reason: $reason, digest: $digest, devices: $devices';
      const made = await change<PlanDetails>('rollbackPlan', types, names, { id, reason, digest, devices }, `${PLAN} ${RECALLS}`);
      print(options, made, [line(made), ...recallLines(made)]);
    });
  for (const [word, says] of STEERING) {
    const command = withOutput(plan.command(word)).argument('<plan>', 'its id').description(says);
    if (word !== 'resume') command.option('--reason <text>', 'kept with the plan');
    command.action(async (id: string, options: Output & { reason?: string }) => {
      const [types, names] = word === 'resume' ? ['$id: ID!', 'id: $id'] : ['$id: ID!, $reason: Label', 'id: $id, reason: $reason'];
      const steered = await change<Plan>(`${word}Plan`, types, names, { id, reason: options.reason });
      print(options, steered, [line(steered)]);
    });
  }
}

const STEERING = [
  ['pause', 'finish what is being pushed and begin nothing else'],
  ['resume', 'go on where it was paused'],
  ['cancel', 'nobody wants it: what is confirmed stays, the rest goes back and is not pushed again by itself'],
  ['halt', 'something is wrong: as cancel, and kept as an incident'],
] as const;
