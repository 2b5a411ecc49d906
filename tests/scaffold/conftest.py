"""Plugins that were begun, as if they were installed."""

from __future__ import annotations

import sys
import tomllib

import pytest

from ra_bench.plugins import load_plugins
from ra_bench.scaffold import new_plugin


@pytest.fixture
def registry():
    return load_plugins(("ra_bench.builtin",))


@pytest.fixture
def begun(tmp_path, registry, monkeypatch):
    """Write a plugin, and put it on sys.path with what pip would write down of it."""
    packages = []

    def begin(name, kind):
        new = new_plugin(registry, name, kind=kind, into=tmp_path)
        project = tomllib.loads((new.folder / "pyproject.toml").read_text())["project"]
        info = new.folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
        )
        ((plugin, module),) = project["entry-points"]["ra_bench"].items()
        (info / "entry_points.txt").write_text(f"[ra_bench]\n{plugin} = {module}\n")
        monkeypatch.syspath_prepend(new.folder)
        packages.append(module.partition(".")[0])
        return new

    yield begin
    for module in [name for name in sys.modules if name.partition(".")[0] in packages]:
        del sys.modules[module]
