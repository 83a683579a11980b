import { useFailure } from "../../api/useFailure";
import { formatTime } from "../../ui/format/time";
import { Entry, EntryList } from "../../ui/panel/EntryList";
import { Section } from "../../ui/panel/Section";
import { Empty } from "../../ui/states/Empty";
import { Failed } from "../../ui/states/Failed";
import { Loading } from "../../ui/states/Loading";
import { ConversionState } from "./ConversionState";
import { conversionNote, matchLabel } from "./labels";
import { useConversions } from "./useConversions";

/** The conversions of a payment, one for each destination. */
export function ConversionList({ paymentId }: { paymentId: string }) {
  const conversions = useConversions(paymentId);
  const failure = useFailure(conversions);

  return <Section title="Conversions">{body()}</Section>;

  function body() {
    if (failure !== null) {
      return <Failed what="Conversions" error={failure} retry={() => void conversions.refetch()} />;
    }
    if (!conversions.isSuccess) return <Loading what="conversions" rows={1} />;
    if (conversions.data.items.length === 0) return <Empty text="No conversions for this payment." />;
    return (
      <EntryList>
        {conversions.data.items.map((conversion) => (
          <Entry
            key={conversion.id}
            title={<ConversionState conversion={conversion} />}
            value={`${conversion.attempts} ${conversion.attempts === 1 ? "attempt" : "attempts"}`}
            time={<time dateTime={conversion.updated_at}>{formatTime(conversion.updated_at)}</time>}
            note={`${conversion.event_name} · ${matchLabel(conversion.match)}`}
            detail={conversionNote(conversion) ?? undefined}
          />
        ))}
      </EntryList>
    );
  }
}
