"""Files as a person uploads them, and what is left of them."""

from typing import Any

from crm_core.imports.recognising.plan import ImportOptions
from crm_core.jobs.model import Job
from crm_core.services import Services
from tests.actors import ASHA

CUSTOMERS = "id,name,visits,plan\nc1,Asha Rao,3,gold\nc2,Bela Sen,1,\n"
ORDERS = "id,customer_id,amount\n" + "".join(f"o{number:04},c{number % 7},{number}.50\n" for number in range(2500))
EVENTS = '{"id": "e1", "customerId": "c1", "type": "visit", "properties": {"page": "home"}}\n'
GOOD_ORDERS = 2500


def start(services: Services, name: str, text: str, **options: Any) -> str:
    return services.imports.start(name, text.encode(), ImportOptions(**options), actor=ASHA)


def read_import(services: Services, import_id: str) -> Job:
    return next(job for job in services.imports.recent(actor=ASHA) if job["_id"] == import_id)


def kept_files(services: Services) -> int:
    return services.db["import_files.files"].count_documents({}) + services.db["import_files.chunks"].count_documents(
        {}
    )
