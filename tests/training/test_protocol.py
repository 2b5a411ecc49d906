import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ra_bench.errors import ProtocolError
from ra_bench.training.protocol import SHIPPED, base_size, protocol_hash, read_protocol, with_compute, with_overrides

#: A protocol of the test's own: tuning a shipped one must not touch these tests.
MINE = """\
name = "mine"
summary = "A protocol of one's own."
height = 96
width = 128
epochs = 12
batch_size = 16
seeds = [0]

[split]
train = 70
validation = 10
test = 20

[loss]
name = "mse"

[optimiser]
name = "adamw"
learning_rate = 0.001

[augmentation]
flip = true

[pretraining]
epochs = 3
batch_size = 16

[pretraining.optimiser]
name = "adamw"
learning_rate = 0.001
"""


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "mine.toml"
    file.write_text(text)
    return file


def changed(tmp_path: Path, old: str, new: str) -> Path:
    assert old in MINE
    return written(tmp_path, MINE.replace(old, new, 1))


@pytest.mark.parametrize("name", ["smoke", "quick", "standard", "wang2022"])
def test_every_shipped_protocol_can_be_read_and_bears_its_file_name(name):
    assert read_protocol(SHIPPED / f"{name}.toml").name == name


def test_wang2022_says_what_the_paper_says():
    wang = read_protocol(SHIPPED / "wang2022.toml")
    assert (wang.height, wang.width, wang.batch_size) == (1024, 1024, 4)
    assert (wang.split.train, wang.split.validation, wang.split.test) == (2700, 760, 158)
    assert (wang.loss.name, wang.loss.a, wang.loss.b, wang.loss.c) == ("wang2022", 0.6, 0, 1)
    rule = wang.optimiser
    assert (rule.name, rule.learning_rate, rule.momentum, rule.weight_decay) == ("sgd", 0.001, 0.9, 0.001)
    film = wang.augmentation
    assert (film.smallest_scale, film.flip, film.turns) == (0.9, True, (0, 90, 180, 270))
    assert (film.brightness, film.contrast) == (0.1, 0.1)


@pytest.mark.parametrize("key", ["epochs", "optimiser.schedule", "keep", "loss.epsilon", "pretraining.uncertain"])
def test_wang2022_owns_up_to_what_the_paper_leaves_open(key):
    assert key in read_protocol(SHIPPED / "wang2022.toml").ours


def test_films_are_kept_large_enough_for_the_smallest_scale():
    assert base_size(read_protocol(SHIPPED / "wang2022.toml")) == (1138, 1138)


def test_a_division_that_comes_out_a_hair_too_large_adds_no_pixel(protocol):
    wide = with_overrides(protocol, {"height": 63, "width": 1134, "augmentation.smallest_scale": 0.9})
    assert base_size(wide) == (70, 1260)


def test_a_misspelt_key_names_file_and_nearest_key(tmp_path):
    file = changed(tmp_path, "learning_rate", "lerning_rate")
    with pytest.raises(ProtocolError) as error:
        read_protocol(file)
    assert (
        f"{file}: there is no key 'optimiser.lerning_rate'. Did you mean 'optimiser.learning_rate'?"
        in str(error.value).splitlines()
    )


def test_a_key_that_is_like_no_other_lists_those_that_are_allowed(tmp_path):
    with pytest.raises(
        ProtocolError, match=r"no key 'zzzz'\. Allowed here: augmentation, batch_size, compute, epochs, height"
    ):
        read_protocol(written(tmp_path, "zzzz = 1\n" + MINE))


