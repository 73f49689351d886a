export interface Chassis {
  readonly serialNumber: string;
  readonly systemMac: string;
}

export interface ChassisRecord {
  /** What a person said; null: not compared. */
  readonly serialNumber: string | null;
  readonly systemMac: string | null;
  /** What answered; null: nobody has asked, or it says nothing. */
  readonly seenSerialNumber: string | null;
  readonly seenSystemMac: string | null;
  readonly seenAt: Date | null;
}
