# SPDX-License-Identifier: MIT
"""The C prototypes we call, and how their one-line notation is read.

``"i:pLP"`` reads: returns int, takes a pointer, an unsigned long and a pointer.
snd_pcm_sframes_t is a C long and snd_pcm_uframes_t an unsigned long on every
ABI that ALSA runs on. No prototype here carries a timespec: its size depends
on the distribution (time64), so nothing that holds one is ever declared.

Source: alsa-lib include/pcm.h, include/control.h, include/error.h; POSIX.
"""

from __future__ import annotations

LIBASOUND = "libasound.so.2"

ASOUND: dict[str, str] = {
    "snd_asoundlib_version": "s:",
    "snd_lib_error_set_handler": "i:p",
    "snd_card_get_index": "i:s",
    "snd_pcm_open": "i:psii",
    "snd_pcm_nonblock": "i:pi",
    "snd_pcm_close": "i:p",
    "snd_pcm_prepare": "i:p",
    "snd_pcm_start": "i:p",
    "snd_pcm_drop": "i:p",
    "snd_pcm_drain": "i:p",
    # The contract test freezes a stream with it; a card that stops by itself cannot be asked for.
    "snd_pcm_pause": "i:pi",
    "snd_pcm_state": "i:p",
    "snd_pcm_wait": "i:pi",
    "snd_pcm_avail_update": "l:p",
    "snd_pcm_readi": "l:ppL",
    "snd_pcm_writei": "l:ppL",
    "snd_pcm_mmap_readi": "l:ppL",
    "snd_pcm_mmap_writei": "l:ppL",
    "snd_pcm_mmap_begin": "i:pppp",
    "snd_pcm_mmap_commit": "l:pLL",
    "snd_pcm_dump": "i:pp",
    "snd_output_buffer_open": "i:p",
    "snd_output_buffer_string": "z:pp",
    "snd_output_close": "i:p",
    "snd_pcm_info": "i:pp",
    "snd_pcm_info_sizeof": "z:",
    "snd_pcm_info_get_card": "i:p",
    "snd_pcm_info_get_device": "u:p",
    "snd_pcm_info_get_subdevice": "u:p",
    "snd_pcm_status": "i:pp",
    "snd_pcm_status_sizeof": "z:",
    "snd_pcm_status_get_state": "i:p",
    "snd_pcm_status_get_avail": "L:p",
    "snd_pcm_status_get_avail_max": "L:p",
    "snd_pcm_hw_params": "i:pp",
    "snd_pcm_hw_params_sizeof": "z:",
    "snd_pcm_hw_params_any": "i:pp",
    "snd_pcm_hw_params_set_rate_resample": "i:ppu",
    "snd_pcm_hw_params_test_access": "i:ppi",
    "snd_pcm_hw_params_set_access": "i:ppi",
    "snd_pcm_hw_params_test_format": "i:ppi",
    "snd_pcm_hw_params_set_format": "i:ppi",
    "snd_pcm_hw_params_test_channels": "i:ppu",
    "snd_pcm_hw_params_set_channels": "i:ppu",
    "snd_pcm_hw_params_test_rate": "i:ppui",
    "snd_pcm_hw_params_set_rate": "i:ppui",
    "snd_pcm_hw_params_set_buffer_size_near": "i:ppp",
    "snd_pcm_hw_params_set_period_size_near": "i:pppp",
    "snd_pcm_hw_params_get_channels_min": "i:pp",
    "snd_pcm_hw_params_get_channels_max": "i:pp",
    "snd_pcm_hw_params_get_rate_min": "i:ppp",
    "snd_pcm_hw_params_get_rate_max": "i:ppp",
    "snd_pcm_hw_params_get_buffer_size": "i:pp",
    "snd_pcm_hw_params_get_buffer_size_min": "i:pp",
    "snd_pcm_hw_params_get_buffer_size_max": "i:pp",
    "snd_pcm_hw_params_get_period_size": "i:ppp",
    "snd_pcm_hw_params_get_period_size_min": "i:ppp",
    "snd_pcm_hw_params_get_period_size_max": "i:ppp",
    "snd_pcm_hw_params_get_fifo_size": "i:p",
    "snd_pcm_hw_params_can_pause": "i:p",
    "snd_pcm_sw_params": "i:pp",
    "snd_pcm_sw_params_sizeof": "z:",
    "snd_pcm_sw_params_current": "i:pp",
    "snd_pcm_sw_params_get_boundary": "i:pp",
    "snd_pcm_sw_params_set_start_threshold": "i:ppL",
    "snd_pcm_sw_params_set_stop_threshold": "i:ppL",
    "snd_pcm_sw_params_set_silence_threshold": "i:ppL",
    "snd_pcm_sw_params_set_silence_size": "i:ppL",
    "snd_pcm_sw_params_set_avail_min": "i:ppL",
}

