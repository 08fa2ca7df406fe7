"""The event in a TOML file."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from mitwirkung.errors import InputError
from mitwirkung.events import Event, EventPlan
from mitwirkung.toml_files import model_findings, read_toml


def read_event(path: str | Path) -> Event:
    """The event in a TOML file, as a draft; its keys are those of `EventPlan`.

    Raises:
        InputError: with everything that is wrong in it.
        FileNotFoundError: there is no such file.
    """
    path = Path(path)
    data = read_toml(path)
    try:
        plan = EventPlan.model_validate(data)
    except ValidationError as error:
        raise InputError.of(model_findings(error, EventPlan, file=path.name)) from None
    return Event(**plan.model_dump())
