import { Command, Option } from 'commander';

export const SCENARIO_NAMES = ['in-process', 'single', 'graphql', 'many-pools', 'held-open', 'by-size', 'import', 'creation'] as const;
export type ScenarioName = (typeof SCENARIO_NAMES)[number];

export interface BenchArguments {
  readonly subject: Subject;
  readonly json: boolean;
  readonly quick: boolean;
  /** All where none are named. */
  readonly scenarios: readonly ScenarioName[];
}

const SUBJECTS = ['allocation', 'render', 'rollout', 'sync', 'facade'] as const;
export type Subject = (typeof SUBJECTS)[number];

/** @throws CommanderError for what cannot be asked, after saying what can. */
export function parseArguments(args: readonly string[], write: (text: string) => void): BenchArguments {
  const command = new Command('bench')
    .description(
      'Measures the product: allocation against a client that inserts one row and commits; compiling and rendering against joining and hashing the same lines; rollouts over a hundred simulated devices; keeping a simulated NetBox of a hundred thousand objects right; addresses through the façade alone. Talk goes to stderr, the result to stdout.',
    )
    .addArgument(new Command().createArgument('<subject>', 'what is measured').choices([...SUBJECTS]))
    .option('--json', 'print one machine-readable line')
    .option('--quick', 'smaller sizes and shorter rounds: less than a minute in all')
    .addOption(
      new Option('--only <scenarios...>', 'of allocation, only these; the verdict is then about them alone').choices(SCENARIO_NAMES),
    )
    .exitOverride()
    .configureOutput({ writeOut: write, writeErr: write })
    .parse([...args], { from: 'user' });
  const { json = false, quick = false, only } = command.opts<{ json?: boolean; quick?: boolean; only?: ScenarioName[] }>();
  const subject = command.args[0] as Subject; // one of the choices
  return { subject, json, quick, scenarios: only ?? SCENARIO_NAMES };
}
