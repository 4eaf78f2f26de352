# SPDX-License-Identifier: MIT
"""Every call of a PCM into libasound, as an equality: function, numbers, and what comes of its answer."""

from __future__ import annotations

import ctypes
import errno

import pytest

from stress.pcm.alsa._lib import Asound, Libc, MmapBegin
from stress.pcm.alsa._proto import NONBLOCK
from tests.pcm.c_library import made, writes

HANDLE = 77
NO_DEVICE = -errno.ENODEV


# -- libc -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("answer", "number"), [(0, 0), (-1, errno.ENOMEM)])
def test_lock_is_0_or_the_errno(answer, number):
    libc, calls = made(Libc, mlock=answer)
    ctypes.set_errno(errno.ENOMEM)
    assert libc.lock(0x1000, 4096) == number
    libc.unlock(0x1000, 4096)
    assert calls == [("mlock", 0x1000, 4096), ("munlock", 0x1000, 4096)]


# -- a PCM ------------------------------------------------------------------------------------


@pytest.mark.parametrize("blocking", [0, NO_DEVICE])
def test_open_does_not_wait_for_the_holder_and_blocks_from_then_on(blocking):
    library, calls = made(Asound, snd_pcm_open=writes(0, HANDLE), snd_pcm_nonblock=blocking)
    assert library.open("hw:1,0", 1) == (blocking, HANDLE)
    assert calls == [("snd_pcm_open", "out", b"hw:1,0", 1, NONBLOCK), ("snd_pcm_nonblock", HANDLE, 0)]


def test_open_that_fails_has_no_handle():
    library, calls = made(Asound, snd_pcm_open=writes(-errno.EBUSY, HANDLE))
    assert library.open("hw:1,0", 0) == (-errno.EBUSY, 0)
    assert len(calls) == 1
    # Nothing says that there is a handle: it is no address.
    library, _ = made(Asound)
    assert library.open("hw:1,0", 0) == (0, 0)


def test_calls_by_name_get_the_handle_first():
    library, calls = made(Asound, snd_pcm_writei=12, snd_card_get_index=3)
    assert library.call(HANDLE, "prepare") == 0
    assert library.bind(HANDLE, "writei", 0x2000, 48)() == 12
    assert library.card_index("Loopback") == 3
    assert calls == [
        ("snd_pcm_prepare", HANDLE),
        ("snd_pcm_writei", HANDLE, 0x2000, 48),
        ("snd_card_get_index", b"Loopback"),
    ]


INFO = {"snd_pcm_info_sizeof": 64, "snd_pcm_info_get_card": 2, "snd_pcm_info_get_device": 3}


@pytest.mark.parametrize(("error", "found"), [(0, (2, 3, 4)), (1, (2, 3, 4)), (-1, (-1, -1, -1))])
def test_card_device_and_subdevice_of_a_pcm_are_unknown_where_libasound_fails(error, found):
    library, calls = made(Asound, **INFO, snd_pcm_info_get_subdevice=4, snd_pcm_info=error)
    assert library.info(HANDLE) == found
    assert calls[:2] == [("snd_pcm_info_sizeof",), ("snd_pcm_info", HANDLE, "block of 64")]


@pytest.mark.parametrize(("opened", "text"), [(0, "Hardware PCM"), (1, "Hardware PCM"), (-12, "")])
def test_dump_is_the_text_of_the_buffer_as_long_as_it_says(opened, text):
    library, calls = made(
        Asound,
        snd_output_buffer_open=writes(opened, 9),
        snd_output_buffer_string=writes(12, b"Hardware PCM card 1", at=1),
    )
    assert library.dump(HANDLE) == text
    whole = [
        ("snd_output_buffer_open", "out"),
        ("snd_pcm_dump", HANDLE, 9),
        ("snd_output_buffer_string", 9, "out"),
        ("snd_output_close", 9),
    ]
    assert calls == (whole if text else whole[:1])


def test_dump_that_has_no_text_is_empty():
    library, calls = made(Asound, snd_output_buffer_string=5)
    assert library.dump(HANDLE) == ""
    assert calls[-1][0] == "snd_output_close"


