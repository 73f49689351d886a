import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { askFor, poolId, tenantId } from './ask-for.js';
import { integer, type Output, print, withOutput } from './output.js';

const ALLOCATION = 'id version kind text state holder externalRef expiresAt reusableAt';

interface Allocation {
  readonly id: string;
  readonly text: string;
  readonly state: string;
}

interface CommonOptions extends Output {
  readonly tenant?: string;
  readonly key?: string;
  readonly hold?: number;
  readonly holder?: string;
  readonly ref?: string;
  readonly dryRun?: boolean;
}

const withCommon = (command: Command): Command =>
  withOutput(
    command
      .option('--tenant <id or slug>', 'whose it will be; the token’s own where there is one')
      .option('--key <key>', 'idempotency key: the same key and request give the same answer (a new one each time where it is not given)')
      .option('--hold <seconds>', 'hold it for so long instead of binding it', integer)
      .option('--holder <words>', 'who uses it')
      .option('--ref <reference>', 'your own name for it, e.g. an order number')
      .option('--dry-run', 'say what the answer would be, and keep nothing'),
  );

const withSeveral = (command: Command): Command =>
  command
    .option('--count <n>', 'so many, at most 1000', integer)
    .option('--contiguous', 'that follow each other')
    .option('--partial', 'as many as there are, at least one');

interface SeveralOptions {
  readonly count?: number;
  readonly contiguous?: boolean;
  readonly partial?: boolean;
}

const common = ({ key, hold, holder, ref, dryRun }: CommonOptions) => ({
  idempotencyKey: key ?? `cli-${randomUUID()}`,
  ttlSeconds: hold,
  holder,
  externalRef: ref,
  dryRun: dryRun ?? false,
});
const several = ({ count, contiguous, partial }: SeveralOptions) => ({ count, contiguous, partial });

async function allocate(field: string, type: string, input: object, options: Output): Promise<void> {
  const document = `mutation ($input: ${type}!) { ${field}(input: $input) { allocations { ${ALLOCATION} } replayed dryRun errors { code message path } } }`;
  const answer = await askFor<{ allocations: Allocation[] }>(field, document, { input });
  print(
    options,
    answer,
    answer.allocations.map(({ text, state, id }) => `${text}  ${state}  ${id}`),
  );
}

