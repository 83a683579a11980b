"""Curves of detection rates as an SVG file."""

from collections.abc import Mapping
from pathlib import Path

from orylo_detector.backtest.charts import Chart, Curve, svg
from orylo_detector.backtest.risk_counts import RiskCounts

STYLE = (
    "<style>svg{font:12px sans-serif;fill:#5a6675;background:#fff}.grid{stroke:#d5dbe3;fill:none}"
    ".curve0,.curve1,.curve2,.curve3{fill:none;stroke:#1f5fbf;stroke-width:2}.curve1{stroke:#b3460b}"
    ".curve2{stroke:#2d7a3e}.curve3{stroke:#7a3ea8}.name{font-weight:bold}</style>"
)


def write_roc_curves(file: Path, title: str, counts: Mapping[str, RiskCounts]) -> None:
    """Write the detection rate over the false-positive rate, one curve for each name. At most four."""
    curves = []
    for name, counted in counts.items():
        rates = reversed(counted.rates())
        curves.append(Curve(name, [(each.false_positive_rate or 0.0, each.detection_rate or 0.0) for each in rates]))
    areas = "; ".join(f"{name}: area {counted.roc_auc() or 0:.3f}" for name, counted in counts.items())
    drawn = svg(Chart(title, areas, "false-positive rate", "detection rate", curves), 0)
    names = "".join(
        f'<text class="name" x="190" y="{200 + 16 * line}">{text}</text>' for line, text in enumerate(areas.split("; "))
    )
    drawn = drawn.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    drawn = drawn.replace("<title", f"{STYLE}<title", 1).replace("</svg>", f"{names}</svg>\n")
    file.write_text(drawn, encoding="utf-8")
