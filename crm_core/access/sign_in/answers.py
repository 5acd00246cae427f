"""What the provider's button answers is data from the browser: only a code, and only for the attempt that asked."""

import secrets
from typing import Any

from crm_core.errors import Forbidden

FORGED = ("token", "id_token", "access_token")
"""What a provider sends to our server only."""


def check_answer(answer: Any, *, state: str, provider: str) -> None:
    """Raises Forbidden unless ``answer`` holds a code and exactly the ``state`` of this attempt. provider: its name."""
    if not isinstance(answer, dict) or any(name in answer for name in FORGED):
        raise Forbidden("This is no answer to a sign-in. Try again.")
    if "error" in answer:
        raise Forbidden(f"{provider} did not confirm the sign-in. Try again, or with another account.")
    code, said = answer.get("code"), answer.get("state")
    if not isinstance(code, str) or not code:
        raise Forbidden(f"The answer of {provider} has no code. Try again.")
    if not isinstance(said, str) or not secrets.compare_digest(said.encode("utf-8", "surrogatepass"), state.encode()):
        raise Forbidden(f"The answer of {provider} belongs to another attempt to sign in. Try again.")
