"""A count in the database that nobody has to wait for, and that ends when nobody wants it any more."""

import threading

from pymongo.errors import PyMongoError

from crm_core.audience.evaluation import Audience
from crm_core.audience.preview import Preview
from crm_core.errors import CrmError, Unavailable
from crm_core.infra.mongo import Db, translated
from crm_core.rules.tree import AnyRule


class Counting:
    """Begins at once, in a thread of its own. sample: how many customers to fetch with it."""

    def __init__(self, db: Db, audience: Audience, rule: AnyRule, *, sample: int) -> None:
        self._client = db.client
        self._audience = audience
        with translated():
            self._session = self._client.start_session()
        self._done = threading.Event()
        self._found: Preview | CrmError = Unavailable("This count was given up.")
        threading.Thread(target=self._run, args=(rule, sample), name="counting", daemon=True).start()

    def is_done(self, *, wait_s: float = 0) -> bool:
        return self._done.wait(wait_s)

    def result(self) -> Preview:
        """Of a count that is done. Raises BadRule, Unavailable."""
        if isinstance(self._found, CrmError):
            raise self._found
        return self._found

    def cancel(self) -> None:
        """End it in the database as well. Raises Unavailable."""
        if not self._done.is_set():
            with translated():
                self._client.admin.command({"killSessions": [self._session.session_id]})

    def _run(self, rule: AnyRule, sample: int) -> None:
        try:
            self._found = self._audience.preview(rule, sample=sample, session=self._session)
        except CrmError as exc:
            self._found = exc
        except PyMongoError:  # it was cancelled, or the connection was closed
            pass
        finally:
            self._session.end_session()
            self._done.set()
