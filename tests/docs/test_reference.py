"""The reference says what the code says."""

from __future__ import annotations

import inspect
import re
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import TYPE_CHECKING, Any

import click
import pytest

import ra_bench
from ra_bench import hookspecs, metrics
from ra_bench.cli.main import cli, main
from ra_bench.cohorts.description import Description, SplitColumn
from ra_bench.plugins import PROVIDERS, load_plugins
from ra_bench.runs import records
from ra_bench.runs.failures import KINDS, is_settled
from ra_bench.suite import BUILTINS
from ra_bench.testing import PROMISES, promises
from ra_bench.testing.check import name_of, promise_of
from ra_bench.values import (
    Augmentation,
    Compute,
    Failure,
    Loss,
    Optimiser,
    Pretraining,
    Protocol,
    Scale,
    SplitRule,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOOKS = [name for name, value in vars(hookspecs).items() if hasattr(value, "ra_bench_spec")]
SECTIONS = [
    pytest.param("cohort-toml.md", "Top", Description, id="cohort.toml"),
    pytest.param("cohort-toml.md", "scale", Scale, id="cohort.toml-scale"),
    pytest.param("cohort-toml.md", "split", SplitColumn, id="cohort.toml-split"),
    pytest.param("protocol.md", "Top", Protocol, id="protocol"),
    pytest.param("protocol.md", "split", SplitRule, id="protocol-split"),
    pytest.param("protocol.md", "loss", Loss, id="protocol-loss"),
    pytest.param("protocol.md", "optimiser", Optimiser, id="protocol-optimiser"),
    pytest.param("protocol.md", "augmentation", Augmentation, id="protocol-augmentation"),
    pytest.param("protocol.md", "pretraining", Pretraining, id="protocol-pretraining"),
    pytest.param("protocol.md", "compute", Compute, id="protocol-compute"),
]


def page(root: Path, name: str) -> str:
    return (root / "docs" / "reference" / name).read_text(encoding="utf-8")


def section(text: str, heading: str) -> str:
    """What stands under a heading of the second or third level."""
    return re.split(r"^##+ ", text.split(f"# {heading}\n", 1)[1], flags=re.MULTILINE)[0]


def keys(text: str) -> dict[str, list[str]]:
    """The other cells of a table by the key in its first."""
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in text.splitlines() if line[:3] == "| `"]
    return {row[0].strip("` |"): row[1:] for row in rows}


def default(field: Field[Any]) -> Any:
    if field.default is not MISSING:
        return field.default
    return MISSING if field.default_factory is MISSING else field.default_factory()


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_failure_is_there_with_what_it_means_and_whether_it_is_tried_again(root: Path, kind: str) -> None:
    failure = Failure(job=None, reason="", log="", kind=kind, tries=2)  # type: ignore[arg-type]  # not looked at
    said = keys(page(root, "files.md"))[kind]
    assert [cell.strip(" |") for cell in said] == [KINDS[kind], "once" if is_settled(failure) else "always"]


@pytest.mark.parametrize("name", ["cli.md", "values.md", "metrics.md"])
def test_a_page_made_from_the_code_is_what_the_code_says(
    root: Path, reference_script: dict[str, Any], name: str
) -> None:
    assert page(root, name) == reference_script["PAGES"][name](), "run: python docs/update_reference.py"


def test_every_public_value_and_metric_is_described(root: Path) -> None:
    values = {
        name for name in ra_bench.__all__ if is_dataclass(value := getattr(ra_bench, name)) and isinstance(value, type)
    }
    assert values <= set(re.findall(r"^### (\w+)$", page(root, "values.md"), re.MULTILINE))
    described = set(re.findall(r"^### (\w+)$", page(root, "metrics.md"), re.MULTILINE))
    assert {name for name in metrics.__all__ if inspect.isroutine(getattr(metrics, name))} <= described


def test_every_hook_has_a_section_and_no_other(root: Path) -> None:
    assert re.findall(r"^### (\w+)$", page(root, "hooks.md"), re.MULTILINE) == HOOKS


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_is_described_by_its_signature_and_its_sentence(root: Path, hook: str) -> None:
    said, spec = section(page(root, "hooks.md"), hook), getattr(hookspecs, hook)
    signature = str(inspect.signature(spec)).replace("'", "")
    assert f"`{hook}{signature}`" in said
    assert f"\n{spec.__doc__}\n" in said


@pytest.mark.parametrize("kind", PROMISES)
def test_the_contract_names_every_promise_in_the_order_in_which_it_is_asked(root: Path, kind: str) -> None:
    said = keys(section(page(root, "contract.md"), kind.capitalize()))
    asked = {name_of(promise): [promise_of(promise)] for promise in promises(kind)}
    assert list(said.items()) == list(asked.items())


