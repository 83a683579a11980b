import { EventSource } from "eventsource";

import { type ApiError, readError } from "../api/client";

/** Open an event source. `onRefused` receives the server's error response, which a browser's own EventSource hides. */
export function openSource(url: string, onRefused: (error: ApiError) => void): EventSource {
  return new EventSource(url, {
    fetch: async (address, init) => {
      const response = await fetch(address, { ...init, credentials: "same-origin" });
      if (!response.ok) onRefused(await readError(response));
      return response;
    },
  });
}
