"""The result of a backtest as one HTML page. It loads nothing and runs no script."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from orylo_detector.backtest.charts import Chart, Curve, legend, svg
from orylo_detector.backtest.report import decisions_of, not_replayed, number, percent, replayed_lists

STYLE = """
:root { color-scheme: light dark; --ink: #1c2430; --paper: #fff; --quiet: #5a6675; --line: #d5dbe3;
        --one: #1f5fbf; --two: #b3460b; --three: #2d7a3e; --four: #7a3ea8; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6eaf0; --paper: #14181f; --quiet: #a3afbf; --line: #3a4452;
          --one: #7fb0ff; --two: #ffa26b; --three: #7fd08f; --four: #cfa3f2; }
}
body { margin: 0 auto; max-width: 64rem; padding: 1.5rem; background: var(--paper); color: var(--ink);
       font: 1rem/1.5 system-ui, sans-serif; }
h1, h2, h3 { line-height: 1.2; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: start; font-weight: 600; padding-block: .25rem; }
th, td { border-bottom: 1px solid var(--line); padding: .25rem .75rem .25rem 0; text-align: end; }
th:first-child, td:first-child, .text td, .text th { text-align: start; }
.scroll { overflow-x: auto; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(18rem, 1fr)); gap: 1.5rem; }
figure { margin: 0; }
figcaption { font-weight: 600; }
svg { width: 100%; height: auto; font: 12px system-ui, sans-serif; fill: var(--quiet); }
.grid { stroke: var(--line); fill: none; }
.curve0, .curve1, .curve2, .curve3 { fill: none; stroke: var(--one); stroke-width: 2; }
.curve1 { stroke: var(--two); } .curve2 { stroke: var(--three); } .curve3 { stroke: var(--four); }
.legend { display: flex; flex-wrap: wrap; gap: 0 1rem; list-style: none; padding: 0; margin: .25rem 0; }
.key { width: 1.75rem; height: .5rem; margin-inline-end: .4rem; }
.note { border-inline-start: .25rem solid var(--two); padding-inline-start: .75rem; }
""".strip()
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
TABLE_STEP = 5

Result = Mapping[str, Any]


def page(result: Result, source: str) -> str:
    """Return the page. `source` names the file of payments."""
    body = "\n".join(_body(result, source))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f"<title>Backtest of {escape(source)}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _body(result: Result, source: str) -> Iterator[str]:
    variants = result["variants"]
    yield f"<h1>Backtest of {escape(source)}</h1>"
    if result["interrupted"]:
        until = escape(str(result["replayed_until"]))
        yield f'<p class="note">Interrupted. The figures are of the payments until {until}.</p>'
    yield (
        f"<p>{result['measured']:,} payments from {escape(result['test_from'])} to {escape(result['test_to'])} were "
        f"measured, and {result['replayed'] - result['measured']:,} before them replayed to warm up. "
        f"A label became known {result['feedback_delay_days']:g} days after its payment.</p>"
    )
    yield f"<p>{escape(replayed_lists(result))} {escape(not_replayed(result))}</p>"
    yield "<h2>Summary</h2>"
    yield _table("Quality of the risks", ["", "ROC AUC", "average precision", "card precision", "frauds", "honest"], [
        [each["name"], number(each["roc_auc"]), number(each["average_precision"]),
         number(each["card_precision"]["mean"]), f"{each['frauds']:,}", f"{each['honest']:,}"]
        for each in variants
    ])  # fmt: skip
    yield (
        "<p>Card precision is the share of defrauded customers among the "
        f"{variants[0]['card_precision']['inspected_a_day']} with the highest risk of each day, without those already "
        "known as defrauded.</p>"
    )
    for variant in variants:
        yield _decisions(variant)
    yield '<h2>Curves</h2><div class="charts">'
    for index, chart in enumerate(_charts(variants)):
        yield f"<figure><figcaption>{escape(chart.title)}</figcaption>{svg(chart, index)}{legend(chart)}</figure>"
    yield "</div>"
    for variant in variants:
        yield _thresholds(variant)
    yield "<h2>Contributions</h2>"
    yield "<p>A detector or a reason is decisive for a payment that reaches a review with its points only.</p>"
    for variant in variants:
        yield from _contributions(variant)
    yield "<h2>Examples</h2>"
    for examples in result["examples"]:
        yield _examples(examples)


def _decisions(variant: Result) -> str:
    caption = f"Decisions, {variant['name']}: review at {variant['review_at']}, block at {variant['block_at']}"
    header = ["decision", "frauds", "of all frauds", "amount", "honest", "of all honest", "amount"]
    return _table(caption, header, [
        [each["decision"], f"{each['frauds']:,}", percent(each["share_of_frauds"]), _money(each["fraud_amount"]),
         f"{each['honest']:,}", percent(each["share_of_honest"]), _money(each["honest_amount"])]
        for each in variant["decisions"]
    ])  # fmt: skip


def _charts(variants: Sequence[Result]) -> list[Chart]:
    first = variants[0]
    return [
        Chart(
            "Detection rate against false-positive rate (ROC)",
            f"The area under the curve is {number(first['roc_auc'])} for the {first['name']} settings.",
            "false-positive rate",
            "detection rate",
            [Curve(each["name"], _points(each, "false_positive_rate", "detection_rate")) for each in variants],
        ),
        Chart(
            "Precision against detection rate",
            f"The average precision is {number(first['average_precision'])} for the {first['name']} settings.",
            "detection rate",
            "precision",
            [Curve(each["name"], _points(each, "detection_rate", "precision")) for each in variants],
        ),
        *(
            Chart(
                f"Rates over the threshold, {each['name']}",
                "Both rates fall as the threshold rises; the table below has the values.",
                "threshold of the risk",
                "rate",
                [
                    Curve("detection rate", _over_thresholds(each, "detection_rate")),
                    Curve("false-positive rate", _over_thresholds(each, "false_positive_rate")),
                ],
                x_most=100,
            )
            for each in variants
        ),
    ]


def _points(variant: Result, x: str, y: str) -> list[tuple[float, float]]:
    rates = reversed(variant["thresholds"])
    return [(each[x], each[y]) for each in rates if each[x] is not None and each[y] is not None]


def _over_thresholds(variant: Result, rate: str) -> list[tuple[float, float]]:
    return [(each["threshold"] / 100, each[rate]) for each in variant["thresholds"][:101] if each[rate] is not None]


def _thresholds(variant: Result) -> str:
    header = ["threshold", "frauds", "honest", "detection rate", "false-positive rate", "precision"]
    table = _table(f"Payments with a risk of at least the threshold, {variant['name']}", header, [
        [str(each["threshold"]), f"{each['frauds']:,}", f"{each['honest']:,}", percent(each["detection_rate"]),
         percent(each["false_positive_rate"]), percent(each["precision"])]
        for each in variant["thresholds"][:101:TABLE_STEP]
    ])  # fmt: skip
    return f"<details><summary>Table of the rates, {escape(variant['name'])}</summary>{table}</details>"


def _contributions(variant: Result) -> Iterator[str]:
    header = ["", "frauds", "honest", "precision", "points", "decisive for frauds", "decisive for honest"]
    for title in ("detectors", "reasons"):
        yield _table(f"{title.capitalize()}, {variant['name']}", header, [
            [each["name"], f"{each['frauds']:,}", f"{each['honest']:,}", percent(each["precision"]),
             f"{each['points']:,}", f"{each['decisive_frauds']:,}", f"{each['decisive_honest']:,}"]
            for each in variant[title]
        ])  # fmt: skip
    if variant["rules"]:
        header = ["", "mode", "frauds", "honest", "changed for frauds", "changed for honest"]
        yield _table(f"Rules, {variant['name']}", header, [
            [each["name"], each["mode"], f"{each['frauds']:,}", f"{each['honest']:,}",
             f"{each['changed_frauds']:,}", f"{each['changed_honest']:,}"]
            for each in variant["rules"]
        ])  # fmt: skip
    if variant["lists"]:
        header = ["", "frauds", "honest", "changed for frauds", "changed for honest"]
        yield _table(f"Lists, {variant['name']}", header, [
            [each["name"], f"{each['frauds']:,}", f"{each['honest']:,}",
             f"{each['changed_frauds']:,}", f"{each['changed_honest']:,}"]
            for each in variant["lists"]
        ])  # fmt: skip
    for name, count in variant["degraded"].items():
        yield f'<p class="note">{escape(name)} was left out of {count:,} decisions.</p>'


def _examples(examples: Result) -> str:
    title = f"{examples['kind']}: {examples['count']:,}"
    if not examples["payments"]:
        return f"<h3>{escape(title)}</h3>"
    rows = [
        [each["payment_id"], each["customer_id"] or "", each["occurred_at"], f"{each['amount']} {each['currency']}",
         decisions_of(each),
         ", ".join(f"{point['reason']} {point['points']:+}" for point in each["decisions"][-1]["points"])]
        for each in examples["payments"]
    ]  # fmt: skip
    return _table(title, ["payment", "customer", "time", "amount", "decision", "points"], rows, text=True)


def _table(caption: str, header: Sequence[str], rows: Sequence[Sequence[str]], *, text: bool = False) -> str:
    head = "".join(f'<th scope="col">{escape(each)}</th>' for each in header)
    body = "".join(
        f'<tr><th scope="row">{escape(first)}</th>{"".join(f"<td>{escape(each)}</td>" for each in rest)}</tr>'
        for first, *rest in rows
    )
    style = ' class="text"' if text else ""
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(caption)}"><table{style}>'
        f"<caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _money(amounts: Mapping[str, str]) -> str:
    return ", ".join(f"{amount} {currency}" for currency, amount in amounts.items())
