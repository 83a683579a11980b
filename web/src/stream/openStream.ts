import type { Identity } from "../api/types";
import type { EventStream } from "./eventStream";
import { LiveStream } from "./liveStream";
import { SharedStream } from "./sharedStream";
import type { WorkerPort } from "./tabMessages";
import { streamUrl } from "./url";

/**
 * Return the stream of the signed-in user: one for all tabs where the browser has shared workers, else one per tab.
 * The worker's name is the user's, so that no tab gets events of a session that it does not show.
 */
export function openStream({ id, tenant }: Identity, check: () => Promise<unknown>): EventStream {
  const own = () => new LiveStream({ url: streamUrl(), beforeRetry: check });
  if (!("SharedWorker" in globalThis)) return own();
  const connect = (onBroken: () => void): WorkerPort => {
    const worker = new SharedWorker(new URL("./worker.ts", import.meta.url), {
      type: "module",
      name: `orylo-stream/${tenant.id}/${id}`,
    });
    worker.onerror = onBroken;
    return worker.port;
  };
  return new SharedStream({ connect, check, fallback: own });
}
