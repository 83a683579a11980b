import { useWords } from "../../../i18n/words";
import { METHODS, methodTitle } from "../../../subjects/conversions/methods";
import { conversionWords } from "../../../subjects/conversions/words";
import { gatewayName } from "../../../subjects/gateways/names";
import { GatewaySelect } from "../../../subjects/gateways/GatewaySelect";
import { Select } from "../../../ui/controls/Select";
import type { ConversionsAddress } from "../address";
import { conversionsWords } from "../words";
import styles from "./FilterSelects.module.css";

interface Props {
  address: ConversionsAddress;
  onChange: (changes: Partial<ConversionsAddress>) => void;
}

/** The list's filters by gateway, match and cause. A cause that another page links to is an option of its own. */
export function FilterSelects({ address: { gateway, method, cause }, onChange }: Props) {
  const words = useWords(conversionsWords);
  const conversions = useWords(conversionWords);
  const methods = Object.fromEntries(METHODS.map((each) => [each, methodTitle(conversions, each)]));
  const causes = { ...(cause !== undefined && { [cause]: cause }), ...conversions.suppressed };

  return (
    <div className={styles.selects}>
      <GatewaySelect
        value={gateway}
        onChange={(value) => {
          onChange({ gateway: value });
        }}
      />
      <Select
        label={words.match}
        none={words.anyMatch}
        options={methods}
        value={method}
        onChange={(value) => {
          onChange({ method: value });
        }}
      />
      <Select
        label={words.cause}
        none={words.anyCause}
        options={causes}
        value={cause}
        onChange={(value) => {
          onChange({ cause: value });
        }}
      />
    </div>
  );
}

/** The active filters in words. */
export function useFilterTexts(): (address: ConversionsAddress) => string[] {
  const { statuses } = useWords(conversionsWords);
  const conversions = useWords(conversionWords);

  return ({ status, gateway, method, cause }) => [
    ...(status === undefined ? [] : [statuses[status]]),
    ...(gateway === undefined ? [] : [gatewayName(gateway)]),
    ...(method === undefined ? [] : [methodTitle(conversions, method)]),
    ...(cause === undefined ? [] : [conversions.suppressed[cause] ?? cause]),
  ];
}
