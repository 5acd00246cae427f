"""A token is believed only when every part of it is right, and forged ones are refused in words."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from crm_core.access.accounts import Account
from crm_core.access.sign_in.provider import CLOCK_SKEW_S, GOOGLE, Identity, Provider
from crm_core.errors import Forbidden, Unavailable
from crm_core.hosting.ports import free_port
from tests.sign_in.forge import CLIENT, NONCE, Forge, new_key, serving

NOW = datetime.now(UTC)
SECRET = "the secret of the client, which is long enough for a signature"


@pytest.fixture
def forge() -> Iterator[Forge]:
    with serving(Forge()) as served:
        yield served


@pytest.fixture
def provider(forge: Forge) -> Provider:
    return Provider(forge.issuer, CLIENT, SECRET)


def refused(provider: Provider, token: str, nonce: str = NONCE) -> str:
    with pytest.raises(Forbidden) as caught:
        provider.identify(token, nonce=nonce)
    return str(caught.value)


def test_a_good_token_says_who_somebody_is(provider: Provider, forge: Forge) -> None:
    account = Account(forge.issuer, "1")
    assert provider.identify(forge.token(), nonce=NONCE) == Identity("Ada@Example.com", "Ada Lovelace", account)
    assert provider.identify(forge.token(aud=[CLIENT, "b"], azp=CLIENT), nonce=NONCE)


def test_a_token_without_a_key_id_is_good_while_there_is_one_key(provider: Provider, forge: Forge) -> None:
    assert provider.identify(forge.token(kid=None), nonce=NONCE)
    forge.keys["k2"] = new_key()
    assert "which key" in refused(Provider(forge.issuer, CLIENT, SECRET), forge.token(kid=None))


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": NOW - timedelta(seconds=CLOCK_SKEW_S + 5)},
        {"exp": None},
        {"iat": None},
        {"iat": NOW + timedelta(hours=1)},
        {"aud": "another-client"},
        {"aud": None},
        {"aud": ["a", "b"]},
        {"azp": "another-client"},
        {"aud": [CLIENT, "b"], "azp": "b"},
        {"iss": "https://accounts.google.com.evil.example"},
        {"iss": None},
        {"nonce": "of another attempt"},
        {"nonce": None},
        {"nonce": ""},
        {"sub": None},
        {"email": None},
        {"email": ["ada@example.com"]},
        {"email_verified": None},
        {"email_verified": False},
        {"email_verified": "true"},
    ],
)
def test_a_token_with_one_wrong_claim_is_refused(provider: Provider, forge: Forge, changes: dict[str, Any]) -> None:
    assert refused(provider, forge.token(**changes))


def test_a_token_of_another_attempt_is_refused(provider: Provider, forge: Forge) -> None:
    assert "another attempt" in refused(provider, forge.token(), nonce="of this attempt")


def test_an_unsigned_token_is_refused(provider: Provider, forge: Forge) -> None:
    assert "not valid" in refused(provider, forge.unsigned())


def test_a_signature_with_something_that_is_no_key_of_the_provider_is_refused(provider: Provider, forge: Forge) -> None:
    forged = {
        "another key under the same id": forge.token(key=new_key()),
        "another key under an id of its own": forge.token(key=new_key(), kid="k9"),
        "the secret of the client": jwt.encode(forge.claims(), SECRET, algorithm="HS256", headers={"kid": "k1"}),
        "the published key": forge.signed_with_public_key(),
        "a key that it names itself": jwt.encode(
            forge.claims(), new_key(), algorithm="RS256", headers={"kid": "k1", "jku": "http://evil.example/keys"}
        ),
    }
    for what, token in forged.items():
        assert "not valid" in refused(provider, token), what


def test_a_signature_with_a_published_secret_is_refused(provider: Provider, forge: Forge) -> None:
    forge.secrets["k2"] = SECRET
    token = jwt.encode(forge.claims(), SECRET, algorithm="HS256", headers={"kid": "k2"})
    assert "not valid" in refused(provider, token)


def test_a_changed_token_is_refused(provider: Provider, forge: Forge) -> None:
    head, body, signature = forge.token().split(".")
    _, other, _ = forge.token(email="eve@example.com").split(".")
    for token in (f"{head}.{other}.{signature}", f"{head}.{body}.", f"{head}.{body}", body, "", "a.b.c", "\x00"):
        assert refused(provider, token)


def test_a_new_key_of_the_provider_is_found(provider: Provider, forge: Forge) -> None:
    forge.keys["k2"] = new_key()
    assert provider.identify(forge.token(key=forge.keys["k2"], kid="k2"), nonce=NONCE)


def test_a_provider_that_does_not_answer_is_an_outage_and_no_refusal() -> None:
    away = Provider(f"http://127.0.0.1:{free_port()}", CLIENT, SECRET)
    with pytest.raises(Unavailable):
        away.endpoints()


def test_a_document_of_another_issuer_is_not_believed(forge: Forge) -> None:
    with pytest.raises(Unavailable, match="CRM_SIGN_IN_ISSUER"):
        Provider(forge.issuer.replace("127.0.0.1", "localhost"), CLIENT, SECRET).endpoints()


def test_the_button_names_google_and_others_by_their_host() -> None:
    assert Provider(GOOGLE + "/", CLIENT, SECRET).name == "Google"
    assert Provider("https://login.example.com/tenant", CLIENT, SECRET).name == "login.example.com"
