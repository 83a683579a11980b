const PATHS = {
  check: "M3.5 8.5 6.5 11.5 12.5 4.5",
  eye: "M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8ZM8 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z",
  stop: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM3.9 3.9l8.2 8.2",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  play: "M5 3.2v9.6L12.5 8Z",
  arrowUp: "M8 13V3.5M4 7l4-4 4 4",
  close: "M4 4l8 8M12 4l-8 8",
  alert: "M8 5v3.8M8 11.2v.1M7.1 2.6 1.8 11.8a1 1 0 0 0 .9 1.5h10.6a1 1 0 0 0 .9-1.5L8.9 2.6a1 1 0 0 0-1.8 0Z",
  clock: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 4.8V8l2.2 1.6",
  pulse: "M1.5 8.5h2.8l2-5 3.2 9.5 2-4.5h3",
  book: "M3 3.2c2-.7 3.6-.4 5 .8 1.400-1.200 3-1.500 5-.800v8.900c-2-.700-3.600-.400-5 .800-1.400-1.200-3-1.500-5-.800ZM8 4v9",
  lock: "M3.5 7.500h9v6h-9ZM5.500 7.500v-2.500a2.500 2.500 0 0 1 5 0v2.500",
  signOut: "M6.500 2.500h-3v11h3M10 5l3 3-3 3M13 8H6",
  chevron: "M4.500 6.500 8 10l3.500-3.500",
  copy: "M5.500 5.500v-3h8v8h-3M2.500 5.500h8v8h-8Z",
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
