/** One line or one part of the bars. */
export interface Series {
  id: string;
  name: string;
  tone: "accent" | "good" | "warn" | "bad" | "info" | "violet" | "teal" | "plain";
  /** One value for each column; null where there is none. */
  values: readonly (number | null)[];
}

/** A place on the horizontal axis. */
export interface ChartColumn {
  id: string;
  /** Its full name, such as "28 Nov 14:00". */
  name: string;
  /** What the axis shows of it, if it is one of the few that are named. */
  short: string;
  /** The list that it counts. */
  to?: string;
}

/** Round up to a short number with an even half: the end of an axis that starts at zero. */
export function axisEnd(highest: number): number {
  if (highest <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(highest));
  const step = [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((factor) => highest <= factor * power * 1.000_001);
  return (step ?? 10) * power;
}

/** The positions of the few columns that the axis names, spread evenly, with the first. */
export function namedColumns(count: number, most = 6): number[] {
  const step = Math.max(1, Math.ceil(count / most));
  return Array.from({ length: Math.ceil(count / step) }, (_, index) => index * step);
}

/** A path through the values, one unit for each column, with a gap where there is none. `end` is the axis' end. */
export function linePath(values: readonly (number | null)[], end: number): string {
  let pen = "M";
  return values
    .map((value, index) => {
      if (value === null) {
        pen = "M";
        return "";
      }
      const command = `${pen}${index + 0.5} ${(100 * (1 - value / end)).toFixed(2)}`;
      pen = "L";
      return command;
    })
    .join("");
}
