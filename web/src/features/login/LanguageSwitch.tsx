import { LANGUAGE_NAMES, useLanguage } from "../../i18n/language";
import { switchLanguage, useWords } from "../../i18n/words";
import { Segmented } from "../../ui/controls/Segmented";
import { loginWords } from "./words";

/** Each language in its own words: who needs it cannot read the other. */
export function LanguageSwitch() {
  const words = useWords(loginWords);

  return (
    <Segmented
      label={words.language}
      options={LANGUAGE_NAMES}
      value={useLanguage()}
      onChange={(language) => void switchLanguage(language)}
    />
  );
}
