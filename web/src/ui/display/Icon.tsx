const PATHS = {
  check: "M3.5 8.5 6.5 11.5 12.5 4.5",
  eye: "M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8ZM8 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z",
  stop: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM3.9 3.9l8.2 8.2",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  play: "M5 3.2v9.6L12.5 8Z",
  arrowUp: "M8 13V3.5M4 7l4-4 4 4",
  arrowLeft: "M13 8H3.5M7 4 3 8l4 4",
  close: "M4 4l8 8M12 4l-8 8",
  alert: "M8 5v3.8M8 11.2v.1M7.1 2.6 1.8 11.8a1 1 0 0 0 .9 1.5h10.6a1 1 0 0 0 .9-1.5L8.9 2.6a1 1 0 0 0-1.8 0Z",
  clock: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 4.8V8l2.2 1.6",
  pulse: "M1.5 8.5h2.8l2-5 3.2 9.5 2-4.5h3",
  book: "M3 3.2c2-.7 3.6-.4 5 .8 1.4-1.2 3-1.5 5-.800v8.900c-2-.7-3.6-.4-5 .8-1.4-1.2-3-1.5-5-.800ZM8 4v9",
  lock: "M3.5 7.500h9v6h-9ZM5.5 7.500v-2.500a2.5 2.5 0 0 1 5 0v2.5",
  signOut: "M6.5 2.500h-3v11h3M10 5l3 3-3 3M13 8H6",
  chevron: "M4.5 6.5 8 10l3.5-3.5",
  gauge: "M2.5 11.500a5.5 5.5 0 1 1 11 0M8 11.500l2.5-4",
  list: "M5.5 4h8M5.5 8h8M5.5 12h8M2.5 4h.010M2.5 8h.010M2.5 12h.01",
  person: "M8 7.500a2.7 2.7 0 1 0 0-5.4 2.7 2.7 0 0 0 0 5.400ZM2.8 14c0-2.7 2.2-4.5 5.2-4.500s5.2 1.8 5.2 4.5",
  send: "M14 2 7 9M14 2 9.5 14 7 9 2 6.500Z",
  flag: "M3.5 14V2.500h8l-2 3 2 3h-8",
  plug: "M5.5 2v3M10.5 2v3M4 5h8v2.500a4 4 0 0 1-8 0ZM8 11.500V14",
  target: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 10.500a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z",
  search: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10ZM10.7 10.7 14 14",
  more: "M3 8h.010M8 8h.010M13 8h.01",
  download: "M8 2.500v7.500M4.5 7 8 10.5 11.5 7M2.5 13.500h11",
  external: "M9 2.500h4.500V7M13.5 2.5 7.5 8.500M11.5 9.500v4h-9v-9h4",
  undo: "M3 6h6.500a3.5 3.5 0 0 1 0 7H6M3 6l3-3M3 6l3 3",
  plus: "M8 3v10M3 8h10",
  globe: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM2 8h12M8 2c2.2 2 2.2 10 0 12-2.2-2-2.2-10 0-12Z",
  sun: "M8 10.800a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.600ZM8 1.500v1.500M8 13v1.500M1.5 8H3M13 8h1.500M3.4 3.400l1 1M11.6 11.600l1 1M12.6 3.400l-1 1M4.4 11.600l-1 1",
  keyboard: "M1.5 4h13v8h-13ZM4 6.500h.010M6.7 6.500h.010M9.3 6.500h.010M12 6.500h.010M5 9.500h6",
  note: "M3 2.500h10v7.500l-3.5 3.500H3ZM13 10H9.500v3.5",
  shield: "M8 1.8 13.5 4v4c0 3-2.3 5.2-5.5 6.200C4.8 13.2 2.5 11 2.5 8V4Z",
  refresh: "M13.5 8a5.5 5.5 0 1 1-1.6-3.900L13.5 5.500M13.5 2.500v3h-3",
  copy: "M5.5 5.500v-3h8v8h-3M2.5 5.500h8v8h-8Z",
} as const;

export type IconName = keyof typeof PATHS;

/** A decorative icon, hidden from screen readers: the text beside it carries the meaning. */
export function Icon({ name, size = 14 }: { name: IconName; size?: number }) {
  return (
    <svg
      aria-hidden="true"
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
