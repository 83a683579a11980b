"""The deployment files agree with the code: ports, settings, drain time, and the programs that images start."""

import itertools
import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from orylo_common.process import EXIT_LIMIT
from tests.contract.test_env_example import SERVICES, variables_of

REPOSITORY = Path(__file__).parents[2]
KUBERNETES = REPOSITORY / "deploy/k8s"
KUSTOMIZATIONS = sorted(KUBERNETES.rglob("kustomization.yaml"))
OVERLAYS = sorted((KUBERNETES / "overlays").iterdir())
COMPOSE = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text())

# Only other services of the platform may reach them.
PRIVATE_PORTS = {"ingest": (9100,)}
PORTS = {"ingest": 8080, "detector": 9100, "trust": 9100, "dispatch": 9100, "api": 8000}
# A pod needs a moment more than its process to stop.
CLOSING_S = 1
# Set by the images and the manifests themselves.
WHERE_IT_LISTENS = re.compile(r"_(HOST|PORT)$")

Document = dict[str, Any]


def named(paths: list[Path]) -> list[str]:
    return [str(path.parent.relative_to(KUBERNETES)) for path in paths]


def resources(folder: Path) -> Iterator[Document]:
    """Yield every document of the kustomization in `folder`, before patches."""
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text())
    for entry in (*kustomization.get("resources", ()), *kustomization.get("components", ())):
        path = (folder / entry).resolve()
        if path.is_dir():
            yield from resources(path)
        else:
            yield from yaml.safe_load_all(path.read_text())


EVERYTHING = [*resources(KUBERNETES / "overlays/production"), *resources(KUBERNETES / "components/aws")]
WORKLOADS = [one for one in EVERYTHING if one["kind"] in ("Deployment", "Job")]


def one(kind: str, name: str) -> Document:
    (found,) = [
        document for document in EVERYTHING if document["kind"] == kind and document["metadata"]["name"] == name
    ]
    return found


def pod_of(workload: Document) -> Document:
    return workload["spec"]["template"]["spec"]  # type: ignore[no-any-return]


def container_of(workload: Document) -> Document:
    (container,) = pod_of(workload)["containers"]
    return container  # type: ignore[no-any-return]


def literals() -> Iterator[str]:
    for path in KUSTOMIZATIONS:
        for generator in yaml.safe_load(path.read_text()).get("configMapGenerator", ()):
            yield from generator["literals"]


# ---- Kubernetes ----


@pytest.mark.parametrize("path", KUSTOMIZATIONS, ids=named(KUSTOMIZATIONS))
def test_a_kustomization_names_exactly_the_files_beside_it(path: Path) -> None:
    kustomization = yaml.safe_load(path.read_text())
    patches = [patch["path"] for patch in kustomization.get("patches", ()) if "path" in patch]
    entries = [*kustomization.get("resources", ()), *kustomization.get("components", ()), *patches]

    assert all((path.parent / entry).exists() for entry in entries)
    assert {file.name for file in path.parent.glob("*.yaml")} == {path.name} | {
        entry for entry in entries if entry.endswith(".yaml")
    }


@pytest.mark.parametrize("overlay", OVERLAYS, ids=[overlay.name for overlay in OVERLAYS])
def test_an_overlay_only_patches_and_runs_this_release(overlay: Path) -> None:
    kustomization = yaml.safe_load((overlay / "kustomization.yaml").read_text())
    images = {container_of(workload)["image"] for workload in WORKLOADS}
    release = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["version"]

    assert kustomization["resources"] == ["../../base"]
    assert {image["name"]: image["newTag"] for image in kustomization["images"]} == dict.fromkeys(images, release)


def test_the_manifests_contain_no_secret() -> None:
    assert not [document for document in EVERYTHING if document["kind"] == "Secret"]
    assert not [path for path in KUSTOMIZATIONS if "secretGenerator" in path.read_text()]


def test_a_service_reads_every_variable_of_the_manifests() -> None:
    read = {variable for service in SERVICES for variable in variables_of(service)}

    assert {literal.partition("=")[0] for literal in literals()} <= read


def test_the_guide_names_all_keys_of_the_secret() -> None:
    required = {
        variable for service in SERVICES for variable, field in variables_of(service).items() if field.is_required()
    }
    guide = (REPOSITORY / "docs/deploying.md").read_text()

    assert set(re.findall(r"^\| `(ORYLO_\w+)` \|", guide, re.MULTILINE)) == required


