"""From a name and a kind to a folder with a whole distribution, or to an error and no folder."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ra_bench.errors import StorageError
from ra_bench.files import make_folder
from ra_bench.scaffold.names import names_of, refuse_taken

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ra_bench.plugins import Registry

_TEMPLATES = Path(__file__).parent / "templates"
_SUFFIX = ".j2"

#: What can be begun: the folders of templates that make it, and how it is tried in a run.
KINDS: Mapping[str, tuple[tuple[str, ...], str]] = MappingProxyType(
    {
        "model": (("common", "net", "model"), "--models {name}"),
        "metric": (("common", "metric"), "--models mean"),
        "dataset": (("common", "dataset"), "--models mean --dataset {name}"),
        "trainer": (("common", "net", "trainer"), "--models {name}"),
        "renderer": (("common", "renderer"), "--models mean"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class New:
    """What was written, and the commands with which to go on."""

    folder: Path
    files: tuple[Path, ...]
    commands: tuple[str, ...]


def new_plugin(registry: Registry, name: str, *, kind: str = "model", into: Path = Path()) -> New:
    """Write a distribution for a plugin of one kind into a folder of its own below `into`.

    Parameters
    ----------
    registry
        What is installed: its names are taken.
    name
        What it will be called on boards and in commands, with or without "ra-bench-" before it.
    kind
        One of `KINDS`.
    into
        Where the folder `ra-bench-<name>` is made.

    Raises
    ------
    PluginError
        The name is not possible, or taken.
    StorageError
        The folder is there and not empty, or cannot be written. Nothing is left half written.
    """
    names = names_of(name)
    refuse_taken(names, kind, registry)
    folder = into / names.distribution
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise StorageError(
            f"{folder} is there already{'' if folder.is_dir() else ' and is no folder'}. Nothing was written; choose "
            "another name, another folder with --into, or move it away."
        )
    folders, options = KINDS[kind]
    run = f"ra-bench run {options.format(name=names.name)} --protocol smoke"
    facts = {"name": names.name, "distribution": names.distribution, "package": names.package, "kind": kind, "run": run}
    files = _write(folder, dict(_rendered(folders, facts)))
    return New(
        folder=folder,
        files=files,
        commands=(f"pip install -e {_quoted(folder)}", f"ra-bench plugins check {names.name}", run),
    )


def _rendered(folders: tuple[str, ...], facts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Path and text of each file."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from ra_bench import __version__

    environment = Environment(  # noqa: S701 - Python and TOML, not HTML; the name is checked
        loader=FileSystemLoader(_TEMPLATES), undefined=StrictUndefined, keep_trailing_newline=True, trim_blocks=True
    )
    given: dict[str, Any] = {**facts, "version": __version__}
    for name in environment.list_templates():
        if name.endswith(_SUFFIX) and name.partition("/")[0] in folders:
            path = name.partition("/")[2].removesuffix(_SUFFIX).replace("PACKAGE", facts["package"])
            yield path, environment.get_template(name).render(given)


def _write(folder: Path, files: Mapping[str, str]) -> tuple[Path, ...]:
    """Write all of them beside the folder, then give it its name."""
    make_folder(folder.parent)
    try:
        beside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
        try:
            for path, text in files.items():
                file = beside / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8", newline="")
            beside.chmod(0o755)  # mkdtemp keeps others out
            beside.replace(folder)
        except BaseException:
            shutil.rmtree(beside, ignore_errors=True)
            raise
    except OSError as error:
        raise StorageError(
            f"Cannot write {folder}: {error.strerror or error}. Nothing was written. Choose a folder that can be "
            "written to with --into."
        ) from error
    return tuple(folder / path for path in sorted(files))


def _quoted(folder: Path) -> str:
    """A path as a shell takes it; one that might be taken for a name on an index begins with a point."""
    import shlex

    return shlex.quote(str(folder) if folder.is_absolute() or folder.parts[0] == ".." else f"./{folder}")