export function addAllocate(program: Command): void {
  const command = program.command('allocate').description('give out a number, a prefix or an address');
  withCommon(command.command('vni'))
    .description('the next VNI of a pool, or the one that is preferred')
    .requiredOption('--pool <id or slug>', 'pool of VNIs or L3 VNIs')
    .option('--prefer <vni>', 'this one or none', integer)
    .action(async (options: CommonOptions & { pool: string; prefer?: number }) => {
      const { pool, prefer } = options;
      const input = { ...common(options), tenant: await tenantId(options.tenant), pool: await poolId('number', pool), prefer };
      await allocate('allocateVni', 'AllocateVniInput', input, options);
    });
  withCommon(command.command('vlan'))
    .description('the next VLAN of a VLAN domain, or the one that is preferred')
    .requiredOption('--domain <id>', 'VLAN domain (vld_…); see `trame pool list`')
    .option('--prefer <vlan>', 'this one or none', integer)
    .action(async (options: CommonOptions & { domain: string; prefer?: number }) => {
      const { domain, prefer } = options;
      await allocate(
        'allocateVlan',
        'AllocateVlanInput',
        { ...common(options), tenant: await tenantId(options.tenant), domain, prefer },
        options,
      );
    });
  withSeveral(withCommon(command.command('number')))
    .description('numbers of any kind of pool')
    .requiredOption('--pool <id or slug>', 'pool of numbers')
    .option('--prefer <number>', 'this one or none, as its kind is written: 10010, 65000:10010, 239.1.0.1')
    .action(async (options: CommonOptions & SeveralOptions & { pool: string; prefer?: string }) => {
      const { pool, prefer } = options;
      const input = {
        ...common(options),
        ...several(options),
        tenant: await tenantId(options.tenant),
        pool: await poolId('number', pool),
        prefer,
      };
      await allocate('allocateNumber', 'AllocateNumberInput', input, options);
    });
  withSeveral(withCommon(command.command('prefix')))
    .description('the next prefix of a length out of a pool, or the one that is preferred')
    .requiredOption('--pool <id or slug>', 'pool of prefixes')
    .option('--length <n>', 'the pool’s default where it is not given', integer)
    .option('--prefer <prefix>', 'this one or none')
    .action(async (options: CommonOptions & SeveralOptions & { pool: string; length?: number; prefer?: string }) => {
      const { pool, length, prefer } = options;
      const asked = { length, prefer, tenant: await tenantId(options.tenant), pool: await poolId('prefix', pool) };
      await allocate('allocatePrefix', 'AllocatePrefixInput', { ...common(options), ...several(options), ...asked }, options);
    });
  withSeveral(withCommon(command.command('ip')))
    .description('the next free address of a subnet, or the one that is preferred')
    .requiredOption('--subnet <id>', 'sub_…')
    .option('--prefer <address>', 'this one or none')
    .option('--mac <mac>', 'MAC address of the station')
    .option('--name <name>', 'DNS name')
    .action(async (options: CommonOptions & SeveralOptions & { subnet: string; prefer?: string; mac?: string; name?: string }) => {
      const { subnet, prefer, mac, name: dnsName, tenant } = options;
      const named = tenant === undefined ? {} : { tenant: await tenantId(tenant) };
      const input = { ...common(options), ...several(options), ...named, subnet, prefer, mac, dnsName };
      await allocate('allocateIp', 'AllocateIpInput', input, options);
    });
}

export function addRelease(program: Command): void {
  withOutput(program.command('release'))
    .argument('<id>', 'alc_…, pfx_… or ip_…')
    .description('give an allocation back: into quarantine; a hold is free at once')
    .option('--if-version <n>', 'only if it is still at this version', integer)
    .option('--reason <text>', 'for the audit')
    .action(async (allocation: string, options: Output & { ifVersion?: number; reason?: string }) => {
      const { ifVersion, reason } = options;
      const document = `mutation ($input: ReleaseAllocationInput!) { releaseAllocation(input: $input) { changed allocation { ${ALLOCATION} } errors { code message path } } }`;
      const answer = await askFor<{ allocation: Allocation; changed: boolean }>('releaseAllocation', document, {
        input: { allocation, ifVersion, reason },
      });
      print(options, answer, [
        `${answer.allocation.text}  ${answer.allocation.state}${answer.changed ? '' : '  (it was released before)'}`,
      ]);
    });
}

export function addBind(program: Command): void {
  withOutput(program.command('bind'))
    .argument('<id>', 'alc_…, pfx_… or ip_…')
    .description('make a hold last')
    .option('--if-version <n>', 'only if it is still at this version; as it is now where it is not given', integer)
    .option('--holder <words>', 'who uses it from now on')
    .action(async (id: string, options: Output & { ifVersion?: number; holder?: string }) => {
      const ifVersion = options.ifVersion ?? (await versionOf(id));
      const document = `mutation ($input: BindAllocationInput!) { bindAllocation(input: $input) { allocation { ${ALLOCATION} } errors { code message path } } }`;
      const input = { allocation: id, ifVersion, holder: options.holder };
      const answer = await askFor<{ allocation: Allocation }>('bindAllocation', document, { input });
      print(options, answer, [`${answer.allocation.text}  ${answer.allocation.state}`]);
    });
}

async function versionOf(id: string): Promise<number> {
  const found = await askFor<{ version: number } | null>('allocation', 'query ($id: ID) { allocation(id: $id) { version } }', { id });
  if (!found) throw new Error(`there is no allocation ${id}`);
  return found.version;
}
