"""`completion`: the script that makes a shell complete verbs, flags and refs."""

from __future__ import annotations

import click

from app.cli.verb import Verb


@click.command("completion", cls=Verb)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script of SHELL.

    Bash: eval "$(tocsin completion bash)" in ~/.bashrc. Zsh: the same with zsh in ~/.zshrc, after compinit.
    Fish: tocsin completion fish > ~/.config/fish/completions/tocsin.fish
    """
    from click.shell_completion import get_completion_class

    from app.cli.root import tocsin

    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"There is no completion for {shell}")
    shape = found(tocsin, {}, "tocsin", "_TOCSIN_COMPLETE")
    # Not `source()`, which runs bash to ask for its version.
    click.echo(shape.source_template % shape.source_vars())
