import type { Command } from 'commander';
import { askFor } from './ask-for.js';
import { integer, type Output, print, withOutput } from './output.js';

interface Check {
  readonly question: string;
  readonly state: string;
  readonly checkedAt: string;
  readonly expected: string | null;
  readonly seen: string | null;
}
interface Verified {
  readonly id: string;
  readonly slug: string;
  readonly vni: number;
  readonly verification: {
    readonly state: string;
    readonly sentence: string;
    readonly checkedAt: string | null;
    readonly lookedAt: string | null;
    readonly devices: readonly { readonly device: string; readonly state: string; readonly checks: readonly Check[] }[];
  };
}

const NETWORK =
  'id slug vni verification { state sentence checkedAt lookedAt devices { device state checks { question state checkedAt expected seen plan } } }';
const FIND = `query ($id: ID, $vni: VNI, $externalRef: String) { network(id: $id, vni: $vni, externalRef: $externalRef) { ${NETWORK} } }`;
/** As `plan` and `drift` have it: there is something to look at. */
const SOMETHING_FOUND = 2;
const LOOK_AGAIN_MS = 500;
/** A customer's network is looked at half a minute after its last look at the earliest, and a look takes seconds. */
const LONGEST_TURN_SECONDS = 45;

/** By its id, its VNI, or the customer's own key. */
const named = (reference: string): Readonly<Record<string, unknown>> =>
  reference.startsWith('net_') ? { id: reference } : /^\d+$/.test(reference) ? { vni: Number(reference) } : { externalRef: reference };

const why = ({ state, expected, seen }: Check): string[] => {
  if (seen === null || state === 'OK') return [];
  return state === 'FAILED' ? [`      expected ${expected}`, `      seen     ${seen}`] : [`      ${seen}`];
};

const linesOf = ({ slug, vni, verification }: Verified): string[] => [
  `${slug} (VNI ${vni})  ${verification.state}  ${verification.checkedAt ?? 'never looked at'}  ${verification.sentence}`,
  ...verification.devices.flatMap(({ device, state, checks }) => [
    `  ${device.padEnd(20)} ${state}`,
    ...checks.flatMap((check) => [`    ${check.question.padEnd(14)} ${check.state}`, ...why(check)]),
  ]),
];

async function find(reference: string): Promise<Verified> {
  const network = await askFor<Verified | null>('network', FIND, named(reference));
  if (!network) throw new Error(`there is no network ${reference}`);
  return network;
}

export function addVerify(program: Command): void {
  withOutput(program.command('verify'))
    .argument('<network>', "id (net_…), VNI, or the customer's own key")
    .description('have a network looked at from all of its devices, and say what works and what does not')
    .option('--wait <seconds>', 'how long to wait for the answers; 0: print what is known', integer, LONGEST_TURN_SECONDS)
    .action(async (reference: string, options: Output & { wait: number }) => {
      let network = await find(reference);
      if (options.wait > 0) {
        const deadline = Date.now() + options.wait * 1000;
        const document = 'mutation ($id: ID!) { verifyNetwork(id: $id) { askedAt errors { code message path } } }';
        const { askedAt } = await askFor<{ askedAt: string }>('verifyNetwork', document, { id: network.id });
        // A look that was under way says how it was before somebody mended it.
        const isAnswered = ({ verification: { lookedAt } }: Verified): boolean =>
          lookedAt !== null && Date.parse(lookedAt) >= Date.parse(askedAt);
        while (!isAnswered(network) && Date.now() < deadline) {
          await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
          network = await find(network.id);
        }
        if (!isAnswered(network)) console.error('nobody has looked yet: this is what is known so far');
      }
      print(options, network, linesOf(network));
      if (['FAILED', 'STALE'].includes(network.verification.state)) process.exitCode = SOMETHING_FOUND;
    });
}
