"""All checks of mitwirkung: `nox` runs those of `DEFAULT` in order, `nox --list` tells the rest.

What is tested is what a user installs: each session gets the wheel of the core (and of the plugins
it is about), never the source tree. A Python that is not there is skipped and said so; nothing else
is skipped.

Environments are kept between runs. A second run reinstalls only our own packages, unless what they
or the session ask for has changed: then the environment is emptied and filled again.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import nox

ROOT = Path(__file__).resolve().parent
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
PLUGINS = sorted(file.parent for file in ROOT.glob("plugins/*/pyproject.toml"))

# The engine, the files, the reports and the kits do not ask what is installed.
REACHED_BY_PLUGINS = (
    "tests/plugins",
    "tests/test_settings.py",
    "tests/test_public_names.py",
    "tests/lottery/test_strategies.py",
)

os.environ.pop("PYTHONPATH", None)  # it could put the source tree in front of what is installed


# -------------------------------------------------------------------------- which Pythons are there


def is_there(version: str) -> bool:
    """Whether a Python of this version answers: a shim on PATH may have nothing behind it."""
    if version == f"{sys.version_info.major}.{sys.version_info.minor}":
        return True
    if sys.platform == "win32":
        return True  # nox asks the launcher, and skips by itself
    for folder in os.get_exec_path():
        program = Path(folder, f"python{version}")
        if not os.access(program, os.X_OK):
            continue
        try:
            answer = subprocess.run(
                [program, "--version"], capture_output=True, text=True, timeout=30, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        if answer.returncode == 0 and answer.stdout.startswith(f"Python {version}."):
            return True
    return False


THERE = [version for version in PYTHONS if is_there(version)]
MISSING = [version for version in PYTHONS if version not in THERE]

DEFAULT = [
    *(f"tests-{version}" for version in PYTHONS),
    *(f"plugin-{folder.name}" for folder in PLUGINS),
    "together",
    "lint",
    "types",
    "docs",
    "pages",
]

nox.needs_version = ">=2025.10.16"
nox.options.sessions = DEFAULT
nox.options.default_venv_backend = "virtualenv"
nox.options.reuse_venv = "yes"
nox.options.download_python = "never"
nox.options.error_on_missing_interpreters = False  # nox would turn it on where CI is set


# --------------------------------------------------------------------------------------- installing

_wheels: dict[Path, Path | None] = {}


def group(name: str, folder: Path = ROOT) -> list[str]:
    """The requirements of a dependency group; none if a plugin does not have that group."""
    project = nox.project.load_toml(folder / "pyproject.toml")
    if folder != ROOT and name not in project.get("dependency-groups", {}):
        return []
    return list(nox.project.dependency_groups(project, name))


def wheel(session: nox.Session, folder: Path) -> Path | None:
    """The wheel of one of our distributions, built once a run."""
    if folder not in _wheels:
        target = Path(session.cache_dir, "wheels", folder.name)
        shutil.rmtree(target, ignore_errors=True)
        session.run_install(
            *("python", "-m", "pip", "wheel", "--quiet", "--no-deps"),
            *("--wheel-dir", str(target), str(folder)),
            silent=True,
        )
        _wheels[folder] = next(target.glob("*.whl"), None)  # none with nox --no-install
    return _wheels[folder]


def install(session: nox.Session, *requirements: str, ours: Sequence[Path] = (ROOT,)) -> None:
    """Fill the session's environment with our distributions `ours` and other requirements."""
    wheels = [str(built) for folder in ours if (built := wheel(session, folder))]
    stamp = Path(session.virtualenv.location, "asked-for.json")
    projects = [nox.project.load_toml(folder / "pyproject.toml")["project"] for folder in ours]
    asked_for = json.dumps([requirements, projects])
    if stamp.is_file() and stamp.read_text("utf-8") == asked_for:
        if wheels:
            session.install("--quiet", "--no-deps", "--force-reinstall", *wheels)
        return

    stamp.unlink(missing_ok=True)
    old = session.run_install("python", "-m", "pip", "freeze", silent=True, log=False)
    if isinstance(old, str) and old.strip():
        names = Path(session.create_tmp(), "old.txt")
        names.write_text(old, "utf-8")
        session.run_install(
            "python", "-m", "pip", "uninstall", "--quiet", "--yes", "-r", str(names), silent=True
        )
    # --no-compile: Python compiles what it imports, which is far less than what is installed.
    session.install("--quiet", "--no-compile", *wheels, *requirements)
    if isinstance(old, str):
        stamp.write_text(asked_for, "utf-8")


# ------------------------------------------------------------------------------ sessions by default


@nox.session(python=THERE)
def tests(session: nox.Session) -> None:
    """The core's tests with the core alone: no plugin, no extra of ours."""
    if MISSING and session.python == THERE[0]:
        session.log(f"Not there, so skipped: Python {', '.join(MISSING)}")
    install(session, *group("test"))
    session.run(
        *("pytest", "-n", "auto", "--dist", "loadgroup", "tests", "--ignore=tests/benchmarks"),
        *session.posargs,
    )


def _skip_tests(version: str) -> None:
    @nox.session(name=f"tests-{version}", venv_backend="none")
    def skipped(session: nox.Session) -> None:
        """Skipped: this Python is not there."""
        session.skip(f"Python {version} is not there: no python{version} answers --version")


for _version in MISSING:
    _skip_tests(_version)


def _test_plugin(folder: Path) -> None:
    @nox.session(name=f"plugin-{folder.name}")
    def plugin(session: nox.Session) -> None:
        """A plugin's tests with the core and this plugin alone."""
        install(session, *group("pytest"), *group("test", folder), ours=[ROOT, folder])
        session.run(
            *("pytest", "--config-file=pyproject.toml", "-n", "auto", "--dist", "loadfile"),
            str(folder.relative_to(ROOT) / "tests"),
            *session.posargs,
        )


