"""The doctor's look at the data: whether they have the form of this program, and how far an upgrade is."""

from datetime import timedelta

import pymongo
from pymongo.errors import PyMongoError

from crm_core.cli.doctor_check import ANSWER_S, Check, problem, warning
from crm_core.cli.doctor_places import Places
from crm_core.errors import Unavailable
from crm_core.infra.clock import utc_now
from crm_core.infra.mongo import Db, connect
from crm_core.upgrades.lease import LEASE
from crm_core.upgrades.progress import PROMISE, to_progress
from crm_core.upgrades.steps import STEPS
from crm_core.upgrades.version import DataVersion, find_version, has_data

DATA = "data"


def check_data(places: Places) -> Check:
    settings = places.settings
    unseen = Check(DATA, faults=(warning("They cannot be seen without MongoDB.", "See MongoDB above first."),))
    if settings.mongodb_uri is None:
        return unseen
    try:
        with pymongo.timeout(ANSWER_S):
            db = connect(settings.mongodb_uri, settings.mongodb_database)
            with db.client:
                return _look(db)
    except (PyMongoError, Unavailable, ValueError):
        return unseen


def _look(db: Db) -> Check:
    stored = find_version(db)
    if stored is None and not has_data(db):
        return Check(DATA, "There are none yet.")
    stored = stored or DataVersion(version=0)
    version, newest = stored["version"], len(STEPS)
    if version > newest:
        found = f"A newer ClientNest has written them: version {version}; this one knows up to {newest}."
        return Check(DATA, faults=(problem(found, "Start the newer ClientNest, or restore a backup from before it."),))
    if version == newest and "begun_at" not in stored:
        return Check(DATA, f"Version {version}, the newest.")
    return _look_at_upgrade(stored)


def _look_at_upgrade(stored: DataVersion) -> Check:
    progress = to_progress(stored, STEPS)
    if progress.failure:
        advice = "It is tried again by itself; the log of the app and its workers says more."
        return Check(DATA, faults=(problem(f"Bringing them forward has stopped: {progress.failure}", advice),))
    if progress.beat_at is None or utc_now() - progress.beat_at > LEASE + timedelta(seconds=1):
        found = f"They are of an older version, and nobody brings them forward now; next is {progress.position}."
        return Check(DATA, faults=(warning(found, "Start the app: it goes on where it was."),))
    found = f"They are being brought forward to this version: {progress.sentence.partition(': ')[2]} {PROMISE}"
    return Check(DATA, faults=(warning(found, "Wait until it is done; it goes on by itself after an interruption."),))