LIBC: dict[str, str] = {
    "usleep": "i:u",
    "mlock": "i:pz",
    "munlock": "i:pz",
    "mprotect": "i:pzi",
    "syscall": "l:lLLL",
}

#: Access, format and stream numbers of the kernel's uapi (sound/asound.h).
ACCESS = {"mmap": 0, "rw": 3}
FORMAT = {
    name: number
    for first, names in (
        (0, "S8 U8 S16_LE S16_BE U16_LE U16_BE S24_LE S24_BE U24_LE U24_BE S32_LE S32_BE U32_LE U32_BE"),
        (14, "FLOAT_LE FLOAT_BE FLOAT64_LE FLOAT64_BE"),
        (25, "S20_LE S20_BE U20_LE U20_BE"),
        (32, "S24_3LE S24_3BE U24_3LE U24_3BE S20_3LE S20_3BE U20_3LE U20_3BE"),
        (40, "S18_3LE S18_3BE U18_3LE U18_3BE"),
    )
    for number, name in enumerate(names.split(), first)
}
#: Formats that hold no linear samples, or none that can hold the pattern.
OTHER_FORMATS = {
    name: number
    for first, names in (
        (18, "IEC958_SUBFRAME_LE IEC958_SUBFRAME_BE MU_LAW A_LAW IMA_ADPCM MPEG GSM"),
        (31, "SPECIAL"),
        (48, "DSD_U8 DSD_U16_LE DSD_U32_LE DSD_U16_BE DSD_U32_BE"),
    )
    for number, name in enumerate(names.split(), first)
}
STREAM = {"playback": 0, "capture": 1}
STATES = (
    "OPEN", "SETUP", "PREPARED", "RUNNING", "XRUN", "DRAINING", "PAUSED", "SUSPENDED", "DISCONNECTED",
)  # fmt: skip

#: Open without waiting for whoever holds the device (SND_PCM_NONBLOCK).
NONBLOCK = 1

#: The simple mixer (alsa-lib include/mixer.h). Loaded only where volumes are set.
MIXER: dict[str, str] = {
    "snd_mixer_open": "i:pi",
    "snd_mixer_attach": "i:ps",
    "snd_mixer_selem_register": "i:ppp",
    "snd_mixer_load": "i:p",
    "snd_mixer_close": "i:p",
    "snd_mixer_first_elem": "p:p",
    "snd_mixer_elem_next": "p:p",
    "snd_mixer_selem_get_name": "s:p",
    "snd_mixer_selem_get_index": "u:p",
    "snd_mixer_selem_has_common_volume": "i:p",
    "snd_mixer_selem_has_common_switch": "i:p",
    "snd_mixer_selem_has_capture_switch_exclusive": "i:p",
    "snd_mixer_selem_is_enumerated": "i:p",
    "snd_mixer_selem_is_enum_capture": "i:p",
    "snd_mixer_selem_get_enum_items": "i:p",
    "snd_mixer_selem_get_enum_item_name": "i:puzp",
    "snd_mixer_selem_get_enum_item": "i:pip",
    "snd_mixer_selem_set_enum_item": "i:piu",
    **{
        f"snd_mixer_selem_{name.format(side)}": signature
        for side in ("playback", "capture")
        for name, signature in (
            ("has_{}_volume", "i:p"),
            ("has_{}_switch", "i:p"),
            ("has_{}_channel", "i:pi"),
            ("get_{}_volume", "i:pip"),
            ("set_{}_volume", "i:pil"),
            ("get_{}_switch", "i:pip"),
            ("set_{}_switch", "i:pii"),
            ("get_{}_dB_range", "i:ppp"),
            ("get_{}_dB", "i:pip"),
            ("set_{}_dB_all", "i:pli"),
        )
    },
}
