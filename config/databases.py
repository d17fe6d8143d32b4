"""Django's database settings from a connection string of libpq."""

from __future__ import annotations

from typing import Any

from psycopg import conninfo

from config.env import env_bool


def database(url: str, *, name: str, statement_timeout: str) -> dict[str, Any]:
    """Settings for one connection string: a URL or `key=value` pairs, as libpq reads them.

    `name` is what the server shows for the connection. Whoever waits for a lock is told so
    after five seconds instead of waiting for ever.
    """
    parts = dict(conninfo.conninfo_to_dict(url))
    options = f"-c lock_timeout=5s -c statement_timeout={statement_timeout}"
    parts["options"] = f"{parts.get('options') or ''} {options}".strip()
    parts.setdefault("application_name", name)
    # The server binds parameters and plans a statement that is sent again once: half the time
    # that a page spends in the database. Not through PgBouncer before 1.21, whose transaction
    # mode hands each statement to another server connection.
    is_prepared = env_bool("DAYBOOK_PREPARE", default=True)
    parts["server_side_binding"] = is_prepared
    parts["prepare_threshold"] = 2 if is_prepared else None
    return {
        "ENGINE": "config.postgresql",
        "NAME": parts.pop("dbname", None) or "daybook",
        "USER": parts.pop("user", None) or "",
        "PASSWORD": parts.pop("password", None) or "",
        "HOST": parts.pop("host", None) or "",
        "PORT": str(parts.pop("port", None) or ""),
        "OPTIONS": parts,
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
    }
