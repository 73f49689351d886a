export { NetworkObject, toNetworkObject, toVrfObject, VrfPayload } from './api/network.object.js';
export { TenantObject, toTenantObject } from './api/tenant.object.js';
export type { Network, NetworkState, Tenant, Vrf } from './domain/network.js';
export { vxlanOverhead } from './domain/vxlan-overhead.js';
export type { PageRequest } from './store/network.store.js';
export { tenancyEntities } from './store/tenant.entity.js';
export { TenancyModule } from './tenancy.module.js';
export { type KeptNetwork, type NewNetwork, type NewVrf, TenancyService } from './tenancy.service.js';
