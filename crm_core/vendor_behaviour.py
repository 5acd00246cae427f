"""How the simulated vendor behaves: what becomes of messages, and how it fails those who rely on it."""

import json
from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from crm_core.errors import InvalidInput
from crm_core.plain_messages import plain_message

DAY_S: Final = 86_400
_Share = Annotated[float, Field(ge=0, le=1)]
_Seconds = Annotated[float, Field(ge=0, le=60 * DAY_S)]
_Milliseconds = Annotated[int, Field(ge=0, le=DAY_S * 1000)]


class Behaviour(BaseModel):
    """One field a row of docs/vendor.md. Every misbehaviour is off by default; rates are shares from 0 to 1."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    seed: int = Field(1, description="With a message's key it decides all that becomes of the message.")
    success_rate: _Share = Field(
        0.9, description="Share of accepted messages that are delivered; the others fail, with a reason."
    )
    open_rate: _Share = Field(0.35, description="Share of delivered messages that are opened.")
    click_rate: _Share = Field(0.2, description="Share of opened messages that are clicked.")
    mean_delay_ms: _Milliseconds = Field(
        300,
        description="From accepting a message to its delivery or failure, on average: half to one and a half of it.",
    )
    open_delay_ms: _Milliseconds = Field(3_000, description="From delivery to opening, likewise.")
    click_delay_ms: _Milliseconds = Field(3_000, description="From opening to clicking, likewise.")
    reject_rate: _Share = Field(
        0, description="Share of messages refused for good, each by itself; they get no receipt."
    )
    reject_word: Annotated[str, Field(max_length=100)] = Field(
        "invalid", description="Addresses that contain this word are refused for good. Empty: none."
    )

    outage: Literal["off", "refuse", "close"] = Field(
        "off", description="`refuse`: every call is answered 503. `close`: connections are closed without an answer."
    )
    outage_s: _Seconds | None = Field(
        None, description="Seconds after which the outage ends by itself. Null: when it is switched off."
    )
    error_rate: _Share = Field(0, description="Share of calls answered `error_status`; nothing of them is accepted.")
    error_status: Annotated[int, Field(ge=500, le=599)] = Field(500, description="Status of those answers, 500 to 599.")
    too_many_rate: _Share = Field(0, description="Share of calls answered 429; nothing of them is accepted.")
    max_per_second: Annotated[int, Field(ge=1, le=1_000_000)] | None = Field(
        None, description="Messages per second beyond which calls are answered 429. Null: no limit."
    )
    retry_after_s: Annotated[int, Field(ge=0, le=3_600)] = Field(
        1, description="What `Retry-After` of a 429 or 503 says, in seconds; `max_per_second` may say more."
    )
    slow_rate: _Share = Field(1, description="Share of calls that are answered `latency_ms` late.")
    latency_ms: _Milliseconds = Field(
        0,
        description="How late. What those calls bring is accepted at once; the app waits 10 s for an answer.",
    )
    nonsense_rate: _Share = Field(0, description="Share of calls accepted and then answered 200 with nonsense.")
    nonsense: Literal["any", "no_json", "other_shape", "missing_keys"] = Field(
        "any", description="Which: no JSON, JSON of another shape, results that lack some keys, or any of them."
    )
    unanswered_rate: _Share = Field(0, description="Share of calls accepted whose connection is then closed.")

    duplicate_rate: _Share = Field(0, description="Share of receipts that are told twice.")
    duplicate_after_s: _Seconds = Field(5, description="How long after the first time they are told again.")
    shuffle_rate: _Share = Field(0, description="Share of messages whose receipts are told the last one first.")
    late_rate: _Share = Field(0, description="Share of receipts that are told long after their moment.")
    late_hold_s: _Seconds = Field(0, description="How long those are really held back.")
    late_back_s: _Seconds = Field(10 * DAY_S, description="How far their moment, `at`, is set back besides.")
    lost_rate: _Share = Field(0, description="Share of receipts that are never told.")
    unknown_rate: _Share = Field(0, description="Receipts for messages that never existed, per accepted message.")
    forged_rate: _Share = Field(0, description="Callbacks whose signature is wrong or missing, per true callback.")
    replay_rate: _Share = Field(
        0, description="Share of callbacks that are sent once more, as they were, with their old signature."
    )
    replay_after_s: _Seconds = Field(
        330, description="How long after the first time. The app takes signatures up to 300 s old."
    )


def load_behaviour(fields: Mapping[str, object]) -> Behaviour:
    """Make a behaviour of these fields, the others as by default. Raises InvalidInput that names each bad field."""
    try:
        return Behaviour.model_validate(fields)
    except ValidationError as exc:
        errors = exc.errors(include_url=False)
        raise InvalidInput("; ".join(_fault(error) for error in errors), field=str(errors[0]["loc"][0])) from None


def parse_behaviour(text: str | bytes) -> dict[str, object]:
    """Read a JSON object of some fields and check it. Raises InvalidInput."""
    try:
        fields = json.loads(text)
    except ValueError as exc:
        raise InvalidInput(f"the behaviour is no JSON: {exc}") from None
    if not isinstance(fields, dict):
        raise InvalidInput('the behaviour is no JSON object such as {"success_rate": 0.5}')
    load_behaviour(fields)
    return fields


def behaviour_table() -> str:
    """The fields as the Markdown table of docs/vendor.md, which a test compares with it."""
    rows = [
        f"| `{name}` | `{json.dumps(field.default)}` | {field.description} |"
        for name, field in Behaviour.model_fields.items()
    ]
    return "\n".join(["| field | default | what |", "| --- | --- | --- |", *rows])


def _fault(error: ErrorDetails) -> str:
    name = ".".join(map(str, error["loc"]))
    if error["type"] == "extra_forbidden":
        return f"{name}: there is no such field, there are: {', '.join(Behaviour.model_fields)}"
    return f"{name} {plain_message(error)}, not {json.dumps(error['input'])[:60]}"
