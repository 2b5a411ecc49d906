"""The front office: registry, plan, launch, boards. What the command line and a notebook call.

A file a thing that one can ask for; `opening` comes first, `planning` and `running` are the whole story of a run.
"""

from ra_bench.plugins import BUILTINS
from ra_bench.suite.cohorts import check_cohort, describe_films, show_cohort
from ra_bench.suite.ensembles import make_ensemble
from ra_bench.suite.measuring import look_where, measure_costs, networks
from ra_bench.suite.merging import Joined, JoinedBoard, merge_runs
from ra_bench.suite.nodes import Machines, met, take_part
from ra_bench.suite.opening import ALL, DEFAULT_DATASET, DEFAULT_PROTOCOL, Suite, open_suite
from ra_bench.suite.planning import Plan, about_weights, board_name, plan, unreadable_records
from ra_bench.suite.pretraining import pretrain
from ra_bench.suite.publishing import check_boards, export_board, publish_board, rebuild_boards, verify_folder
from ra_bench.suite.reading import (
    Scored,
    agree_on_readings,
    films_to_reread,
    rescore_board,
    score_predictions,
    tables_of_paper,
)
from ra_bench.suite.running import Outcome, run

__all__ = [
    "ALL",
    "BUILTINS",
    "DEFAULT_DATASET",
    "DEFAULT_PROTOCOL",
    "Joined",
    "JoinedBoard",
    "Machines",
    "Outcome",
    "Plan",
    "Scored",
    "Suite",
    "about_weights",
    "agree_on_readings",
    "board_name",
    "check_boards",
    "check_cohort",
    "describe_films",
    "export_board",
    "films_to_reread",
    "look_where",
    "make_ensemble",
    "measure_costs",
    "merge_runs",
    "met",
    "networks",
    "open_suite",
    "plan",
    "pretrain",
    "publish_board",
    "rebuild_boards",
    "rescore_board",
    "run",
    "score_predictions",
    "show_cohort",
    "tables_of_paper",
    "take_part",
    "unreadable_records",
    "verify_folder",
]
