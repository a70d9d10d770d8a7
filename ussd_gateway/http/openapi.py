"""The OpenAPI 3.1 document of a list of routes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pydantic.json_schema import models_json_schema

from ussd_gateway.http.route import Route

_PROBLEM = "#/components/schemas/Problem"
_REFERENCES = "#/components/schemas/{model}"


def document(routes: Iterable[Route], *, title: str, version: str) -> dict[str, Any]:
    """The document; every path, parameter and body of the routes, and problem details for mistakes."""
    rows = list(routes)
    models = [(route.body, "validation") for route in rows if route.body]
    _, schemas = models_json_schema(models, ref_template=_REFERENCES)  # type: ignore[arg-type]
    paths: dict[str, dict[str, Any]] = {}
    for route in rows:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version},
        "paths": paths,
        "components": {"schemas": {**schemas.get("$defs", {}), "Problem": _PROBLEM_SCHEMA}},
    }


_PROBLEM_SCHEMA = {
    "description": "What went wrong, and what to do (RFC 9457)",
    "type": "object",
    "required": ["type", "status", "title"],
    "properties": {
        "type": {"type": "string"},
        "status": {"type": "integer"},
        "title": {"type": "string"},
    },
}


def _operation(route: Route) -> dict[str, Any]:
    in_path = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", route.path)
    ]
    in_query = [
        {"name": name, "in": "query", "description": meaning, "schema": {"type": "string"}}
        for name, meaning in route.query.items()
    ]
    operation: dict[str, Any] = {
        "summary": route.summary,
        "parameters": in_path + in_query,
        "responses": {
            **{str(status): {"description": meaning} for status, meaning in route.answers.items()},
            "default": {
                "description": "A mistake",
                "content": {"application/problem+json": {"schema": {"$ref": _PROBLEM}}},
            },
        },
    }
    if route.body:
        schema: dict[str, Any] = {"$ref": _REFERENCES.format(model=route.body.__name__)}
        if route.many:
            schema = {"type": "array", "items": schema}
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return operation
