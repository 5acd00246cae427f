"""Whose account at the sign-in provider an address is: that of whoever signed in with it first.

A provider may give an address to another person, a new colleague of the same name say. The subject of its tokens is
never given again. Source: OpenID Connect Core 1.0, 5.7.
"""

from dataclasses import dataclass

from pymongo.collection import Collection

from crm_core.errors import Forbidden
from crm_core.infra.mongo import Doc, translated


@dataclass(frozen=True)
class Account:
    """subject: what the issuer calls the account, whatever its address becomes."""

    issuer: str
    subject: str


def keep_account(users: Collection[Doc], user_id: str, account: Account) -> None:
    """Note the account at its first sign-in, one for each issuer. Raises Forbidden for another than the one noted."""
    stored = {"issuer": account.issuer, "subject": account.subject}
    with translated():
        users.update_one({"_id": user_id, "accounts.issuer": {"$ne": account.issuer}}, {"$push": {"accounts": stored}})
        user = users.find_one({"_id": user_id}, {"email": 1, "accounts": 1})
    if user and stored not in user["accounts"]:
        raise Forbidden(
            f"{user['email']} now belongs to another account at the sign-in provider than the one that came in with it "
            "first. If that is right, an admin removes it on the Users page and invites it again."
        )
