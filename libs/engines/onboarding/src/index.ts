export { canRead } from './documents/read-documents.js';
export type { ImportedFile } from './documents/imported-file.js';
export type { LintFinding, Severity } from './lint/lint-finding.js';
export { type DeviceReport, onboard, type Onboarding, type OnboardingReport } from './onboard.js';
export { differencesOf } from './differences.js';
export type { SdnNames } from './lift/sdn-names.js';
export { slugOf } from './lift/lift-fabric.js';
