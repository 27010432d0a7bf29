/** Keeps a `/live` stream open: reads, decodes, and asks again, with growing pauses while the node is away. */

import { decodeFrame, FrameCutter, isHeartbeat, type Frame } from "./frame.ts";

const RETRY_MS_MIN = 250;
const RETRY_MS_MAX = 5000;
/** Without a frame for this long the picture is stale; the node sends one a second at least. */
export const STALE_AFTER_MS = 3000;

export class Feed {
  private lastFrameAt = performance.now();
  private askedAt = performance.now();
  private retryMs = RETRY_MS_MIN;
  private aborter = new AbortController();

  constructor(private readonly onFrame: (frame: Frame) => void) {}

  /** Milliseconds since the last frame came. */
  silentMs(): number {
    return performance.now() - this.lastFrameAt;
  }

  get stale(): boolean {
    return this.silentMs() > STALE_AFTER_MS;
  }

  async run(): Promise<never> {
    for (;;) {
      const ended = await this.readOnce();
      // A stream that ended well is asked for again at once; a broken one after a pause, with jitter.
      const pauseMs = ended ? 0 : this.retryMs * (0.5 + Math.random() / 2);
      this.retryMs = ended ? RETRY_MS_MIN : Math.min(this.retryMs * 2, RETRY_MS_MAX);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  /** Gives up a connection that is open but silent, so that `run` opens another. */
  dropIfHung(): void {
    if (Math.min(this.silentMs(), performance.now() - this.askedAt) > 2 * STALE_AFTER_MS) {
      this.aborter.abort();
    }
  }

  /** True when the node ended the stream in good order after sending something. */
  private async readOnce(): Promise<boolean> {
    let framed = false;
    this.aborter = new AbortController();
    this.askedAt = performance.now();
    try {
      const response = await fetch("/live", { signal: this.aborter.signal, cache: "no-store" });
      if (!response.ok || response.body === null) {
        return false;
      }
      const cutter = new FrameCutter();
      const reader = response.body.getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) {
          return framed;
        }
        const frames = cutter.push(value);
        // Of pictures that came together only the newest is worth drawing; a heartbeat does not replace it.
        const newestPicture = frames.findLastIndex((bytes) => !isHeartbeat(bytes));
        for (const bytes of frames.slice(Math.max(0, newestPicture))) {
          this.onFrame(decodeFrame(bytes));
          this.lastFrameAt = performance.now();
          this.retryMs = RETRY_MS_MIN;
          framed = true;
        }
      }
    } catch (error) {
      console.warn("live feed:", error);
      return false;
    }
  }
}
