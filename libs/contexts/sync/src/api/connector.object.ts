import { Field, ID, InputType, Int, ObjectType } from '@nestjs/graphql';
import { decodeId, encodeId, type FabricId, invalidValue } from '#engines/kernel';
import type { Authority } from '#engines/reconcile';
import { atPath, connectionOf, DateTimeScalar, enumType, JsonObjectScalar, Secret, SlugScalar, UserError } from '#platform';
import type {
  Adoption,
  Connector,
  ConnectorKind,
  ConnectorMode,
  ConnectorSettings,
  FieldPolicy,
  NewConnector,
  OnRemoteGone,
} from '../domain/connector.js';
import { DEFAULT_RULES, INVENTORY_KINDS } from '../inventory/kinds.js';
import { REPLAYED } from './sync-run.object.js';

export const ConnectorKindEnum = enumType('ConnectorKind', ['NETBOX', 'PHPIPAM', 'POWERDNS']);

export const ConnectorModeEnum = enumType('ConnectorMode', ['OBSERVE', 'WRITE'], {
  of: { OBSERVE: 'Everything is computed and shown, nothing is written there or taken over here.' },
});

export const AdoptionEnum = enumType('ConnectorAdoption', ['PROPOSE', 'AUTOMATIC'], {
  description: 'Of an object of theirs with the natural key of one of ours.',
  of: { PROPOSE: 'A person says whether the two are one: `adoptSyncProposals`.' },
});

export const OnRemoteGoneEnum = enumType('OnRemoteGone', ['RECREATE', 'ACCEPT', 'HOLD'], {
  description: 'Of what is kept there and somebody deleted.',
  of: { HOLD: 'A conflict for a person.' },
});

export const AuthorityOwnerEnum = enumType('AuthorityOwner', ['US', 'THEM', 'LAST_WRITER_WITH_REVIEW', 'IGNORE'], {
  of: {
    LAST_WRITER_WITH_REVIEW: 'The side that changed; where both did, a conflict for a person.',
    IGNORE: 'Nobody: written there when the object is made, and left alone on both sides from then on.',
  },
});

export const CircuitStateEnum = enumType('CircuitState', ['CLOSED', 'OPEN', 'HALF_OPEN'], {
  of: { CLOSED: 'Works.', OPEN: 'Failed again and again, waits.', HALF_OPEN: 'The next try shows.' },
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
  @Field(REPLAYED.type, REPLAYED) replayed?: boolean | null;
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
  @Field(() => ConnectorModeEnum, { nullable: true }) mode: ConnectorMode | null = null;
  @Field(() => AdoptionEnum, { nullable: true }) adoption: Adoption | null = null;
  @Field(() => OnRemoteGoneEnum, { nullable: true }) onRemoteGone: OnRemoteGone | null = null;
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
  @Field(() => ConnectorKindEnum) kind: ConnectorKind;
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
