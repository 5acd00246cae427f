"""Campaigns as they are kept: read, and changed only from the states that a change may leave."""

from collections.abc import Collection, Sequence
from contextlib import suppress

from crm_core.access.actor import SYSTEM, Actor
from crm_core.access.audit import AuditLog, changes
from crm_core.access.audit_runs import AuditRuns, is_of_run
from crm_core.audience.segments import named_like
from crm_core.campaigns.model import HEAVY, Campaign, CampaignFields, campaigns_in
from crm_core.campaigns.states import CampaignState
from crm_core.errors import Conflict, NotFound, Unavailable
from crm_core.infra.clock import Clock
from crm_core.infra.mongo import Db, Doc, translated
from crm_core.infra.paging import read_page


class CampaignStore:
    """Each change notes its audit entry in ``audit_due`` by the same update, so that no crash loses it. Any but a
    further edit ends a run of edits."""

    def __init__(self, db: Db, audit: AuditLog, clock: Clock) -> None:
        self._campaigns = campaigns_in(db)
        self._audit = audit
        self._runs = AuditRuns(db)
        self._clock = clock

    def get(self, campaign_id: str) -> Campaign:
        """Raises NotFound."""
        with translated():
            campaign = self._campaigns.find_one({"_id": campaign_id})
        if campaign is None:
            raise unknown(campaign_id)
        return campaign

    def watch(self, campaign_id: str) -> Campaign:
        """The same without what only its planning needs, which can be large. Raises NotFound."""
        with translated():
            campaign = self._campaigns.find_one({"_id": campaign_id}, dict.fromkeys(HEAVY, 0))
        if campaign is None:
            raise unknown(campaign_id)
        return campaign

    def page(
        self,
        *,
        limit: int = 25,
        after: str | None = None,
        text: str = "",
        state: CampaignState | None = None,
        archived: bool = False,
    ) -> tuple[list[Campaign], str | None]:
        """The newest first, and the id to go on after, None on the last page.

        text: only those with it in their name. archived: these instead of the others.
        """
        query = {**_search(text, state, archived), **({"_id": {"$lt": after}} if after else {})}
        rows, has_more = read_page(self._campaigns.find(query).sort("_id", -1), limit)
        return rows, rows[-1]["_id"] if has_more else None

    def search(
        self, text: str, *, state: CampaignState | None, skip: int, limit: int, archived: bool = False
    ) -> list[Campaign]:
        """One page of the campaigns with ``text`` in their name, newest first."""
        with translated():
            found = self._campaigns.find(_search(text, state, archived)).sort("_id", -1)
            return list(found.skip(skip).limit(limit))

    def count_found(self, text: str, *, state: CampaignState | None, archived: bool = False) -> int:
        """How many campaigns ``search`` finds on all pages."""
        with translated():
            return self._campaigns.count_documents(_search(text, state, archived))

    def known_tags(self) -> list[str]:
        """Of all campaigns, by name."""
        with translated():
            return sorted(self._campaigns.distinct("tags"))

    def in_state(self, *states: CampaignState, fields: Sequence[str] | None = None) -> list[Campaign]:
        """The longest waiting first. fields: only these, since an audience can be a list of 10,000 ids."""
        with translated():
            query = {"state": {"$in": list(states)}}
            return list(self._campaigns.find(query, fields).sort([("launched_at", 1), ("_id", 1)]))

    def advance(
        self,
        campaign_id: str,
        before: CampaignState,
        after: CampaignState,
        values: CampaignFields,
        *,
        cleared: Collection[str] = (),
    ) -> bool:
        """What workers do: change the state if it is still ``before``. Return whether it was."""
        return self.move(campaign_id, [before], after, values, actor=SYSTEM, action=after, cleared=cleared)

    def move(
        self,
        campaign_id: str,
        before: Collection[CampaignState],
        after: CampaignState,
        values: CampaignFields,
        *,
        actor: Actor,
        action: str,
        cleared: Collection[str] = (),
        only: Doc | None = None,
    ) -> bool:
        """Change the state if it is one of ``before``, and ``only`` holds; audited. Return whether it was.

        values: fields to set with it. cleared: fields to remove with it.
        """
        query = {"_id": campaign_id, "state": {"$in": list(before)}, **(only or {})}
        change: Doc = {"$set": {**values, "state": after}} | ({"$unset": dict.fromkeys(cleared, "")} if cleared else {})
        while found := self._found(query):
            details = {"name": found.get("name"), **changes({"state": found["state"]}, {"state": after})}
            entry = self._audit.entry(actor, f"campaign.{action}", campaign_id, details)
            if self._audited({**query, "state": found["state"]}, change, entry):
                return True
        return False

    def audit_left(self) -> int:
        """Write the entries of those who ended between a change and its entry, or whose database went away; returns how
        many."""
        with translated():
            left = list(self._campaigns.find({"audit_due.at": {"$lte": self._clock()}}, ["audit_due"]))
        due = [(campaign["_id"], entry) for campaign in left for entry in campaign["audit_due"]]
        for campaign_id, entry in due:
            self._write_due(campaign_id, entry)
        return len(due)

    def _found(self, query: Doc) -> Campaign | None:
        """With its name and its state."""
        with translated():
            return self._campaigns.find_one(query, {"name": 1, "state": 1})

    def _audited(self, query: Doc, change: Doc, entry: Doc) -> bool:
        """Change a campaign and note ``entry`` in it by one update, then write it; returns whether ``query`` fitted."""
        run = (
            {"$set": {**change.get("$set", {}), "edits": entry["_id"]}}
            if is_of_run(entry)
            else {"$unset": {**change.get("$unset", {}), "edits": ""}}
        )
        with translated():
            changed = self._campaigns.update_one(query, {**change, **run, "$push": {"audit_due": entry}})
        if changed.matched_count:
            self._write_at_once(query["_id"], entry)
        return bool(changed.matched_count)

    def _write_at_once(self, campaign_id: str, entry: Doc) -> None:
        with suppress(Unavailable):  # it is changed, and noted: the campaign worker writes the entry
            self._write_due(campaign_id, entry)

    def _write_due(self, campaign_id: str, entry: Doc) -> None:
        if is_of_run(entry):
            self._runs.write(entry)
        else:
            self._audit.write(entry)
        written = {name: entry.get(name) for name in ("_id", "count")}
        with translated():
            self._campaigns.update_one({"_id": campaign_id}, {"$pull": {"audit_due": written}})


def unknown(campaign_id: str) -> NotFound:
    return NotFound(f"There is no campaign with the id {campaign_id!r}.")


def refuse(campaign: Campaign, allowed: Collection[CampaignState], done: str) -> Conflict:
    """The words for a change that the present state does not allow. done: such as ``launched``."""
    return Conflict(f"This campaign is {campaign['state']}; only {_names(list(allowed))} campaign can be {done}.")


def _names(states: Sequence[str]) -> str:
    """a draft or a scheduled"""
    shown = [f"{'an' if state[0] in 'aeiou' else 'a'} {state}" for state in states]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} or {shown[-1]}"


def _search(text: str, state: CampaignState | None, archived: bool) -> Doc:
    return named_like(text) | _archived(archived) | ({"state": state} if state else {})


def _archived(archived: bool) -> Doc:
    return {"archived_at": {"$ne": None} if archived else None}
