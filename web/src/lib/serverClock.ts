/** Few enough to follow a clock that is set anew, enough to meet a header that is fresh. */
const SAMPLES_MAX = 20;

/** Tells the server's time, which deadlines are given in, from the `Date` headers of its answers. */
export class ServerClock {
  #offsetsMs: readonly number[] = [];

  /** The header is cut to the second and the answer was under way for a while: it tells the time or is behind. */
  observe(date: string | null): void {
    const atMs = Date.parse(date ?? '');
    if (!Number.isNaN(atMs)) {
      this.#offsetsMs = [...this.#offsetsMs, atMs - Date.now()].slice(-SAMPLES_MAX);
    }
  }

  /** By the answer that was least behind. */
  nowMs(): number {
    return Date.now() + (this.#offsetsMs.length === 0 ? 0 : Math.max(...this.#offsetsMs));
  }
}

export const serverClock = new ServerClock();
