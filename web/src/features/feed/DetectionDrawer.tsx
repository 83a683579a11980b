import { useFailure } from "../../api/useFailure";
import { DetectionDetails } from "../../subjects/detections/DetectionDetails";
import { useDetection } from "../../subjects/detections/useDetection";
import { Drawer } from "../../ui/panel/Drawer";
import { Failed } from "../../ui/states/Failed";
import { Loading } from "../../ui/states/Loading";

interface Props {
  id: string;
  onOpen: (id: string) => void;
  onClose: () => void;
}

export function DetectionDrawer({ id, onOpen, onClose }: Props) {
  const detection = useDetection(id);
  const failure = useFailure(detection);

  return (
    <Drawer title="Decision" contentId={id} onClose={onClose}>
      {body()}
    </Drawer>
  );

  function body() {
    if (failure !== null) {
      return <Failed what="The decision" error={failure} retry={() => void detection.refetch()} />;
    }
    if (!detection.isSuccess) return <Loading what="the decision" rows={6} />;
    return <DetectionDetails detection={detection.data} onOpen={onOpen} />;
  }
}
