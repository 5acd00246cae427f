"""Command line of the simulated vendor: ``python -m workers.vendor --port N --data FILE``."""

import argparse
import os
import signal
import sys
from pathlib import Path
from types import FrameType

import uvicorn

from crm_core.errors import CrmError, InvalidInput
from crm_core.infra.logs import configure_logs
from crm_core.settings import Settings
from crm_core.vendor_behaviour import Behaviour, parse_behaviour
from workers.until_eof import stop_at_eof
from workers.vendor.app import create_app
from workers.vendor.closing import ClosableProtocol
from workers.vendor.config import VendorConfig

_RECEIPTS_PATH = "/api/v1/receipts"
_SHORT_OPTIONS = ("success_rate", "mean_delay_ms", "seed")
_GRACE_S = 1  # for requests in hand; the callback in hand has its own 0.8 s, SIGTERM promises 2 s in all


def main() -> None:
    """Run the vendor until SIGTERM, or until stdin ends when asked to."""
    arguments = _parser().parse_args()
    try:
        settings = Settings.load()
        app = create_app(build_config(arguments, settings))
    except CrmError as exc:
        sys.exit(f"vendor: {exc}")
    configure_logs(settings.log_level, "vendor", settings.log_format)
    # uvicorn raises the signal again when it has shut down; this turns it into a clean exit.
    signal.signal(signal.SIGTERM, _exit)
    if arguments.until_eof:
        stop_at_eof(_terminate)
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=arguments.port,
        log_level="warning",
        access_log=False,
        http=ClosableProtocol,
        timeout_graceful_shutdown=_GRACE_S,
    )


def build_config(arguments: argparse.Namespace, settings: Settings) -> VendorConfig:
    """Join arguments and settings; an argument wins over the setting of the same name."""
    secret = settings.vendor_secret.get_secret_value() if settings.vendor_secret else ""
    callback_url: str | None = arguments.callback_url
    if callback_url is None:
        if settings.receipts_url is None:
            raise InvalidInput("where do receipts go? give --callback-url or set CRM_RECEIPTS_URL")
        callback_url = settings.receipts_url.rstrip("/") + _RECEIPTS_PATH
    return VendorConfig(secret, callback_url, arguments.data, _to_told(arguments, settings))


def _to_told(arguments: argparse.Namespace, settings: Settings) -> dict[str, object]:
    """The fields of the behaviour that this start names; those named later in this list win."""
    return {
        "success_rate": settings.vendor_success_rate,
        **parse_behaviour(settings.vendor_behaviour or "{}"),
        **_parse_option(arguments.behaviour),
        **{name: value for name in _SHORT_OPTIONS if (value := getattr(arguments, name)) is not None},
    }


def _parse_option(text: str) -> dict[str, object]:
    try:
        return parse_behaviour(text)
    except InvalidInput as exc:
        raise InvalidInput(f"--behaviour: {exc}", field="behaviour") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m workers.vendor",
        description="The simulated message vendor. Its secret comes from CRM_VENDOR_SECRET.",
        epilog=f"Fields of the behaviour, described in docs/vendor.md: {', '.join(Behaviour.model_fields)}.",
    )
    add = parser.add_argument
    add("--port", type=int, required=True, help="port on 127.0.0.1")
    add("--data", type=Path, required=True, help="SQLite file; made when it is not there")
    add("--callback-url", help=f"where receipts go; without it CRM_RECEIPTS_URL + {_RECEIPTS_PATH}")
    add("--behaviour", default="{}", metavar="JSON", help="how to behave; its fields win over CRM_VENDOR_BEHAVIOUR")
    add("--success-rate", type=float, help="share delivered, 0 to 1; without it CRM_VENDOR_SUCCESS_RATE")
    add("--mean-delay-ms", type=int, help="from a message to its receipt")
    add("--seed", type=int, help="decides outcomes, together with the key")
    add("--until-eof", action="store_true", help="end when stdin ends")
    return parser


def _exit(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(0)


def _terminate() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
