"""`ra-bench`: the group of commands, each loaded when it is called."""

from __future__ import annotations

import os
import sys
from difflib import get_close_matches
from importlib import import_module

import click

from ra_bench import __version__
from ra_bench.errors import RaBenchError

#: Command to the module that holds it.
COMMANDS = {
    "run": "Train and measure models, and write their leaderboard.",
    "merge": "Join the runs of several machines, and write their boards.",
    "pretrain": "Train a body on chest films with findings, and write its weights.",
    "leaderboard": "Make, check, publish, export and verify boards: no training, no torch.",
    "ensemble": "Put finished runs of a board together, film by film, as a row: no training.",
    "rescore": "Measure stored predictions on corrected labels, and show what moves.",
    "reread": "A blinded sheet of films whose labels most models contradict, to be read again.",
    "score": "Measure predictions that anybody made against readers: the full report.",
    "agree": "Measure readers against one another.",
    "compare": "Models against models on the same films: who separates from whom.",
    "power": "How many films it takes to tell models apart, or to show a small mean difference.",
    "attend": "Where a trained model looks: Grad-CAM overlays, and the share of it on drawn damage.",
    "bench": "What models cost on this machine: time, memory, energy, as shares of resnet50.",
    "tables": "Tables 2 to 6 of Wang et al. 2022 for a board, beside what the paper printed where that may be.",
    "audit": "Check rows that a paper prints: what fails, and what would have to be true.",
    "list": "What is installed: models, datasets, metrics, trainers, protocols, launchers, renderers.",
    "plugins": "Where it comes from, and what did not load.",
    "doctor": "What is wrong with this machine, its folders and its plugins, and how to mend it.",
    "completion": "What makes a shell complete commands, options and names.",
    "cohort": "Describe, check, look at and make cohorts.",
}


class Commands(click.Group):
    """Loads a command's module when it is called, and the plugins' commands when none of ours is meant."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Ours, then the guests'."""
        return [*COMMANDS, *self._guests()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        if cmd_name in COMMANDS:
            command: click.Command = import_module(f"ra_bench.cli.{cmd_name}_command").command
            return command
        return self._guests().get(cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """One line a command, without loading any of ours."""
        guests = self._guests().items()
        lines = [*COMMANDS.items(), *((name, command.get_short_help_str()) for name, command in guests)]
        with formatter.section("Commands"):
            formatter.write_dl(lines)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Offer the nearest name when there is no such command."""
        # Guests are asked only where none of ours is meant: to load them takes time.
        known = () if args[0].startswith("-") or args[0] in COMMANDS else self.list_commands(ctx)
        if known and args[0] not in known:
            nearest = get_close_matches(args[0], known, n=1)
            guess = f" Did you mean '{nearest[0]}'?" if nearest else ""
            ctx.fail(f"No such command '{args[0]}'.{guess}")
        return super().resolve_command(ctx, args)

    def _guests(self) -> dict[str, click.Command]:
        """The plugins' commands. A plugin that fails here is told of, and the others go on."""
        from ra_bench.plugins import load_plugins

        found: dict[str, click.Command] = {}
        for implementation in load_plugins().hooks.register_commands.get_hookimpls():
            group = click.Group()
            try:
                implementation.function(*([group] * len(implementation.argnames)))
            except Exception as error:  # noqa: BLE001 - a guest may raise anything, and must not stop ours
                said = (
                    f"Plugin '{implementation.plugin_name}': register_commands failed: {type(error).__name__}: {error}"
                )
                click.echo(said, err=True)
            for name, command in group.commands.items():
                if name in COMMANDS or name in found:
                    said = f"Plugin '{implementation.plugin_name}': the command name '{name}' is taken. Rename it."
                    click.echo(said, err=True)
                else:
                    found[name] = command
        return found


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(__version__, "-V", "--version", prog_name="ra-bench")
def cli() -> None:
    """Benchmark models that read a Sharp/van der Heijde score off hand radiographs.

    Start with: ra-bench run --models all
    """


def main() -> None:
    """Run the command line. Exit codes: 0 done, 1 something is wrong or failed, 2 wrong usage, 130 stopped."""
    try:
        # rich looks at NO_COLOR by itself, click does not; None leaves it to what stdout is.
        code = cli.main(
            prog_name="ra-bench", standalone_mode=False, color=False if os.environ.get("NO_COLOR") else None
        )
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except RaBenchError as error:
        click.echo(f"Error: {error}", err=True)
        code = 1
    except (KeyboardInterrupt, click.Abort):
        click.echo("\nStopped. What was finished is kept; the same command goes on from there.", err=True)
        code = 130
    except BrokenPipeError:  # the reader of our output has gone, as in `ra-bench list models | head -1`
        sys.stderr.close()
        code = 1
    sys.exit(code if isinstance(code, int) else 0)
