"""What Prefect is to know before it is imported: call `set_defaults` before any import of Prefect's.

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

# At a terminal the run itself says how far it is, what failed and why; Prefect's own account, with a traceback for each
# task that was tried again, is kept for its UI.
AT_A_TERMINAL = {"PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL"}


def set_defaults(*, at_a_terminal: bool) -> None:
    """Set what the user has not set."""
    for name, value in (DEFAULTS | (AT_A_TERMINAL if at_a_terminal else {})).items():
        os.environ.setdefault(name, value)
