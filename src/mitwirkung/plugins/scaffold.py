"""The start of a plugin: a small, complete distribution, written from the templates beside this."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from mitwirkung.errors import MitwirkungError
from mitwirkung.lottery.folder import FolderOccupied, write_files
from mitwirkung.lottery.strategy import RESERVED
from mitwirkung.plugins import builtin
from mitwirkung.settings import PLUGIN_NAME

KINDS = ("strategy",)
"""What a new plugin can add; each has its templates in `template/`."""

PREFIX = "mitwirkung-"


class PluginNameRefused(MitwirkungError, ValueError):
    """A new plugin cannot be called so."""


class UnknownPluginKind(MitwirkungError, LookupError):
    """There are no templates for this kind of plugin."""


def plugin_name(given: str) -> str:
    """The name of a plugin that was given with or without `mitwirkung-`.

    Raises:
        PluginNameRefused: it cannot be the name of a distribution and a module, or a strategy
            that ships has it, or it is reserved.
    """
    name = given.removeprefix(PREFIX)
    if not PLUGIN_NAME.fullmatch(name):
        raise PluginNameRefused("new-plugin-name", name=given)
    shipped = [strategy.name for strategy in builtin.register_selection_strategies()]
    taken = sorted([*shipped, *RESERVED])
    if name in taken:
        raise PluginNameRefused("new-plugin-taken", name=name, taken=taken)
    return name


def plugin_files(name: str, kind: str = "strategy") -> dict[str, str]:
    """The files of a new plugin: path below its folder to text.

    The distribution is `mitwirkung-NAME`, its module `mitwirkung_NAME`, its strategy `NAME`. It
    asks for the versions of mitwirkung that are like this one.

    Raises:
        PluginNameRefused: see `plugin_name`.
        UnknownPluginKind: lists what there is.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    name = plugin_name(name)
    if kind not in KINDS:
        raise UnknownPluginKind("new-plugin-kind", kind=kind, available=KINDS)
    words = {
        "name": name,
        "distribution": PREFIX + name,
        "module": (PREFIX + name).replace("-", "_"),
        "stem": "".join(part.capitalize() for part in name.split("-")),
        "core": like(version("mitwirkung")),
    }
    environment = Environment(
        loader=PackageLoader("mitwirkung", f"plugins/template/{kind}"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    return {
        path.removesuffix(".j2").replace("MODULE", words["module"]): environment.get_template(
            path
        ).render(words)
        for path in environment.list_templates()
    }


def like(core: str) -> str:
    """The versions that may be expected to work as `core` does: `>=0.1,<0.2` for 0.1.4."""
    first, second = core.split(".")[:2]
    after = f"0.{int(second) + 1}" if first == "0" else f"{int(first) + 1}"
    return f">={first}.{second},<{after}"


def write_plugin(files: Mapping[str, str], folder: Path) -> None:
    """Write a new plugin, whole or not at all, into a new folder or an empty one.

    Raises:
        FolderOccupied: something is there.
    """
    if folder.exists() and not folder.is_dir():
        raise FolderOccupied("folder-is-file", folder=str(folder))
    if folder.exists() and any(folder.iterdir()):
        raise FolderOccupied("folder-not-empty", folder=str(folder))
    content = {path: text.encode() for path, text in files.items()}
    write_files(folder, content, public=content)
