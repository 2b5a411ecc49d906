"""Which models stand in which table of the paper, by our names and by those of its printed rows."""

from __future__ import annotations

from dataclasses import dataclass

#: What the others of Tables 3 and 4 are compared with.
BASE = "resnet50"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperModel:
    """A model of a table; `base` is the one that its ratios are to, empty for the base itself."""

    model: str
    printed: str
    role: str = ""
    base: str = BASE


ABLATION = (
    PaperModel(model="resnet50", printed="ResNet-50", role="baseline B", base=""),
    PaperModel(model="resnet50-dsc", printed="ResNet-50 + DSC (B + DSC)", role="B + DSC"),
    PaperModel(model="resnet-dwise50", printed="ResNet-Dwise50 (B + DSC + IRB)", role="B + DSC + IRB"),
)
NETWORKS = (
    PaperModel(model="resnet50", printed="ResNet-50", base=""),
    PaperModel(model="mobilenetv2", printed="MobileNetV2"),
    PaperModel(model="resnet-dwise50", printed="ResNet-Dwise50 (B + DSC + IRB)"),
)
#: Each network from scratch, then after pretraining.
TRANSFER = (
    PaperModel(model="resnet50", printed="ResNet-50", role="from scratch", base=""),
    PaperModel(model="resnet50-transfer", printed="ResNet-50, transfer", role="transfer", base="resnet50"),
    PaperModel(model="mobilenetv2", printed="MobileNetV2", role="from scratch", base=""),
    PaperModel(model="mobilenetv2-transfer", printed="MobileNetV2, transfer", role="transfer", base="mobilenetv2"),
    PaperModel(model="resnet-dwise50", printed="ResNet-Dwise50 (B + DSC + IRB)", role="from scratch", base=""),
    PaperModel(
        model="resnet-dwise50-transfer", printed="ResNet-Dwise50, transfer", role="transfer", base="resnet-dwise50"
    ),
)
#: All of them, in the order in which a table of films shows them.
EVERY = tuple({one.model: one for one in (*ABLATION, *NETWORKS, *TRANSFER)}.values())
