import { useEffect, useRef } from "react";

import { useFailure } from "../../api/useFailure";
import { Button } from "../../ui/controls/Button";
import { Failed } from "../../ui/states/Failed";
import { Icon } from "../../ui/display/Icon";
import { Loading } from "../../ui/states/Loading";
import { Details } from "../../subjects/detections/DetectionDetails";
import styles from "../../ui/panel/Drawer.module.css";
import { useDetection } from "../../subjects/detections/useDetails";

export function DetailsDrawer({ id, onClose }: { id: string; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const detection = useDetection(id);
  const failure = useFailure(detection);

  useEffect(() => {
    dialog.current?.showModal();
  }, []);

  return (
    // Escape closes a dialog by itself, and so does a click beside it.
    <dialog ref={dialog} closedby="any" className={styles.drawer} aria-labelledby="details-title" onClose={onClose}>
      <header className={styles.head}>
        <h2 id="details-title">Detection</h2>
        <Button look="quiet" aria-label="Close" onClick={() => dialog.current?.close()}>
          <Icon name="close" />
        </Button>
      </header>
      <div className={styles.body}>{body()}</div>
    </dialog>
  );

  function body() {
    if (failure !== null) {
      return <Failed what="The detection" error={failure} retry={() => void detection.refetch()} />;
    }
    if (!detection.isSuccess) return <Loading what="the detection" rows={6} />;
    return <Details detection={detection.data} />;
  }
}
