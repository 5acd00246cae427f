"""What can be done on the command line instead, as pages name it."""

from typing import Final

IMPORT_COMMANDS: Final = """export CRM_API_KEY=$(python -m crm_core key create --name import --scopes ingest:write)
python -m crm_core import orders.csv"""
