"""The promises of the design that a machine can check."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from ra_bench import builtin, hookspecs

ROOT = Path(__file__).parent.parent
HOOKS = [name for name, value in vars(hookspecs).items() if hasattr(value, "ra_bench_spec")]
PLUGINS = sorted((ROOT / "plugins").glob("*/ra_bench_*/**/*.py"))


def test_imports_run_one_way():
    program = Path(sys.executable).with_name("lint-imports")
    ran = subprocess.run([program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout


@pytest.mark.parametrize(
    "module",
    [
        "ra_bench",
        "ra_bench.boards.board",
        "ra_bench.boards.leaderboard",
        "ra_bench.boards.render.markdown",
        "ra_bench.metrics",
        "ra_bench.cli.main",
        "ra_bench.cli.run_command",
        "ra_bench.cli.agree_command",
        "ra_bench.cli.attend_command",
        "ra_bench.cli.audit_command",
        "ra_bench.cli.bench_command",
        "ra_bench.cli.compare_command",
        "ra_bench.cli.power_command",
        "ra_bench.cli.score_command",
        "ra_bench.costs.rounds",
        "ra_bench.reports.board_row",
        "ra_bench.reports.attention_page",
        "ra_bench.reports.audit_page",
        "ra_bench.reports.compare",
        "ra_bench.reports.cost_page",
        "ra_bench.reports.front",
        "ra_bench.reports.power",
        "ra_bench.runs.work",
        "ra_bench.suite",
    ],
)
def test_no_torch_is_imported_by(module):
    script = f"import sys, {module}; assert not {{'torch', 'torchvision', 'timm'}} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_has_an_implementation(hook):
    sources = [*PLUGINS, *(ROOT / "tests").glob("**/*.py")]
    elsewhere = any(f"@hookimpl\ndef {hook}(" in source.read_text(encoding="utf-8") for source in sources)
    assert hasattr(builtin, hook) or elsewhere


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_says_in_one_sentence_what_it_is_for(hook):
    assert getattr(hookspecs, hook).__doc__.count(".") >= 1


@pytest.mark.parametrize("file", PLUGINS, ids=lambda file: str(file.relative_to(ROOT / "plugins")))
def test_a_plugin_imports_the_public_api_and_itself(file):
    own = next(part for part in file.parts if part.startswith("ra_bench_"))
    tree = ast.parse(file.read_text(encoding="utf-8"))
    names = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    names += [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    deeper = [name for name in names if name.startswith("ra_bench") and name.partition(".")[0] != own and "." in name]
    others = [name for name in names if name.startswith("ra_bench_") and name.partition(".")[0] != own]
    assert (deeper, others) == ([], [])


def test_the_public_api_is_what_it_says():
    import ra_bench

    assert all(hasattr(ra_bench, name) for name in ra_bench.__all__)
