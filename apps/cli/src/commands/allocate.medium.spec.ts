// The counter on the command line, against an API that listens.
import { type ApiWorld, createApiWorld } from '../../../../test/support/api-world.js';
import { commandInProcess, missingForProgram as missing, programItself } from '../../../../test/support/command-in-process.js';
import { describeWith } from '../../../../test/support/describe-with.js';
import { addAddress } from './address.command.js';
import { addAllocate, addBind, addRelease } from './allocate.command.js';
import { addPool } from './pool.command.js';
import { addSubnet } from './subnet.command.js';

const GROUPS = [addPool, addAllocate, addBind, addRelease, addAddress, addSubnet];

describeWith({ missing }, 'trame at the counter', () => {
  vi.setConfig({ testTimeout: 180_000 });
  let world: ApiWorld;
  beforeAll(async () => {
    world = await createApiWorld();
  });
  afterAll(() => world?.close());

  const settings = (token: string) => ({ TRAME_URL: world.apiUrl, TRAME_TOKEN: token });
  const trame = (token: string, ...args: string[]) => commandInProcess(GROUPS, args, settings(token));
  /** The first time that a command is given it is given to the program. */
  const program = (token: string, ...args: string[]) => programItself(args, settings(token));
  const idOf = (out: string): string => /\b(?:alc|pfx|ip)_\w+/.exec(out)?.[0] ?? '';

  it('makes a pool, allocates, binds, releases, and draws what became of it', async () => {
    const made = await program(world.operator, 'pool', 'create', 'cli', '70000-70063', '--kind', 'VNI', '--quarantine', '60');
    expect(made).toMatchObject({ code: 0, out: expect.stringMatching(/^cli {2}64 free {2}pool_\w+\n$/) });
    const one = await program(world.customer, 'allocate', 'vni', '--pool', 'cli', '--hold', '60', '--key', 'once');
    expect(one).toMatchObject({ code: 0, out: expect.stringMatching(/^70000 {2}HELD {2}alc_\w+\n$/) });
    expect((await trame(world.customer, 'allocate', 'vni', '--pool', 'cli', '--hold', '60', '--key', 'once')).out).toBe(one.out);
    expect((await program(world.customer, 'bind', idOf(one.out), '--holder', 'vm 1')).out).toBe('70000  BOUND\n');
    const three = await trame(world.customer, 'allocate', 'number', '--pool', 'cli', '--count', '3', '--contiguous', '-o', 'json');
    expect(JSON.parse(three.out)).toMatchObject({
      replayed: false,
      allocations: [{ text: '70001' }, { text: '70002' }, { text: '70003' }],
    });
    expect((await program(world.customer, 'release', idOf(one.out), '--reason', 'done')).out).toBe('70000  QUARANTINED\n');
    expect((await trame(world.customer, 'pool', 'map', 'cli')).out).toBe(
      `from 70000, 64 in a row:\nq###${'.'.repeat(60)}\n${`${' '.repeat(64)}\n`.repeat(15)}`,
    );
    expect(JSON.parse((await trame(world.customer, 'pool', 'show', 'cli')).out)).toMatchObject({
      kind: 'VNI',
      free: '60',
      largestFreeBlock: '60',
    });
    expect((await trame(world.customer, 'pool', 'list')).out).toMatch(/^cli +VNI +6\.3 % used, 60 of 64 free {2}OK {2}pool_/m);
  });

  it('allocates prefixes and addresses', async () => {
    await trame(world.operator, 'pool', 'create', 'cli-v4', '10.130.0.0/22', '--kind', 'PREFIX', '--length', '26', '--min-length', '24');
    expect((await trame(world.customer, 'allocate', 'prefix', '--pool', 'cli-v4')).out).toMatch(/^10\.130\.0\.0\/26 {2}BOUND {2}pfx_/);
    const dry = await trame(world.customer, 'allocate', 'prefix', '--pool', 'cli-v4', '--length', '24', '--dry-run');
    expect(dry.out).toMatch(/^10\.130\.1\.0\/24/);
    expect(JSON.parse((await trame(world.customer, 'pool', 'show', 'cli-v4')).out)).toMatchObject({
      freeBlocks: [{ length: 23 }, { length: 24 }, { length: 25 }, { length: 26 }],
    });
    const pool = await world.ask<{ id: string }>(world.customer, '{ prefixPool(slug: "cli-v4") { id } }');
    const { tenant } = await world.ask<{ tenant: string }>(world.customer, '{ tenants { nodes { id } } }').then((found) => {
      return { tenant: (found as unknown as { nodes: { id: string }[] }).nodes[0]?.id as string };
    });
    const { subnet } = await world.ask<{ subnet: { id: string } }>(
      world.customer,
      'mutation ($input: CreateSubnetInput!) { createSubnet(input: $input) { subnet { id } errors { message } } }',
      { input: { idempotencyKey: 'net', tenant, pool: pool.id } },
    );
    const ip = await trame(world.customer, 'allocate', 'ip', '--subnet', subnet.id, '--prefer', '10.130.0.70', '--name', 'a.example');
    expect(ip.out).toMatch(/^10\.130\.0\.70 {2}BOUND {2}ip_/);
    const id = /ip_\w+/.exec(ip.out)?.[0] ?? '';
    expect((await program(world.customer, 'address', 'aliases', id, 'c.example', 'b.example')).out).toMatch(
      /^10\.130\.0\.70 {2}a\.example b\.example c\.example {2}ip_/,
    );
    const dns = ['subnet', 'dns', subnet.id] as const;
    expect((await program(world.customer, ...dns, '--zone', 'example.net', '--prefix', 'dmz', '--ttl', '60')).out).toMatch(
      /^10\.130\.0\.64\/26 {2}<name>\.dmz\.example\.net {2}TTL 60 {2}sub_/,
    );
    expect((await trame(world.customer, ...dns)).out).toMatch(/ {2}names as they are {2}TTL of the name server {2}sub_/);
    expect(await trame(world.customer, ...dns, '--prefix', 'dmz')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^INVALID_VALUE: /),
    });
  });

  it('says in words what was wrong, and fails', async () => {
    expect(await trame(world.customer, 'allocate', 'vni', '--pool', 'nothing')).toEqual({
      code: 1,
      out: '',
      err: 'there is no pool of numbers nothing\n',
    });
    const outside = await trame(world.customer, 'allocate', 'vni', '--pool', 'cust-vni', '--prefer', '5');
    expect(outside).toMatchObject({ code: 1, err: 'OUT_OF_RANGE: VNI 5 is not of the pool cust-vni: it has 10000 to 19999\n' });
    expect(await trame(world.customer, 'pool', 'create', 'mine', '1-2', '--kind', 'ASN')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^FORBIDDEN: /),
    });
    expect(await trame(world.customer, 'release', 'alc_00000000000000000000000000')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^NOT_FOUND: /),
    });
    expect((await trame(world.customer, 'allocate', 'vni', '--pool', 'cust-vni', '--prefer', 'x')).code).toBe(64);
  });
});
