"""Tests; assertions in their helpers too say what they compared."""

import pytest

for name in ("api", "browser", "engines", "faults", "integration", "ui"):
    pytest.register_assert_rewrite(f"tests.{name}")
