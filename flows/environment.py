"""What Prefect is to know before it is imported. Import this module before any module of Prefect's.

Prefect reads its settings from the environment when it is first imported. These are defaults: whatever the user has
set stays.
"""

import os

DEFAULTS = {
    # No telemetry from a tool that reads other people's news.
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    # The embedded server took up to 38 s to start on a busy machine; Prefect gives up after 20.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "240",
    # A flow process that dies is noticed by its missing heartbeats; every 30 s is the least that Prefect allows.
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
}

for name, value in DEFAULTS.items():
    os.environ.setdefault(name, value)
