const SIZE = 5;
const HALF = 3;

/** Hash a text to 32 bits (FNV-1a). */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  return value >>> 0;
}

/** The filled cells of an id's picture: symmetric, so that it is easy to recognise. */
function cellsOf(bits: number): [number, number][] {
  const cells: [number, number][] = [];
  for (let column = 0; column < HALF; column += 1) {
    for (let row = 0; row < SIZE; row += 1) {
      if (((bits >>> (column * SIZE + row)) & 1) === 0) continue;
      cells.push([column, row]);
      if (column !== SIZE - 1 - column) cells.push([SIZE - 1 - column, row]);
    }
  }
  return cells;
}

/** A picture drawn from an id, by which equal ids are noticed. Hidden from screen readers, which read the id beside it. */
export function Glyph({ id, size = 18 }: { id: string; size?: number }) {
  const bits = hash(id);
  const hue = (bits >>> 15) % 360;

  return (
    <svg aria-hidden="true" width={size} height={size} viewBox="-0.5 -0.5 6 6" fill={`hsl(${hue} 45% 52%)`}>
      <rect x="-0.5" y="-0.5" width="6" height="6" rx="1.2" fill="var(--sunken)" />
      {cellsOf(bits).map(([x, y]) => (
        <rect key={`${x} ${y}`} x={x} y={y} width="1.02" height="1.02" />
      ))}
    </svg>
  );
}