@pytest.mark.parametrize(
    ("error", "found"),
    [
        (0, (0, 3, -16, 4096)),
        (1, (0, 3, -16, 4096)),
        (-1, (-1, -1, 0, 0)),
        (NO_DEVICE, (NO_DEVICE, -1, 0, 0)),
    ],
)
def test_status_is_state_and_signed_avail_or_the_error(error, found):
    library, calls = made(
        Asound,
        snd_pcm_status_sizeof=152,
        snd_pcm_status=error,
        snd_pcm_status_get_state=3,
        snd_pcm_status_get_avail=ctypes.c_ulong(-16).value,
        snd_pcm_status_get_avail_max=4096,
    )
    assert library.status(HANDLE) == found
    assert calls[1] == ("snd_pcm_status", HANDLE, "block of 152")


def _area(error, offset, frames):
    def begin(handle, areas, at, number):
        assert (at._obj.value, number._obj.value) == (0, 96)
        areas._obj.contents = ctypes.c_void_p(0x7000)
        at._obj.value, number._obj.value = offset, frames
        return error

    return begin


def test_area_begins_at_the_ring_with_what_was_granted():
    library, calls = made(Asound, snd_pcm_mmap_begin=_area(0, 32, 64))
    assert library.area(HANDLE, 96) == (0, 0x7000, 32, 64)
    assert calls == [("snd_pcm_mmap_begin", HANDLE, "out", "out", "out")]


def test_begin_of_a_loop_has_no_frames_offset_or_address_before_its_first_call():
    library, _ = made(Asound, snd_pcm_mmap_begin=0)
    begin = library.begin(HANDLE)
    assert (begin.offset.value, begin.frames.value, begin.address(), begin.call()) == (0, 0, 0, 0)
    begin._areas = ctypes.POINTER(ctypes.c_void_p)()
    assert begin.address() == 0
    assert MmapBegin(lambda *_: 0, HANDLE, 48).frames.value == 48


# -- hardware parameters ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second", "error", "asked"),
    [
        (0, 0, 0, True),
        (1, 1, 0, True),
        (0, -1, -1, True),
        (-1, 0, -1, False),
        (NO_DEVICE, 0, NO_DEVICE, False),
    ],
)
def test_space_of_a_card_is_asked_for_without_a_resampler(first, second, error, asked):
    answers = {"snd_pcm_hw_params_any": first, "snd_pcm_hw_params_set_rate_resample": second}
    library, calls = made(Asound, snd_pcm_hw_params_sizeof=608, **answers)
    assert library.hw_any(HANDLE)[0] == error
    whole = [
        ("snd_pcm_hw_params_sizeof",),
        ("snd_pcm_hw_params_any", HANDLE, "block of 608"),
        ("snd_pcm_hw_params_set_rate_resample", HANDLE, "block of 608", 0),
    ]
    assert calls == whole[: 2 + asked]


@pytest.mark.parametrize(
    ("error", "answer", "can"), [(0, 1, True), (1, 1, True), (0, 0, False), (-1, 1, False)]
)
def test_driver_can_pause_where_it_says_so_of_a_space_that_it_gave(error, answer, can):
    answers = {"snd_pcm_hw_params_any": error, "snd_pcm_hw_params_can_pause": answer}
    library, _ = made(Asound, snd_pcm_hw_params_sizeof=8, **answers)
    assert library.can_pause(HANDLE) is can


@pytest.mark.parametrize(
    ("what", "direction"), [("rate", (0,)), ("channels", ()), ("format", ()), ("access", ())]
)
def test_value_is_tested_and_set_exactly(what, direction):
    answers = {f"snd_pcm_hw_params_test_{what}": 0, f"snd_pcm_hw_params_set_{what}": -errno.EINVAL}
    library, calls = made(Asound, **answers)
    assert library.hw_test(HANDLE, "space", what, 48000) is True
    assert library.hw_set(HANDLE, "space", what, 48000) == -errno.EINVAL
    assert calls == [
        (f"snd_pcm_hw_params_test_{what}", HANDLE, "space", 48000, *direction),
        (f"snd_pcm_hw_params_set_{what}", HANDLE, "space", 48000, *direction),
    ]


@pytest.mark.parametrize("answer", [-errno.EINVAL, 1])
def test_value_that_libasound_refuses_is_not_held(answer):
    library, _ = made(Asound, snd_pcm_hw_params_test_format=answer)
    assert library.hw_test(HANDLE, "space", "format", 2) is False