@pytest.mark.parametrize("workload", WORKLOADS, ids=[workload["metadata"]["name"] for workload in WORKLOADS])
def test_a_pod_has_no_more_rights_than_it_needs(workload: Document) -> None:
    pod, container = pod_of(workload), container_of(workload)

    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {"configMapRef": {"name": "orylo"}} in container["envFrom"]
    assert container["envFrom"] == [{"configMapRef": {"name": "orylo"}}]
    assert set(container["resources"]["requests"]) == {"cpu", "memory"}
    assert "memory" in container["resources"]["limits"]
    assert one("ServiceAccount", pod["serviceAccountName"])


def secrets_of(workload: Document) -> set[str]:
    """Return the keys of the Secret that a pod reads, each into the variable of its name."""
    for variable in container_of(workload)["env"]:
        assert variable["valueFrom"] == {"secretKeyRef": {"name": "orylo", "key": variable["name"]}}
    return {variable["name"] for variable in container_of(workload)["env"]}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_gets_only_the_secrets_that_it_reads(service: str) -> None:
    required = {variable for variable, field in variables_of(service).items() if field.is_required()}

    assert secrets_of(one("Deployment", service)) == required
    assert ("ORYLO_MASTER_KEY" in required) == (service in ("ingest", "dispatch", "api"))


def test_the_migration_gets_only_the_database_and_the_key_for_documents() -> None:
    assert secrets_of(one("Job", "migrate")) == {"ORYLO_DATABASE_URL", "ORYLO_MASTER_KEY"}


def test_egress_names_its_peers() -> None:
    policies = [document for document in EVERYTHING if document["kind"] == "NetworkPolicy"]
    anywhere = {
        (policy["metadata"]["name"], port["port"])
        for policy in policies
        for rule in policy["spec"].get("egress", ())
        if "to" not in rule
        for port in rule["ports"]
    }

    # SNS and SQS have public addresses.
    assert anywhere == {("to-aws", 443)}


