"""What a process needs to know before it can ask anything, read once from the environment (prefix ``CRM_``).

Settings of the workspace, which people change while it runs, are in ``crm_core.workspace``.
"""

from enum import StrEnum
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from crm_core.errors import InvalidInput
from crm_core.plain_messages import plain_message
from crm_core.vendor_behaviour import parse_behaviour

PREFIX = "CRM_"
"""Of every variable that is ours."""
MIN_SECRET = 16
"""Characters of a secret that somebody else chooses."""


def _good_behaviour(text: str) -> str:
    try:
        parse_behaviour(text)
    except InvalidInput as exc:
        raise ValueError(str(exc)) from exc
    return text


def _origin(url: str) -> str:
    """Without a slash at its end, in lower case as browsers write it."""
    try:
        parts = urlsplit(url)
        is_origin = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1) > 0
    except ValueError:
        is_origin = False
    if not is_origin or parts.username is not None or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("must be an address without a path, such as https://crm.example.com")
    return f"{parts.scheme}://{parts.netloc}".lower()


def _networks(text: str) -> str:
    for part in text.split(","):
        ip_network(part.strip())
    return text


def _hard_to_guess(secret: SecretStr) -> SecretStr:
    if len(secret) < MIN_SECRET:
        raise ValueError(f"must have at least {MIN_SECRET} characters")
    return secret


class Mode(StrEnum):
    DEMO = "demo"
    PRODUCTION = "production"


