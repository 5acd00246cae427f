"""Insights over HTTP: one endpoint for each question of the registry, with its own parameters."""

import inspect
from typing import Annotated, Any, Literal

from fastapi import Query, Request, Security
from pydantic import WithJsonSchema

from crm_core.access.api_key import ApiKey
from crm_core.access.scopes import Scope
from crm_core.api.access import ServicesDep, authorize
from crm_core.api.answers import insights as answers
from crm_core.api.problems import to_responses
from crm_core.api.routing import Router
from crm_core.api.shapes import to_json_values
from crm_core.insights.asking import PERIOD
from crm_core.insights.frame import Column, Row, Unit
from crm_core.insights.question import (
    Choice,
    OfCampaign,
    OfCampaigns,
    OfField,
    OfSegment,
    OfSegments,
    Parameter,
    Question,
    Whole,
)
from crm_core.insights.registry import QUESTIONS
from crm_core.money import to_major
from crm_core.services import Services

router = Router(prefix="/v1", tags=["Insights"])
Reader = Annotated[ApiKey, Security(authorize, scopes=[Scope.INSIGHTS_READ])]
DAY = Annotated[str, WithJsonSchema({"type": "string", "format": "date"})]
"""Read by the service, whose message says what a day looks like."""
LOADED = {422: "A parameter is not valid.", 503: "The figures are being loaded into memory, or a server is away."}


@router.get("/insights", responses=to_responses())
def list_insights(services: ServicesDep, key: Reader) -> answers.InsightList:
    """List the questions that can be asked, with what each means and which columns its answer has."""
    return {
        "insights": [{**_head(services, each), "url": f"/api/v1/insights/{each.name}"} for each in QUESTIONS.values()]
    }


def _add_endpoint(question: Question) -> None:
    def endpoint(request: Request, services: Services, key: ApiKey, **_: Any) -> answers.Insight:
        wanted = {name: value for name, value in request.query_params.items() if value}
        found = services.insights.ask(question.name, wanted, actor=key.actor, is_fresh=True)
        digits = services.workspace.digits()
        return {
            **_head(services, question),
            "as_of": found.as_of,
            "parameters": dict(found.parameters),
            "rows": [to_json_row(row, question, digits) for row in found.rows],
        }

    endpoint.__name__ = f"get_{question.name}"
    endpoint.__doc__ = f"{question.title}. {question.definition}"
    endpoint.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            _taken("request", Request),
            _taken("services", ServicesDep),
            _taken("key", Reader),
            *(_taken(f"p_{name}", annotation, None) for name, annotation in _parameters(question)),
        ],
        return_annotation=answers.Insight,
    )
    endpoint.__annotations__["return"] = answers.answer_of(question)
    router.get(f"/insights/{question.name}", responses=to_responses(LOADED))(endpoint)


def _taken(name: str, annotation: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


def _parameters(question: Question) -> list[tuple[str, Any]]:
    """Declared, so that they are documented; the service reads them, and refuses others by name."""
    about = "A day of the workspace's time zone, which belongs to the range."
    days = [(name, _of(name, DAY, about)) for name in PERIOD] if question.days else []
    return [*days, *((each.name, _of(each.name, _type(each), _about(each))) for each in question.parameters)]


def _of(name: str, kind: Any, about: str) -> Any:
    return Annotated[kind | None, Query(alias=name, description=about)]


def _type(parameter: Parameter) -> Any:
    match parameter:
        case Choice():
            return Literal[tuple(parameter.options)]
        case Whole():
            return Annotated[int, Query(ge=parameter.low, le=parameter.high)]
        case OfSegment() | OfSegments() | OfField() | OfCampaign() | OfCampaigns():
            return Annotated[str, Query(max_length=1000)]


def _about(parameter: Parameter) -> str:
    match parameter:
        case Choice():
            return f"{parameter.title}; {parameter.default} if nothing is said."
        case Whole():
            return f"{parameter.title}; {parameter.default} {parameter.unit} if nothing is said."
        case OfSegment():
            return "Id of a saved segment: only its customers are looked at."
        case OfCampaign():
            return "Id of a campaign that was launched; the one that was launched last if nothing is said."
        case OfCampaigns():
            return (
                f"Ids of {parameter.least} to {parameter.most} campaigns that were launched, with commas between; the "
                f"others are compared with the first. The {parameter.least} that were launched last if nothing is said."
            )
        case OfSegments():
            return f"Ids of up to {parameter.most} saved segments, with commas between."
        case OfField():
            return f"{parameter.title} of customers; {parameter.default} if nothing is said."


def _head(services: Services, question: Question) -> answers.InsightHead:
    currency = services.workspace.current().currency
    columns: list[answers.InsightColumn] = [
        {"id": each.id, "title": each.title, "unit": unit_of(each, currency)} for each in question.columns
    ]
    return {
        "name": question.name,
        "title": question.title,
        "definition": question.definition,
        "columns": columns,
    }


def unit_of(column: Column, currency: str) -> str:
    return currency if column.unit is Unit.MONEY else column.unit.value


def to_json_row(row: Row, question: Question, digits: int) -> dict[str, Any]:
    money = {each.id for each in question.columns if each.unit is Unit.MONEY}
    return {
        name: float(to_major(value, digits)) if name in money and value is not None else to_json_values(value)
        for name, value in row.items()
    }


for _question in QUESTIONS.values():
    _add_endpoint(_question)
