/** The one lock that writes of the API take: of all of them since 1.8, of a subnet that gives out its first free one before. */
export class WriteLock {
  private holder: Promise<void> | null = null;

  /** Somebody else has it. @returns gives it back. */
  hold(): () => void {
    let release = (): void => undefined;
    this.holder = new Promise((resolve) => {
      release = () => {
        this.holder = null;
        resolve();
      };
    });
    return () => release();
  }

  /** @returns null where it could not be had in time. */
  async obtain(waitMs: number): Promise<(() => void) | null> {
    const deadline = Date.now() + waitMs;
    while (this.holder !== null) {
      const left = deadline - Date.now();
      if (left <= 0) return null;
      let timer: NodeJS.Timeout | undefined;
      await Promise.race([this.holder, new Promise<void>((resolve) => (timer = setTimeout(resolve, left)))]);
      clearTimeout(timer);
    }
    return this.hold();
  }
}