@pytest.mark.parametrize(("what", "values"), [("period_size", [1024, 0]), ("buffer_size", [1024])])
def test_nearest_size_is_asked_for_from_the_value_and_no_direction(what, values):
    seen = []

    def near(handle, space, *numbers):
        seen.extend(number._obj.value for number in numbers)
        return -errno.EINVAL

    library, _ = made(Asound, **{f"snd_pcm_hw_params_set_{what}_near": near})
    assert library.hw_near(HANDLE, "space", what, 1024) == -errno.EINVAL
    assert seen == values


@pytest.mark.parametrize(
    ("what", "kinds"),
    [
        ("buffer_size", [ctypes.c_ulong]),
        ("buffer_size_min", [ctypes.c_ulong]),
        ("period_size_max", [ctypes.c_ulong, ctypes.c_int]),
        ("rate_min", [ctypes.c_uint, ctypes.c_int]),
        ("rate", [ctypes.c_uint, ctypes.c_int]),
        ("channels_max", [ctypes.c_uint]),
    ],
)
def test_number_of_a_space_is_read_with_the_width_of_its_type(what, kinds):
    seen = []

    def get(space, *numbers):
        seen.extend((type(number._obj), number._obj.value) for number in numbers)
        numbers[0]._obj.value = 4321
        return 0

    library, _ = made(Asound, **{f"snd_pcm_hw_params_get_{what}": get})
    assert library.hw_get("space", what) == 4321
    assert seen == [(kind, 0) for kind in kinds]
    # A number that libasound does not give is none.
    library, _ = made(Asound)
    assert library.hw_get("space", what) == 0


@pytest.mark.parametrize(("answer", "frames"), [(48, 48), (1, 1), (0, 0), (-errno.EINVAL, 0)])
def test_fifo_that_a_driver_does_not_state_is_0(answer, frames):
    library, calls = made(Asound, snd_pcm_hw_params_get_fifo_size=answer, snd_pcm_hw_params=-3)
    assert library.hw_fifo("space") == frames
    assert library.hw_install(HANDLE, "space") == -3
    assert calls[1] == ("snd_pcm_hw_params", HANDLE, "space")


# -- software parameters ----------------------------------------------------------------------

VALUES = {"start_threshold": 0, "stop_threshold": -1, "avail_min": 24}
SOFTWARE = [
    ("snd_pcm_sw_params_sizeof",),
    ("snd_pcm_sw_params_current", HANDLE, "block of 104"),
    ("snd_pcm_sw_params_get_boundary", "block of 104", "out"),
    ("snd_pcm_sw_params_set_start_threshold", HANDLE, "block of 104", 0),
    ("snd_pcm_sw_params_set_stop_threshold", HANDLE, "block of 104", 1 << 30),
    ("snd_pcm_sw_params_set_avail_min", HANDLE, "block of 104", 24),
    ("snd_pcm_sw_params", HANDLE, "block of 104"),
]


@pytest.mark.parametrize(
    ("answers", "error", "calls_made"),
    [
        ({}, 0, 7),
        ({"snd_pcm_sw_params": -5}, -5, 7),
        ({"snd_pcm_sw_params_current": 1, "snd_pcm_sw_params_set_avail_min": 1}, 0, 7),
        ({"snd_pcm_sw_params_current": -1}, -1, 2),
        ({"snd_pcm_sw_params_set_start_threshold": -1}, -1, 4),
        ({"snd_pcm_sw_params_set_avail_min": -22}, -22, 6),
    ],
)
def test_software_parameters_are_set_one_by_one_up_to_the_first_error(answers, error, calls_made):
    boundary = {"snd_pcm_sw_params_get_boundary": writes(0, 1 << 30, at=1)}
    library, calls = made(Asound, snd_pcm_sw_params_sizeof=104, **boundary, **answers)
    assert library.sw_install(HANDLE, VALUES) == error
    assert calls == SOFTWARE[:calls_made]


@pytest.mark.parametrize("error", [-1, NO_DEVICE])
def test_boundary_that_is_not_told_sets_nothing(error):
    boundary = {"snd_pcm_sw_params_get_boundary": error}
    library, calls = made(Asound, snd_pcm_sw_params_sizeof=104, **boundary)
    assert library.sw_install(HANDLE, VALUES) == error
    assert calls == SOFTWARE[:3]


def test_boundary_that_libasound_leaves_alone_is_0():
    library, calls = made(Asound, snd_pcm_sw_params_sizeof=104)
    assert library.sw_install(HANDLE, {"stop_threshold": -1}) == 0
    assert calls[3] == ("snd_pcm_sw_params_set_stop_threshold", HANDLE, "block of 104", 0)
