"""`make test-offline`: the tests where there is no road to anywhere."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.offline import REFUSED

LOOKS = """
import socket
from tests.offline import has_route
with socket.create_server(("127.0.0.1", 0)) as server:
    socket.create_connection(server.getsockname(), 5).close()
print("route" if has_route() else "no route", [name for _, name in socket.if_nameindex()])
"""


def test_there_is_this_machine_and_nothing_else():
    done = subprocess.run(
        [sys.executable, "-m", "tests.offline", sys.executable, "-c", LOOKS],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if done.returncode == REFUSED:
        pytest.skip(done.stderr.strip())
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip() == "no route ['lo']"
