"""A plugin to begin with: `ra-bench plugins new` writes a whole distribution that installs, runs and passes its tests.

The files lie under `templates/`, for jinja2, with the suffix `.j2`: `common` for every kind, `net` where there is a
network, and a folder a kind. In their paths PACKAGE stands for the package.
"""

from ra_bench.scaffold.new import KINDS, New, new_plugin

__all__ = ["KINDS", "New", "new_plugin"]
