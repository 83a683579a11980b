/** Little of something for who looks, all of it as a hint and for who listens. */
export function Brief({ brief, whole }: { brief: string; whole: string }) {
  return (
    <span title={whole}>
      <span aria-hidden="true">{brief}</span>
      <span className="visually-hidden">{whole}</span>
    </span>
  );
}
