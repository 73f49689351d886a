import fs from 'node:fs';
import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { askFor } from './ask-for.js';
import { type Output, print, withOutput } from './output.js';

interface Snippet {
  readonly path: string;
  readonly action: 'MERGE' | 'WRITE' | 'REMOVE';
  readonly text: string;
  readonly commands: string | null;
}
interface AskedDevice {
  readonly device: string;
  readonly state: string;
  readonly external: boolean;
  readonly diff: string;
  readonly snippets: readonly Snippet[];
}
interface AskingPlan {
  readonly id: string;
  readonly digest: string;
  readonly state: string;
  readonly createdAt: string;
  readonly devices: readonly AskedDevice[];
}
interface Difference {
  readonly kind: string;
  readonly path: string;
  readonly section: readonly string[];
  readonly intended: string | null;
  readonly observed: string | null;
}
interface HandedIn {
  readonly verdict: 'CONFIRMED' | 'REFUSED' | 'CLEAN' | 'DRIFT';
  readonly differences: readonly Difference[];
  readonly commands: readonly { readonly path: string; readonly commands: string }[];
}

const PLANS = `{ plansAwaitingPerson { id digest state createdAt devices { device state external diff snippets { path action text commands } } } }`;
const ERRORS = 'errors { code message path }';
/** As `trame drift list` has it: there is something to look at. */
const SOMETHING_FOUND = 2;

interface Asked {
  readonly plan: AskingPlan;
  readonly item: AskedDevice;
}

async function asked(): Promise<Asked[]> {
  const plans = await askFor<AskingPlan[]>('plansAwaitingPerson', PLANS, {});
  return plans.flatMap((plan) => plan.devices.filter(({ state }) => state === 'AWAITING_PERSON').map((item) => ({ plan, item })));
}

async function askedOf(device: string): Promise<Asked> {
  const found = (await asked()).find(({ item }) => item.device === device);
  if (!found) throw new Error(`nobody is asked for anything on ${device}; \`trame external list\` says what is asked`);
  return found;
}

async function deviceId(slug: string): Promise<string> {
  const device = await askFor<{ id: string } | null>('device', 'query ($slug: Slug) { device(slug: $slug) { id } }', { slug });
  if (!device) throw new Error(`there is no device ${slug}`);
  return device.id;
}

const WHAT: Readonly<Record<Snippet['action'], string>> = {
  MERGE: 'paste into its configuration',
  WRITE: 'the whole file',
  REMOVE: 'remove the file',
};
const snippetLines = ({ path, action, text: content, commands }: Snippet): string[] => [
  `# ${path}: ${WHAT[action]}`,
  ...(action === 'MERGE' && commands !== null ? commands : content).replace(/\n$/, '').split('\n'),
];
const indented = (sign: string, line: string | null): string[] =>
  line === null ? [] : line.split('\n').map((one) => `    ${sign} ${one}`);
const differenceLines = ({ kind, path, section, intended, observed }: Difference): string[] => [
  `  ${kind}  ${[path, ...section].join(' / ')}`,
  ...indented('-', intended),
  ...indented('+', observed),
];

/** `PATH=FILE`, or a FILE alone where the device has one text; `-` is the standard input. */
async function textOf(argument: string): Promise<{ path: string | null; text: string }> {
  const at = argument.indexOf('=');
  const file = argument.slice(at + 1);
  return { path: at < 0 ? null : argument.slice(0, at), text: file === '-' ? await text(process.stdin) : fs.readFileSync(file, 'utf8') };
}

export function addExternal(program: Command): void {
  const external = program.command('external').description('devices that a person, or another tool, configures');
  withOutput(external.command('list'))
    .description('which devices wait for a person, and for which plan')
    .action(async (options: Output) => {
      const found = await asked();
      print(
        options,
        found.map(({ plan: { id, digest, createdAt }, item }) => ({ plan: id, digest, createdAt, ...item })),
        found.map(({ plan, item }) => `${item.device.padEnd(20)} ${plan.id}  ${plan.digest}  since ${plan.createdAt}`),
      );
    });
  withOutput(external.command('show'))
    .argument('<device>', 'its slug')
    .description('what to put in force there; `@secret:NAME@` stands for a secret that you fill in')
    .option('--diff', 'against what was confirmed last, for reading')
    .action(async (device: string, options: Output & { diff?: boolean }) => {
      const { plan, item } = await askedOf(device);
      const lines = options.diff ? item.diff.split('\n') : item.snippets.flatMap(snippetLines);
      print(options, { plan: plan.id, digest: plan.digest, ...item }, lines);
    });
  withOutput(external.command('confirm'))
    .argument('<device>', 'its slug')
    .argument('<plan>', 'whose snippet is in force (plan_…)')
    .argument('<digest>', 'of that plan')
    .option('--comment <text>', 'kept with it')
    .description('your word that the snippet is in force')
    .action(async (device: string, plan: string, digest: string, options: Output & { comment?: string }) => {
      const input = { plan, digest, device: await deviceId(device), comment: options.comment ?? null };
      const document = `mutation ($input: ConfirmExternalInput!) { confirmExternal(input: $input) { plan { id digest state } ${ERRORS} } }`;
      const answer = await askFor<{ plan: { id: string; state: string } }>('confirmExternal', document, { input });
      print(options, answer.plan, [`${device}  confirmed; ${answer.plan.id} is ${answer.plan.state}`]);
    });
  addHandIn(external);
}

function addHandIn(external: Command): void {
  withOutput(external.command('hand-in'))
    .argument('<device>', 'its slug')
    .argument('<texts...>', 'PATH=FILE, or FILE where the device has one text only; - is the standard input')
    .option('--plan <id>', 'confirm this plan and no other')
    .option('--digest <digest>', 'of that plan')
    .description(
      `what runs on the device: confirms what is asked of it, or tells drift; ends with ${SOMETHING_FOUND} when it says something else`,
    )
    .action(async (device: string, files: string[], options: Output & { plan?: string; digest?: string }) => {
      const texts = await Promise.all(files.map(textOf));
      const input = { device: await deviceId(device), texts, plan: options.plan ?? null, digest: options.digest ?? null };
      const document = `mutation ($input: HandInConfigurationInput!) { handInConfiguration(input: $input) {
        verdict plan { id state } differences { kind path section intended observed risk likelyCause } commands { path commands } ${ERRORS} } }`;
      const answer = await askFor<HandedIn>('handInConfiguration', document, { input });
      const more = answer.commands.flatMap(({ path, commands }) =>
        commands === '' ? [] : [`# ${path}: what is missing`, ...commands.replace(/\n$/, '').split('\n')],
      );
      print(options, answer, [`${device}  ${answer.verdict}`, ...answer.differences.flatMap(differenceLines), ...more]);
      if (answer.verdict === 'REFUSED' || answer.verdict === 'DRIFT') process.exitCode = SOMETHING_FOUND;
    });
}
