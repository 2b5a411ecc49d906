"""A group that does something without a command, too."""

from __future__ import annotations

from typing import Any

import click


class WithDefault(click.Group):
    """Without a command it is the one named `default`, whose arguments, if it takes any, then follow the group."""

    def __init__(self, *args: Any, default: str, takes_names: bool = False, **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self._default = default
        self._takes_names = takes_names

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the default where no command stands; a word that is none is an error, unless names may stand there."""
        if ctx.resilient_parsing:  # a shell asks what may stand here
            return super().parse_args(ctx, args)
        named = bool(args) and (args[0] in self.commands or args[0] in ctx.help_option_names)
        word = bool(args) and not args[0].startswith("-")
        return super().parse_args(ctx, args if named or (word and not self._takes_names) else [self._default, *args])
