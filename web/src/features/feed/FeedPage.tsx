import { useState } from "react";

import { useIdentity } from "../../session/identity";
import { DestinationNotices } from "../../subjects/destinations/DestinationNotices";
import { DetectionDrawer } from "./DetectionDrawer";
import styles from "./FeedPage.module.css";
import { LiveList } from "./list/LiveList";
import { useFeedAddress } from "./useFeedAddress";

export default function FeedPage() {
  const { tenant } = useIdentity();
  const { filters, setFilters, openId, open } = useFeedAddress();
  const [paused, setPaused] = useState(false);

  return (
    <div className={styles.page}>
      <h1 className="visually-hidden">Live feed</h1>
      <DestinationNotices />
      <LiveList
        // Other filters start a new list, with neither rows nor events of the former one.
        key={`${filters.decision ?? ""}/${filters.gateway ?? ""}`}
        tenant={tenant.slug}
        filters={filters}
        onFilter={setFilters}
        paused={paused}
        onPause={setPaused}
        onOpen={open}
      />
      {openId !== undefined && (
        <DetectionDrawer
          id={openId}
          onOpen={open}
          onClose={() => {
            open(undefined);
          }}
        />
      )}
    </div>
  );
}