def test_a_missing_key_is_named(tmp_path):
    with pytest.raises(ProtocolError, match=r"mine\.toml: 'height' is missing\. Add it\."):
        read_protocol(changed(tmp_path, "height = 96\n", ""))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('name = "mse"', 'name = "msee"', "'loss.name' is 'msee'; allowed: 'wang2022', 'mse', 'l1' or 'huber'."),
        ("height = 96", "height = 16", "'height' is 16; allowed: greater than or equal to 32."),
        ("height = 96", 'height = "96"', "'height' is '96'; allowed: a valid integer."),
        ("epochs = 12", "epochs = true", "'epochs' is True; allowed: a valid integer."),
        ("seeds = [0]", "seeds = [nan]", "'seeds' is not a finite number."),
        ("flip = true", "turns = [45]", "'augmentation.turns.0' is 45; allowed: 0, 90, 180 or 270."),
        ("seeds = [0]", "seeds = []", "'seeds' is []; allowed: a list that is not empty."),
        ("seeds = [0]", "seeds = [0]\nloss = 3\n[x]", "'loss' is 3; allowed: a section with keys such as 'loss.name'."),
        ("learning_rate = 0.001", "learning_rate = inf", "'optimiser.learning_rate' is not a finite number."),
    ],
)
def test_a_value_that_is_not_allowed_says_what_was_found_and_what_is_allowed(tmp_path, old, new, message):
    text = MINE.replace(old, new, 1)
    if "[x]" in new:
        text = text.replace('[loss]\nname = "mse"\n', "")
    with pytest.raises(ProtocolError) as error:
        read_protocol(written(tmp_path, text))
    assert message in str(error.value)


def test_all_mistakes_are_told_at_once(tmp_path):
    with pytest.raises(ProtocolError) as error:
        read_protocol(written(tmp_path, MINE.replace("height = 96", "height = 1").replace("width = 128", "width = 2")))
    assert len(str(error.value).splitlines()) == 2


def test_malformed_toml_names_file_and_line(tmp_path):
    with pytest.raises(ProtocolError, match=r"mine\.toml is not valid TOML: .*line 5"):
        read_protocol(changed(tmp_path, "epochs = 12", "epochs = "))


def test_a_file_that_is_no_text_is_refused(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ProtocolError, match="not valid TOML"):
        read_protocol(file)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ProtocolError, match=r"Cannot read the protocol .*none\.toml: No such file"):
        read_protocol(tmp_path / "none.toml")


@pytest.mark.parametrize("turn", [90, 270])
def test_a_quarter_turn_needs_a_square_input(protocol, turn):
    with pytest.raises(ProtocolError, match=f"'augmentation.turns' has {turn}, which needs a square input; height is"):
        with_overrides(protocol, {"augmentation.turns": [0, turn], "width": 64})


def test_a_half_turn_needs_no_square_input(protocol):
    assert with_overrides(protocol, {"augmentation.turns": [0, 180], "width": 64}).augmentation.turns == (0, 180)


def test_warm_up_without_one_cycle_is_refused(protocol):
    with pytest.raises(ProtocolError, match=r"'optimiser\.warmup' is 0\.25, but the schedule 'cosine' has no warm-up"):
        with_overrides(protocol, {"optimiser.schedule": "cosine"})


def test_momentum_of_one_is_refused(protocol):
    with pytest.raises(ProtocolError, match=r"'pretraining\.optimiser\.momentum' is 1\.0; it must be less than 1"):
        with_overrides(protocol, {"pretraining.optimiser.momentum": 1.0})


def test_a_choice_of_ours_must_be_on_a_key_that_exists(tmp_path):
    with pytest.raises(ProtocolError, match=r"\[ours\]: there is no key 'loss\.nam'\. Did you mean 'loss\.name'\?"):
        read_protocol(written(tmp_path, MINE + '\n[ours]\n"loss.nam" = "because"\n'))


def test_a_choice_of_ours_may_be_written_without_quotation_marks(tmp_path):
    protocol = read_protocol(written(tmp_path, MINE + '\n[ours]\nloss.name = "because"\nsplit = "so"\n'))
    assert protocol.ours == {"loss.name": "because", "split": "so"}


def test_an_override_changes_its_key_only(protocol):
    faster = with_overrides(protocol, {"optimiser.learning_rate": 0.01})
    assert replace(faster, optimiser=protocol.optimiser) == protocol
    assert faster.optimiser.learning_rate == 0.01


def test_no_overrides_change_nothing(protocol):
    assert with_overrides(protocol, {}) is protocol


def test_an_unknown_override_names_the_nearest_key(protocol):
    with pytest.raises(
        ProtocolError, match=r"overrides of protocol 'tiny': there is no key 'optimiser\.learning'\. Did you mean"
    ):
        with_overrides(protocol, {"optimiser.learning": 0.01})


