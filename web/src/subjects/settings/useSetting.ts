import { useQuery } from "@tanstack/react-query";

import { get } from "../../api/client";
import type { SectionList } from "../../api/types";

/** The value of one of the shop's settings; undefined until it is known. */
export function useSetting(section: string, name: string): unknown {
  const settings = useQuery({
    queryKey: ["settings"],
    queryFn: ({ signal }) => get<SectionList>("/api/v1/settings", {}, signal),
  });
  return settings.data?.items.find((each) => each.section === section)?.fields.find((field) => field.name === name)?.value;
}
