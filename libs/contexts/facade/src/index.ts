export { SPOKEN } from './catalogue-desk.js';
export { FacadeModule } from './facade.module.js';
export { FacadeService } from './facade.service.js';
export { NetBoxRefusal } from './domain/netbox-refusal.js';
export { NetBoxDoor } from './netbox-door.js';
