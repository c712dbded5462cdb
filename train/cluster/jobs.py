"""Ray's job interface over HTTP, with a time limit on every call.

Ray's own client waits without one and takes a second to import; a page may do neither.
"""

import json
import urllib.error
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, TimeoutError as Late
from dataclasses import dataclass, field
from typing import Any, Literal

JobState = Literal["PENDING", "RUNNING", "STOPPED", "SUCCEEDED", "FAILED"]
#: Ray gave up on a job because no slot became free in time: it never ran.
WAITED_TOO_LONG = "JOB_SUPERVISOR_ACTOR_START_TIMEOUT"
#: The resource that a training run occupies, one unit a slot.
SLOT = "cxr_training"
# Name look-ups have no time limit of their own, so calls run beside whoever waits for them.
_CALLS = ThreadPoolExecutor(8, thread_name_prefix="ray-jobs")


class ClusterError(RuntimeError):
    """The cluster did not do what was asked; the message says what to do."""


class SilentClusterError(ClusterError):
    """The cluster did not answer in time, or not at all."""


@dataclass(frozen=True)
class Job:
    """What Ray knows of one job; ``message`` is Ray's own account, ``error_type`` its kind."""

    id: str
    state: JobState
    message: str
    error_type: str

    @property
    def over(self) -> bool:
        """Whether nothing of it runs any more."""
        return self.state not in ("PENDING", "RUNNING")


@dataclass(frozen=True)
class Jobs:
    """The jobs of the cluster whose dashboard is at ``url``; ``token`` may be empty."""

    url: str
    token: str = field(default="", repr=False)

    def version(self, timeout: float = 1.0) -> str:
        """Ray's version there: the shortest proof that the interface answers."""
        return str(self._call("GET", "/api/version", timeout)["ray_version"])

    def submit(
        self, id: str, entrypoint: str, resources: dict[str, float], timeout: float = 30.0
    ) -> None:
        """Queue a shell command under an id of our own; the same id again changes nothing.

        ``resources`` may hold "CPU", "GPU" and custom names; the job waits until all are free.
        """
        custom = {name: n for name, n in resources.items() if name not in ("CPU", "GPU")}
        request = {
            "submission_id": id,
            "entrypoint": entrypoint,
            "entrypoint_num_cpus": resources.get("CPU", 0),
            "entrypoint_num_gpus": resources.get("GPU", 0),
            "entrypoint_resources": custom,
            "runtime_env": {},
            "metadata": {},
        }
        try:
            self._call("POST", "/api/jobs/", timeout, request)
        except ClusterError as error:
            if "already exists" not in str(error):
                raise

    def job(self, id: str, timeout: float = 1.0) -> Job | None:
        """One job; None where this cluster does not know it."""
        try:
            return _job(self._call("GET", f"/api/jobs/{id}", timeout))
        except ClusterError as error:
            if "HTTP 404" in str(error):
                return None
            raise

    def all(self, timeout: float = 1.0) -> dict[str, Job]:
        """Every submitted job, by id."""
        found = (_job(item) for item in self._call("GET", "/api/jobs/", timeout))
        return {job.id: job for job in found if job.id}

    def stop(self, id: str, timeout: float = 10.0) -> None:
        """Ask Ray to end a job: terminated first, killed when it does not end."""
        self._call("POST", f"/api/jobs/{id}/stop", timeout)

    def resources(self, timeout: float = 5.0) -> dict[str, float]:
        """What the cluster has in all, by name ("CPU", "GPU", custom ones)."""
        found = self._call("GET", "/api/v0/nodes", timeout)
        total: Counter[str] = Counter()
        for node in found["data"]["result"]["result"]:
            if node["state"] == "ALIVE":
                total.update(node["resources_total"])
        return {name: float(amount) for name, amount in total.items()}

    def _call(self, method: str, path: str, timeout: float, body: object = None) -> Any:
        try:
            return _CALLS.submit(self._send, method, path, timeout, body).result(timeout)
        except (Late, OSError) as error:
            raise SilentClusterError(
                f"Expected Ray to answer at {self.url}, found none within {timeout:g} s. Start the "
                "run again to start a new head, or check RAY_ADDRESS."
            ) from error

    def _send(self, method: str, path: str, timeout: float, body: object) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with _opener(self.url).open(request, timeout=timeout) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            said = error.read(2000).decode("utf-8", "replace").strip()
            hint = " Check the token (RAY_AUTH_TOKEN)." if error.code in (401, 403) else ""
            raise ClusterError(
                f"Expected Ray at {self.url} to accept {method} {path}, found HTTP {error.code}: "
                f"{said[-600:]}{hint}"
            ) from error
        except ValueError as error:
            raise ClusterError(
                f"Expected Ray's job interface at {self.url}, found something else: check "
                "RAY_ADDRESS."
            ) from error


def _opener(url: str) -> urllib.request.OpenerDirector:
    """A proxy is for the world outside, never for this machine."""
    local = url.startswith(("http://127.0.0.1:", "http://localhost:"))
    handlers = [urllib.request.ProxyHandler({})] if local else []
    return urllib.request.build_opener(*handlers)


def _job(found: dict[str, Any]) -> Job:
    return Job(
        id=str(found.get("submission_id") or ""),
        state=found["status"],
        message=str(found.get("message") or ""),
        error_type=str(found.get("error_type") or ""),
    )
