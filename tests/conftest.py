"""For all tests."""

import os

from hypothesis import settings

# In CI the same examples each time: a red build is then about the change. Elsewhere hypothesis goes on looking.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")
