"""Command line of the simulated vendor: ``python -m workers.vendor --port N --data FILE``."""

import argparse
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path
from types import FrameType

import uvicorn

from crm_core.errors import CrmError, InvalidInput
from crm_core.infra.logs import configure_logs
from crm_core.settings import Settings
from workers.until_eof import stop_at_eof
from workers.vendor.app import create_app
from workers.vendor.config import DEFAULT_MEAN_DELAY, DEFAULT_SEED, VendorConfig

_RECEIPTS_PATH = "/api/v1/receipts"
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
        timeout_graceful_shutdown=_GRACE_S,
    )


def build_config(arguments: argparse.Namespace, settings: Settings) -> VendorConfig:
    """Join arguments and settings; an argument wins over the setting of the same name."""
    secret = settings.vendor_secret.get_secret_value() if settings.vendor_secret else ""
    callback_url: str | None = arguments.callback_url
    if callback_url is None:
        if settings.public_url is None:
            raise InvalidInput("where do receipts go? give --callback-url or set CRM_PUBLIC_URL")
        callback_url = settings.public_url.rstrip("/") + _RECEIPTS_PATH
    return VendorConfig(
        secret=secret,
        callback_url=callback_url,
        data_path=arguments.data,
        success_rate=(settings.vendor_success_rate if arguments.success_rate is None else arguments.success_rate),
        mean_delay=timedelta(milliseconds=arguments.mean_delay_ms),
        seed=arguments.seed,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m workers.vendor",
        description="The simulated message vendor. Its secret comes from CRM_VENDOR_SECRET.",
    )
    add = parser.add_argument
    add("--port", type=int, required=True, help="port on 127.0.0.1")
    add("--data", type=Path, required=True, help="SQLite file; made when it is not there")
    add("--callback-url", help=f"where receipts go; without it CRM_PUBLIC_URL + {_RECEIPTS_PATH}")
    add("--success-rate", type=float, help="share delivered, 0 to 1; without it CRM_VENDOR_SUCCESS_RATE")
    default_ms = DEFAULT_MEAN_DELAY // timedelta(milliseconds=1)
    add("--mean-delay-ms", type=float, default=default_ms, help="from a message to its receipt (%(default)s)")
    add("--seed", type=int, default=DEFAULT_SEED, help="decides outcomes, together with the key (%(default)s)")
    add("--until-eof", action="store_true", help="end when stdin ends")
    return parser


def _exit(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(0)


def _terminate() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
