"""Writes `dashboards/relay.json` to the standard output: `python -m deploy.grafana.dashboard`.

Symptoms come first, then each destination, then journal and sources, then the process. A panel is
a few lines there and fifty of JSON here; ids and places follow from the order, so none can clash.
A test holds the file to this program, and another asks a Prometheus every query.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from typing import Any, Final

from deploy.grafana.delivery import DESTINATION, SYMPTOMS
from deploy.grafana.panel import GREEN, ON, RED, Panel, Query, Row
from deploy.grafana.upkeep import JOURNAL, PROCESSES

WIDE: Final = 24
SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}
ROWS: Final = (SYMPTOMS, DESTINATION, JOURNAL, PROCESSES)


def dashboard() -> dict[str, Any]:
    """Return the dashboard as Grafana reads it."""
    return {
        "uid": "conversion-relay",
        "title": "Conversion relay",
        "description": "Are the sales arriving at the ad platforms, and if not, why?",
        "tags": ["conversion-relay"],
        "schemaVersion": 39,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": list(variables())},
        "annotations": {"list": [alerts()]},
        "panels": list(placed(ROWS)),
    }


def variables() -> Iterator[dict[str, Any]]:
    """Yield what can be chosen at the top."""
    yield {
        "name": "datasource",
        "label": "Prometheus",
        "type": "datasource",
        "query": "prometheus",
    }
    for name, label, query in (
        ("instance", "Relay", "label_values(relay_build_info, instance)"),
        (
            "destination",
            "Destination",
            f"label_values(relay_events_accepted_total{{{ON}}}, destination)",
        ),
    ):
        yield {
            "name": name,
            "label": label,
            "type": "query",
            "datasource": SOURCE,
            "query": {"query": query, "refId": name},
            "refresh": 2,
            "sort": 1,
            "multi": True,
            "includeAll": True,
            "allValue": ".*",
            "current": {"text": "All", "value": "$__all"},
        }


def alerts() -> dict[str, Any]:
    """Return the marks that firing alerts leave on the graphs."""
    return {
        "name": "Alerts",
        "datasource": SOURCE,
        "enable": True,
        "iconColor": RED,
        "expr": 'ALERTS{alertname=~"Relay.*", alertstate="firing"}',
        "titleFormat": "{{alertname}}",
        "textFormat": "{{destination}}",
    }


def placed(rows: Sequence[Row]) -> Iterator[dict[str, Any]]:
    """Yield rows and panels with their ids, one beside the other until a line is full."""
    number, top = 0, 0
    for row in rows:
        number += 1
        yield heading(row, number, top)
        top, left, height = top + 1, 0, 0
        for panel in row.panels:
            if left + panel.width > WIDE:
                top, left, height = top + height, 0, 0
            number += 1
            place = {"x": left, "y": top, "w": panel.width, "h": panel.height}
            yield {"id": number, "gridPos": place, **drawn(panel)}
            left, height = left + panel.width, max(height, panel.height)
        top += height


def heading(row: Row, number: int, top: int) -> dict[str, Any]:
    """Return the heading of a row; its panels follow it."""
    place = {"x": 0, "y": top, "w": WIDE, "h": 1}
    found = {"id": number, "type": "row", "title": row.title, "collapsed": False, "panels": []}
    return {**found, "gridPos": place} | ({"repeat": row.repeat} if row.repeat else {})


def drawn(panel: Panel) -> dict[str, Any]:
    """Return a panel without its place."""
    return {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.text,
        "datasource": SOURCE,
        "targets": [target(query, at) for at, query in enumerate(panel.queries)],
        "fieldConfig": {"defaults": defaults(panel), "overrides": []},
        "options": options(panel),
    }


def target(query: Query, at: int) -> dict[str, Any]:
    """Return a query."""
    return {
        "refId": chr(ord("A") + at),
        "datasource": SOURCE,
        "expr": query.expr,
        "legendFormat": query.legend,
    }


def defaults(panel: Panel) -> dict[str, Any]:
    """Return how values are shown."""
    steps = [{"value": value, "color": color} for value, color in panel.steps or [(None, GREEN)]]
    found: dict[str, Any] = {
        "unit": panel.unit,
        "thresholds": {"mode": "absolute", "steps": steps},
        "mappings": [words(panel.words)] if panel.words else [],
    }
    bounds = {"min": panel.lowest, "max": panel.highest, "noValue": panel.no_value or None}
    found |= {key: value for key, value in bounds.items() if value is not None}
    if panel.kind == "timeseries":
        stacking = {"mode": "normal" if panel.stacked else "none", "group": "A"}
        found["custom"] = {"fillOpacity": 10, "showPoints": "never", "stacking": stacking}
    else:
        found["color"] = {"mode": "thresholds"}
    return found


def words(shown: Sequence[tuple[str, str, str]]) -> dict[str, Any]:
    """Return the words that stand for figures."""
    return {
        "type": "value",
        "options": {
            value: {"text": text, "color": color, "index": at}
            for at, (value, text, color) in enumerate(shown)
        },
    }


def options(panel: Panel) -> dict[str, Any]:
    """Return the options of a kind of panel."""
    if panel.kind == "timeseries":
        return {
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
            "tooltip": {"mode": "multi", "sort": "desc"},
        }
    if panel.kind == "state-timeline":
        return {"mergeValues": True, "showValue": "never"}
    return {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}}


def main() -> None:
    """Write the file to the standard output."""
    json.dump(dashboard(), sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
