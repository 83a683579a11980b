"""Run every command of every runbook page against a distributed platform, and print each with its output.

    python -m tests.chaos.runbook_commands

`docker compose` and `kubectl` are replaced: a command inside a container runs on this machine, logs are the services'
files, and a Kubernetes label must exist in deploy/k8s/. The exit status is 1 if a command fails. It takes two to four
minutes.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.chaos.alarm_drill.faults import contradicting_webhooks, poisoned_message, unreadable_webhooks
from tests.chaos.alarm_drill.site import OTHER_SHOP, PIXEL, SHOP, STRIPE_KEY, Site, running_site, watched
from tests.support.fleet import SERVICES
from tests.support.rabbitmq import PLACES
from tests.support.servers import program

REPOSITORY = Path(__file__).parents[2]
PAGES = sorted((REPOSITORY / "runbooks").glob("*/*.md"))

FENCED = re.compile(r"```console\n(.*?)```", re.DOTALL)
INLINE = re.compile(r"`((?:q '|sql |orylo |docker compose (?:exec|logs|ps) )[^`…]+)`", re.DOTALL)
NAMED = re.compile(r"orylo(?: [a-z]+)+")
# A query that must be 0 has to print a 0: an empty answer also means a mistyped metric.
ZERO = re.compile(r"`(q '[^`]+')` is 0")
# These change something: they run last, and those of one kind in the order of the pages.
CHANGING = re.compile(r"\b(?:replay|discard|add|restore|reset|change|set|resend|reconcile|enable|disable|rebuild)\b")

# Commands of machines that the drill does not have.
ELSEWHERE = re.compile(
    r"^docker (?:stats|system|inspect|image)|^aws |^kubectl -n orylo (?:top|rollout|scale|describe)|HOST:443"
)

PRELUDE = r"""
set -o pipefail
q() {
  curl -sG "$PROMETHEUS/api/v1/query" --data-urlencode "query=$1" |
    jq -r '.data.result[] | [(.metric | tostring), .value[1]] | @tsv'
}
sql() { psql "$ORYLO_DATABASE_URL" -v ON_ERROR_STOP=1 -c "$1"; }
df() { command df "${@/#\/var\/lib\/postgresql\/data/$LOGS\/postgres}"; }
rabbitmq-diagnostics() { env -i "${RABBITMQ[@]}" "$DIAGNOSTICS" "$@"; }
redis-cli() { command redis-cli -u "$ORYLO_REDIS_URL" "$@"; }
pg_isready() { command pg_isready -d "$ORYLO_DATABASE_URL"; }
inside() { local service=$1; shift; test -n "$(server_of "$service")" && "$@"; }
server_of() { for name in $SERVERS; do test "$name" = "$1" && echo "$1"; done; }
logs_of() {
  local found=
  while test $# -gt 0; do
    case $1 in
      --since) shift ;;
      --*) ;;
      *) test -n "$(server_of "$1")" || { echo "no service $1" >&2; return 1; }; cat "$LOGS/$1.log"; found=yes ;;
    esac
    shift
  done
  test -n "$found"
}
docker() {
  test "$1" = compose || { echo "docker $1?" >&2; return 1; }
  local verb=$2; shift 2
  while [[ $1 == -T || $1 == -it ]]; do shift; done
  case $verb in
    exec) inside "$@" ;;
    logs) logs_of "$@" ;;
    ps) for name; do [[ $name == -* ]] || test -n "$(server_of "$name")" || return 1; done; echo "$SERVERS" ;;
    *) echo "docker compose $verb?" >&2; return 1 ;;
  esac
}
kubectl() {
  local label name
  label=$(grep -oE 'app.kubernetes.io/name=[a-z]+' <<<"$*") && name=${label#*=}
  test -z "$name" || grep -rq "app.kubernetes.io/name: $name" "$DEPLOYED" || { echo "no label $label" >&2; return 1; }
  case "$*" in
    *" get "*|*" get pods"*) echo "$name" ;;
    *" logs "*) cat "$LOGS/$name.log" ;;
    *" exec "*) while test "$1" != --; do shift; done; shift; "$@" ;;
    *) echo "kubectl $*?" >&2; return 1 ;;
  esac
}
"""


def commands_of(page: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield each command of a page with the lines of output that the page shows after it."""
    text = page.read_text()
    for block in FENCED.findall(text):
        command, shown = "", list[str]()
        for line in (each.strip() for each in block.splitlines()):
            if line.startswith("$ "):
                if command:
                    yield command, shown
                command, shown = line[2:], []
            elif command.count('"') % 2 or command.endswith("\\"):
                command = f"{command.removesuffix(chr(92))} {line}"
            elif line:
                shown.append(line)
        if command:
            yield command, shown
    for inline in INLINE.findall(FENCED.sub("", text)):
        command = " ".join(inline.split())
        # A command without arguments is only named in a sentence: it must exist.
        yield (f"{command} --help" if NAMED.fullmatch(command) else command), []


