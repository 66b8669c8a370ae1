"""The JSON Schema of the record: of each of its lines, and of the whole as `report --json` prints it."""

from __future__ import annotations

import json
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from ..version import SCHEMA
from .run import Run

NOT_FINITE = ["NaN", "Infinity", "-Infinity"]  # JSON has no number for these, so they are written as strings


class _Generate(GenerateJsonSchema):
    def float_schema(self, schema: core_schema.FloatSchema) -> JsonSchemaValue:
        return {"anyOf": [super().float_schema(schema), {"enum": NOT_FINITE}]}

    def field_title_should_be_set(self, schema: Any) -> bool:  # it is the name again
        return False


def schema() -> dict[str, Any]:
    """Draft 2020-12. A line has some of the fields, and the whole has null for a part that was not asked for."""
    generated = Run.model_json_schema(mode="validation", schema_generator=_Generate)
    for record in (generated, *generated["$defs"].values()):
        record.get("properties", {}).get("gradparity", {}).pop("default", None)  # it is the writer's, not this version
    about = {
        "$schema": GenerateJsonSchema.schema_dialect,
        "title": f"A gradparity record, schema {SCHEMA}",
        "description": "A line of record.jsonl, or the whole run that the lines add up to; see docs/record.md.",
    }
    return about | generated | about


def schema_text() -> str:
    """As it stands in docs/record.schema.json."""
    return json.dumps(schema(), indent=1) + "\n"
