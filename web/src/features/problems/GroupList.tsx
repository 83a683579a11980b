import { useState } from "react";

import { useFailure } from "../../api/useFailure";
import { useWords } from "../../i18n/words";
import { Guarded } from "../../session/Guarded";
import { gatewayWords } from "../../subjects/gateways/words";
import { Button, LinkButton } from "../../ui/controls/Button";
import { Icon } from "../../ui/display/Icon";
import { Sparkline } from "../../ui/display/Sparkline";
import { Time } from "../../ui/display/Time";
import { formatDateTime } from "../../ui/format/time";
import { Empty } from "../../ui/states/Empty";
import { EmptyFiltered } from "../../ui/states/EmptyFiltered";
import { Failed } from "../../ui/states/Failed";
import { Loading } from "../../ui/states/Loading";
import type { ProblemKind } from "./address";
import { BulkDialog } from "./BulkDialog";
import { type GroupView, groupViews } from "./groupView";
import { moneyText } from "./money";
import { NAMES } from "./names";
import { permissionTo } from "./permission";
import styles from "./Problems.module.css";
import { type BulkAction, type Filters, type SettledKind, useGroups } from "./useProblems";
import { problemPageWords } from "./words";

interface Props {
  kind: ProblemKind;
  filters: Filters;
  /** When the newest was set aside; null if there never was any. */
  lastAt: string | null | undefined;
  onOpen: (id: string) => void;
  onClear: () => void;
  onJob: (id: string) => void;
}

export function GroupList({ kind, filters, lastAt, onOpen, onClear, onJob }: Props) {
  const words = useWords(problemPageWords);
  const gateways = useWords(gatewayWords);
  const groups = useGroups(kind, filters, true);
  const failure = useFailure(groups);
  const [bulk, setBulk] = useState<{ action: BulkAction; filter: Filters } | undefined>();

  if (groups.data === undefined && failure !== null) {
    return <Failed what={words.what[NAMES[kind]]} error={failure} retry={() => void groups.refetch()} />;
  }
  if (groups.data === undefined) return <Loading what={words.what[NAMES[kind]]} rows={3} />;
  const views = groupViews({ words, gateways }, kind, groups.data, filters);
  if (views.length === 0) return <NoProblems kind={kind} filters={filters} lastAt={lastAt} onClear={onClear} />;
  return (
    <>
      <ul className={styles.groups} aria-busy={groups.isPlaceholderData}>
        {views.map((group) => (
          <li key={group.key}>
            <Group
              kind={kind}
              group={group}
              onOpen={onOpen}
              onBulk={(action) => {
                if (group.filter !== null) setBulk({ action, filter: group.filter });
              }}
            />
          </li>
        ))}
      </ul>
      {groups.data.groups > views.length && <p className={styles.explain}>{words.moreGroups(groups.data.groups - views.length)}</p>}
      {bulk !== undefined && kind !== "rejections" && (
        <BulkDialog
          kind={kind}
          {...bulk}
          onClose={() => {
            setBulk(undefined);
          }}
          onJob={onJob}
        />
      )}
    </>
  );
}

export function NoProblems({ kind, filters, lastAt, onClear }: Pick<Props, "kind" | "filters" | "lastAt" | "onClear">) {
  const words = useWords(problemPageWords);
  const active = Object.values(filters);

  if (active.length > 0) return <EmptyFiltered filters={active} onClear={onClear} />;
  return (
    <Empty
      title={kind === "rejections" ? words.none.rejected : words.none.title}
      text={typeof lastAt === "string" ? words.none.last(formatDateTime(lastAt)) : words.none.never}
    />
  );
}

interface GroupProps {
  kind: ProblemKind;
  group: GroupView;
  onOpen: (id: string) => void;
  onBulk: (action: BulkAction) => void;
}

function Group({ kind, group, onOpen, onBulk }: GroupProps) {
  const words = useWords(problemPageWords);
  const { tone, where, cause, reason, amount, money, note, since, lastAt, hourly, sampleId } = group;

  return (
    <article className={styles.group} data-tone={tone} aria-label={`${where}: ${cause.title}`}>
      <div className={styles.cause}>
        <Icon name="alert" size={16} />
        <div>
          <h2>
            <span className={styles.where}>{where}</span> {cause.title}
          </h2>
          {reason !== undefined && <p className={styles.reason}>{reason}</p>}
          <p className={styles.fix}>{cause.fix}</p>
        </div>
      </div>
      <div className={styles.figures}>
        <strong>{amount}</strong>
        {money.length > 0 && (
          <span>
            {moneyText(money)} {words.costs}
          </span>
        )}
        {note !== undefined && <span>{note}</span>}
        <span className={styles.times}>
          {words.since} <Time iso={since} /> · {words.last} <Time iso={lastAt} />
        </span>
        <span title={words.lastDay}>
          <Sparkline values={hourly} />
        </span>
      </div>
      <div className={styles.actions}>
        {cause.link !== undefined && <LinkButton to={cause.link.to}>{cause.link.text}</LinkButton>}
        {sampleId !== null && (
          <Button
            look="quiet"
            onClick={() => {
              onOpen(sampleId);
            }}
          >
            {words.seeOne}
          </Button>
        )}
        {kind !== "rejections" && <Settle kind={kind} count={group.count} onBulk={onBulk} />}
      </div>
    </article>
  );
}

function Settle({ kind, count, onBulk }: { kind: SettledKind; count: number; onBulk: (action: BulkAction) => void }) {
  const words = useWords(problemPageWords);

  return (
    <>
      <Guarded permission={permissionTo("replay", kind)}>
        <Button
          look="primary"
          onClick={() => {
            onBulk("replay");
          }}
        >
          {words.replay(count)}
        </Button>
      </Guarded>
      <Guarded permission={permissionTo("discard", kind)}>
        <Button
          look="quiet"
          onClick={() => {
            onBulk("discard");
          }}
        >
          {words.discard}
        </Button>
      </Guarded>
    </>
  );
}
