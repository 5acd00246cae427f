"""Exports as a person asks for them and takes their files."""

import csv
import io

from crm_core.access.actor import Actor
from crm_core.jobs.model import Job
from crm_core.rules.tree import EVERYONE, AnyRule
from crm_core.services import Services
from tests.actors import ASHA
from tests.integration.job_rig import jobs_worker


def start(services: Services, rule: AnyRule = EVERYONE, *, actor: Actor = ASHA) -> str:
    """Returns the id of the export."""
    return services.exports.start_rule(rule, "Everyone", actor=actor)["_id"]


def read_export(services: Services, export_id: str) -> Job:
    return next(job for job in services.exports.recent(actor=ASHA) if job["_id"] == export_id)


def take(services: Services, export_id: str) -> str:
    """The text of the file."""
    file = services.exports.open(export_id, actor=ASHA)
    data = b"".join(file.parts)
    assert len(data) == file.size
    return data.decode()


def export(services: Services, rule: AnyRule = EVERYONE) -> str:
    export_id = start(services, rule)
    jobs_worker(services).run_once()
    return take(services, export_id)


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def kept_parts(services: Services) -> int:
    return services.db.export_parts.count_documents({})
