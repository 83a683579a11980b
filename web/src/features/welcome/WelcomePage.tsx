import type { ReactNode } from "react";

import type { Tagged } from "../../api/client";
import type { Onboarding, OnboardingStep, StepState } from "../../api/types";
import { useFailure } from "../../api/useFailure";
import { useWords } from "../../i18n/words";
import { choicesOf, useChoose, useOnboarding } from "../../subjects/onboarding/useOnboarding";
import { useAddress } from "../../ui/address/useAddress";
import { Button, LinkButton } from "../../ui/controls/Button";
import { Icon } from "../../ui/display/Icon";
import { PageFrame } from "../../ui/panel/PageFrame";
import { useProblemText } from "../../ui/problems/problemText";
import { Banner } from "../../ui/states/Banner";
import { Failed } from "../../ui/states/Failed";
import { FormError } from "../../ui/states/FormError";
import { Loading } from "../../ui/states/Loading";
import { parseAddress, writeAddress } from "./address";
import { GatewayStep } from "./GatewayStep";
import { MetaStep } from "./MetaStep";
import { SampleData } from "./SampleData";
import { SaleStep } from "./SaleStep";
import { TeamStep } from "./TeamStep";
import { TrackingStep } from "./TrackingStep";
import styles from "./Welcome.module.css";
import { welcomeWords } from "./words";

export default function WelcomePage() {
  const words = useWords(welcomeWords);
  const onboarding = useOnboarding();
  const failure = useFailure(onboarding);

  if (onboarding.data !== undefined) return <Steps onboarding={onboarding.data} />;
  return (
    <PageFrame title={words.title}>
      {failure === null ? (
        <Loading what={words.what.steps} rows={5} />
      ) : (
        <Failed what={words.what.steps} error={failure} retry={() => void onboarding.refetch()} />
      )}
    </PageFrame>
  );
}

const isOpen = ({ done, skipped }: StepState) => !done && !skipped;

function Steps({ onboarding }: { onboarding: Tagged<Onboarding> }) {
  const words = useWords(welcomeWords);
  const problemText = useProblemText();
  const [address, go] = useAddress({ read: parseAddress, write: writeAddress });
  const choose = useChoose();
  const { steps, done, dismissed } = onboarding.value;
  const choices = choicesOf(onboarding);
  const current = steps.find(({ step }) => step === address.step) ?? steps.find(isOpen) ?? steps[0];
  const next = steps.find((each) => isOpen(each) && each.step !== current?.step);
  const show = (step: OnboardingStep) => {
    go({ step }, { push: true });
  };

  if (current === undefined) return null;
  const { title, lead } = words.steps[current.step];
  const contents: Record<OnboardingStep, () => ReactNode> = {
    gateway: () => (
      <GatewayStep
        gateway={address.gateway}
        onChoose={(gateway) => {
          go({ step: "gateway", gateway }, { push: true });
        }}
      />
    ),
    sale: () => <SaleStep paymentId={current.payment_id} />,
    meta: () => <MetaStep done={current.done} />,
    tracking: () => <TrackingStep />,
    team: () => <TeamStep />,
  };
  return (
    <PageFrame
      title={words.title}
      lead={words.lead(done, steps.length)}
      actions={
        <Button
          look="quiet"
          busy={choose.isPending}
          onClick={() => {
            choose.start({ choices: { ...choices, dismissed: !dismissed }, etag: onboarding.etag });
          }}
        >
          {dismissed ? words.restore : words.dismiss}
        </Button>
      }
    >
      {dismissed && <Banner>{words.dismissed}</Banner>}
      {done === steps.length && <Banner action={<LinkButton to="/">{words.toOverview}</LinkButton>}>{words.allDone}</Banner>}
      {choose.error !== null && <FormError text={problemText(choose.error)} />}
      <nav aria-label={words.stepList}>
        <ol className={styles.steps}>
          {steps.map((each) => (
            <li key={each.step}>
              <button
                type="button"
                className={styles.step}
                data-state={stateOf(each)}
                aria-current={each.step === current.step ? "step" : undefined}
                onClick={() => {
                  show(each.step);
                }}
              >
                <span aria-hidden="true" className={styles.mark}>
                  {each.done && <Icon name="check" size={12} />}
                </span>
                <span className={styles.name}>{words.steps[each.step].title}</span>
                <span className="visually-hidden"> ({words.step[stateOf(each)]})</span>
              </button>
            </li>
          ))}
        </ol>
      </nav>
      <section className={styles.content} aria-labelledby="step">
        <header className={styles.head}>
          <div>
            <h2 id="step">{title}</h2>
            <p>{lead}</p>
          </div>
          <div className={styles.actions}>
            {!current.done && (
              <Button
                look="quiet"
                busy={choose.isPending}
                onClick={() => {
                  const others = choices.skipped.filter((step) => step !== current.step);
                  const skipped = current.skipped ? others : [...others, current.step];
                  choose.start({ choices: { ...choices, skipped }, etag: onboarding.etag });
                  if (!current.skipped && next !== undefined) show(next.step);
                }}
              >
                {current.skipped ? words.unskip : words.skip}
              </Button>
            )}
            {current.done && next !== undefined && (
              <Button
                look="primary"
                onClick={() => {
                  show(next.step);
                }}
              >
                {words.next}
              </Button>
            )}
          </div>
        </header>
        {contents[current.step]()}
      </section>
      <SampleData />
    </PageFrame>
  );
}

function stateOf({ done, skipped }: StepState): "done" | "skipped" | "open" {
  if (done) return "done";
  return skipped ? "skipped" : "open";
}
