import type { ActiveSwitch } from "../../api/types";
import { useWords } from "../../i18n/words";
import { formatTime } from "../../ui/format/time";
import { Warning } from "../../ui/states/Warning";
import { useSwitches } from "./useSwitches";
import { switchWords, type Words } from "./words";

/** A line for each switch that is on. Nothing while none is. */
export function SwitchBanner() {
  const words = useWords(switchWords);
  const switches = useSwitches().data ?? [];
  if (switches.length === 0) return null;
  return (
    <section aria-label={words.label}>
      {switches.map((each) => (
        <div key={`${each.scope} ${each.name} ${each.target ?? ""}`} role="status">
          <Warning>
            <span>{lineOf(words, each)}</span>
          </Warning>
        </div>
      ))}
    </section>
  );
}

function lineOf(words: Words, { name, scope, target, message, until }: ActiveSwitch): string {
  const what = {
    stop_webhooks: target === null ? words.webhooks.all : words.webhooks.of(target),
    stop_sending: target === null ? words.sending.all : words.sending.of,
    maintenance: words.maintenance,
  }[name];
  const parts = [what, words.quoted(words.by[scope], message)];
  if (until !== null) parts.push(words.until(formatTime(until)));
  return parts.join(" ");
}
