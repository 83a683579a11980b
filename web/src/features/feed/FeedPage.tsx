import { useState } from "react";

import { useOutletContext } from "react-router";

import type { Identity } from "../../api/types";
import { DetailsDrawer } from "./DetectionDrawer";
import styles from "./FeedPage.module.css";
import { LiveList } from "./list/LiveList";
import { OverviewStrip } from "./overview/OverviewStrip";
import { useFeedAddress } from "./useFeedAddress";

export function FeedPage() {
  const { tenant } = useOutletContext<Identity>();
  const { filters, filterBy, openedId, open } = useFeedAddress();
  const [paused, setPaused] = useState(false);

  return (
    <div className={styles.page}>
      <title>Live feed · Orylo</title>
      <h1 className="visually-hidden">Live feed</h1>
      <OverviewStrip />
      <LiveList
        // Another filter is another list, read and heard from its beginning.
        key={`${filters.decision ?? ""}/${filters.gateway ?? ""}`}
        tenant={tenant.slug}
        filters={filters}
        onFilter={filterBy}
        paused={paused}
        onPause={setPaused}
        onOpen={open}
      />
      {openedId !== undefined && (
        <DetailsDrawer
          key={openedId}
          id={openedId}
          onClose={() => {
            open(undefined);
          }}
        />
      )}
    </div>
  );
}
