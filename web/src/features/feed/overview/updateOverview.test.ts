import { describe, expect, it } from "vitest";

import type { Overview, OverviewUpdate } from "../../../api/types";
import { overview } from "../../../test/builders/overview";
import { updateOverview } from "./updateOverview";

const point = (at: string, payments = 0) => ({ at, counts: overview({ payments_succeeded: payments }).today.counts });

function fetched(): Overview {
  const points = [point("2026-11-20T11:00:00Z", 4), point("2026-11-20T12:00:00Z", 1)];
  return { ...overview(), series: { range: "24h", step_s: 3600, points } };
}

function reported(hour: OverviewUpdate["hour"], generated_at = "2026-11-20T12:00:09Z"): OverviewUpdate {
  const { period, today, last_24h, last_7d } = overview({ payments_succeeded: 9 });
  return { generated_at, period, today, last_24h, last_7d, hour, open_dead_letters: 2, destinations: [] };
}

const counts = ({ series }: Overview) => series.points.map((each) => each.counts.payments_succeeded);

describe("an overview that the stream updates", () => {
  it("has the reported figures, and this hour's in its series", () => {
    const updated = updateOverview(fetched(), reported(point("2026-11-20T12:00:00Z", 2)));

    expect(updated.today.counts.payments_succeeded).toBe(9);
    expect(updated.open_dead_letters).toBe(2);
    expect(counts(updated)).toEqual([4, 2]);
  });

  it("moves on with the hour", () => {
    expect(counts(updateOverview(fetched(), reported(point("2026-11-20T13:00:00Z", 7))))).toEqual([1, 7]);
  });

  it("stays as it is if it is newer than what was reported", () => {
    expect(updateOverview(fetched(), reported(point("2026-11-20T12:00:00Z", 2), "2026-11-20T11:59:59Z"))).toEqual(fetched());
  });
});
