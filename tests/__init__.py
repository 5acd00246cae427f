"""Tests; assertions in helpers too say what they compared."""

import pytest

pytest.register_assert_rewrite("tests")
