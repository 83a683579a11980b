import { LiveStream } from "./liveStream";
import { StreamHost } from "./streamHost";
import type { TabPort } from "./tabMessages";
import { streamUrl } from "./url";

const host = new StreamHost((check) => new LiveStream({ url: streamUrl(), beforeRetry: check }));

// TypeScript has the global scope of pages or that of workers, not both.
const scope = globalThis as unknown as { onconnect: (event: MessageEvent & { ports: readonly TabPort[] }) => void };
scope.onconnect = ({ ports }) => {
  for (const tab of ports) host.attach(tab);
};
