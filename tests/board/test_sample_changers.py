# SPDX-License-Identifier: MIT
"""Sound servers and plugins that can change samples are named from /proc and files of alsa-lib."""

from __future__ import annotations

from stress.board import sample_changers


def _process(proc, pid, name, *nodes):
    folder = proc / str(pid) / "fd"
    folder.mkdir(parents=True)
    (folder.parent / "comm").write_text(f"{name}\n")
    for number, node in enumerate(nodes):
        (folder / str(number)).symlink_to(f"/dev/snd/{node}")


def test_servers_that_hold_the_card_are_told_from_those_that_run(tmp_path):
    _process(tmp_path, 100, "pipewire", "controlC1", "pcmC1D0p")
    _process(tmp_path, 99, "wireplumber", "controlC1")
    _process(tmp_path, 1000, "pulseaudio", "pcmC10D0p")
    _process(tmp_path, 7, "bash", "pcmC1D0p")
    assert sample_changers.servers(tmp_path, 1) == [
        "wireplumber (pid 99) holds the mixer of card 1",
        "pipewire (pid 100) holds a PCM of card 1",
        "pulseaudio (pid 1000) runs",
    ]


def test_owner_of_a_stream_is_named_and_this_process_is_not(tmp_path):
    for device, owner in (("pcm0p", 44), ("pcm0c", 45)):
        sub = tmp_path / "asound" / "card2" / device / "sub0"
        sub.mkdir(parents=True)
        (sub / "status").write_text(f"state: RUNNING\nowner_pid   : {owner}\n")
    closed = tmp_path / "asound" / "card2" / "pcm1p" / "sub0"
    closed.mkdir(parents=True)
    (closed / "status").write_text("closed\n")
    _process(tmp_path, 44, "mpg123")
    assert sample_changers.owners(2, tmp_path, own=45) == ["mpg123 (pid 44) streams on card 2, pcm0p/sub0"]


def test_plugins_are_named_by_file_and_comments_are_not(tmp_path):
    (tmp_path / "asound.conf").write_text(
        'pcm.soft {\n  type softvol\n  slave.pcm "mix"\n}\npcm.mix { type dmix }\n# type ladspa\n'
    )
    (tmp_path / "asoundrc").write_text("pcm.x { type hw; card 0 }\n")
    files = (tmp_path / "asound.conf", tmp_path / "asoundrc", tmp_path / "missing")
    assert sample_changers.plugins(files) == [f"{files[0]} defines softvol, dmix"]
