"""Where the servers are: as configured, else as the app running in the data folder says. Nothing is made."""

from dataclasses import dataclass

from crm_core.cli.doctor_check import Fault, problem
from crm_core.hosting.platform import attach
from crm_core.hosting.runtime_file import RuntimeFile, UnreadableRuntime, is_owned, read_runtime
from crm_core.settings import Settings

ADDRESSES = ("mongodb_uri", "redis_url", "vendor_url", "app_url", "data_dir")
START = "Start the app: make run, or streamlit run app.py."
_UNREADABLE = "Run this as the user who runs the app, with the CRM_DATA_DIR of the app; or start the app again."


@dataclass(frozen=True)
class Places:
    """configured: the settings as they are. settings: completed by the running app. runtime: what that app wrote."""

    configured: Settings
    settings: Settings
    runtime: RuntimeFile | None = None
    fault: Fault | None = None

    @property
    def app_url(self) -> str | None:
        found = self.configured
        return (self.runtime and self.runtime.app_url) or found.receipts_url or found.public_url

    @property
    def addresses(self) -> dict[str, str | None]:
        """Complete, with their passwords; None when unknown."""
        found = self.settings
        known = (found.mongodb_uri, found.redis_url, found.vendor_url, self.app_url, str(found.data_dir.resolve()))
        return dict(zip(ADDRESSES, known, strict=True))

    @property
    def needs_app(self) -> bool:
        """Whether servers or workers are the app's to start."""
        return self.configured.starts_servers or self.configured.starts_workers

    def pid(self, child: str) -> int | None:
        """Of a server or worker that the app runs; None when it does not."""
        mark = self.runtime.children.get(child) if self.runtime else None
        return mark.pid if mark else None

    def origin(self, child: str, variable: str, own: str = "embedded") -> str:
        """In a word, who says where this server is. own: how one that the app runs itself is called."""
        if variable in self.configured.model_fields_set:
            return "configured"
        return own if self.pid(child) else "named by the running app"

    def remedy(self, child: str, variable: str) -> str:
        """What to do about a server that does not answer."""
        name = f"CRM_{variable.upper()}"
        if variable in self.configured.model_fields_set:
            return f"See that it runs and can be reached from here, and that {name} is right."
        if pid := self.pid(child):
            log = self.settings.data_dir / "logs" / f"{child}.log"
            return f"The app starts it again when it ends. If it hangs, end process {pid}. {log} may say why."
        if self.runtime:
            return f"The app in {self.settings.data_dir} names it: see that it runs there, or start the app again."
        return f"{START} Or set {name}."


def find_places(settings: Settings) -> Places:
    """Read what the app that runs in the data folder has written, if one does."""
    try:
        runtime = read_runtime(settings.data_dir)
    except UnreadableRuntime as exc:
        return Places(settings, settings, fault=problem(str(exc), _UNREADABLE))
    if runtime is None:
        return Places(settings, settings)
    if not is_owned(settings.data_dir):
        gone = f"The app that ran in {settings.data_dir} (process {runtime.owner_pid}) ended without stopping."
        return Places(settings, settings, fault=problem(gone, f"{START} Nothing accepted is lost."))
    return Places(settings, attach(settings, runtime), runtime)
