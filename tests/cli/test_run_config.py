# SPDX-License-Identifier: MIT
"""A run is described once, by a frozen value that config.json holds and gives back."""

from __future__ import annotations

import ast
import dataclasses
import json
import shutil
from pathlib import Path

import pytest

import stress
from stress.cli import new_run
from stress.cli.options import parser
from stress.cli.run_config import RunConfig, Target, read_config
from stress.errors import ConfigError
from stress.record.clock import Clock

# Written by commit 94de794 with --backend virtual --board xscale --set cache.ways=2 --seed 5.
EARLIER = Path(__file__).parent / "data" / "config-0.1.0.json"


@pytest.fixture
def folder(tmp_path):
    shutil.copy(EARLIER, tmp_path / "config.json")
    return tmp_path


def changed(folder, **values):
    held = json.loads(EARLIER.read_text())
    (folder / "config.json").write_text(json.dumps({**held, **values}))
    return folder


def test_config_of_an_earlier_version_is_read(folder):
    config = read_config(folder)
    assert (config.backend, config.board, config.set, config.card) == (
        "virtual",
        "xscale",
        ("cache.ways=2",),
        "",
    )
    assert (config.seed, config.duration_s, config.first_position) == (5, 0.0, 2154280479)
    assert [arm.playback_buffer for arm in config.plan.arm] == [192]
    assert (config.detector, config.loopback, config.loopback_why, config.stimulus) == (
        "auto",
        "auto",
        "",
        None,
    )


def test_config_written_is_read_back_equal(folder):
    options = ["run", "--plan", "smoke", "--access", "rw", "--duration", "90s", "--stop-early", "36,360"]
    config = new_run.from_arguments(parser().parse_args(options), Clock())
    (folder / "config.json").write_text(json.dumps(config.to_json()))
    assert read_config(folder) == config
    assert {arm.access for arm in config.plan.arm} == {"rw"}
    assert (config.plan.stop.good_per_h, config.plan.stop.bad_per_h) == (36, 360)


def test_config_cannot_be_changed(folder):
    with pytest.raises(dataclasses.FrozenInstanceError):
        read_config(folder).seed = 6


@pytest.mark.parametrize("key", ["plan", "seed", "backend", "board", "set", "card", "duration_s", "detector"])
def test_config_without_a_key_is_refused_by_its_name(folder, key):
    held = json.loads(EARLIER.read_text())
    del held[key]
    (folder / "config.json").write_text(json.dumps(held))
    with pytest.raises(ConfigError, match=f"{key}: is missing"):
        read_config(folder)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"seed": "five"}, "seed: 'five' is not a whole number"),
        ({"set": "cache.ways=2"}, "set: is not a list"),
        ({"backend": "oss"}, "backend: unknown value 'oss'"),
        ({"stimulus": {"file": "a.wav"}}, r"stimulus.frames: is missing"),
        ({"humidity": 1}, "humidity: unknown key"),
        ({"schema": "pcmstress/config/9"}, "schema: is another schema"),
    ],
)
def test_config_with_a_wrong_value_is_refused_by_file_and_key(folder, values, words):
    with pytest.raises(ConfigError, match=f"config.json: {words}"):
        read_config(changed(folder, **values))


def test_every_field_of_the_target_is_one_of_the_run():
    names = [field.name for field in dataclasses.fields(Target)]
    assert names == [field.name for field in dataclasses.fields(RunConfig)][: len(names)]


def _is_args(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id in ("args", "namespace")


def _written(tree: ast.AST) -> list[int]:
    lines = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, (ast.Store, ast.Del)):
            lines += [node.lineno] if _is_args(node.value) else []
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
            writer = node.func.id in ("setattr", "vars", "delattr")
            lines += [node.lineno] if writer and _is_args(node.args[0]) else []
    return lines


def test_nothing_writes_into_the_arguments():
    home = Path(stress.__file__).parent
    found = {str(path): _written(ast.parse(path.read_text())) for path in home.rglob("*.py")}
    assert {path: lines for path, lines in found.items() if lines} == {}
    assert _written(ast.parse("args.resume = False; setattr(args, 'board', 1)")) == [1, 1]
