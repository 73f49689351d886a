import type { Command } from 'commander';
import { askFor } from './ask-for.js';
import { integer, type Output, print, withOutput } from './output.js';

interface Subnet {
  readonly id: string;
  readonly cidr: string;
  readonly dnsZone: string | null;
  readonly dnsZonePrefix: string | null;
  readonly dnsTtlSeconds: number | null;
}

interface DnsOptions extends Output {
  readonly zone?: string;
  readonly prefix?: string;
  readonly ttl?: number;
}

const SET_DNS =
  'mutation ($input: SetSubnetDnsInput!) { setSubnetDns(input: $input) { subnet { id cidr dnsZone dnsZonePrefix dnsTtlSeconds } errors { code message path } } }';

const line = ({ cidr, id, dnsZone, dnsZonePrefix, dnsTtlSeconds }: Subnet): string => {
  const names = dnsZone === null ? 'names as they are' : `<name>.${dnsZonePrefix === null ? '' : `${dnsZonePrefix}.`}${dnsZone}`;
  return `${cidr}  ${names}  TTL ${dnsTtlSeconds ?? 'of the name server'}  ${id}`;
};

export function addSubnet(program: Command): void {
  const command = program.command('subnet').description('subnets');
  withOutput(command.command('dns'))
    .argument('<id>', 'sub_…')
    .description('how the names of its addresses are published: all of it is said anew, what is not given is none')
    .option('--zone <zone>', 'DNS zone that its names live in')
    .option('--prefix <labels>', 'between a name and the zone: <name>.<prefix>.<zone>')
    .option('--ttl <seconds>', 'TTL of its records; that of the name server where it is not given', integer)
    .action(async (subnet: string, options: DnsOptions) => {
      const input = { subnet, dnsZone: options.zone, dnsZonePrefix: options.prefix, dnsTtlSeconds: options.ttl };
      const answer = await askFor<{ subnet: Subnet }>('setSubnetDns', SET_DNS, { input });
      print(options, answer, [line(answer.subnet)]);
    });
}
