/** The tables that the API shows, as db/SCHEMA.sql of 1.5 to 1.8 has them. Columns that start with `custom_` are added by an administrator. */

export type ColumnType = 'int' | 'text';

export interface Column {
  readonly type: ColumnType;
  /** Characters of a varchar; absent: text. */
  readonly size?: number;
  readonly default?: number | string;
  readonly isRequired?: true;
  /** A row of another table must have this id. */
  readonly references?: TableName;
}

export interface Table {
  readonly key: string;
  readonly columns: Readonly<Record<string, Column>>;
  /** Values that two rows must not share. */
  readonly unique?: { readonly name: string; readonly columns: readonly string[] };
}

export type TableName =
  | 'sections'
  | 'customers'
  | 'vrf'
  | 'vlanDomains'
  | 'vlans'
  | 'subnets'
  | 'ipaddresses'
  | 'ipTags'
  | 'nat'
  | 'racks'
  | 'circuits';

const int = (more: Partial<Column> = {}): Column => ({ type: 'int', ...more });
const text = (size?: number, more: Partial<Column> = {}): Column => ({ type: 'text', ...(size !== undefined && { size }), ...more });
const flag = (value: 0 | 1 = 0): Column => int({ default: value });
/** NULL until the first change: `ON UPDATE CURRENT_TIMESTAMP` without a default. */
const editDate = text();
const customer = int({ references: 'customers' });

export const SCHEMA: Readonly<Record<TableName, Table>> = {
  sections: {
    key: 'id',
    columns: {
      id: int(),
      name: text(128, { isRequired: true }),
      description: text(),
      masterSection: int({ default: 0 }),
      permissions: text(1024),
      strictMode: text(1, { default: '1' }),
      subnetOrdering: text(16),
      order: int(),
      editDate,
      showSubnet: flag(1),
      showVLAN: flag(),
      showVRF: flag(),
      showSupernetOnly: flag(),
      DNS: text(128),
    },
    unique: { name: 'PRIMARY', columns: ['name'] },
  },
  customers: {
    key: 'id',
    columns: {
      id: int(),
      title: text(128, { isRequired: true, default: '' }),
      address: text(255),
      postcode: text(32),
      city: text(255),
      state: text(255),
      lat: text(31),
      long: text(31),
      contact_person: text(),
      contact_phone: text(32),
      contact_mail: text(254),
      note: text(),
      status: text(8, { default: 'Active' }),
    },
    unique: { name: 'title', columns: ['title'] },
  },
  vrf: {
    key: 'vrfId',
    columns: {
      vrfId: int(),
      name: text(32, { isRequired: true, default: '' }),
      rd: text(32),
      description: text(256),
      sections: text(128),
      editDate,
      customer_id: customer,
    },
  },
  vlanDomains: { key: 'id', columns: { id: int(), name: text(64), description: text(), permissions: text(128) } },
  vlans: {
    key: 'vlanId',
    columns: {
      vlanId: int(),
      domainId: int({ default: 1 }),
      name: text(255, { isRequired: true }),
      number: int(),
      description: text(),
      editDate,
      customer_id: customer,
    },
  },
  subnets: {
    key: 'id',
    columns: {
      id: int(),
      subnet: text(255),
      mask: text(3),
      sectionId: int(),
      description: text(),
      linked_subnet: int(),
      firewallAddressObject: text(100),
      vrfId: int(),
      masterSubnetId: int({ default: 0 }),
      allowRequests: flag(),
      vlanId: int(),
      showName: flag(),
      device: int({ default: 0 }),
      permissions: text(1024),
      pingSubnet: flag(),
      discoverSubnet: flag(),
      resolveDNS: flag(),
      DNSrecursive: flag(),
      DNSrecords: flag(),
      nameserverId: int({ default: 0 }),
      scanAgent: int(),
      customer_id: customer,
      isFolder: flag(),
      isFull: flag(),
      isPool: flag(),
      state: int({ default: 2 }),
      threshold: int({ default: 0 }),
      location: int(),
      editDate,
      lastScan: text(),
      lastDiscovery: text(),
    },
  },
  ipaddresses: {
    key: 'id',
    columns: {
      id: int(),
      subnetId: int(),
      ip_addr: text(100, { isRequired: true }),
      is_gateway: flag(),
      description: text(64),
      hostname: text(255),
      mac: text(20),
      owner: text(128),
      state: int({ default: 2 }),
      switch: int(),
      location: int(),
      port: text(32),
      note: text(),
      lastSeen: text(undefined, { default: '1970-01-01 00:00:01' }),
      excludePing: flag(),
      PTRignore: flag(),
      PTR: int({ default: 0 }),
      firewallAddressObject: text(100),
      editDate,
      customer_id: customer,
    },
    unique: { name: 'sid_ip_unique', columns: ['ip_addr', 'subnetId'] },
  },
  ipTags: {
    key: 'id',
    columns: {
      id: int(),
      type: text(32),
      showtag: flag(1),
      bgcolor: text(7),
      fgcolor: text(7),
      compress: text(3),
      locked: text(3),
      updateTag: flag(),
    },
  },
  /** `src` and `dst` are JSON: `{"subnets":["3"],"ipaddresses":["12"]}`. */
  nat: { key: 'id', columns: { id: int(), name: text(64), type: text(16), src: text(), dst: text(), description: text() } },
  racks: { key: 'id', columns: { id: int(), name: text(64), size: int(), customer_id: customer, description: text() } },
  circuits: { key: 'id', columns: { id: int(), cid: text(128), status: text(16), customer_id: customer, comment: text() } },
};
