import type { GatewayConfiguration } from "../../api/types";
import { useWords } from "../../i18n/words";
import { CopyableCode } from "../../ui/controls/CopyableCode";
import { Banner } from "../../ui/states/Banner";
import { gatewayWords } from "./words";

/** The URL to paste into the gateway's panel. An address that the gateway cannot reach is said first. */
export function WebhookUrl({ url, path, reachable }: Pick<GatewayConfiguration, "url" | "path" | "reachable">) {
  const words = useWords(gatewayWords);

  if (url === null) return <p>{words.url.unknown(path)}</p>;
  return (
    <>
      {reachable === false && (
        <Banner tone="warn">
          <strong>{words.url.local}</strong> {words.url.localFix}
        </Banner>
      )}
      <CopyableCode name={words.url.name} text={url} />
    </>
  );
}
