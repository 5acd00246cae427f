"""The new channel is the sixth, three made-up ones follow, and each works from consent to delivery and on the pages."""

import os
import sys

import pytest

TESTS = ("tests/recipes/channel_flow.py", "tests/property/test_eligibility.py")

if __name__ == "__main__":
    os.environ["MORE_CHANNELS"] = "3"
    sys.exit(pytest.main(["-q", "-p", "tests.recipes.more_channels", "-p", "no:cacheprovider", *TESTS]))
