import { useRef, useState } from "react";

import { useFailure } from "../../../api/useFailure";
import { Button } from "../../../ui/controls/Button";
import { Icon } from "../../../ui/display/Icon";
import { Failed } from "../../../ui/states/Failed";
import { Loading } from "../../../ui/states/Loading";
import { EmptyFeed } from "../empty/EmptyFeed";
import type { Filters } from "../live/liveState";
import { useFeed } from "../live/useFeed";
import { FeedTable } from "../table/FeedTable";
import { FilterBar } from "./FilterBar";
import styles from "./LiveList.module.css";
import { useAtTop } from "./useAtTop";

interface Props {
  tenant: string;
  filters: Filters;
  onFilter: (filters: Partial<Filters>) => void;
  paused: boolean;
  onPause: (paused: boolean) => void;
  onOpen: (detectionId: string) => void;
}

export function LiveList({ tenant, filters, onFilter, paused, onPause, onOpen }: Props) {
  const top = useRef<HTMLDivElement>(null);
  const [atTop, setAtTop] = useState(true);
  const { detections, rows, hasOlder, heldCount, release } = useFeed(filters, paused || !atTop);
  const failure = useFailure(detections);
  useAtTop(top, (isAtTop) => {
    setAtTop(isAtTop);
    if (isAtTop && !paused) release();
  });

  const showHeld = () => {
    release();
    if (!atTop) top.current?.scrollIntoView({ block: "start" });
  };

  return (
    <section aria-label="Decisions" className={styles.list}>
      <FilterBar
        filters={filters}
        onFilter={onFilter}
        paused={paused}
        onPause={(pause) => {
          onPause(pause);
          if (!pause) release();
        }}
      />
      <div ref={top} className={styles.top} />
      <div role="status" className={styles.newRows}>
        {heldCount > 0 && (
          <Button look="primary" className={styles.pill ?? ""} onClick={showHeld}>
            <Icon name="arrowUp" />
            {heldCount} new
          </Button>
        )}
      </div>
      {failure !== null && <Failed what="Decisions" error={failure} retry={() => void detections.refetch()} />}
      {body()}
      {hasOlder && (
        <div className={styles.older}>
          <Button disabled={detections.isFetchingNextPage} onClick={() => void detections.fetchNextPage()}>
            {detections.isFetchingNextPage ? "Loading…" : "Load older"}
          </Button>
        </div>
      )}
    </section>
  );

  function body() {
    if (detections.isPending && failure === null) return <Loading what="decisions" />;
    if (rows.length === 0 && failure !== null) return null;
    if (rows.length === 0) return <EmptyFeed tenant={tenant} filters={filters} onFilter={onFilter} />;
    return <FeedTable rows={rows} onOpen={onOpen} />;
  }
}
