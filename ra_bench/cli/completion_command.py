"""`ra-bench completion`: what makes a shell complete commands, options and names."""

from __future__ import annotations

import click


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print the script that makes a SHELL complete commands, options, and names of models, datasets and others.

    For bash, put this into ~/.bashrc: eval "$(ra-bench completion bash)". For zsh, into ~/.zshrc, after compinit: eval
    "$(ra-bench completion zsh)". For fish: ra-bench completion fish > ~/.config/fish/completions/ra-bench.fish
    """
    from click.shell_completion import get_completion_class

    program = get_completion_class(shell)
    if program is None:
        raise click.UsageError(f"click knows no completion for {shell}.")
    click.echo(program(context.find_root().command, {}, "ra-bench", "_RA_BENCH_COMPLETE").source())
