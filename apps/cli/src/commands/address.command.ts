import type { Command } from 'commander';
import { askFor } from './ask-for.js';
import { type Output, print, withOutput } from './output.js';

interface Address {
  readonly id: string;
  readonly address: string;
  readonly dnsName: string | null;
  readonly dnsAliases: readonly string[];
}

const SET_ALIASES =
  'mutation ($input: SetAddressAliasesInput!) { setAddressAliases(input: $input) { ipAddress { id address dnsName dnsAliases } errors { code message path } } }';

export function addAddress(program: Command): void {
  const command = program.command('address').description('addresses');
  withOutput(command.command('aliases'))
    .argument('<id>', 'ip_…')
    .argument('[names...]', 'further names beside its own, all of them anew; none: its own alone')
    .description('further names of an address: forward alone, the PTR is of its own name')
    .action(async (ipAddress: string, aliases: string[], options: Output) => {
      const answer = await askFor<{ ipAddress: Address }>('setAddressAliases', SET_ALIASES, { input: { ipAddress, aliases } });
      const { address, dnsName, dnsAliases, id } = answer.ipAddress;
      print(options, answer, [`${address}  ${[dnsName, ...dnsAliases].filter((name) => name !== null).join(' ')}  ${id}`]);
    });
}
