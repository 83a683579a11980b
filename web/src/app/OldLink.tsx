import { useQuery } from "@tanstack/react-query";
import { Navigate } from "react-router";

import { get } from "../api/client";
import type { Detection } from "../api/types";
import { useFailure } from "../api/useFailure";
import { useWords } from "../i18n/words";
import { Failed } from "../ui/states/Failed";
import { Loading } from "../ui/states/Loading";
import { appWords } from "./words";

/** A link of an earlier version, `/?detection=…`: it leads to the page of the decision's payment. */
export function OldLink({ detectionId }: { detectionId: string }) {
  const { oldLink } = useWords(appWords);
  const detection = useQuery({
    queryKey: ["detection", detectionId, "payment"],
    queryFn: async ({ signal }) =>
      (await get<Detection>(`/api/v1/detections/${encodeURIComponent(detectionId)}`, {}, signal)).payment_id,
  });
  const failure = useFailure(detection);

  if (failure !== null) return <Failed what={oldLink.what} error={failure} retry={() => void detection.refetch()} />;
  if (!detection.isSuccess) return <Loading what={oldLink.loading} rows={4} />;
  return <Navigate to={`/payments/${encodeURIComponent(detection.data)}`} replace />;
}
