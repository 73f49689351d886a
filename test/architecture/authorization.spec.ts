import fs from 'node:fs';
import path from 'node:path';
import type { Type } from '@nestjs/common';
import { type GraphQLSchema, isInputObjectType, isInterfaceType, isObjectType } from 'graphql';
import { AUTHORIZED_SCOPES } from '#contexts/access';
import { buildSchema, contextProviders } from '../../apps/api/src/schema.js';
import { REPOSITORY } from './source-tree.js';

/** Class and method behind each root field, as Nest has recorded them. */
function rootHandlers(): Map<string, { of: Type; handler: object }> {
  const found = new Map<string, { of: Type; handler: object }>();
  for (const provider of contextProviders()) {
    for (const [method, { value: handler }] of Object.entries(Object.getOwnPropertyDescriptors(provider.prototype as object))) {
      if (method === 'constructor' || typeof handler !== 'function') continue;
      const kind = Reflect.getMetadata('graphql:resolver_type', handler) as string | undefined;
      const name = Reflect.getMetadata('graphql:resolver_name', handler) as string | undefined;
      if (kind && ['Query', 'Mutation', 'Subscription'].includes(kind)) found.set(`${kind}.${name ?? method}`, { of: provider, handler });
    }
  }
  return found;
}

const rootFields = (schema: GraphQLSchema): string[] =>
  [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].flatMap((type) =>
    type ? Object.keys(type.getFields()).map((field) => `${type.name}.${field}`) : [],
  );

describe('every root field of the schema', () => {
  it('has a resolver that says who may use it', async () => {
    const handlers = rootHandlers();
    const fields = rootFields(await buildSchema());
    expect(fields.length).toBeGreaterThan(10);
    const unsaid = fields.filter((field) => {
      const found = handlers.get(field);
      return !found || !Array.isArray(Reflect.getMetadata(AUTHORIZED_SCOPES, found.handler));
    });
    expect(unsaid).toEqual([]);
  });

  it('needs a scope when it changes something', async () => {
    const handlers = rootHandlers();
    const open = rootFields(await buildSchema()).filter(
      (field) =>
        field.startsWith('Mutation.') &&
        (Reflect.getMetadata(AUTHORIZED_SCOPES, handlers.get(field)?.handler ?? {}) as string[]).length === 0,
    );
    expect(open).toEqual([]);
  });

  it('stands in the page of tokens and scopes, with the scopes that open it', async () => {
    const page = fs.readFileSync(path.join(REPOSITORY, 'docs/security/tokens-and-scopes.md'), 'utf8');
    const quoted = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, name]) => name as string);
    const said = new Map<string, readonly string[] | null>();
    // "that of each kind in it", "as above": in words, not compared.
    for (const [, fields = '', scopes = ''] of page.matchAll(/^\| (`.*?) \| (.*?) \|/gm))
      for (const field of quoted(fields)) said.set(field, /^(`[a-z]+:[a-z]+`(, | or )?)+$/.test(scopes) ? quoted(scopes) : null);
    const handlers = rootHandlers();
    const fields = rootFields(await buildSchema());
    const names = fields.map((field) => field.replace(/^\w+\./, ''));
    expect([...said.keys()].sort()).toEqual(names.sort());
    for (const field of fields) {
      const scopes = said.get(field.replace(/^\w+\./, '')) ?? null;
      const opens = Reflect.getMetadata(AUTHORIZED_SCOPES, handlers.get(field)?.handler ?? {}) as string[];
      // One row may hold several fields with one scope each, in their order.
      if (scopes !== null && !opens.every((scope) => scopes.includes(scope))) expect([field, scopes]).toEqual([field, opens]);
    }
  });

  it('is in a schema that gives no secret back, and takes passwords and keys for devices only', async () => {
    const types = Object.values((await buildSchema()).getTypeMap());
    const secret = /password|secretHash|privateKey|sealed|secretValue/i;
    const named = types.flatMap((type) =>
      isObjectType(type) || isInterfaceType(type) || isInputObjectType(type)
        ? Object.keys(type.getFields())
            .filter((field) => secret.test(field))
            .map((field) => `${type.name}.${field}`)
        : [],
    );
    expect(named.sort()).toEqual(['DeviceCredentialInput.password', 'DeviceCredentialInput.sshPrivateKey']);
    const answers = types.find(({ name }) => name === 'Secret');
    expect(isObjectType(answers) && Object.keys(answers.getFields()).sort()).toEqual(['fabric', 'name', 'setAt', 'setBy', 'version']);
  });
});
