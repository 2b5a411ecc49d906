"""`ra-bench run`: train, measure, write the board."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ra_bench.cli.complete import names_of
from ra_bench.cli.duration import seconds_of
from ra_bench.cli.options import folder_options, opened, plugin_options, seeds_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ra_bench.runs.curves import Curves
    from ra_bench.runs.plan import Shard
    from ra_bench.suite import Outcome, Plan
    from ra_bench.values import Failure, Folds

#: Where machines meet if nobody says: as for torchrun.
PORT = 29400


@click.command("run")
@click.option(
    "--models",
    metavar="NAMES",
    default="all",
    show_default=True,
    shell_complete=names_of("model", listed=True, also=["all"]),
    help="Names with commas between, or all.",
)
@click.option(
    "--dataset",
    metavar="NAME|FILE",
    shell_complete=names_of("dataset"),
    default="synthetic-hands",
    show_default=True,
    help="A dataset, or the path of a cohort.toml.",
)
@click.option(
    "--protocol",
    metavar="NAME|FILE",
    shell_complete=names_of("protocol"),
    default="quick",
    show_default=True,
    help="A protocol, or the path of a TOML file.",
)
@click.option(
    "--seeds", metavar="NUMBERS", default="", help="Seeds with commas between; the protocol's own if not given."
)
@click.option(
    "--folds",
    metavar="NUMBER|sites",
    help="Test every film once: so many folds of patients, or 'sites' to leave out one site after the other.",
)
@click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda", "mps"]),
    default="auto",
    show_default=True,
    help="Where to train.",
)
@click.option(
    "--precision",
    type=click.Choice(["fp32", "bf16", "fp16"]),
    help="Of the arithmetic, if not the protocol's; the board is named after it.",
)
@click.option("--compile", "compile_it", is_flag=True, help="Compile networks with torch.compile.")
@click.option("--fit-batch", is_flag=True, help="Let a batch that does not fit in memory go in parts; rows say so.")
@click.option(
    "--devices",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="GPUs for each job, or processes on a CPU, which share its batches.",
)
@click.option(
    "--nodes",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Machines for each job, each with so many --devices. Give all of them the same command.",
)
@click.option(
    "--rdzv-endpoint",
    metavar="HOST[:PORT]",
    help=f"Where the machines of --nodes meet: the address of the first, which writes. The port, if none, is {PORT}.",
)
@click.option(
    "--rdzv-timeout",
    metavar="TIME",
    default="10m",
    show_default=True,
    help="How long the machines of --nodes wait for one another.",
)
@click.option(
    "--jobs",
    type=click.IntRange(1),
    help="Jobs to run at a time; if not given, as many as GPUs suffice for, or one on a CPU. They share the cores; "
    "each needs memory of its own.",
)
@click.option(
    "--timeout",
    metavar="TIME",
    help="End a job that takes longer, such as 2h, 90m, 1h30m or 3600 (seconds). It counts as failed.",
)
@click.option(
    "--launcher",
    metavar="NAME",
    shell_complete=names_of("launcher"),
    default="local",
    show_default=True,
    help="Where jobs run: local, on this machine, or another of 'ra-bench list launchers'.",
)
@click.option(
    "--shard",
    metavar="I/N",
    help="Do only part I of N, for one of N machines; 'ra-bench merge' joins their runs.",
)
@click.option(
    "--weights",
    metavar="MODEL=FILE",
    multiple=True,
    help="Start a model from weights made elsewhere, .safetensors or .pt; MODEL=imagenet fetches those of its library. "
    "May be given several times.",
)
@click.option("--explain", is_flag=True, help="Only say which jobs stand, which would run, and why.")
@click.option("--afresh", is_flag=True, help="Train even what stands.")
@click.option("--retry-failed", is_flag=True, help="Run only what failed, also what failed twice in the same way.")
@click.option("-q", "--quiet", is_flag=True, help="Plain lines for a log instead of a live table.")
@click.option(
    "--tensorboard",
    metavar="[FOLDER]",
    is_flag=False,
    flag_value="",
    help="Write training curves for TensorBoard; to tensorboard among the runs, if no folder is named.",
)
@folder_options
@plugin_options
def command(
    models: str,
    dataset: str,
    protocol: str,
    seeds: str,
    folds: str | None,
    device: str,
    precision: str | None,
    compile_it: bool,
    fit_batch: bool,
    devices: int,
    nodes: int,
    rdzv_endpoint: str | None,
    rdzv_timeout: str,
    jobs: int | None,
    timeout: str | None,
    launcher: str,
    shard: str | None,
    weights: tuple[str, ...],
    explain: bool,
    afresh: bool,
    retry_failed: bool,
    quiet: bool,
    tensorboard: str | None,
    runs: Path,
    boards: Path,
    data: Path,
    plugin_files: tuple[Path, ...],
    without: tuple[str, ...],
) -> None:
    """Train every model under one protocol, measure it as a reader would be measured, and write the leaderboard.

    What stands is not trained again; what failed is tried once more. Jobs run cheapest first; the board is written
    after each, and ctrl-C keeps what is finished.
    """
    if afresh and retry_failed:
        raise click.UsageError("--afresh trains everything and --retry-failed only what failed: give one of them.")
    endpoint = _endpoint(rdzv_endpoint, nodes=nodes, jobs=jobs, launcher=launcher)
    patience = seconds_of(rdzv_timeout, "--rdzv-timeout") or 0.0
    from ra_bench import suite as office
    from ra_bench.cli.terminal import Display
    from ra_bench.plugins import not_loaded
    from ra_bench.runs.observers import with_guests

    limit = seconds_of(timeout, "--timeout")
    suite = opened(plugin_files, without, runs=runs, boards=boards, data=data)
    curves = _curves(tensorboard, runs)
    with Display(quiet=quiet) as display:
        for sentence in not_loaded(suite.registry.plugins):
            display.say(sentence)
        display.say("Looking up the cohort and what stands already")
        plan = office.plan(
            suite,
            models=_words(models),
            dataset=dataset,
            protocol=protocol,
            seeds=seeds_in(seeds),
            folds=_folds(folds),
            shard=_shard(shard),
            device=device,
            compute=_compute(precision, compile_it=compile_it, fit_batch=fit_batch),
            weights=weights,
            afresh=afresh,
            retry_failed=retry_failed,
            keep_films=not explain,
            on_films=display.on_films,
        )
        for sentence in office.about_weights(plan):
            display.say(sentence)
        if explain:
            display.stop()
            _explain(plan)
            return
        with (
            nullcontext()
            if endpoint is None
            else office.met(plan, nodes=nodes, endpoint=endpoint, devices=devices, patience=patience, say=display.say)
        ) as machines:
            if machines is not None and not machines.node.first:
                _conclude_part(
                    office.take_part(suite, plan, machines, devices=devices, say=display.say, on_films=display.on_films)
                )
                return
            display.expect(plan)
            for sentence in office.unreadable_records(suite, plan):
                display.say(sentence)
            for each in curves.values():
                each.expect(plan.jobs)
            observers = with_guests(suite.registry, display, display.say, curves)
            outcome = office.run(
                suite,
                plan,
                observers=observers,
                on_films=display.on_films,
                launcher=launcher,
                slots=jobs,
                timeout=limit,
                devices=devices,
                machines=machines,
            )
    _conclude(outcome)


def _conclude_part(failures: Sequence[Failure]) -> None:
    """Fail when a job failed that this machine took part in; the first machine tells more."""
    if failures:
        raise click.exceptions.Exit(1)


def _conclude(outcome: Outcome) -> None:
    """Print the board, say where it is, and fail when a job failed."""
    from ra_bench.cli.terminal import print_board
    from ra_bench.runs.names import job_name

    print_board(outcome.board)
    click.echo(f"\nBoard: {outcome.folder / 'board.md'}")
    for failure in outcome.failures:
        advice = f"\n  {failure.advice}" if failure.advice else ""
        log = f"\n  Log: {failure.log}" if failure.log else ""
        click.echo(f"Failed: {job_name(failure.job)}: {failure.reason}{advice}{log}", err=True)
    if outcome.trouble:
        click.echo(f"Error: {outcome.trouble}", err=True)
    if outcome.failures or outcome.trouble:
        raise click.exceptions.Exit(1)


def _explain(plan: Plan) -> None:
    from ra_bench.runs.names import job_name

    for planned in plan.jobs:
        click.echo(f"{job_name(planned.job)}: {planned.reason}")


def _compute(precision: str | None, *, compile_it: bool, fit_batch: bool) -> dict[str, str | bool]:
    """What was asked for, as keys of a protocol's section `compute`."""
    wishes: dict[str, str | bool | None] = {
        "precision": precision,
        "compile": compile_it or None,
        "fit_batch": fit_batch or None,
    }
    return {key: value for key, value in wishes.items() if value is not None}


