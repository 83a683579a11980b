import { useWords } from "../../i18n/words";
import { useGateways } from "../../subjects/gateways/useGateways";
import { useStopOf } from "../../subjects/switches/useSwitches";
import { LinkButton } from "../../ui/controls/Button";
import { formatDateTime } from "../../ui/format/time";
import { Banner } from "../../ui/states/Banner";
import { gatewayPageWords } from "./words";

/** What is unusual about a gateway: paused, silent, refused webhooks. Nothing while all is well. */
export function HealthNotices({ gateway }: { gateway: string }) {
  const words = useWords(gatewayPageWords);
  const listed = useGateways().data?.items.find(({ name }) => name === gateway);
  const stop = useStopOf({ name: "stop_webhooks", target: gateway });

  if (listed === undefined) return null;
  const { health } = listed;
  return (
    <>
      {stop !== undefined && (
        <Banner tone="warn">
          {words.pause.banner(stop.message)} {stop.scope === "platform" && words.pause.byPlatform}
        </Banner>
      )}
      {health === null && <Banner tone="warn">{words.health.unreachable}</Banner>}
      {health?.silent_since != null && health.usual_gap_s !== null && (
        <Banner tone="warn">{words.health.silent(formatDateTime(health.silent_since), words.gap(health.usual_gap_s))}</Banner>
      )}
      {health !== null && health.counts.rejected > 0 && (
        <Banner tone="warn" action={<LinkButton to={`/problems/rejections?gateway=${gateway}`}>{words.health.seeRefused}</LinkButton>}>
          {words.health.refused(health.counts.rejected)}
        </Banner>
      )}
    </>
  );
}
