import { FabricService, InventoryService, SecretService } from '#contexts/fabric';
import { LOGGER, systemScope } from '#platform';
import { createWorld } from '../../../../test/support/world.js';
import { DeviceConnector } from './device-connector.js';
import { type DeviceTarget, type DeviceTransport, TransportError } from './ports/index.js';

describe('a connection', () => {
  it('to an OpenBSD gateway is made by the transport that speaks to those, though both are reached over SSH', async () => {
    const world = await createWorld();
    try {
      const [fabrics, secrets] = [world.app.get(FabricService, { strict: false }), world.app.get(SecretService, { strict: false })];
      const gateway = {
        slug: 'pf',
        hostname: 'pf',
        site: 'par2',
        platform: 'OPENBSD',
        managementAddress: '192.0.2.1',
        managementPort: 22,
        username: 'root',
        secret: 'a key',
        ports: [],
      } as const;
      const fabric = {
        slug: 'other',
        name: 'Other',
        asnScheme: 'IBGP',
        rtAdministrator: 65_052,
        vtepPool: '172.17.1.0/24',
        anycastGatewayMac: '00:1c:73:00:00:02',
      } as const;
      const inventory = {
        fabric,
        sites: [{ slug: 'par2', name: 'Paris 2' }],
        devices: [gateway],
        links: [],
        sessions: [],
        vlanDomains: [],
      };
      const { fabricId, devices } = await world.db.inTransaction(systemScope('spec'), (tx) =>
        world.app.get(InventoryService).load(tx, inventory),
      );
      const opened: DeviceTarget[] = [];
      const refused = new TransportError('UNREACHABLE', 'not today', { device: 'pf', detail: '' });
      const openBsd: DeviceTransport = { open: (target) => (opened.push(target), Promise.reject(refused)) };
      const hosts: DeviceTransport = { open: () => Promise.reject(new Error('the transport of hosts was asked')) };
      const transports = new Map([
        ['OPENBSD', openBsd],
        ['SSH', hosts],
      ] as const);
      const connector = new DeviceConnector(world.db, fabrics, secrets, transports, world.app.get(LOGGER));
      const destination = { fabricId, deviceId: devices.get('pf') as NonNullable<ReturnType<typeof devices.get>>, artefacts: [] };
      await expect(connector.withConnection(destination, new AbortController().signal, () => Promise.resolve())).rejects.toBe(refused);
      expect(opened).toMatchObject([{ slug: 'pf', address: '192.0.2.1', secret: 'a key' }]);
    } finally {
      await world.close();
    }
  });
});