def _curves(folder: str | None, runs: Path) -> dict[str, Curves]:
    """The observer behind --tensorboard, by the name under which it is complained of; none where nobody asked."""
    from ra_bench.runs.curves import Curves

    return {} if folder is None else {"--tensorboard": Curves(Path(folder) if folder else runs / "tensorboard")}


def _words(text: str) -> list[str]:
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not words:
        raise click.BadParameter("name at least one model, or all", param_hint="--models")
    return words


def _folds(text: str | None) -> Folds:
    if text is None:
        return None
    if text == "sites":
        return "sites"
    if not text.isdecimal():
        raise click.BadParameter(f"'{text}' is neither a number of folds such as 5 nor 'sites'", param_hint="--folds")
    return int(text)


def _shard(text: str | None) -> Shard | None:
    from ra_bench.runs.plan import Shard

    if text is None:
        return None
    number, slash, of = text.partition("/")
    if not (slash and number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of)):
        raise click.BadParameter(f"'{text}' is no part such as 2/5, the second of five", param_hint="--shard")
    return Shard(number=int(number), of=int(of))


def _endpoint(text: str | None, *, nodes: int, jobs: int | None, launcher: str) -> tuple[str, int] | None:
    """Where machines meet; None where there is one."""
    if nodes == 1:
        if text is not None:
            raise click.UsageError("--rdzv-endpoint is where several machines meet: say with --nodes how many.")
        return None
    if text is None:
        raise click.UsageError(
            f"--nodes {nodes} needs a place where the machines meet: --rdzv-endpoint HOST, the first machine's address."
        )
    if jobs is not None and jobs > 1:
        raise click.UsageError(f"With --nodes one job runs at a time, on all machines. Leave out --jobs {jobs}.")
    if launcher != "local":
        raise click.UsageError(
            f"--nodes {nodes} is for the launcher 'local'; a job of '{launcher}' has one machine. Leave out --nodes or "
            "--launcher."
        )
    host, colon, port = text.rpartition(":")
    if not colon:
        host, port = text, str(PORT)
    if not (host and port.isdecimal() and 1 <= int(port) <= 65535):
        raise click.BadParameter(f"'{text}' is no address such as node1:{PORT}", param_hint="--rdzv-endpoint")
    return host.strip("[]"), int(port)
