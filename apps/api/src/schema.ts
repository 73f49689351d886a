import 'reflect-metadata';
import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GraphQLSchemaBuilderModule, GraphQLSchemaFactory } from '@nestjs/graphql';
import { type GraphQLSchema, lexicographicSortSchema, printSchema } from 'graphql';
import { apiContexts } from './api.module.js';
import { schemaOptions } from './graphql/mercurius-options.js';

/** The providers of the contexts, found without starting any of them: no database is needed to know the schema. */
export function contextProviders(): Type[] {
  const found = new Set<Type>();
  const seen = new Set<unknown>();
  const visit = (entry: Type | DynamicModule): void => {
    const module = 'module' in entry ? entry.module : entry;
    const dynamic = 'module' in entry ? entry : undefined;
    if (seen.has(module)) return;
    seen.add(module);
    const listed = (key: 'imports' | 'providers'): unknown[] => [
      ...((Reflect.getMetadata(key, module) as unknown[] | undefined) ?? []),
      ...((dynamic?.[key] as unknown[] | undefined) ?? []),
    ];
    for (const provider of listed('providers')) if (typeof provider === 'function') found.add(provider as Type);
    for (const imported of listed('imports')) visit(imported as Type | DynamicModule);
  };
  for (const context of apiContexts) visit(context);
  return [...found];
}

export async function buildSchema(): Promise<GraphQLSchema> {
  const app = await NestFactory.createApplicationContext(GraphQLSchemaBuilderModule, { logger: false });
  try {
    return await app.get(GraphQLSchemaFactory).create(contextProviders(), { ...schemaOptions });
  } finally {
    await app.close();
  }
}

const HEADER = '# Written by `npm run gen` from the resolvers. Do not edit: change the resolver, and review the difference here.\n\n';

/** Sorted, so that a difference shows what changed and nothing else. */
export const schemaText = async (): Promise<string> => `${HEADER}${printSchema(lexicographicSortSchema(await buildSchema()))}\n`;
