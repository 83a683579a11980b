import { useRef, useState } from "react";

import { useFailure } from "../../../api/useFailure";
import { Button } from "../../../ui/controls/Button";
import { Icon } from "../../../ui/display/Icon";
import { Failed } from "../../../ui/states/Failed";
import { Loading } from "../../../ui/states/Loading";
import { EmptyFeed } from "../empty/EmptyFeed";
import type { Filters } from "../live/decisions";
import { useFeed } from "../live/useFeed";
import { FeedTable } from "../table/FeedTable";
import { FilterBar } from "./FilterBar";
import styles from "./LiveList.module.css";
import { useAtTop } from "./useAtTop";

/** Rows do not move under the pointer or the focus. */
const NOT_IN_USE = { pointer: false, focus: false };

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
  const [inUse, setInUse] = useState(NOT_IN_USE);
  const hold = (changes: { paused?: boolean; atTop?: boolean; inUse?: typeof inUse }) => {
    const state = { paused, atTop, inUse, ...changes };
    return state.paused || !state.atTop || state.inUse.pointer || state.inUse.focus;
  };
  const { detections, rows, hasOlder, heldCount, release } = useFeed(filters, hold({}));
  const failure = useFailure(detections);
  useAtTop(top, (isAtTop) => {
    setAtTop(isAtTop);
    if (!hold({ atTop: isAtTop })) release();
  });
  const use = (changes: Partial<typeof inUse>) => {
    const changed = { ...inUse, ...changes };
    setInUse(changed);
    if (!hold({ inUse: changed })) release();
  };

  const showHeld = () => {
    release();
    // The button disappears without a blur event.
    setInUse({ ...inUse, focus: false });
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
          if (!hold({ paused: pause })) release();
        }}
      />
      <div ref={top} className={styles.top} />
      {/* The handlers only notice use; every action belongs to a button inside. */}
      {/* eslint-disable-next-line jsx-a11y/no-static-element-interactions */}
      <div
        onPointerMove={({ pointerType, movementX, movementY }) => {
          // A finger does not rest over the list, and a page that changes does not move the pointer.
          const moved = pointerType !== "touch" && (movementX !== 0 || movementY !== 0);
          if (moved && !inUse.pointer && rows.length > 0) use({ pointer: true });
        }}
        onPointerLeave={() => {
          use({ pointer: false });
        }}
        onFocus={() => {
          if (rows.length > 0) use({ focus: true });
        }}
        onBlur={({ currentTarget, relatedTarget }) => {
          if (!currentTarget.contains(relatedTarget)) use({ focus: false });
        }}
      >
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
      </div>
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
