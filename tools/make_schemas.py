"""Writes `src/mitwirkung/schemas/*.schema.json`: run it when a file of a lottery gets another key.

JSON files are described by their models; tables by their rows, each an object of texts, as
`csv.DictReader` reads them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from mitwirkung.events import EventPlan
from mitwirkung.forms.declaration import Form
from mitwirkung.forms.ready import READY
from mitwirkung.lottery.attempts import GivenUpFile
from mitwirkung.lottery.facts import Facts
from mitwirkung.lottery.files import LotteryFile, PrivateFile, PublicRecordFile, RecordFile
from mitwirkung.mapping import FeatureMapping
from mitwirkung.reports.model import Report

FOLDER = Path(__file__).resolve().parent.parent / "src" / "mitwirkung" / "schemas"
DIALECT = "https://json-schema.org/draft/2020-12/schema"

MODELS: dict[str, type[BaseModel]] = {
    "lottery.json": LotteryFile,
    "lottery-private.json": PrivateFile,
    "record-public.json": PublicRecordFile,
    "record.json": RecordFile,
    "given-up.json": GivenUpFile,
    "report.json": Report,
    "facts.toml": Facts,
    "mapping.toml": FeatureMapping,
    "event.toml": EventPlan,
}

DECIMAL = {"type": "string", "pattern": r"^[01]\.[0-9]{12}$"}
SIGNED = {"type": "string", "pattern": r"^-?[01]\.[0-9]{12}$"}
HEX = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
DIGEST = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
WORDS = {"type": "string"}
WHOLE = {"type": "string", "pattern": "^[0-9]+$"}
WHOLE_OR_BLANK = {"type": "string", "pattern": "^[0-9]*$"}
NULLABLE = {"type": ["string", "null"]}

RECEIPT = {
    "id": WORDS,
    "token": HEX,
    "class": DIGEST,
    "positions": WORDS,
    "mates": {"type": "string", "pattern": "^([0-9a-f]{64}( [0-9a-f]{64})*)?$"},
    "chance": DECIMAL,
    "features": WORDS,
}
QUOTA = {"feature": WORDS, "value": WORDS, "min": WHOLE, "max": WHOLE}
FLEX = {"min_flex": WHOLE_OR_BLANK, "max_flex": WHOLE_OR_BLANK}
FINDING = {
    "code": WORDS,
    "params": {"type": "object"},
    "file": NULLABLE,
    "row": {"type": ["integer", "null"], "minimum": 1},
    "column": NULLABLE,
    "text": WORDS,
}


def closed(properties: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    """An object with these keys and no others."""
    return {
        "type": "object",
        "properties": {**properties, **(optional or {})},
        "required": list(properties),
        "additionalProperties": False,
    }


def rows(row: dict[str, Any]) -> dict[str, Any]:
    """The rows of a table."""
    return {"type": "array", "items": row}


PEOPLE = rows({"type": "object", "minProperties": 1, "additionalProperties": WORDS})
WRITTEN = {
    "chances.csv": rows(
        closed({"id": WORDS, "chance": DECIMAL}, {"exact": DECIMAL, "deviation": SIGNED})
    ),
    "errors.json": rows(closed(FINDING)),
    "panel.csv": PEOPLE,
    "quotas.csv": rows(closed(QUOTA, FLEX)),
    "receipts.csv": rows(closed(RECEIPT)),
    "remaining.csv": PEOPLE,
}


def form_file() -> dict[str, Any]:
    """A form whose fields may be ready ones, and whose options may be texts."""
    made = Form.model_json_schema()
    field = made["$defs"]["FormField"]
    field["properties"]["options"]["items"] = {
        "anyOf": [{"$ref": "#/$defs/FormOption"}, {"type": "string"}]
    }
    ready = {"ready": {"enum": sorted(READY)}, **field["properties"]}
    made["$defs"]["ReadyField"] = {**closed({"ready": ready.pop("ready")}, ready)}
    made["properties"]["fields"]["items"] = {
        "anyOf": [{"$ref": "#/$defs/FormField"}, {"$ref": "#/$defs/ReadyField"}]
    }
    return made


def schemas() -> dict[str, dict[str, Any]]:
    """Name of the file to its schema."""
    made = {name: model.model_json_schema() for name, model in MODELS.items()}
    return {
        name: {"$schema": DIALECT, **schema, "title": name}
        for name, schema in sorted({**made, **WRITTEN, "form.toml": form_file()}.items())
    }


def main() -> None:
    """Write them all."""
    FOLDER.mkdir(exist_ok=True)
    for name, schema in schemas().items():
        text = json.dumps(schema, ensure_ascii=False, indent=2, sort_keys=True)
        (FOLDER / f"{name}.schema.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
