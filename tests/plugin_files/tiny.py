"""A plugin in one file for the tests: twenty films of noise, and models that end in every possible way.

All but `tiny-net` are "trained" without torch, so that a job takes no longer than its process needs to start.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import subprocess
import threading
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ra_bench import (
    SVH_HANDS,
    Cohort,
    DatasetSpec,
    EpochReport,
    FindingSample,
    FindingSet,
    Fitted,
    ModelSpec,
    Sample,
    TrainerSpec,
    hookimpl,
)

if TYPE_CHECKING:
    from collections.abc import Generator

    from ra_bench import FitTask

FILMS = 20


@hookimpl
def register_datasets() -> list[DatasetSpec]:
    return [
        DatasetSpec(name="tiny", load=load, obtain="Made up.", citation="Nobody.", licence="CC0-1.0"),
        DatasetSpec(
            name="tiny-findings",
            load=load_findings,
            task="findings",
            obtain="Made up.",
            citation="Nobody.",
            licence="CC0-1.0",
        ),
    ]


def load(data: Path) -> Cohort:
    scores = np.random.default_rng(0).integers(0, 120, FILMS)
    samples = tuple(
        Sample(
            sample_id=f"film{number:02d}",
            patient_id=f"patient{number:02d}",
            visit="",
            film=partial(draw, number),
            readings={"first": float(score), "second": float(score + number % 5)},
        )
        for number, score in enumerate(scores)
    )
    return Cohort(
        name="tiny",
        version="one",
        scale=SVH_HANDS,
        samples=samples,
        citation="Nobody.",
        licence="CC0-1.0",
        simulated=True,
    )


def load_findings(data: Path) -> FindingSet:
    samples = tuple(
        FindingSample(
            sample_id=f"chest{number:02d}",
            patient_id=f"person{number:02d}",
            film=partial(draw, number),
            findings=(float(number % 2), None),
        )
        for number in range(FILMS)
    )
    return FindingSet(
        name="tiny-findings",
        version=os.environ.get("TINY_FINDINGS", "one"),
        findings=("even", "silent"),
        samples=samples,
        citation="Nobody.",
        licence="CC0-1.0",
        simulated=True,
    )


def draw(number: int) -> Any:
    return np.random.default_rng(number).integers(0, 256, (32, 48), dtype=np.uint8)


@hookimpl
def register_trainers() -> list[TrainerSpec]:
    return [TrainerSpec(name="no-torch", fit=fit)]


def fit(task: FitTask) -> Generator[EpochReport, None, Fitted]:
    """Predict what `build` gives for every film, give or take nothing; report an epoch until the protocol's are done.

    A baseline may give one number for all films; of the others each film gets a billionth more than the one before.
    """
    print(f"fitting {task.model.name}")  # noqa: T201 - guests print; it goes to the log
    answer = task.model.build()
    epochs = 10_000 if task.model.name == "endless" else task.protocol.epochs
    for epoch in range(1, epochs + 1):
        said: Any = {"yields-words": "an epoch", "tears": replace(report(epoch, epochs), stage=Torn())}
        yield said.get(task.model.name, report(epoch, epochs))
        if task.model.name == "endless":
            child = subprocess.Popen(["sleep", "600"]) if epoch == 1 else None
            if child is not None:
                (task.folder / "pids").write_text(f"{os.getpid()} {child.pid}", encoding="utf-8")
            time.sleep(0.05)
    if task.model.name == "chatty":
        print("much to say\n" * 100_000, flush=True)  # noqa: T201
    more = 0.0 if task.model.baseline or task.model.name == "blind" else 1e-9
    validation, test = (float(answer) + more * np.arange(len(films.ids)) for films in (task.validation, task.test))
    if task.model.name == "too-few":
        test = test[1:]
    if task.model.name == "returns-nothing":
        return None  # type: ignore[return-value]  # what a careless guest does
    return Fitted(validation=validation, test=test)


def report(epoch: int, epochs: int) -> EpochReport:
    return EpochReport(
        stage="training",
        epoch=epoch,
        epochs=epochs,
        train_loss=1 / epoch,
        validation_rmse=30.0,
        learning_rate=0.1,
        seconds=0.05,
        films=12,
    )


class Torn(str):
    """A text that cannot be read back where it is sent to."""

    def __reduce__(self) -> tuple[Any, ...]:
        return int, ("torn",)


def raise_error() -> float:
    raise RuntimeError("the net is torn\nand a second line")


def run_out_of_memory() -> float:
    raise MemoryError


def end_itself() -> float:
    os._exit(3)


def kill_itself() -> float:
    os.kill(os.getpid(), signal.SIGKILL)
    return 0.0


def read_nowhere() -> float:
    ctypes.string_at(0)
    return 0.0


def use_up_its_addresses() -> float:
    held = int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) * 1024
    resource.setrlimit(resource.RLIMIT_AS, (held + 2**32, resource.RLIM_INFINITY))
    return float(np.ones((2**36,)).sum())


def say_garbage() -> float:
    os.write(1, bytes(range(256)) * 1000)
    os.write(2, b"\x80\x04\x95garbage")
    return 40.0


def hang() -> float:
    # Like native code that never comes back: it holds the interpreter's lock, so that no thread of Python's runs.
    os.write(2, b"here it hangs\n")
    ctypes.PyDLL(None).sleep(600)
    return 0.0


def die_and_leave_a_child() -> float:
    """The child holds every pipe of the process open."""
    if os.fork() == 0:
        time.sleep(600)
    return kill_itself()


def leave() -> float:
    raise SystemExit(4)


def linger() -> float:
    threading.Thread(target=time.sleep, args=(600,)).start()
    return 40.0


def tell_environment() -> float:
    raise LookupError(" ".join(f"{name}={value}" for name, value in sorted(os.environ.items()) if "MALLOC" in name))


def tell_gpu() -> float:
    raise LookupError(f"GPU {os.environ.get('CUDA_VISIBLE_DEVICES')}, threads {os.environ.get('OMP_NUM_THREADS')}")


def build_net() -> Any:
    from torch import nn

    body = nn.Sequential(nn.Conv2d(3, 4, 3, stride=4), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1))
    return nn.Sequential(body, nn.Flatten(), nn.Linear(4, 1))


def build_plain() -> Any:
    """Nothing is normalised over a batch: any number of processes come to the same weights."""
    from torch import nn

    net = build_net()
    net[0][1] = nn.Identity()
    return net


def build_two_columns() -> Any:
    from torch import nn

    return nn.Sequential(nn.Conv2d(3, 4, 3, stride=4), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))


def build_nan() -> Any:
    import torch

    net = build_net()
    net[2] = torch.nn.Linear(4, 1)
    net.register_forward_hook(lambda module, inputs, output: output * float("nan"))
    return net


def build_restless() -> Any:
    """A net that draws in training: dropout from torch, a little noise from Python and from numpy."""
    import random

    from torch import nn

    def shaken(module: Any, inputs: Any, output: Any) -> Any:
        noise = 0.1 * random.gauss(0, 1) + 0.1 * np.random.normal()  # noqa: NPY002 - some nets do
        return output + noise if module.training else output

    net = build_net()
    net.insert(2, nn.Dropout(0.3))
    net.register_forward_hook(shaken)
    return net


def is_second() -> bool:
    """Whether this is the second of several processes that do a job; it notes down who it is."""
    if "TINY_PIDS" in os.environ:
        with Path(os.environ["TINY_PIDS"]).open("a", encoding="utf-8") as file:
            file.write(f"{os.getpid()}\n")
    return os.environ.get("RANK") == "1"


def raise_in_second() -> Any:
    if is_second():
        raise LookupError("not in this process")
    return build_net()


def end_second() -> Any:
    if is_second():
        end_itself()
    return build_net()


def kill_second() -> Any:
    """It is killed in its first step, while the other waits for it."""
    net = build_net()
    if is_second():
        net.register_forward_hook(lambda module, inputs, output: kill_itself() if module.training else None)
    return net


BUILDS = {
    "forty": lambda: 40.0,
    "fifty": lambda: 50.0,
    "not-finite": lambda: float("nan"),
    "too-few": lambda: 40.0,
    "returns-nothing": lambda: 40.0,
    "endless": lambda: 40.0,
    "chatty": lambda: 40.0,
    "lingers": linger,
    "environment": tell_environment,
    "raises": raise_error,
    "memory": run_out_of_memory,
    "exits": end_itself,
    "leaves": leave,
    "aborts": os.abort,
    "killed": kill_itself,
    "crashes": read_nowhere,
    "addresses": use_up_its_addresses,
    "garbage": say_garbage,
    "hangs": hang,
    "gpu-one": tell_gpu,
    "gpu-two": tell_gpu,
    "gpu-six": tell_gpu,
    "leaves-a-child": die_and_leave_a_child,
    "told-to-end": lambda: os.kill(os.getpid(), signal.SIGTERM) or time.sleep(600),
    "blind": lambda: 40.0,
    "yields-words": lambda: 40.0,
    "tears": lambda: 40.0,
}


@hookimpl
def register_models() -> list[ModelSpec]:
    quick = [
        ModelSpec(
            name=name, build=build, citation="Nobody.", trainer="no-torch", baseline=name == "fifty", in_all=False
        )
        for name, build in BUILDS.items()
    ]
    return [
        *quick,
        ModelSpec(name="tiny-net", build=build_net, citation="Nobody.", head="2", parameters=117),
        ModelSpec(
            name="tiny-net-transfer",
            build=build_net,
            citation="Nobody.",
            head="2",
            parameters=117,
            pretraining="tiny-findings",
            overrides={"optimiser.learning_rate": 0.02},
        ),
        ModelSpec(
            name="restless",
            build=build_restless,
            citation="Nobody.",
            head="3",
            pretraining="tiny-findings",
            in_all=False,
        ),
        ModelSpec(name="plain", build=build_plain, citation="Nobody.", head="2", in_all=False),
        ModelSpec(name="second-raises", build=raise_in_second, citation="Nobody.", in_all=False),
        ModelSpec(name="second-exits", build=end_second, citation="Nobody.", in_all=False),
        ModelSpec(name="second-killed", build=kill_second, citation="Nobody.", in_all=False),
        ModelSpec(name="two-columns", build=build_two_columns, citation="Nobody.", in_all=False),
        ModelSpec(name="nan-loss", build=build_nan, citation="Nobody.", in_all=False),
    ]
