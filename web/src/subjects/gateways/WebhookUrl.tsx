import type { GatewayConfiguration } from "../../api/types";
import { useWords } from "../../i18n/words";
import { CopyableCode } from "../../ui/controls/CopyableCode";
import { Banner } from "../../ui/states/Banner";
import { gatewayWords } from "./words";

/** The URL to paste into the gateway's panel. */
export function WebhookUrl({ url, path }: Pick<GatewayConfiguration, "url" | "path">) {
  const words = useWords(gatewayWords);

  if (url === null) return <p>{words.url.unknown(path)}</p>;
  return <CopyableCode name={words.url.name} text={url} />;
}

/** Says that the gateway cannot reach the address, and what to do instead. Nothing if it can, or if that is not known. */
export function AddressNotice({ reachable }: Pick<GatewayConfiguration, "reachable">) {
  const words = useWords(gatewayWords);

  if (reachable !== false) return null;
  return (
    <Banner tone="warn">
      <strong>{words.url.local}</strong> {words.url.localFix}
    </Banner>
  );
}
