# SPDX-License-Identifier: MIT
"""Prototypes against the real library, smaps, levers and the dose's helper."""

from __future__ import annotations

import mmap
import re
import signal
from pathlib import Path

import pytest

from stress.errors import BackendUnavailable
from stress.model.pcm import Direction, Lever
from stress.pcm import cache_maintenance
from stress.pcm.alsa import _lib, _proto, mapping
from stress.pcm.context_switch_load import Dose

# From /proc/self/smaps of an emulated ARMv7, Linux 6.1, snd-aloop by mmap, ring 4096 bytes;
# addresses of the other mappings shortened away.
SMAPS = """\
b6f5a000-b6f5b000 rw-s 00000000 00:05 133        /dev/snd/pcmC0D1c
Size:                  4 kB
Rss:                   4 kB
VmFlags: rd wr sh mr mw me ms de dd
b6f5b000-b6f5c000 rw-s 00000000 00:05 132        /dev/snd/pcmC0D0p
Size:                  4 kB
VmFlags: rd wr sh mr mw me ms de dd
b6f5c000-b6f5d000 r--s 80000000 00:05 132        /dev/snd/pcmC0D0p
Size:                  4 kB
VmFlags: rd sh mr me ms de dd
b6f5d000-b6f5e000 rw-p 00000000 00:00 0
VmFlags: rd wr mr mw me ac
"""


@pytest.fixture(scope="module")
def libasound():
    try:
        return _lib.Asound()
    except BackendUnavailable as error:
        pytest.skip(str(error))


@pytest.fixture
def libc():
    return _lib.Libc()


def test_every_prototype_is_found_in_libasound(libasound):
    assert libasound.version.count(".") >= 2


def test_missing_library_names_the_package():
    with pytest.raises(BackendUnavailable, match="libasound2"):
        _lib.Asound("libno-such-thing.so.7")


@pytest.mark.parametrize(
    ("structure", "least"),
    [("snd_pcm_hw_params", 600), ("snd_pcm_sw_params", 100), ("snd_pcm_status", 100), ("snd_pcm_info", 280)],
)
def test_structures_have_the_size_the_library_asks_for(libasound, structure, least):
    assert least <= len(libasound._block(structure)) <= 2048


def test_card_that_does_not_exist_is_a_negative_errno(libasound):
    assert libasound.card_index("NoSuchCard") < 0
    error, handle = libasound.open("hw:NoSuchCard,0", _proto.STREAM["playback"])
    assert error < 0
    assert handle == 0


CALL = re.compile(r'(?:\bcall\(\w+(?:\.\w+)?, |_must\(|asked\()"(\w+)"')


@pytest.mark.parametrize("signature", sorted(set(_proto.ASOUND.values()) | set(_proto.LIBC.values())))
def test_signatures_use_known_letters(signature):
    result, colon, arguments = signature[0], signature[1], signature[2:]
    assert colon == ":"
    assert set(result + arguments) <= set("iulLzps")


def test_each_call_of_the_library_has_a_signature():
    sources = [path.read_text() for path in Path(_proto.__file__).parent.glob("*.py")]
    named = {f"snd_pcm_{call}" for text in sources for call in CALL.findall(text)}
    assert {"snd_pcm_drain", "snd_pcm_start", "snd_pcm_pause"} <= named
    assert named - set(_proto.ASOUND) == set()


def test_smaps_gives_the_ring_and_not_the_status_page(tmp_path):
    smaps = tmp_path / "smaps"
    smaps.write_text(SMAPS)
    found = mapping.ring_mappings(Direction.PLAYBACK, "/dev/snd/pcmC0D0p", 0xB6F5B000, smaps)
    assert [(one.size_bytes, one.is_ring) for one in found] == [(4096, True)]
    assert found[0].vm_flags == "rd wr sh mr mw me ms de dd"
    assert found[0].address <= 0xB6F5B000 < found[0].address + 4096


@pytest.mark.parametrize("area", [0xB6F5AFFF, 0xB6F5C000, 0])
def test_area_outside_the_mapping_is_no_ring(tmp_path, area):
    smaps = tmp_path / "smaps"
    smaps.write_text(SMAPS)
    found = mapping.ring_mappings(Direction.PLAYBACK, "/dev/snd/pcmC0D0p", area, smaps)
    assert [one.is_ring for one in found] == [False]


def test_missing_smaps_gives_no_mapping(tmp_path):
    assert mapping.ring_mappings(Direction.CAPTURE, "/dev/snd/pcmC0D1c", 0, tmp_path / "none") == ()


def test_own_smaps_is_understood():
    vmas = list(mapping.parse(Path("/proc/self/smaps").read_text()))
    assert len(vmas) > 10
    assert any("python" in vma.path for vma in vmas)
    assert all(vma.start < vma.end for vma in vmas)


def _scratch_vma(puller, libc):
    start = libc.address_of(puller._map) + mmap.PAGESIZE
    text = Path("/proc/self/smaps").read_text()
    return next(vma for vma in mapping.parse(text) if vma.start == start)


def test_each_pull_changes_the_protection_of_the_whole_range(libc):
    puller = cache_maintenance.Puller(Lever.CLEAN_INVALIDATE, libc)
    flags = []
    for _ in range(4):
        puller.pull(0, 0)
        vma = _scratch_vma(puller, libc)
        assert vma.end - vma.start == cache_maintenance.SCRATCH_BYTES
        flags.append("wr" in vma.vm_flags.split())
    puller.close()
    assert flags == [False, True, False, True]
    assert (puller.pulled, puller.failed) == (4, 0)


