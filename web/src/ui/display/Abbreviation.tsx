/** A short form on the screen, the full text on hover and for screen readers. */
export function Abbreviation({ short, full }: { short: string; full: string }) {
  return (
    <span title={full}>
      <span aria-hidden="true">{short}</span>
      <span className="visually-hidden">{full}</span>
    </span>
  );
}