for _folder in PLUGINS:
    _test_plugin(_folder)


@nox.session(venv_backend=None if PLUGINS else "none")
def together(session: nox.Session) -> None:
    """With the core and every plugin in one environment: what a plugin that is there can change."""
    if not PLUGINS:
        session.log("There is no plugin in plugins/ yet, so there is nothing to test together")
        return
    install(session, *group("test"), ours=[ROOT, *PLUGINS])
    session.run(
        *("pytest", "--config-file=pyproject.toml", "-n", "auto", "--dist", "loadgroup"),
        *REACHED_BY_PLUGINS,
        "--ignore=tests/plugins/test_new_plugin.py",  # it makes environments of its own
        *session.posargs,
    )


@nox.session
def lint(session: nox.Session) -> None:
    """Rules and format of the code, and which part may import which."""
    install(session, *group("lint"), ours=())
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("lint-imports", env={"PYTHONPATH": str(ROOT / "src")})


def brought_by_plugins() -> list[str]:
    """What the plugins stand on beside us."""
    projects = (nox.project.load_toml(folder / "pyproject.toml")["project"] for folder in PLUGINS)
    needed = {each for project in projects for each in project["dependencies"]}
    return sorted(each for each in needed if not each.startswith("mitwirkung"))


@nox.session
def types(session: nox.Session) -> None:
    """The types inside, and those that users and plugins see in the installed package."""
    install(session, *group("types"), *brought_by_plugins())
    session.run("mypy", "--strict", "src")
    # As a user has it: without our settings and without the plugin of pydantic.
    session.run(
        *("mypy", "--strict", "--config-file=", "--cache-dir=.mypy_cache/user"),
        "tests/typing/user_code.py",
        *(str(folder.relative_to(ROOT) / "src") for folder in PLUGINS),
    )


@nox.session
def docs(session: nox.Session) -> None:
    """The Python code in README.md and docs/, run from top to bottom (see conftest.py)."""
    install(session, *group("docs"))
    # The blocks of a file share what they made: a file is run by one worker.
    session.run(
        *("pytest", "-n", "auto", "--dist", "loadfile", "docs", "README.md"), *session.posargs
    )


@nox.session
def pages(session: nox.Session) -> None:
    """The documentation as web pages, in build/pages; a warning is an error."""
    install(session, *group("pages"))
    session.run("sphinx-build", "-W", "--keep-going", "-q", "-b", "html", "docs", "build/pages")


# ------------------------------------------------------------------------------- sessions on demand


@nox.session(reuse_venv=False)
def wheels(session: nox.Session) -> None:
    """Build everything, install the wheels afresh, run the demo and verify what it leaves."""
    install(session, *group("wheels"), ours=())
    work = Path(session.create_tmp()).resolve()
    shutil.rmtree(work)
    for folder in (ROOT, *PLUGINS):
        session.run("python", "-m", "build", "--outdir", str(work / "dist"), str(folder))

    session.run("python", "-m", "venv", "--clear", str(work / "fresh"))
    programs = work / "fresh" / ("Scripts" if sys.platform == "win32" else "bin")
    built = sorted(str(file) for file in (work / "dist").glob("*.whl"))
    python = str(programs / "python")
    session.run(python, "-m", "pip", "install", "--quiet", *built, external=True)

    folder = work / "demo"
    folder.mkdir()
    mitwirkung = str(programs / "mitwirkung")
    with session.chdir(folder):
        session.run(mitwirkung, "demo", external=True)
        left = sorted(folder.rglob("record-public.json"))
        if not left:
            session.error("the demo left no record-public.json to verify")
        for record in left:
            session.run(mitwirkung, "verify", str(record.parent), external=True)


PEER = ("sortition-algorithms==0.12.15", "mip==1.17.6")
"""What the lottery is measured beside, with its faster solver; never in an environment of ours."""


def peer_python(session: nox.Session) -> str:
    """The Python of an environment that holds the peer alone, made once for these versions."""
    home = Path(session.cache_dir, "peer").resolve()
    python = str(home / ("Scripts" if sys.platform == "win32" else "bin") / "python")
    stamp = home / "asked-for.json"
    if not stamp.is_file() or stamp.read_text("utf-8") != json.dumps(PEER):
        session.run("python", "-m", "venv", "--clear", str(home))
        session.run(python, "-m", "pip", "install", "--quiet", *PEER, external=True)
        stamp.write_text(json.dumps(PEER), "utf-8")
    return python


@nox.session
def bench(session: nox.Session) -> None:
    """Ours beside the peer, in one run; after --: sections of tests/benchmarks/run.py, --write."""
    install(session, *group("bench"))
    peer = peer_python(session)
    session.run("python", "tests/benchmarks/run.py", *session.posargs, "--peer", peer)


@nox.session
def bench_postgres(session: nox.Session) -> None:
    """What the storage in PostgreSQL costs beside the bare database; after --: --write."""
    folder = ROOT / "plugins" / "mitwirkung-postgres"
    install(session, *group("bench"), *group("test", folder), ours=[ROOT, folder])
    session.run("python", "tests/benchmarks/run.py", "postgres", *session.posargs)


@nox.session
def stress(session: nox.Session) -> None:
    """Random quotas from easy to impossible, then brute force on thousands of small problems."""
    install(session, *group("test"))
    # Arguments after -- go to tests/stress: --cases, --seed, --limit (seconds), --processes.
    session.run("python", "-m", "stress", *session.posargs, env={"PYTHONPATH": str(ROOT / "tests")})
    session.run(
        *("pytest", "-n", "auto", "--hypothesis-profile=stress", "-k", "brute_force"),
        "tests/lottery",
    )