@contextmanager
def prepared_site(folder: Path) -> Iterator[Site]:
    """Run a site that has what the pages' commands are about: dead letters, a quarantined webhook, a rule."""
    for name, package in (("psql", "postgresql-client"), ("jq", "jq"), ("curl", "curl"), ("redis-cli", "redis-tools")):
        program(name, package)
    with running_site(folder) as running, watched(running, folder / "watched", is_quick=True):
        running.run(running.sell())
        running.fleet.orylo("destination", "add", SHOP, "stripe", "--token-stdin", text=STRIPE_KEY)
        running.fleet.orylo("rule", "create", SHOP, "Example", "--when", "payment.amount > 9000.0", "--then", "review")
        for happening in (unreadable_webhooks, contradicting_webhooks, poisoned_message):
            next(happening(running))
        (folder / "fleet/postgres.log").symlink_to(folder / "fleet/postgres/log")
        for server in ("prometheus", "prometheus-alertmanager"):
            log = folder / "watched" / server / "log"
            (folder / f"fleet/{server.rpartition('-')[2]}.log").symlink_to(log)
        wait_for_row(running, "SELECT 1 FROM api.dead_letters")
        wait_for_row(running, "SELECT 1 FROM api.quarantine_view WHERE kind = 'quarantined'")
        # Rates need two samples.
        while not running.monitor.query("min(count_over_time(up[20s])) > 4"):
            time.sleep(0.2)
        yield running


def wait_for_row(site: Site, query: str) -> None:
    give_up = time.monotonic() + 30
    while not site.sql(query):
        assert time.monotonic() < give_up, query
        time.sleep(0.1)


def environment_of(site: Site) -> Mapping[str, str]:
    return {
        **site.fleet.environment,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PROMETHEUS": site.monitor.url,
        "LOGS": str(site.folder / "fleet"),
        "DEPLOYED": str(REPOSITORY / "deploy/k8s"),
        "SERVERS": " ".join((*SERVICES, "postgres", "rabbitmq", "redis", "prometheus", "alertmanager")),
        "TOKEN": "EAAnew",
        "KEY": "rk_live_51New",
        "DIAGNOSTICS": str(program("rabbitmq-diagnostics", "rabbitmq-server", PLACES)),
        "ORYLO_PROMETHEUS_URL": site.monitor.url,
        "NO_COLOR": "1",
    }


def filled_in(site: Site, page: str, command: str) -> str:
    """Replace the placeholders of a command, which are in capitals."""
    quarantined = site.sql("SELECT id FROM api.quarantine_view WHERE kind = 'quarantined' LIMIT 1")[0][0]
    letter = site.sql("SELECT id FROM api.dead_letters LIMIT 1")[0][0]
    destination = site.sql("SELECT id FROM control.destinations WHERE kind = 'meta'")[0][0]
    values = {
        "TENANT": SHOP if "destination add" not in command else OTHER_SHOP,
        "DESTINATION": str(destination),
        "SERVICE": "trust",
        "SOURCE": "trust",
        "JOB": "trust",
        "QUEUE": "trust",
        "GATEWAY": "stripe",
        "CODE": "insufficient_funds",
        "PIXEL": PIXEL,
        "NAME": "second",
        "PID": "0",
        "PORT": site.fleet.url("trust").rpartition(":")[2],
        "RULE": "Example",
        "VERSION": "1",
        "ID": str(quarantined if page == "IngestQuarantined" or "quarantine" in command else letter),
    }
    return re.sub(r"(?<![\w$])[A-Z]+(?!\w)", lambda found: values.get(found[0], found[0]), command)


def run(site: Site) -> list[str]:
    """Run the commands, those that change something last. Return the failures."""
    commands = [(page, *found) for page in PAGES for found in commands_of(page)]
    commands.sort(key=lambda each: bool(CHANGING.search(each[1])))
    environment = environment_of(site)
    rabbitmq = " ".join(f"{name}={value!r}" for name, value in site.fleet.rabbitmq_environment.items())
    failures, ran = list[str](), set[str]()
    for page, command, shown in commands:
        print(f"## {page.stem}")
        if ELSEWHERE.search(command):
            print(f"$ {command}\n(not run: it needs Docker, Kubernetes, AWS or a public host)\n")
            continue
        script = filled_in(site, page.stem, command)
        if script in ran:
            print(f"$ {script}\n(see above)\n")
            continue
        ran.add(script)
        done = subprocess.run(
            ["bash", "-c", f"RABBITMQ=({rabbitmq})\n{PRELUDE}{script}"],
            env=environment,
            input="whsec_another\n",
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        output = done.stdout + done.stderr
        print(f"$ {script}\n{output}", flush=True)
        # grep finds nothing where nothing is wrong.
        found_nothing = done.returncode == 1 and "grep" in script and not done.stderr
        missing = [line for line in shown if line == "PONG" and line not in output]
        if command in ZERO.findall(page.read_text()) and not done.stdout:
            missing.append("a value")
        if (done.returncode and not found_nothing) or missing:
            failures.append(f"{page.stem}: {script}\n  exit {done.returncode}: {output.strip()[-500:]} {missing}")
    print(f"{len(ran)} commands of {len(PAGES)} pages ran, {len(failures)} failed")
    return failures


def main() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="orylo-runbooks-", ignore_cleanup_errors=True) as folder,
        prepared_site(Path(folder)) as site,
    ):
        failures = run(site)
    print("\n".join(failures))
    raise SystemExit(1 if failures else 0)


if __name__ == "__main__":
    main()
