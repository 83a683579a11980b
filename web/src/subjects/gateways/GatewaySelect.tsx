import { Select } from "../../ui/controls/Select";
import { GATEWAYS } from "./names";

interface Props {
  value: string | undefined;
  onChange: (gateway: string | undefined) => void;
}

export function GatewaySelect(props: Props) {
  return <Select label="Gateway" none="All gateways" options={GATEWAYS} {...props} />;
}