class Settings(BaseSettings):
    """The README's table of a process's environment, one field a row."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", env_ignore_empty=True)

    mode: Annotated[
        Mode,
        Field(
            description="`demo`: anybody who reaches the app works in it as a marketer. `production`: people sign in, "
            "see [docs/sign-in.md](docs/sign-in.md)."
        ),
    ] = Mode.DEMO
    local_admin: Annotated[
        bool,
        Field(
            description="Lets anybody who reaches the app sign in as admin, in demo mode only; `make run` sets it, "
            "for this machine."
        ),
    ] = False
    demo_on_external_servers: Annotated[
        bool,
        Field(description="Allows demo mode on the servers of `CRM_MONGODB_URI` and `CRM_REDIS_URL`."),
    ] = False
    data_dir: Annotated[Path, Field(description="Folder of the embedded servers: their data, logs and passwords.")] = (
        Path(".data")
    )
    mongodb_uri: Annotated[
        str | None,
        Field(
            pattern=r"^mongodb(\+srv)?://",
            description="MongoDB replica set or sharded cluster to use. Unset: the app starts its own mongod.",
        ),
    ] = None
    mongodb_database: Annotated[
        str,
        Field(pattern=r"^[A-Za-z0-9_-]{1,63}$", description="Name of the database."),
    ] = "clientnest"
    mongodb_cache_gb: Annotated[float, Field(ge=0.25, le=1024, description="Cache of the embedded mongod, in GB.")] = (
        0.5
    )
    redis_url: Annotated[
        str | None,
        Field(
            pattern=r"^rediss?://",
            description="Redis or Valkey to use. Unset: the app starts its own valkey-server.",
        ),
    ] = None
    run_workers: Annotated[
        bool | None,
        Field(
            description="Whether the app runs the workers and the simulated vendor as child processes. "
            "Unset: only when it also starts the servers."
        ),
    ] = None
    public_url: Annotated[
        Annotated[str, AfterValidator(_origin)] | None,
        Field(
            description="Address at which people open the app, such as `https://crm.example.com`; under any other name "
            "it answers no browser. Unset: `localhost`, `127.0.0.1` and `[::1]` at its port."
        ),
    ] = None
    trusted_proxies: Annotated[
        Annotated[str, AfterValidator(_networks)] | None,
        Field(
            description="Addresses or networks, such as `127.0.0.1, 10.0.0.0/8`, of the reverse proxies before the "
            "app: their `X-Forwarded-For` says in the audit log where a request is from. Unset: nobody's does."
        ),
    ] = None
    receipts_url: Annotated[
        str | None,
        Field(
            pattern=r"^https?://",
            description="Where the vendor reaches this app with receipts. Unset: http://127.0.0.1 and its port.",
        ),
    ] = None
    hosting: Annotated[
        Literal["community-cloud"] | None,
        Field(
            description="`community-cloud` on Streamlit Community Cloud, which shows the app in a frame of its own. It "
            "needs `CRM_PUBLIC_URL`."
        ),
    ] = None
    metrics_token: Annotated[
        Annotated[SecretStr, AfterValidator(_hard_to_guess)] | None,
        Field(
            description="Bearer token with which Prometheus reads `/api/metrics`, of 16 characters or more. Unset: "
            "only people who are signed in read them.",
        ),
    ] = None
    sign_in_issuer: Annotated[
        str,
        Field(pattern=r"^https?://", description="The sign-in provider: its issuer address, as OpenID Connect has it."),
    ] = "https://accounts.google.com"
    sign_in_client_id: Annotated[
        str | None,
        Field(
            description="Client id at the sign-in provider; with it the sign-in page offers the provider. See "
            "[docs/sign-in.md](docs/sign-in.md)."
        ),
    ] = None
    sign_in_client_secret: Annotated[SecretStr | None, Field(description="The client secret of that id.")] = None
    sign_in_allowed: Annotated[
        str | None,
        Field(
            pattern=r"^(\s*([^@\s,]+@)?[^@\s,.]+(\.[^@\s,.]+)+\s*(,|$))*$",
            description="Domains and addresses, such as `example.com, jane@example.org`, that may sign in without an "
            "invitation, as viewers.",
        ),
    ] = None
    first_admin: Annotated[
        str | None,
        Field(
            pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$",
            max_length=254,
            description="E-mail address of the first admin: whoever signs in with it becomes an admin while there is "
            "none.",
        ),
    ] = None
    vendor_url: Annotated[
        str | None,
        Field(
            pattern=r"^https?://",
            description="The message vendor. Unset: the app starts the simulated one.",
        ),
    ] = None
    vendor_secret: Annotated[
        SecretStr | None,
        Field(description="Shared with the vendor; signs receipts. Unset: made once, kept in the data folder."),
    ] = None
    vendor_second_secret: Annotated[
        SecretStr | None,
        Field(
            description="A second secret with which receipts may be signed, while the vendor's is being replaced; see "
            "[docs/vendor.md](docs/vendor.md)."
        ),
    ] = None
    vendor_success_rate: Annotated[
        float, Field(ge=0, le=1, description="Share of messages that the simulated vendor delivers.")
    ] = 0.9
    vendor_behaviour: Annotated[
        Annotated[str, AfterValidator(_good_behaviour)] | None,
        Field(
            description="How the simulated vendor behaves, as a JSON object of fields of "
            "[docs/vendor.md](docs/vendor.md). Unset: no misbehaviour."
        ),
    ] = None
    max_body_mb: Annotated[
        int, Field(ge=1, le=64, description="Largest body of an API request, in MB (millions of bytes).")
    ] = 5
    api_rate: Annotated[
        int,
        Field(
            ge=1,
            le=10_000_000,
            description="Requests per second that an API key may make, if it has no rate of its own.",
        ),
    ] = 200
    api_burst: Annotated[
        int, Field(ge=1, le=50_000_000, description="Requests that an API key may make at once after a pause.")
    ] = 1000
    max_backlog: Annotated[
        int,
        Field(
            ge=1000,
            le=100_000_000,
            description="Accepted records that may wait on one stream; beyond it the API answers 503 until workers "
            "have caught up.",
        ),
    ] = 200_000
    snapshot_max_mb: Annotated[
        int,
        Field(
            ge=1,
            le=1_000_000,
            description="Most memory, in MB, for the snapshot that the audience builder counts in: about 100 bytes a "
            "customer and 32 an order or event. Beyond it MongoDB counts.",
        ),
    ] = 512
    snapshot_on_disk: Annotated[
        bool, Field(description="Whether the data folder has a copy of it, so that the next start need not load it.")
    ] = True
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"], Field(description="Least severe log line to write.")
    ] = "INFO"
    log_format: Annotated[
        Literal["text", "json"], Field(description="Form of a log line: `key=value` text, or one JSON object.")
    ] = "text"

    @model_validator(mode="after")
    def _check_hosting(self) -> Self:
        if self.hosting and not (self.public_url or "").startswith("https://"):
            raise ValueError(
                "CRM_HOSTING is set, so CRM_PUBLIC_URL is needed as well: the https address of the app, such as "
                "https://my-crm.streamlit.app"
            )
        return self

    @property
    def max_body_bytes(self) -> int:
        return self.max_body_mb * 1_000_000

    @property
    def starts_servers(self) -> bool:
        """Whether at least one of the two servers is ours to start."""
        return self.mongodb_uri is None or self.redis_url is None

    @property
    def starts_workers(self) -> bool:
        return self.starts_servers if self.run_workers is None else self.run_workers

    @classmethod
    def load(cls) -> Self:
        """Read the environment. Raises InvalidInput that names the variable, its value's fault and no secret."""
        try:
            return cls()
        except ValidationError as exc:
            faults = "; ".join(_in_words(error) for error in exc.errors())
            raise InvalidInput(f"A setting is wrong. {faults}") from None

    def to_env(self) -> dict[str, str]:
        """The environment that gives a child process these settings."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return {
            f"{PREFIX}{name.upper()}": value.get_secret_value() if isinstance(value, SecretStr) else str(value)
            for name, value in values.items()
            if value is not None
        }

    def with_servers(self, **values: object) -> Self:
        """A copy that knows the servers started for it; the environment is not read again."""
        return self.model_copy(update=values)


def _in_words(error: ErrorDetails) -> str:
    """With the variable, unless it is about several."""
    variables = "".join(f"CRM_{str(name).upper()}: " for name in error["loc"][:1])
    return variables + plain_message(error)
