/** Files of running devices → one fabric, what is wrong with it, and the proof that taking it over changes nothing. */
import { type AdoptedFacts, type AdoptedName, compileFabric, deviceIntent, type FabricSnapshot } from '#engines/intent';
import { compareNatural, type Mac } from '#engines/kernel';
import { countFacts, type FactCount } from './count-facts.js';
import { countSdn } from './count-sdn.js';
import { countVirtual } from './count-virtual.js';
import type { DeviceDocuments, DocumentKind, IgnoredPart, ImportedFile, SecretPart } from './documents/imported-file.js';
import { readDocuments } from './documents/read-documents.js';
import { liftFabric, slugOf } from './lift/lift-fabric.js';
import { type LintFinding, lint } from './lint/lint.js';
import { type OnboardingSummary, summaryOf } from './summary.js';
import { evpnControllers, withCluster } from './lift/sdn-cluster.js';
import { type SdnNames, sdnNames } from './lift/sdn-names.js';
import { type ReadDevice, readDevice } from './read-device.js';
import { takeOver } from './take-over.js';
import { withoutErrors } from './without-errors.js';

export interface Onboarding {
  readonly snapshot: FabricSnapshot;
  /** How names are published: no device of the fabric is told. */
  readonly names: SdnNames;
  /** Worst first. */
  readonly lint: readonly LintFinding[];
  readonly report: OnboardingReport;
  /** In words, one line each. */
  readonly summary: OnboardingSummary;
}

export interface OnboardingReport {
  readonly devices: readonly DeviceReport[];
  /** Of all files. */
  readonly differences: number;
}

export interface DeviceReport {
  readonly device: string;
  readonly files: readonly (FactCount & { readonly path: string; readonly name: string; readonly isExcerpt: boolean })[];
  /** Lines that Trame would write into sections that were not shown. */
  readonly unseen: readonly string[];
  readonly ignored: readonly IgnoredPart[];
  /** What stands in no file of the model, and has to be given to the device by another way. */
  readonly secrets: readonly SecretPart[];
}

/** @throws DomainError INVALID_VALUE for a file that is none of what can be read. Nothing else is refused: what is not understood is kept. */
export function onboard(files: readonly ImportedFile[]): Onboarding {
  const devices = readDocuments(files).map(readDevice);
  const own = devices.filter(({ isCluster }) => !isCluster);
  const lifted = liftFabric(
    own.map(({ seen }) => seen),
    anycastMac(devices),
    devices.flatMap(({ sdn }) => (sdn === null ? [] : evpnControllers(sdn)))[0]?.asn ?? null,
  );
  const named = withAdopted(withVirtual(withClusters(lifted.snapshot, devices), devices), (slug) => ({
    names: namesOf(devices, slug),
    deviations: [],
    kept: [],
  }));
  const { snapshot: checked, refusals, warnings } = withoutErrors(named);
  const plain = compileFabric(checked);
  const taken = new Map(
    own.map(({ seen, sources }) => {
      const slug = slugOf(seen.name);
      return [slug as string, takeOver(deviceIntent(plain, slug), sources, namesOf(devices, slug))];
    }),
  );
  const snapshot = withAdopted(checked, (slug) => taken.get(slug)?.adopted ?? { names: [], deviations: [], kept: [] });
  const intent = compileFabric(snapshot);
  const reports = devices.map(({ seen, sources, documents, virtual, sdn, isCluster }): DeviceReport => {
    const wanted = isCluster ? null : deviceIntent(intent, slugOf(seen.name));
    return {
      device: seen.name,
      files: [
        ...(wanted === null
          ? []
          : sources.map((source) => ({
              ...countFacts(wanted, source),
              path: source.path,
              name: nameOf(documents, source.kind),
              isExcerpt: source.isExcerpt,
            }))),
        ...(sdn === null ? [] : [{ ...countSdn(snapshot, sdn), name: nameOf(documents, 'pve-sdn'), isExcerpt: false }]),
        ...(wanted === null ? [] : countVirtual(wanted, virtual).map((count) => ({ ...count, name: '', isExcerpt: false }))),
      ],
      unseen: taken.get(slugOf(seen.name))?.unseen ?? [],
      ignored: documents.ignored,
      secrets: documents.secrets,
    };
  });
  const differences = reports.flatMap((report) => report.files).reduce((sum, file) => sum + file.differences.length, 0);
  return {
    snapshot,
    names: sdnNames(devices.flatMap(({ sdn }) => sdn ?? [])),
    lint: lint({ snapshot, devices, notes: lifted.notes, refusals, warnings }),
    report: { devices: reports, differences },
    summary: summaryOf(
      snapshot,
      devices.map(({ documents }) => documents),
      devices.filter(({ isCluster }) => isCluster).map(({ seen }) => seen.name),
    ),
  };
}

const nameOf = ({ documents }: DeviceDocuments, kind: DocumentKind): string =>
  [...new Set(documents.filter((document) => document.kind === kind && document.name !== '').map(({ name }) => name))].join(', ');

const anycastMac = (devices: readonly ReadDevice[]): Mac | null =>
  devices.find(({ eos }) => eos?.anycastMac != null)?.eos?.anycastMac ?? null;

/** Nodes of one cluster have the same configuration: what is known is not taken again. */
function withClusters(snapshot: FabricSnapshot, devices: readonly ReadDevice[]): FabricSnapshot {
  return devices.reduce((fabric, { sdn }) => (sdn === null ? fabric : withCluster(fabric, sdn)), snapshot);
}

function withVirtual(snapshot: FabricSnapshot, devices: readonly ReadDevice[]): FabricSnapshot {
  return {
    ...snapshot,
    devices: snapshot.devices.map((device) => {
      const virtual = devices.find(({ seen }) => slugOf(seen.name) === device.slug)?.virtual;
      const networks = (virtual?.libvirt ?? []).flatMap(({ facts }) => facts ?? []);
      return {
        ...device,
        ...(virtual?.openvswitch == null ? {} : { openvswitch: virtual.openvswitch.facts }),
        ...(networks.length === 0 ? {} : { libvirt: { networks, isOnDemand: false } }),
      };
    }),
  };
}

function withAdopted(snapshot: FabricSnapshot, adopted: (slug: string) => AdoptedFacts): FabricSnapshot {
  return { ...snapshot, devices: snapshot.devices.map((device) => ({ ...device, adopted: adopted(device.slug) })) };
}

/** Interfaces that have another name than Trame would give them. */
function namesOf(devices: readonly ReadDevice[], slug: string): readonly AdoptedName[] {
  const seen = devices.find((device) => slugOf(device.seen.name) === slug)?.seen;
  if (seen === undefined) return [];
  const loopback = seen.platform === 'ARISTA_EOS' && seen.vtep !== null ? [{ derived: 'Loopback1', running: seen.vtep.port }] : [];
  const ofNetworks = seen.networks.flatMap(({ vni, interfaces }) =>
    interfaces === null
      ? []
      : [
          { derived: `vnet${vni}`, running: interfaces.bridge },
          { derived: `vxlan${vni}`, running: interfaces.vxlan },
        ],
  );
  return [...loopback, ...ofNetworks]
    .filter(({ derived, running }) => derived !== running)
    .sort((a, b) => compareNatural(a.derived, b.derived));
}
