"""The front door: every name is there, and opening it is cheap."""

import subprocess
import sys

import pytest

import mitwirkung

HEAVY = (
    *("numpy", "highspy", "sqlalchemy", "pandas", "narwhals", "altair", "jinja2", "babel"),
    *("typer", "rich", "hypothesis", "faker", "pytest", "alembic", "cryptography"),
)


@pytest.mark.parametrize("name", mitwirkung.__all__)
def test_every_public_name_can_be_had(name: str) -> None:
    assert getattr(mitwirkung, name).__doc__
    assert name in dir(mitwirkung)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        mitwirkung.nonsense  # noqa: B018


@pytest.mark.parametrize(
    "code",
    [
        "import mitwirkung",
        "import mitwirkung; mitwirkung.read_applicants, mitwirkung.SelectionProblem, "
        "mitwirkung.solve, mitwirkung.SelectionStrategy, mitwirkung.hookimpl, "
        "mitwirkung.Mitwirkung(), mitwirkung.SqliteBackend, mitwirkung.Vault",
    ],
)
def test_heavy_libraries_are_loaded_only_where_used(code: str) -> None:
    check = f"{code}; import sys; print([n for n in {HEAVY} if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