def test_the_contract_has_no_other_kind(root: Path) -> None:
    headings = re.findall(r"^## (\w+)$", page(root, "contract.md"), re.MULTILINE)
    assert [heading.lower() for heading in headings] == [*PROMISES, "bounds"]


@pytest.mark.parametrize("kind", PROVIDERS)
def test_a_provider_names_all_that_the_suite_registers(root: Path, kind: str) -> None:
    said, registry = section(page(root, "hooks.md"), PROVIDERS[kind][0]), load_plugins(BUILTINS)
    listed = re.search(r"Implemented by: (.*?)\.\n\n", said, re.DOTALL)
    assert listed is not None
    for name in registry.names(kind):
        own = re.search(rf"{registry.origin(kind, name).distribution}\s\(([^)]*)\)", listed[1])
        assert own is not None
        assert f"`{name}`" in own[1]


@pytest.mark.parametrize("kind", PROVIDERS)
def test_a_spec_is_described_by_all_its_fields(root: Path, kind: str) -> None:
    said = section(page(root, "hooks.md"), PROVIDERS[kind][0])
    for field in fields(PROVIDERS[kind][1]):
        assert f"`{field.name}`" in said


@pytest.mark.parametrize(("name", "heading", "kind"), SECTIONS)
def test_every_key_is_described_and_no_other(root: Path, name: str, heading: str, kind: type) -> None:
    assert list(keys(section(page(root, name), heading))) == [field.name for field in fields(kind)]


@pytest.mark.parametrize(("name", "heading", "kind"), SECTIONS)
def test_every_default_is_said(root: Path, name: str, heading: str, kind: type) -> None:
    said = keys(section(page(root, name), heading))
    for field in fields(kind):
        value, told = default(field), said[field.name][1]
        if value is MISSING:
            assert told == "must be given", field.name
        elif isinstance(value, bool):
            assert told == f"`{str(value).lower()}`", field.name
        elif isinstance(value, tuple) and value:
            assert told == f"`{str(list(value)).replace(chr(39), chr(34))}`", field.name
        elif isinstance(value, (int, float, str)):
            assert told.strip("`").strip('"') == str(value), field.name
        else:
            assert told in {"none", "all", "empty", "nothing is changed"}, field.name


def test_every_file_of_a_job_is_described(root: Path) -> None:
    said = section(page(root, "files.md"), "Runs")
    for name in (records.RECORD, records.PREDICTIONS, records.HISTORY, records.JOB, records.LOG, records.FAILURE):
        assert f"| `{name}` |" in said


def code_below(*folders: Path) -> str:
    return "\n".join(file.read_text(encoding="utf-8") for folder in folders for file in folder.rglob("*.py"))


def test_every_environment_variable_is_described(root: Path) -> None:
    said = set(keys(page(root, "environment.md")))
    read = set(re.findall(r"environ(?:\.get\(|\[)\"(\w+)\"", code_below(root / "ra_bench")))
    # click makes the last of its program's name
    assert said == read | {"_RA_BENCH_COMPLETE"}


def test_every_variable_of_ours_is_described_wherever_it_is_read(root: Path) -> None:
    code = code_below(root / "ra_bench", root / "plugins", root / "benchmarks")
    named = set(re.findall(r"\"(_?RA_BENCH_[A-Z_]+)\"", code))
    assert named == set(re.findall(r"`(_?RA_BENCH_[A-Z_]+)`", page(root, "environment.md")))


def test_every_exit_code_is_described(root: Path) -> None:
    codes = re.findall(r"^\| (\d+) \|", page(root, "exit-codes.md"), re.MULTILINE)
    assert main.__doc__ is not None
    assert codes == re.findall(r"\b(\d+) [a-z]", main.__doc__)


def test_no_command_ends_with_another_exit_code(root: Path) -> None:
    used = set(re.findall(r"(?:Exit\(|code = )(\d+)", code_below(root / "ra_bench" / "cli")))
    codes = re.findall(r"^\| (\d+) \|", page(root, "exit-codes.md"), re.MULTILINE)
    assert used | {"0", "2"} == set(codes)  # those of click: done, and wrong usage


def with_json(command: click.Command, path: str = "ra-bench") -> Iterator[str]:
    """Paths of the commands that take --json."""
    if any("--json" in option.opts for option in command.params):
        yield path
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            below = command.get_command(click.Context(command), name)
            if below is not None:
                yield from with_json(below, f"{path} {name}")


def test_every_command_with_json_is_described_and_no_other(root: Path) -> None:
    assert set(keys(page(root, "json.md"))) == set(with_json(cli))
