export function Logo({ size = 24 }: { size?: number }) {
  return (
    <svg aria-hidden="true" width={size} height={size} viewBox="0 0 24 24">
      <rect width="24" height="24" rx="6" fill="var(--accent)" />
      <path d="M12 5a7 7 0 1 0 7 7" fill="none" stroke="#fff" strokeWidth="2.4" strokeLinecap="round" />
      <circle cx="17" cy="7" r="2" fill="#fff" />
    </svg>
  );
}
