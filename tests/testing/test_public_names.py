"""The names of `mitwirkung.testing`, and that looking at them costs nothing."""

import subprocess
import sys

import pytest

import mitwirkung.testing


@pytest.mark.parametrize("name", mitwirkung.testing.__all__)
def test_every_public_name_can_be_had(name: str) -> None:
    assert getattr(mitwirkung.testing, name).__doc__
    assert name in dir(mitwirkung.testing)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        mitwirkung.testing.nonsense  # noqa: B018


@pytest.mark.parametrize(
    ("code", "loaded"),
    [
        ("import mitwirkung.testing", []),
        ("import mitwirkung; dir(mitwirkung), mitwirkung.solve", []),
        ("from mitwirkung.testing import problems", ["hypothesis"]),
        ("from mitwirkung.testing import ResidentProvider", ["faker"]),
    ],
)
def test_the_extra_is_loaded_only_where_used(code: str, loaded: list[str]) -> None:
    extra = "[n for n in ('faker', 'hypothesis', 'pytest', 'numpy') if n in sys.modules]"
    check = f"{code}; import sys; print(' '.join({extra}))"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.split() == loaded