@pytest.mark.parametrize("overlay", OVERLAYS, ids=[overlay.name for overlay in OVERLAYS])
def test_kustomize_builds_an_overlay(overlay: Path) -> None:
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("kubectl is not installed")
    built = subprocess.run([kubectl, "kustomize", str(overlay)], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    kinds = [document["kind"] for document in yaml.safe_load_all(built.stdout)]
    assert kinds.count("Deployment") >= len(SERVICES)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_reached_and_probed_on_its_port(service: str) -> None:
    container = container_of(one("Deployment", service))
    probes = {name: container[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")}
    port, *private = one("Service", service)["spec"]["ports"]

    assert container["image"] == f"orylo/{service}"
    assert container["ports"] == [
        {"name": "http", "containerPort": PORTS[service]},
        *({"name": "private", "containerPort": each} for each in PRIVATE_PORTS.get(service, ())),
    ]
    assert probes == {
        "startup": {"path": "/healthz", "port": "http"},
        "liveness": {"path": "/healthz", "port": "http"},
        "readiness": {"path": "/readyz", "port": "http"},
    }
    assert (port["port"], port["targetPort"]) == (PORTS[service], "http")
    assert [(each["port"], each["targetPort"]) for each in private] == [
        (each, "private") for each in PRIVATE_PORTS.get(service, ())
    ]


@pytest.mark.parametrize("service", SERVICES)
def test_every_selector_of_a_service_matches_its_pods(service: str) -> None:
    deployment = one("Deployment", service)
    labels = deployment["spec"]["template"]["metadata"]["labels"]

    assert deployment["spec"]["selector"]["matchLabels"] == labels
    assert one("Service", service)["spec"]["selector"] == labels
    assert one("PodDisruptionBudget", service)["spec"]["selector"]["matchLabels"] == labels
    # The label of the Service becomes `job`, which the alerts use.
    assert one("Service", service)["metadata"]["labels"] == labels == {"app.kubernetes.io/name": service}


@pytest.mark.parametrize("service", SERVICES)
def test_a_pod_has_time_to_finish_its_open_work(service: str) -> None:
    pod, container = pod_of(one("Deployment", service)), container_of(one("Deployment", service))
    _, waits_s = container.get("lifecycle", {"preStop": {"exec": {"command": ["sleep", "0"]}}})["preStop"]["exec"][
        "command"
    ]

    assert pod["terminationGracePeriodSeconds"] >= int(waits_s) + EXIT_LIMIT.total_seconds() + CLOSING_S
    # A service behind a load balancer waits until the balancer has stopped sending requests.
    assert (int(waits_s) > 0) == (service in ("ingest", "api"))


def test_only_the_api_reaches_the_private_port_of_ingest() -> None:
    rules = [
        rule
        for document in EVERYTHING
        if document["kind"] == "NetworkPolicy" and '"ingest"' in json.dumps(document["spec"]["podSelector"])
        for rule in document["spec"].get("ingress", ())
        if any(port["port"] in PRIVATE_PORTS["ingest"] for port in rule["ports"])
    ]

    assert [rule["from"] for rule in rules] == [[{"podSelector": {"matchLabels": {"app.kubernetes.io/name": "api"}}}]]


def test_only_the_platform_and_prometheus_reach_the_unauthenticated_ports() -> None:
    rules = [
        rule["from"]
        for document in EVERYTHING
        if document["kind"] == "NetworkPolicy"
        for rule in document["spec"].get("ingress", ())
        if any(port["port"] == 9100 for port in rule["ports"])
    ]
    prometheus = {"matchLabels": {"app.kubernetes.io/name": "prometheus"}}

    assert len(rules) == 2
    for peer in itertools.chain(*rules):
        # Without a selector of namespaces, a peer is a pod of the platform's own.
        assert "namespaceSelector" not in peer or peer["podSelector"] == prometheus


def test_every_service_that_calls_the_internet_may() -> None:
    open_to: set[str] = set()
    for document in EVERYTHING:
        if document["kind"] != "NetworkPolicy" or document["metadata"]["name"] == "to-aws":
            continue
        peers = [peer for rule in document["spec"].get("egress", ()) for peer in rule.get("to", ())]
        if any(peer.get("ipBlock", {}).get("cidr") == "0.0.0.0/0" for peer in peers):
            open_to |= set(re.findall(r'"(ingest|detector|trust|dispatch|api|orylo)"', json.dumps(document["spec"])))

    # Stripe's API, ad platforms, merchants' pages; and the command, which reconciles itself.
    assert open_to == {"ingest", "dispatch", "api", "orylo"}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_accepts_traffic_on_its_ports_only(service: str) -> None:
    policies = [document["spec"] for document in EVERYTHING if document["kind"] == "NetworkPolicy"]
    opened = {
        port["port"]
        for policy in policies
        if f'"{service}"' in json.dumps(policy["podSelector"])
        for rule in policy.get("ingress", ())
        for port in rule["ports"]
    }

    assert opened == {PORTS[service], *PRIVATE_PORTS.get(service, ())}
    assert {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]} in policies


# ---- images, and docker compose ----


@pytest.mark.parametrize("service", SERVICES)
def test_the_program_of_an_image_exists_and_requires_its_settings(service: str) -> None:
    dockerfile = (REPOSITORY / f"services/{service}/Dockerfile").read_text()
    entrypoint, command = (
        json.loads(found) for found in re.findall(r"^(?:ENTRYPOINT|CMD) (\[.*\])$", dockerfile, re.MULTILINE)
    )

    outcome = subprocess.run(
        [sys.executable, *entrypoint[1:], *command], env={}, capture_output=True, text=True, check=False
    )

    assert entrypoint == ["python", "-m", f"orylo_{service}"]
    assert outcome.returncode == 2
    assert outcome.stderr.startswith("settings: ORYLO_DATABASE_URL: is missing")


@pytest.mark.parametrize("service", SERVICES)
def test_an_image_exposes_and_probes_the_port_of_its_service(service: str) -> None:
    dockerfile = (REPOSITORY / f"services/{service}/Dockerfile").read_text()

    assert re.findall(r"^EXPOSE (\d+)$", dockerfile, re.MULTILINE) == [str(PORTS[service])]
    assert f"http://127.0.0.1:{PORTS[service]}/healthz" in dockerfile
    if PORTS[service] == 9100:
        assert "ORYLO_HEALTH_HOST=0.0.0.0 ORYLO_HEALTH_PORT=9100" in dockerfile


@pytest.mark.parametrize("service", SERVICES)
def test_compose_passes_every_setting_to_a_service(service: str) -> None:
    wanted = {variable for variable in variables_of(service) if not WHERE_IT_LISTENS.search(variable)}

    assert set(COMPOSE["services"][service]["environment"]) == wanted - {"ORYLO_INGEST_REUSE_PORT"}


@pytest.mark.parametrize("service", SERVICES)
def test_compose_waits_for_servers_migrations_and_open_work(service: str) -> None:
    described = COMPOSE["services"][service]

    assert {name: need["condition"] for name, need in described["depends_on"].items()} == {
        "postgres": "service_healthy",
        "rabbitmq": "service_healthy",
        "redis": "service_healthy",
        "migrate": "service_completed_successfully",
    }
    assert int(described["stop_grace_period"].removesuffix("s")) > EXIT_LIMIT.total_seconds()


def test_compose_publishes_its_ports_on_the_loopback_only() -> None:
    ports = [port for described in COMPOSE["services"].values() for port in described.get("ports", ())]

    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)
