"""Asks a question of the snapshot: reads what was chosen, and remembers the answer for as long as nothing changes."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, tzinfo
from typing import Any

from crm_core.access.actor import Actor
from crm_core.access.permissions import Permission
from crm_core.audience.contexts import RuleContexts
from crm_core.audience.segments import Segments
from crm_core.audience.snapshot.bits import Bits
from crm_core.audience.snapshot.keeper import Keeper, State, Status
from crm_core.audience.snapshot.needs import Extra
from crm_core.audience.snapshot.population import Population
from crm_core.audience.snapshot.ranks import SnapshotRanks
from crm_core.audience.snapshot.version import Version
from crm_core.errors import InvalidInput, NotFound, Unavailable
from crm_core.infra.clock import Clock
from crm_core.insights.facts import FactPart, Facts
from crm_core.insights.frame import Answer, Row
from crm_core.insights.launched import LaunchedCampaigns
from crm_core.insights.periods import Period, make_period
from crm_core.insights.question import (
    Asked,
    LaunchedCampaign,
    OfCampaign,
    OfCampaigns,
    OfField,
    OfSegment,
    OfSegments,
    Question,
    Taken,
)
from crm_core.insights.registry import QUESTIONS
from crm_core.predictions.store import PredictionFits
from crm_core.rules.binding import bind
from crm_core.rules.days import day_of
from crm_core.rules.loading import load_rule
from crm_core.rules.quoting import shown
from crm_core.rules.tree import AnyRule
from crm_core.workspace.model import WorkspaceSettings
from crm_core.workspace.reading import Workspace

PATIENCE_S = 10.0
MAX_REMEMBERED = 200
PERIOD = ("from", "to")


class BeingLoaded(Unavailable):
    """What is asked for is on its way into memory. loaded, total: records, 0 while nobody knows."""

    def __init__(self, loaded: int = 0, total: int = 0) -> None:
        how_far = f" {loaded:,} of {total:,} records are." if total else ""
        super().__init__(f"The figures are being loaded into memory.{how_far}", retry_after_s=2)
        self.loaded, self.total = loaded, total


class NotInMemory(Unavailable):
    """What is asked for does not fit into memory, or is not held there."""


class Insights:
    def __init__(
        self,
        keeper: Keeper,
        contexts: RuleContexts,
        segments: Segments,
        launched: LaunchedCampaigns,
        workspace: Workspace[WorkspaceSettings],
        fits: PredictionFits,
        clock: Clock,
    ) -> None:
        self._keeper = keeper
        self._contexts = contexts
        self._segments = segments
        self._launched = launched
        self._workspace = workspace
        self._fits = fits
        self._clock = clock

    def question(self, name: str) -> Question:
        """Raises NotFound."""
        if name not in QUESTIONS:
            raise NotFound(f"No insight is called {shown(name)}; there are {', '.join(QUESTIONS)}.")
        return QUESTIONS[name]

    def ask(self, name: str, wanted: Mapping[str, str], *, actor: Actor, is_fresh: bool = False) -> Answer:
        """wanted: parameters by name, as a link has them. is_fresh: with all that was stored before this call.

        Raises NotFound, InvalidInput, BeingLoaded, NotInMemory, Unavailable.
        """
        actor.require(Permission.READ_FIGURES)
        question = self.question(name)
        taken = self._read(question, wanted)
        if question.is_of_fit:
            return self._of_fit(question, actor)
        state = self._state(question, is_fresh=is_fresh)
        assert state.version is not None
        assert state.as_of is not None
        zone, settings = self._contexts.zone(), self._workspace.current()
        asked = Asked(
            _period_of(taken, day_of(state.as_of, zone), question),
            taken,
            settings.attribution_days,
            settings.attribution_touch,
            settings.currency_digits,
            campaign=self._launched.find(taken["campaign"], actor=actor) if "campaign" in taken else None,
            campaigns=self._campaigns(question, taken, actor),
            campaign_names=self._contexts.campaigns().labels(),
        )
        parameters = _in_words(question, asked)
        labels = hash(tuple(asked.campaign_names.items()))
        key = f"insight {name} {sorted(parameters.items())} {zone} {asked.window_days} {asked.touch} {labels}"
        remembered = state.version.remembered
        today = day_of(state.as_of, zone)
        known: tuple[date, tuple[Row, ...]] | None = remembered.get(key)
        # A segment may have another rule by now, and a campaign other figures than those in the snapshot.
        is_elsewhere = bool(taken.get("segment") or taken.get("segments")) or (
            not question.reads_messages and (asked.campaign or asked.campaigns)
        )
        if known is None or known[0] != today or is_elsewhere:
            people = _People(state.version, zone, today, self._segments, self._contexts)
            named = {name: people.facts(bits) for name, bits in map(people.members, taken.get("segments", ()))}
            whole = people.facts(people.members(taken["segment"])[1] if taken.get("segment") else None)
            known = today, tuple(question.answer(whole, replace(asked, segments=named)))
            if not is_elsewhere and len(remembered) < MAX_REMEMBERED:
                remembered[key] = known
        return Answer(known[1], state.as_of, parameters)

    def _of_fit(self, question: Question, actor: Actor) -> Answer:
        fit, settings, zone = self._fits.latest(actor=actor), self._workspace.current(), self._contexts.zone()
        as_of = fit["fitted_at"] if fit else self._clock()
        today = day_of(as_of, zone)
        asked = Asked(
            Period(today, today),
            {},
            settings.attribution_days,
            settings.attribution_touch,
            settings.currency_digits,
            check=fit["check"] if fit else None,
        )
        return Answer(tuple(question.answer(Facts((), zone, today), asked)), as_of, {})

    def launched_campaigns(self, *, actor: Actor) -> Mapping[str, str]:
        """Those that can be asked about, the last first: id to name. Raises Unavailable."""
        actor.require(Permission.READ_FIGURES)
        return self._launched.names()

    def rule_of(self, question: Question, answer: Answer, row: Row) -> AnyRule | None:
        """The rule that finds the customers of a row, None where there is none."""
        if question.rule is None:
            return None
        values = dict(answer.parameters)
        field = next((each for each in self._contexts.catalogue().fields if each.name == values.get("field")), None)
        today = day_of(answer.as_of, self._contexts.zone())
        conditions = list(question.rule(row, Taken(values, today, field)))
        if not conditions:
            return None
        if segment_id := values.get("segment"):
            conditions.insert(0, {"kind": "segment", "segment_id": segment_id})
        return load_rule({"kind": "all", "rules": conditions})

    def _read(self, question: Question, wanted: Mapping[str, str]) -> dict[str, Any]:
        allowed = [each.name for each in question.parameters] + (list(PERIOD) if question.days else [])
        if unknown := sorted(wanted.keys() - set(allowed)):
            raise InvalidInput(
                f"{question.name} has no parameter {shown(unknown[0])}; it has {', '.join(allowed) or 'none'}.",
                field=unknown[0],
            )
        taken: dict[str, Any] = {}
        for each in question.parameters:
            text = wanted.get(each.name, "")
            if isinstance(each, OfSegment | OfCampaign):
                taken[each.name] = text or None
            elif isinstance(each, OfSegments | OfCampaigns):
                taken[each.name] = _read_ids(each, text)
            elif isinstance(each, OfField):
                taken[each.name] = self._field(each, text or each.default)
            else:
                taken[each.name] = each.read(text) if text else each.default
        taken |= {name: _read_day(name, wanted[name]) for name in PERIOD if wanted.get(name)}
        return taken

    def _campaigns(self, question: Question, taken: Mapping[str, Any], actor: Actor) -> list[LaunchedCampaign]:
        parameter = next((each for each in question.parameters if isinstance(each, OfCampaigns)), None)
        return self._launched.find_several(taken[parameter.name], parameter, actor=actor) if parameter else []

    def _field(self, parameter: OfField, name: str) -> str:
        fields = self._contexts.catalogue().fields
        known = [each.name for each in fields if each.type in parameter.types and each.is_held]
        if name not in known:
            raise InvalidInput(f"{shown(name)} is none of the fields {', '.join(known)}.", field=parameter.name)
        return name

    def _state(self, question: Question, *, is_fresh: bool) -> State:
        """One that has what the question is about. is_fresh: waits for it, and for what was stored before."""
        state = self._keeper.state
        if question.reads_messages and state.status is not Status.TOO_LARGE:
            if not self._keeper.want({Extra.MESSAGES}):
                raise NotInMemory("The messages are too many for the memory that CRM_SNAPSHOT_MAX_MB allows.")
            if is_fresh:
                state = self._keeper.wait_until(lambda now: now.as_of is not None and _has_messages(now), PATIENCE_S)
        if is_fresh:
            state = self._keeper.caught_up(PATIENCE_S)
        if state.status is Status.TOO_LARGE:
            raise NotInMemory("The data are too large for the memory that CRM_SNAPSHOT_MAX_MB allows.")
        if state.version is None or state.as_of is None or (question.reads_messages and not _has_messages(state)):
            raise BeingLoaded(state.loaded, state.total)
        return state


class _People:
    """Whom a question is asked of, in one version of the snapshot."""

    def __init__(self, version: Version, zone: tzinfo, today: date, segments: Segments, contexts: RuleContexts) -> None:
        self._version = version
        self._population = Population(version)
        self._zone, self._today = zone, today
        self._segments, self._contexts = segments, contexts

    def facts(self, who: Bits | None) -> Facts:
        """Of everybody for None."""
        shards = self._population.shards(self._population.everyone if who is None else who)
        return Facts([FactPart(shard, people) for shard, people in shards], self._zone, self._today)

    def members(self, segment_id: str) -> tuple[str, Bits]:
        """Its name, and who is in it. Raises InvalidInput, BadRule, Unavailable."""
        try:
            segment = self._segments.get(segment_id)
        except NotFound as exc:
            raise InvalidInput(f"No segment has the id {shown(segment_id)}.", field="segment") from exc
        context = self._contexts.remembered_context(ranks=SnapshotRanks(self._version))
        bound = bind(load_rule(segment["rule"]), context)
        if not self._population.holds(bound):
            raise NotInMemory(f"The segment {shown(segment['name'])} uses a field that is not held in memory.")
        return segment["name"], self._population.find(bound)


def _has_messages(state: State) -> bool:
    version = state.version
    return version is not None and all(part.shard.columns.messages is not None for part in version.parts)


def _period_of(taken: Mapping[str, Any], today: date, question: Question) -> Period:
    if not question.days:
        return Period(today, today)
    return make_period(taken.get("from"), taken.get("to"), today=today, days=question.days)


def _read_ids(parameter: OfSegments | OfCampaigns, text: str) -> tuple[str, ...]:
    ids = tuple(dict.fromkeys(filter(None, text.split(","))))
    if isinstance(parameter, OfCampaigns):
        if ids and not parameter.least <= len(ids) <= parameter.most:
            what = f"From {parameter.least} to {parameter.most} campaigns can be compared, not {len(ids)}."
            raise InvalidInput(what, field=parameter.name)
    elif len(ids) > parameter.most:
        raise InvalidInput(f"At most {parameter.most} segments can be asked for, not {len(ids)}.", field=parameter.name)
    return ids


def _in_words(question: Question, asked: Asked) -> dict[str, str]:
    """What was taken, as a link would have it."""
    values = {name: value for name, value in asked.values.items() if value and name not in PERIOD}
    chosen = {name: ",".join(value) if isinstance(value, tuple) else str(value) for name, value in values.items()}
    days = {"from": str(asked.period.first), "to": str(asked.period.last)} if question.days else {}
    campaign = {"campaign": asked.campaign.id} if asked.campaign else {}
    campaigns = {"campaigns": ",".join(each.id for each in asked.campaigns)} if asked.campaigns else {}
    return {**days, **campaign, **campaigns, **chosen}


def _read_day(name: str, text: str) -> date:
    try:
        if len(text) != len("2026-01-31"):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"{name!r} is a day such as 2026-01-31, not {shown(text)}.", field=name) from None
