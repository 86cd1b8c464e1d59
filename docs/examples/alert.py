"""A flow of your own behind Dateline: after every load it looks for deadly assaults and writes them to a file.

With `dateline serve` running, in another terminal:

    export PREFECT_API_URL=http://127.0.0.1:4200/api PREFECT_API_AUTH_STRING="$(dateline serve --show-secret)"
    python docs/examples/alert.py

Without the second it is refused: the server has a password, which is the workspace's own.
"""

from __future__ import annotations

from pathlib import Path

from prefect import flow, get_run_logger
from prefect.events import DeploymentEventTrigger

import warehouse

_QUERY = """
select date_start, place_name, killed, support, url from events
where load_id = $load and event_type = 'ASSAULT' and killed >= 5 order by killed desc
"""


@flow(name="alert")
def alert(root: str, load_id: str) -> int:
    """Append the deadly assaults of a load to `alerts.txt` in the workspace."""
    con = warehouse.connect(root)
    found = con.execute(_QUERY, {"load": load_id}).fetchall()
    with open(Path(root) / "alerts.txt", "a", encoding="utf-8") as out:
        for day, place, killed, support, url in found:
            out.write(f"{day} {place or '?'}: {killed} killed: {support} ({url})\n")
    get_run_logger().info("%d deadly assaults in load %s", len(found), load_id)
    return len(found)


if __name__ == "__main__":
    alert.serve(
        "after-each-load",
        triggers=[
            DeploymentEventTrigger(
                expect={"dateline.load.committed"},
                parameters={"root": "{{ event.payload.root }}", "load_id": "{{ event.payload.load_id }}"},
            )
        ],
    )
