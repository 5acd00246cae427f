"""Whom calls about campaigns are open to."""

from typing import Annotated

from fastapi import Security

from crm_core.access.api_key import ApiKey
from crm_core.access.scopes import Scope
from crm_core.api.access import authorize

Reader = Annotated[ApiKey, Security(authorize, scopes=[Scope.CAMPAIGNS_READ])]
Writer = Annotated[ApiKey, Security(authorize, scopes=[Scope.CAMPAIGNS_WRITE])]
UNKNOWN = {404: "No campaign has this id.", 422: "The id is not valid."}
