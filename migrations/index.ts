import { CreateRoles1767225600001 } from './0001-create-roles.js';
import { CreateTenant1767225600002 } from './0002-create-tenant.js';
import { CreateFabric1767225600003 } from './0003-create-fabric.js';
import { CreateNumbering1767225600004 } from './0004-create-numbering.js';
import { CreateTenancy1767225600005 } from './0005-create-tenancy.js';
import { CreateAddressing1767225600006 } from './0006-create-addressing.js';
import { CreateAttachment1767225600007 } from './0007-create-attachment.js';
import { CreateEvents1767225600008 } from './0008-create-events.js';
import { CreateProvisioning1767225600009 } from './0009-create-provisioning.js';
import { CreateDeployment1767225600010 } from './0010-create-deployment.js';
import { CreateSync1767225600011 } from './0011-create-sync.js';
import { RecordActs1767225600012 } from './0012-record-acts.js';
import { GrowNumbering1767225600013 } from './0013-grow-numbering.js';
import { GrowAddressing1767225600014 } from './0014-grow-addressing.js';
import { Invariants1767225600015 } from './0015-invariants.js';
import { WidenFacts1767225600016 } from './0016-widen-facts.js';
import { SteerRollouts1767225600017 } from './0017-steer-rollouts.js';
import { WatchDrift1767225600018 } from './0018-watch-drift.js';
import { KeepSecrets1767225600019 } from './0019-keep-secrets.js';
import { RecallNetworks1767225600020 } from './0020-recall-networks.js';
import { ProveNetworks1767225600021 } from './0021-prove-networks.js';
import { SayOnce1767225600022 } from './0022-say-once.js';
import { AwaitPersons1767225600023 } from './0023-await-persons.js';
import { NameProxmox1767225600024 } from './0024-name-proxmox.js';
import { TakeOver1767225600025 } from './0025-take-over.js';
import { GrowSync1767225600026 } from './0026-grow-sync.js';
import { JournalChanges1767225600027 } from './0027-journal-changes.js';
import { NoticeNames1767225600028 } from './0028-notice-names.js';
import { SpeakNetbox1767225600029 } from './0029-speak-netbox.js';
import { KeepGoing1767225600030 } from './0030-keep-going.js';
import { HearNetbox1767225600031 } from './0031-hear-netbox.js';
import { TryAgain1767225600032 } from './0032-try-again.js';
import { MissNothing1767225600033 } from './0033-miss-nothing.js';
import { TakeStations1767225600034 } from './0034-take-stations.js';
import { PlanImports1767225600035 } from './0035-plan-imports.js';
import { RestFabrics1767225600036 } from './0036-rest-fabrics.js';
import { MissedSignals1767225600037 } from './0037-missed-signals.js';
import { ComeLate1767225600038 } from './0038-come-late.js';
import { NameSubnets1767225600039 } from './0039-name-subnets.js';
import { RememberPublished1767225600040 } from './0040-remember-published.js';
import { ClaimNames1767225600041 } from './0041-claim-names.js';
import { QuietNames1767225600042 } from './0042-quiet-names.js';

/** In order; a migration is never edited after it has landed. */
export const migrations = [
  CreateRoles1767225600001,
  CreateTenant1767225600002,
  CreateFabric1767225600003,
  CreateNumbering1767225600004,
  CreateTenancy1767225600005,
  CreateAddressing1767225600006,
  CreateAttachment1767225600007,
  CreateEvents1767225600008,
  CreateProvisioning1767225600009,
  CreateDeployment1767225600010,
  CreateSync1767225600011,
  RecordActs1767225600012,
  GrowNumbering1767225600013,
  GrowAddressing1767225600014,
  Invariants1767225600015,
  WidenFacts1767225600016,
  SteerRollouts1767225600017,
  WatchDrift1767225600018,
  KeepSecrets1767225600019,
  RecallNetworks1767225600020,
  ProveNetworks1767225600021,
  SayOnce1767225600022,
  AwaitPersons1767225600023,
  NameProxmox1767225600024,
  TakeOver1767225600025,
  GrowSync1767225600026,
  JournalChanges1767225600027,
  NoticeNames1767225600028,
  SpeakNetbox1767225600029,
  KeepGoing1767225600030,
  HearNetbox1767225600031,
  TryAgain1767225600032,
  MissNothing1767225600033,
  TakeStations1767225600034,
  PlanImports1767225600035,
  RestFabrics1767225600036,
  MissedSignals1767225600037,
  ComeLate1767225600038,
  NameSubnets1767225600039,
  RememberPublished1767225600040,
  ClaimNames1767225600041,
  QuietNames1767225600042,
];
