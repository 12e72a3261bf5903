"""The command `uncertainty`: from a csv file to a model, predictions, scores and a report, without Python."""

from __future__ import annotations

import sys
import warnings

__all__ = ["main"]

INTERRUPTED = 130  # 128 + SIGINT, as shells have it


def main() -> None:
    """Run the command line and exit: 0 if all went well, 1 for bad data, 2 for a wrong call, 130 after Ctrl-C."""
    try:
        import click
    except ImportError:
        sys.exit('The command line needs click. Install it with: pip install "uncertainty[cli]"')
    from uncertainty.cli.application import application

    warnings.formatwarning = lambda message, *_, **__: f"Warning: {message}\n"
    try:
        sys.exit(application.main(prog_name="uncertainty", standalone_mode=False))
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        sys.exit(INTERRUPTED)
    except BrokenPipeError:  # the reader of our output, `head` say, has seen enough
        sys.stderr.close()
        sys.exit(1)
