"""The contract for plugin authors: what a plugin promises, as checks that can be called one by one.

In a plugin's own tests, one line checks all that it brings::

    @pytest.mark.parametrize("check", plugin_checks("my-net"), ids=str)
    def test_it_keeps_the_contract(check):
        check()

`ra-bench plugins check my-net` does the same in the terminal. `ra_bench.testing.tiny` has films, a cohort and a
protocol that take no time; with ra-bench installed, pytest has them as fixtures (see `ra_bench.testing.pytest_plugin`).
Importing this package imports neither torch nor numpy: pytest does so each time it starts.
"""

from ra_bench.testing.check import Check, Checked, Promise, run_all
from ra_bench.testing.contract import PROMISES, checks_of, plugin_checks, promises

__all__ = ["PROMISES", "Check", "Checked", "Promise", "checks_of", "plugin_checks", "promises", "run_all"]
