import type { ConfiguredDestination, MetaConfig } from "../../api/types";

/** Return the configuration of a Meta destination, or undefined for another kind. */
export function metaOf({ kind, config }: ConfiguredDestination): MetaConfig | undefined {
  if (kind !== "meta") return undefined;
  const text = (name: string) => {
    const value = config[name];
    return typeof value === "string" ? value : null;
  };
  return { pixel_id: text("pixel_id") ?? "", test_event_code: text("test_event_code"), site_url: text("site_url") };
}
