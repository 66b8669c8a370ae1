"""How everything is drawn that is no runner's: in the page's own colours, so that it follows its theme."""

from __future__ import annotations

from typing import Any

INK, FAINT, LETTERS = "currentColor", 0.35, 12

CONFIG: dict[str, Any] = {
    "background": None,
    "font": "system-ui, -apple-system, 'Segoe UI', sans-serif",
    "view": {"stroke": None},
    "axis": {
        **{f"{part}Color": INK for part in ("label", "title", "grid", "domain", "tick")},
        **{f"{part}FontSize": LETTERS for part in ("label", "title")},
        "titleFontWeight": "normal",
        "labelLimit": 200,
        "labelOpacity": 0.8,
        "titleOpacity": 0.8,
        "gridOpacity": 0.12,
        "domainOpacity": FAINT,
        "tickOpacity": FAINT,
    },
    "legend": {
        **{f"{part}Color": INK for part in ("label", "title")},
        **{f"{part}FontSize": LETTERS for part in ("label", "title")},
        "titleFontWeight": "normal",
        "symbolStrokeColor": INK,
        "orient": "top",
    },
    "style": {
        "limit": {"stroke": "var(--bad)", "color": "var(--bad)", "strokeDash": [5, 4]},
        "bound": {"stroke": INK, "color": INK, "strokeOpacity": 0.6},
        "band": {"fill": INK, "color": INK, "fillOpacity": 0.1, "strokeOpacity": 0},
        "label": {"color": INK, "opacity": 0.8},
    },
}
