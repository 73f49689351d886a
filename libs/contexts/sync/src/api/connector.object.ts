import { Field, ID, InputType, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { decodeId, encodeId, type FabricId, invalidValue } from '#engines/kernel';
import type { Authority } from '#engines/reconcile';
import { atPath, connectionOf, DateTimeScalar, JsonObjectScalar, Secret, SlugScalar, UserError } from '#platform';
import type { Connector, ConnectorKind, ConnectorSettings, FieldPolicy, NewConnector } from '../domain/connector.js';
import { DEFAULT_RULES, INVENTORY_KINDS } from '../inventory/kinds.js';

export enum ConnectorKindEnum {
  NETBOX = 'NETBOX',
  PHPIPAM = 'PHPIPAM',
  POWERDNS = 'POWERDNS',
}
registerEnumType(ConnectorKindEnum, { name: 'ConnectorKind' });

export enum ConnectorModeEnum {
  OBSERVE = 'OBSERVE',
  WRITE = 'WRITE',
}
registerEnumType(ConnectorModeEnum, {
  name: 'ConnectorMode',
  valuesMap: { OBSERVE: { description: 'Everything is computed and shown, nothing is written there or taken over here.' } },
});

export enum AdoptionEnum {
  PROPOSE = 'PROPOSE',
  AUTOMATIC = 'AUTOMATIC',
}
registerEnumType(AdoptionEnum, {
  name: 'ConnectorAdoption',
  description: 'Of an object of theirs with the natural key of one of ours.',
  valuesMap: { PROPOSE: { description: 'A person says whether the two are one: `adoptSyncProposals`.' } },
});

export enum OnRemoteGoneEnum {
  RECREATE = 'RECREATE',
  ACCEPT = 'ACCEPT',
  HOLD = 'HOLD',
}
registerEnumType(OnRemoteGoneEnum, {
  name: 'OnRemoteGone',
  description: 'Of what is kept there and somebody deleted.',
  valuesMap: { HOLD: { description: 'A conflict for a person.' } },
});

export enum AuthorityOwnerEnum {
  US = 'US',
  THEM = 'THEM',
  LAST_WRITER_WITH_REVIEW = 'LAST_WRITER_WITH_REVIEW',
}
registerEnumType(AuthorityOwnerEnum, {
  name: 'AuthorityOwner',
  valuesMap: { LAST_WRITER_WITH_REVIEW: { description: 'The side that changed; where both did, a conflict for a person.' } },
});

export enum CircuitStateEnum {
  CLOSED = 'CLOSED',
  OPEN = 'OPEN',
  HALF_OPEN = 'HALF_OPEN',
}
registerEnumType(CircuitStateEnum, {
  name: 'CircuitState',
  valuesMap: {
    CLOSED: { description: 'Works.' },
    OPEN: { description: 'Failed again and again, waits.' },
    HALF_OPEN: { description: 'The next try shows.' },
  },
});

@ObjectType('AuthorityRule', { description: 'Whose word counts, by type of object and field.' })
export class AuthorityRuleObject {
  @Field() objectType: string;
  @Field() field: string;
  @Field(() => AuthorityOwnerEnum) owner: Authority;
  @Field({ description: 'As it is where nobody says otherwise.' }) byDefault: boolean;
}

@ObjectType('ConnectorHealth')
export class ConnectorHealthObject {
  @Field({ description: 'Switched on, the last try worked, and no run waits for a person.' }) ok: boolean;
  @Field() message: string;
  @Field(() => String, { nullable: true }) apiVersion: string | null;
  @Field(() => Int, { nullable: true, description: '0: nothing waits. Null: nothing was read there yet.' }) lagSeconds: number | null;
  @Field(() => CircuitStateEnum) circuit: string;
}

@ObjectType('Connector', { description: 'Another system that is kept right. Its secrets go in and do not come out.' })
export class ConnectorObject {
  @Field(() => ID) id: string;
  /** Not part of the schema: what its fields are read by. */
  uuid: Connector['id'];
  @Field(() => Int) version: number;
  @Field(() => DateTimeScalar) createdAt: Date;
  @Field(() => DateTimeScalar) updatedAt: Date;
  @Field(() => SlugScalar) slug: string;
  @Field(() => ConnectorKindEnum) kind: string;
  @Field() url: string;
  @Field(() => ID, { nullable: true, description: 'Of a name server.' }) fabric: string | null;
  @Field({ description: 'Off: nothing is sent there, whatever waits.' }) enabled: boolean;
  @Field(() => ConnectorModeEnum) mode: string;
  @Field(() => AdoptionEnum) adoption: string;
  @Field(() => OnRemoteGoneEnum) onRemoteGone: string;
  @Field(() => Int, { description: 'How long something is shown there as going away before it is deleted.' }) graceSeconds: number;
  @Field(() => Int) scanEverySeconds: number;
  @Field(() => [String], { description: 'Pinned keys; empty: the certificates of the machine decide.' }) tlsSpkiSha256: readonly string[];
  @Field(() => [AuthorityRuleObject], { description: 'Of every field that is compared.' }) authority: AuthorityRuleObject[];
  @Field(() => JsonObjectScalar, { description: 'What this kind of system needs to know besides.' }) settings: Readonly<
    Record<string, unknown>
  >;
  @Field(() => [String], { description: 'Of a name server.' }) zones: readonly string[];
  @Field(() => Int, { description: 'Of a name server.' }) ttlSeconds: number;
  @Field(() => DateTimeScalar, { nullable: true, description: 'When the last complete reading began.' }) lastFullScanAt: Date | null;
  @Field(() => ConnectorHealthObject) health: ConnectorHealthObject;
}

@ObjectType()
export class ConnectorConnection extends connectionOf(ConnectorObject, 'Connector') {}

@ObjectType('ConnectorPayload')
export class ConnectorPayload {
  @Field(() => ConnectorObject, { nullable: true }) connector?: ConnectorObject | null;
  @Field(() => Boolean, { nullable: true, description: 'True when the key was seen before: nothing was done again.' }) replayed?:
    | boolean
    | null;
  @Field(() => [UserError]) errors: UserError[];
}

@InputType()
export class AuthorityRuleInput {
  @Field() objectType: string;
  @Field() field: string;
  @Field(() => AuthorityOwnerEnum) owner: Authority;
}

/** What may be said when it is made and afterwards. */
@InputType({ isAbstract: true })
class ConnectorSettingsInput {
  @Field(() => Boolean, { nullable: true }) enabled: boolean | null = null;
  @Field(() => String, { nullable: true, description: 'What a NetBox signs its webhooks with: `POST /hooks/netbox/{slug}`.' })
  hookSecret: string | null = null;
  @Field(() => ConnectorModeEnum, { nullable: true }) mode: ConnectorModeEnum | null = null;
  @Field(() => AdoptionEnum, { nullable: true }) adoption: AdoptionEnum | null = null;
  @Field(() => OnRemoteGoneEnum, { nullable: true }) onRemoteGone: OnRemoteGoneEnum | null = null;
  @Field(() => Int, { nullable: true, description: '86400' }) graceSeconds: number | null = null;
  @Field(() => Int, { nullable: true, description: '86400' }) scanEverySeconds: number | null = null;
  @Field(() => [String], { nullable: true, description: 'SHA-256 of public keys, in base64.' }) tlsSpkiSha256: string[] | null = null;
  @Field(() => [AuthorityRuleInput], { nullable: true, description: 'All that is otherwise than by default.' }) authority:
    | AuthorityRuleInput[]
    | null = null;
  @Field(() => JsonObjectScalar, { nullable: true }) settings: Readonly<Record<string, unknown>> | null = null;
  @Field(() => [String], { nullable: true, description: 'Of a name server.' }) zones: string[] | null = null;
  @Field(() => Int, { nullable: true, description: 'Of a name server.' }) ttlSeconds: number | null = null;
}

@InputType()
export class CreateConnectorInput extends ConnectorSettingsInput {
  @Field(() => String, {
    nullable: true,
    description: '1–128 printable ASCII characters. The same key and the same request of the same caller: nothing is done again.',
  })
  idempotencyKey: string | null = null;
  @Field(() => ConnectorKindEnum) kind: ConnectorKindEnum;
  @Field(() => SlugScalar) slug: string;
  @Field({ description: 'Of the installation, without `/api`.' }) url: string;
  @Field({ description: 'Token, code or password. It is not part of what makes it the same request.' }) secret: string;
  @Field(() => ID, { nullable: true, description: 'Of a name server; not needed where there is one fabric.' }) fabric: string | null = null;
}

@InputType()
export class UpdateConnectorInput extends ConnectorSettingsInput {
  @Field(() => SlugScalar, { nullable: true }) slug: string | null = null;
  @Field(() => String, { nullable: true }) url: string | null = null;
  @Field(() => String, { nullable: true }) secret: string | null = null;
}

const LONGEST_SECRET = 4096;

const secretOf = (path: string, text: string): Secret =>
  atPath([path], () => {
    if (text.length < 1 || text.length > LONGEST_SECRET) throw invalidValue(path, '«secret»', `1 to ${LONGEST_SECRET} characters`);
    return new Secret(text);
  });

/** What is null or absent stays as it is. @throws DomainError INVALID_VALUE. */
export function toSettings(input: UpdateConnectorInput | CreateConnectorInput): ConnectorSettings {
  const { secret, hookSecret, tlsSpkiSha256, authority, slug, url, enabled, mode, adoption, onRemoteGone } = input;
  const { graceSeconds, scanEverySeconds, settings, zones, ttlSeconds } = input;
  const given = {
    slug,
    url,
    enabled,
    mode,
    adoption,
    onRemoteGone,
    graceSeconds,
    scanEverySeconds,
    settings,
    zones,
    ttlSeconds,
    tlsPins: tlsSpkiSha256,
    authority: authority ? toPolicy(authority) : null,
    secret: typeof secret === 'string' ? secretOf('secret', secret) : null,
    hookSecret: typeof hookSecret === 'string' ? secretOf('hookSecret', hookSecret) : null,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null && value !== undefined));
}