def test_refused_pull_is_counted_and_said():
    class Refusing(_lib.Libc):
        def bind(self, name, *arguments):
            return lambda *more: -1

    puller = cache_maintenance.Puller(Lever.CACHEFLUSH, Refusing())
    puller.pull(0x1000, 64)
    assert puller.failed == 1
    assert "1 refused" in puller.note("playback")
    both = cache_maintenance.Puller(Lever.CLEAN_INVALIDATE, Refusing())
    both.pull(0x1000, 64), both.pull(0x1000, 64)
    assert (both.pulled, both.failed) == (2, 2)
    both.close()
    assert both._map is None


@pytest.mark.parametrize(
    ("machine", "maxsize", "has"),
    [
        ("armv5tejl", 2**31 - 1, True),
        ("aarch64", 2**31 - 1, True),
        ("aarch64", 2**63 - 1, False),
        ("x86_64", 2**31 - 1, False),
        ("x86_64", 2**63 - 1, False),
    ],
)
def test_cacheflush_is_a_call_of_32_bit_arm_programs(monkeypatch, machine, maxsize, has):
    monkeypatch.setattr(cache_maintenance.platform, "machine", lambda: machine)
    monkeypatch.setattr(cache_maintenance.sys, "maxsize", maxsize)
    assert (cache_maintenance.supports(Lever.CACHEFLUSH) is None) is has
    assert cache_maintenance.supports(Lever.CLEAN_INVALIDATE) is None
    assert cache_maintenance.supports(Lever.NONE) is None


def test_cacheflush_gets_begin_and_end_of_the_range():
    seen = []

    class Recording(_lib.Libc):
        def bind(self, name, *arguments):
            return lambda *more: seen.append((name, *arguments, *more)) or 0

    puller = cache_maintenance.Puller(Lever.CACHEFLUSH, Recording())
    puller.pull(0x1000, 64)
    assert (puller.pulled, puller.failed) == (1, 0)
    puller.close()
    assert seen == [("syscall", 0x0F0002, 0x1000, 0x1040, 0)]


def test_dose_wakes_about_as_often_as_asked_and_ends(libc):
    dose, notes = Dose(), []
    with dose.at(400.0, notes):
        libc.bind("usleep", 500_000)()
    with dose.at(0.0, notes):
        libc.bind("usleep", 200_000)()
    dose.close()
    rates = [float(note.split()[2].rstrip("/s")) for note in notes]
    # A loaded machine gives fewer; what matters is that the figure is measured.
    assert 10 < rates[0] < 600
    assert rates[1] < rates[0] / 2
    assert dose._helper._process.returncode is not None


def test_dose_helper_ignores_the_terminals_interrupt(libc):
    dose = Dose()
    assert dose._helper._process.poll() is None
    with dose.at(10.0, []):
        pass
    dose._helper._process.send_signal(signal.SIGTERM)
    dose._helper._process.wait()
    dose.close()


def test_locking_reports_an_errno_instead_of_failing(libc):
    assert libc.lock(0, mmap.PAGESIZE) != 0


class Simple:
    """A mixer element as libasound's simple mixer answers for it."""

    def __init__(self, **answers):
        self.answers = answers

    def __getitem__(self, name):
        def call(element, *arguments):
            answer = self.answers[name[len("snd_mixer_selem_") :]]
            if name.endswith("get_enum_item_name"):
                arguments[2].value = answer[arguments[0]]
                return 0
            if arguments and hasattr(arguments[-1], "_obj"):
                arguments[-1]._obj.value = answer
                return 0 if answer is not None else -5
            return answer

        return call


def _mixer(**answers):
    mixer = object.__new__(_lib.MixerLib)
    mixer._c = Simple(**answers)
    return mixer


@pytest.mark.parametrize(
    ("enumerated", "captures", "expected"),
    [(1, 1, ["Mic", "Line"]), (1, 0, []), (0, 1, []), (0, 0, [])],
)
def test_mixer_lists_the_items_of_an_enumeration_for_capture_and_of_no_other(enumerated, captures, expected):
    items = [b"Mic", b"Line"]
    mixer = _mixer(
        is_enumerated=enumerated, is_enum_capture=captures, get_enum_items=2, get_enum_item_name=items
    )
    assert mixer.choices(1) == expected


@pytest.mark.parametrize("failing", ["open", "attach", "selem_register", "load", ""])
def test_mixer_that_fails_to_open_says_the_error_and_is_closed(failing):
    called = []

    class Calls:
        def __getitem__(self, name):
            step = name[len("snd_mixer_") :]
            return lambda *_: called.append(step) or (-19 if step == failing else 0)

    mixer = object.__new__(_lib.MixerLib)
    mixer._c = Calls()
    error, _ = mixer.open(2)
    assert error == (-19 if failing else 0)
    steps = ["open", "attach", "selem_register", "load"]
    done = steps[: steps.index(failing) + 1] if failing else steps
    assert called == [*done, *(["close"] if failing not in ("", "open") else [])]


@pytest.mark.parametrize(
    ("error", "low", "high", "expected"),
    [(0, -6000, 0, (-6000, 0)), (-22, -6000, 0, None), (0, 0, 0, None), (0, 300, -300, None)],
)
def test_scale_of_a_mixer_element_is_none_where_the_driver_states_none(error, low, high, expected):
    class Calls:
        def __getitem__(self, name):
            assert name == "snd_mixer_selem_get_playback_dB_range"

            def call(element, least, most):
                least._obj.value, most._obj.value = low, high
                return error

            return call

    mixer = object.__new__(_lib.MixerLib)
    mixer._c = Calls()
    assert mixer.db_range(1, "playback") == expected
