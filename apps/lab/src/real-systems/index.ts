export { debianRoot } from './debian-root.js';
export { NotToBeHad } from './inside.js';
export { installNetBox, NEWEST_NETBOX } from './install-netbox.js';
export { installPowerDns } from './install-powerdns.js';
export { type RealNetBox, startNetBox } from './start-netbox.js';