def test_an_override_of_a_section_asks_for_its_keys(protocol):
    with pytest.raises(ProtocolError, match=r"'loss' is a section\. Give its keys one by one, such as 'loss\.name'"):
        with_overrides(protocol, {"loss": "mse"})


def test_an_override_that_is_not_allowed_says_so(protocol):
    with pytest.raises(ProtocolError, match=r"'optimiser\.learning_rate' is -1; allowed: greater than 0"):
        with_overrides(protocol, {"optimiser.learning_rate": -1})


def test_the_hash_of_a_protocol_is_pinned(protocol):
    assert protocol_hash(protocol) == "b7417d44e1d4e3d0f3a282b331b62d12a0e1c9247cf8f47544b3b7785cd2c8cc"


def test_a_key_that_its_section_got_later_does_not_move_the_hash_of_those_that_have_the_section(protocol):
    half = with_compute(protocol, {"precision": "bf16"})
    assert protocol_hash(half) == "3c32e1da33b9faffff1a37d9efa03b4ba486c7e8a24aec9f4cd5fa6a4c6556b7"


@pytest.mark.parametrize(
    ("key", "usual", "other"),
    [
        ("normalisation", "training-set", "film"),
        ("compute.precision", "fp32", "bf16"),
        ("compute.parts", 1, 2),
        ("compute.sync_batch_norm", False, True),
        ("optimiser.clip", None, 1.0),
        ("pretraining.optimiser.clip", None, 1.0),
    ],
)
def test_a_key_that_came_later_changes_the_hash_only_where_it_says_otherwise(protocol, key, usual, other):
    assert protocol_hash(with_overrides(protocol, {key: usual})) == protocol_hash(protocol)
    assert protocol_hash(with_overrides(protocol, {key: other})) != protocol_hash(protocol)


@pytest.mark.parametrize(
    ("wishes", "name"),
    [
        ({}, "tiny"),
        ({"precision": "fp32"}, "tiny"),
        ({"precision": "bf16"}, "tiny-bf16"),
        ({"precision": "fp16", "compile": True, "fit_batch": True}, "tiny-fp16-compile-fit-batch"),
    ],
)
def test_a_protocol_that_is_computed_in_another_way_has_a_name_that_says_so(protocol, wishes, name):
    made = with_compute(protocol, wishes)
    assert made.name == name
    assert (protocol_hash(made) == protocol_hash(protocol)) == (name == "tiny")


def test_the_delta_of_huber_changes_the_hash_only_where_it_says_otherwise(protocol):
    assert protocol_hash(with_overrides(protocol, {"loss.delta": 1.0})) == protocol_hash(protocol)
    assert protocol_hash(with_overrides(protocol, {"loss.delta": 0.5})) != protocol_hash(protocol)


def test_a_delta_of_nothing_is_refused(protocol):
    with pytest.raises(ProtocolError, match=r"'loss\.delta' is 0; allowed: greater than 0"):
        with_overrides(protocol, {"loss.delta": 0})


@pytest.mark.parametrize("change", [{"summary": "Other words."}, {"ours": {"epochs": "so"}}, {"seeds": (0, 1)}])
def test_the_hash_leaves_out_what_does_not_change_a_training(protocol, change):
    assert protocol_hash(replace(protocol, **change)) == protocol_hash(protocol)


@pytest.mark.parametrize("key", ["epochs", "pretraining.epochs", "batch_size"])
def test_the_hash_changes_with_what_changes_a_training(protocol, key):
    assert protocol_hash(with_overrides(protocol, {key: 3})) != protocol_hash(protocol)


def test_the_hash_knows_that_one_is_one_point_zero(protocol):
    whole, real = (replace(protocol, loss=replace(protocol.loss, c=value)) for value in (1, 1.0))
    assert protocol_hash(whole) == protocol_hash(real)


def test_reading_a_protocol_needs_no_torch():
    code = (
        "import sys; from ra_bench.training.protocol import SHIPPED, read_protocol\n"
        "read_protocol(SHIPPED / 'quick.toml'); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
