import { useWords } from "../../i18n/words";
import { SampleDataButton } from "../../subjects/onboarding/SampleDataButton";
import { useSampleData } from "../../subjects/onboarding/useSampleData";
import { LinkButton } from "../../ui/controls/Button";
import styles from "./Welcome.module.css";
import { welcomeWords } from "./words";

/** Sales to look at before the first real one. */
export function SampleData() {
  const { samples } = useWords(welcomeWords);
  const sales = useSampleData().data?.sales;

  if (sales === undefined) return null;
  return (
    <section className={styles.card} aria-labelledby="samples">
      <h2 id="samples">{samples.title}</h2>
      <p>{samples.text}</p>
      <div className={styles.actions}>
        <SampleDataButton shown={sales > 0} />
        {sales > 0 && <LinkButton to="/payments">{samples.open}</LinkButton>}
      </div>
    </section>
  );
}
