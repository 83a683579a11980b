import { useQuery, useQueryClient } from "@tanstack/react-query";

import { get } from "../../api/client";
import type { PaymentStory } from "../../api/types";
import { useLiveEvents, usePollingUnlessLive } from "../../stream/useStream";
import { paymentPath, storyKey } from "./queries";

const UPDATE_INTERVAL_MS = 500;

/** A payment's story. It follows the stream: what concerns the payment or its buyer has it read again. */
export function useStory(id: string) {
  const queries = useQueryClient();
  const story = useQuery({
    ...usePollingUnlessLive(),
    queryKey: storyKey(id),
    queryFn: ({ signal }) => get<PaymentStory>(`${paymentPath(id)}/story`, {}, signal),
  });
  const customerId = story.data?.payment.customer_id ?? null;

  useLiveEvents((events) => {
    const concerned = events.some((event) => {
      if (event.type === "gap") return false;
      if (event.type === "events.skipped") return true;
      if ("payment_id" in event.data) return event.data.payment_id === id;
      return customerId !== null && "customer_id" in event.data && event.data.customer_id === customerId;
    });
    if (concerned) void queries.invalidateQueries({ queryKey: storyKey(id) });
  }, UPDATE_INTERVAL_MS);
  return story;
}
