import { useQuery, useQueryClient } from "@tanstack/react-query";

import { change, get, getTagged } from "../../../api/client";
import type { SavedView, SavedViewList } from "../../../api/types";
import { useAction } from "../../../api/useAction";
import { useWords } from "../../../i18n/words";
import { toast } from "../../../ui/feedback/toasts";
import { useProblemText } from "../../../ui/problems/problemText";
import { toSearch } from "../../../ui/address/useAddress";
import { type Filters, paymentsAddress } from "../filters";
import { paymentsWords } from "../words";

const KEY = ["views", "payments"];
const PATH = "/api/v1/views";

/** The views of the list: those that come with Orylo, the shop's and one's own. */
export function useViews() {
  return useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => get<SavedViewList>(PATH, { page: "payments" }, signal),
    refetchOnWindowFocus: false,
  });
}

/** The address of a view's filters. */
export function viewAddress({ query }: SavedView): string {
  // Saved views name the last hour as the other lists of the API do.
  const range = query.range === "1h" ? "hour" : query.range;
  const filters = paymentsAddress.read(new URLSearchParams({ ...query, ...(range !== undefined && { range }) }));
  const search = toSearch(paymentsAddress.write(filters)).toString();
  return search === "" ? "/payments" : `/payments?${search}`;
}

/** Filters as a view keeps them: neither texts that were searched for nor days of the calendar. */
export function savedQuery(filters: Filters): Record<string, string> {
  const { range } = filters;
  const kept = { ...filters, q: undefined, range: range?.includes("..") ? undefined : range === "hour" ? "1h" : range };
  return Object.fromEntries(Object.entries(kept).filter((each): each is [string, string] => each[1] !== undefined));
}

interface NewView {
  name: string;
  shared: boolean;
  query: Record<string, string>;
}

export function useSaveView(onSaved: () => void) {
  const queries = useQueryClient();
  const { views: words } = useWords(paymentsWords);
  return useAction(
    (view: NewView, idempotencyKey) =>
      change<SavedView>("POST", PATH, { body: { page: "payments", ...view }, idempotencyKey }),
    {
      onSuccess: (view) => {
        void queries.invalidateQueries({ queryKey: KEY });
        toast({ text: words.saved(view.name) });
        onSaved();
      },
    },
  );
}

export function useDeleteView() {
  const queries = useQueryClient();
  const { views: words } = useWords(paymentsWords);
  const problemText = useProblemText();
  return useAction(
    async ({ id }: SavedView) => {
      const { etag } = await getTagged<SavedView>(`${PATH}/${id}`);
      await change("DELETE", `${PATH}/${id}`, { ifMatch: etag });
    },
    {
      onSuccess: (_, view) => {
        void queries.invalidateQueries({ queryKey: KEY });
        toast({ text: words.removed(view.name) });
      },
      onError: (error) => {
        toast({ text: words.failed(problemText(error)), tone: "bad" });
      },
    },
  );
}
