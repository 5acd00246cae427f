"""People who act in tests: admins, unless a test is about what a role may do."""

from crm_core.access.accounts import Account
from crm_core.access.actor import Actor, ActorKind, system_actor
from crm_core.access.permissions import Role


def person(name: str, role: Role = Role.ADMIN) -> Actor:
    return Actor(ActorKind.USER, name, name, role)


ACCOUNT = Account("https://id.example.com", "1")
"""At a sign-in provider."""
ASHA = person("asha")
BELA = person("bela")
BEN = person("ben")
BENCHMARK = person("benchmark")
CEM = person("cem")
DORA = person("dora")
ME = person("me")
OPERATOR = system_actor("command line")
TEST = person("test")
