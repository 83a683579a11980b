/** What opens above any page. One at a time. */
export type Overlay = "commands" | "keys" | "messages" | "more";