export function toNewConnector(input: CreateConnectorInput): NewConnector {
  const { kind, slug, url, fabric } = input;
  const fabricId = fabric ? { fabricId: decodeId<FabricId>('fabric', fabric) } : {};
  return { ...toSettings(input), kind, slug, url, secret: secretOf('secret', input.secret), ...fabricId };
}

function toPolicy(rules: readonly AuthorityRuleInput[]): FieldPolicy {
  const policy: Record<string, Record<string, Authority>> = Object.create(null) as Record<string, Record<string, Authority>>;
  for (const [at, { objectType, field, owner }] of rules.entries()) {
    if (Object.hasOwn(policy[objectType] ?? {}, field))
      atPath(['authority', String(at)], () => {
        throw invalidValue('authority', `${objectType}.${field}`, 'each field once');
      });
    policy[objectType] = { ...policy[objectType], [field]: owner };
  }
  return { ...policy };
}

const toRules = (kind: ConnectorKind, policy: FieldPolicy): AuthorityRuleObject[] =>
  kind === 'POWERDNS'
    ? []
    : INVENTORY_KINDS.flatMap((objectType) =>
        Object.entries(DEFAULT_RULES[objectType]).map(([field, { authority }]) => {
          const said = policy[objectType]?.[field];
          return { objectType, field, owner: said ?? authority, byDefault: said === undefined };
        }),
      );

export const toConnectorObject = ({ id, fabricId, tlsPins, authority, ...connector }: Connector): ConnectorObject => ({
  ...connector,
  id: encodeId('syncTarget', id),
  uuid: id,
  fabric: fabricId === null ? null : encodeId('fabric', fabricId),
  tlsSpkiSha256: tlsPins,
  authority: toRules(connector.kind, authority),
});
