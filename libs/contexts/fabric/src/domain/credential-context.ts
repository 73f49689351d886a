import type { DeviceId } from '#engines/kernel';

/** Where a device's secret is sealed to. */
export const credentialContext = (deviceId: DeviceId): string => `device/${deviceId}/secret`;
