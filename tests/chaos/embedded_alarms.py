"""Break `orylo up` three times, and wait until it has notified a webhook receiver of each fault.

    python -m tests.chaos.embedded_alarms

The faults: Meta refuses 150 sales, Meta says that the token has expired, and the data folder's disk fills up. Neither
Prometheus nor Alertmanager runs. The ends of the last two are awaited as well; refused sales count for a quarter of an
hour. Prints what was notified and when. The exit status is 1 if a notification is missing. It takes about five
minutes. Without root it cannot mount a small disk, and leaves out the last fault.
"""

import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from orylo_cli.simulate import stripe
from tests.chaos.kill_everything import SECRET, TENANT, configure
from tests.support.embedded import Embedded, started
from tests.support.meta_process import MetaProcess, meta_process
from tests.support.shops import new_payment, stripe_signature

REFUSED_SALES = 150
DISK_BYTES = 1 << 30
# A condition of one minute, which is read every 15 s.
NOTIFIED_WITHIN_S = 150.0


class Notifications:
    """What the receiver was told, each with its time in Unix seconds."""

    def __init__(self) -> None:
        self.bodies: list[tuple[float, dict[str, str]]] = []

    def wait_for(self, alarm: str, status: str, fault: str) -> bool:
        """Wait for a notification that follows this call, and print it."""
        began = time.time()
        while time.time() - began < NOTIFIED_WITHIN_S:
            for at, body in list(self.bodies):
                if at >= began and (body["alarm"], body["status"]) == (alarm, status):
                    print(f"ok    {at - began:4.0f} s  {fault}: {alarm} {status}: {body['summary']}", flush=True)
                    return True
            time.sleep(0.2)
        print(f"FAIL  {fault}: {alarm} is not {status} after {NOTIFIED_WITHIN_S:.0f} s", flush=True)
        return False


@contextmanager
def receiver() -> Iterator[tuple[Notifications, str]]:
    notifications = Notifications()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            notifications.bodies.append((time.time(), body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield notifications, f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def mounted(folder: Path) -> Iterator[Path]:
    """Mount a small disk. Yield its folder."""
    image, disk = folder / "disk.img", folder / "disk"
    with image.open("wb") as file:
        file.truncate(DISK_BYTES)
    disk.mkdir()
    subprocess.run(["mkfs.ext4", "-q", "-m", "0", image], check=True)
    subprocess.run(["mount", "-o", "loop", image, disk], check=True)
    try:
        yield disk
    finally:
        subprocess.run(["umount", disk], check=True)


def sell(platform: Embedded, native_ids: list[str]) -> None:
    """Send the webhook of a sale for each id."""
    for native_id in native_ids:
        body = stripe.intent_succeeded(new_payment(native_id=native_id), int(time.time()))
        headers = {"Content-Type": "application/json", "Stripe-Signature": stripe_signature(body, SECRET)}
        url = f"{platform.ingest_url}/api/v1/webhooks/stripe/{TENANT}"
        with urllib.request.urlopen(urllib.request.Request(url, body, headers)) as response:
            assert response.status == 202


def refuse_sales(platform: Embedded, meta: MetaProcess, told: Notifications) -> bool:
    ids = [f"drill{number:04}" for number in range(REFUSED_SALES)]
    meta.misbehave(refuse_event_ids=[f"stripe:pi_{each}" for each in ids])
    sell(platform, ids)
    is_told = told.wait_for("DispatchConversionRefused", "firing", f"Meta refuses {REFUSED_SALES} sales")
    meta.misbehave()
    return is_told


def expire_token(platform: Embedded, meta: MetaProcess, told: Notifications) -> bool:
    meta.misbehave(mode="expired_token")
    sell(platform, ["after1expiry"])
    is_told = told.wait_for("DispatchDestinationOnHold", "firing", "the token expires")
    meta.misbehave()
    platform.orylo(
        "destination", "add", TENANT, "meta", "--pixel-id", "1234567890", "--token-stdin", text="EAAchaosnew"
    )
    return is_told and told.wait_for("DispatchDestinationOnHold", "resolved", "a new token is set")


def fill_disk(disk: Path, told: Notifications) -> bool:
    file, usage = disk / "full", shutil.disk_usage(disk)
    # A tenth stays free, for PostgreSQL.
    subprocess.run(["fallocate", "-l", str(usage.free - usage.total // 10), file], check=True)
    is_told = told.wait_for("DiskFilling", "firing", "the disk fills up")
    file.unlink()
    return is_told and told.wait_for("DiskFilling", "resolved", "the disk has space again")


def main() -> None:
    is_root = os.geteuid() == 0
    with (
        tempfile.TemporaryDirectory(prefix="orylo-alarms-") as name,
        mounted(Path(name)) if is_root else nullcontext(Path(name)) as disk,
        meta_process(Path(name)) as meta,
        receiver() as (told, url),
    ):
        Path(name).chmod(0o755)
        environment = {"ORYLO_META_BASE_URL": meta.url, "ORYLO_NOTIFY_WEBHOOK_URL": url}
        with started(Embedded(disk, environment)) as platform:
            configure(platform.orylo)
            results = [refuse_sales(platform, meta, told), expire_token(platform, meta, told)]
            if is_root:
                results.append(fill_disk(disk, told))
            else:
                print("the disk fills up: left out, because mounting a small disk needs root")
    raise SystemExit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
