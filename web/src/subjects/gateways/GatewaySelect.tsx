import { useWords } from "../../i18n/words";
import { Select } from "../../ui/controls/Select";
import { GATEWAYS } from "./names";
import { gatewayWords } from "./words";

interface Props {
  value: string | undefined;
  onChange: (gateway: string | undefined) => void;
}

export function GatewaySelect(props: Props) {
  const { select } = useWords(gatewayWords);
  return <Select label={select.label} none={select.none} options={GATEWAYS} {...props} />;
}
