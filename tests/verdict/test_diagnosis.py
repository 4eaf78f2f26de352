# SPDX-License-Identifier: MIT
"""A cause is named from planted tallies, and from the virtual board where the truth is known."""

from __future__ import annotations

import dataclasses
from collections import Counter

import pytest

from stress.model.finding import Kind
from stress.model.transport import COHERENT, KINDS, USB, VIPT_ALIASING, TransportRecord
from stress.plan.plan import Arm
from stress.verdict.cause import Cause, advice, against
from stress.verdict.contrast import Measured, contrasts, decidable, dose_response
from stress.verdict.diagnosis import diagnose
from stress.verdict.suspects import Context, cause_of
from stress.verdict.symptoms import Symptoms
from stress.verdict.tally import Tally

BASE = Arm(name="player", group="player", side="playback")
CLEAN = dataclasses.replace(BASE, name="clean", lever="clean+invalidate")
FLUSH = dataclasses.replace(BASE, name="flush", lever="cacheflush")
RW = dataclasses.replace(BASE, name="rw", access="rw")


def _arm(arm, episodes=0, sites=None, counts=None, **changes):
    tally = Tally(arm.name, bursts=2, checked_frames=960_000, lines=120_000, planted=9, control_found=9)
    tally.episodes, tally.observed_s, tally.wrong_frames = episodes, 20.0, 1000 * episodes
    tally.sites.update(sites or {})
    tally.counts.update(counts or {})
    tally.shapes.update({"lines": sum(tally.sites.values())} if sites else {})
    for name, value in changes.items():
        setattr(tally, name, value)
    return Measured(arm, tally)


ON_USB = Context(TransportRecord(USB))
STALE = {("stale", "playback", 1): 90}


def _alias(arm, episodes=40):
    return _arm(arm, episodes, STALE, {"stale": 90})


def test_diagnose_alias_cured_by_clean_and_rw_is_named_with_side_and_mechanism():
    found = diagnose([_alias(BASE), _arm(CLEAN), _arm(RW), _alias(FLUSH)], 1e-4)
    assert found.cause is Cause.CACHE_ALIAS
    assert [(side.side, side.name) for side in found.sides] == [("playback", "P1")]
    assert any("rw access instead of mmap 0 in 20 s" in line for line in found.evidence)


def test_diagnose_alias_cured_by_cacheflush_is_dirty_user_lines():
    found = diagnose([_alias(BASE), _arm(CLEAN), _arm(RW), _arm(FLUSH)], 1e-4)
    assert found.sides[0].name == "P2"


def test_diagnose_alias_cured_by_cacheflush_alone_is_proven():
    # A mixer of snd-aloop has no arm with rw access, and no wire that could prove it.
    found = diagnose([_alias(BASE), _arm(FLUSH)], 1e-4)
    assert (found.cause, [side.name for side in found.sides]) == (Cause.CACHE_ALIAS, ["P2"])
    assert diagnose([_alias(BASE), _alias(FLUSH)], 1e-4).cause is Cause.CANNOT_TELL


def test_diagnose_stale_lines_that_rw_and_clean_do_not_cure_are_no_cache_alias():
    found = diagnose([_alias(BASE), _alias(CLEAN), _alias(RW)], 1e-4)
    assert found.cause is Cause.DMA_STALE
    assert "180 of them" not in found.headline()
    assert any("90 of them with rw access" in line for line in found.evidence)


def test_diagnose_too_few_episodes_prove_nothing():
    found = diagnose([_alias(BASE, 3), _arm(CLEAN), _arm(RW)], 1e-4)
    assert found.cause is Cause.CANNOT_TELL
    assert "too few to prove it" in found.evidence[0]


@pytest.mark.parametrize(
    ("kind", "cause"),
    [
        (Kind.DROP, Cause.USB_LOSS),
        (Kind.BITFLIP, Cause.MEMORY),
        (Kind.GAIN, Cause.PROCESSING),
        (Kind.RESAMPLE, Cause.CLOCK),
        (Kind.MISPLACED, Cause.DMA_STALE),
    ],
)
def test_diagnose_kind_without_alias_names_its_cause(kind, cause):
    sites = {(kind.value, None, None): 20}
    arms = [_arm(arm, 10, sites, {kind.value: 20}) for arm in (BASE, CLEAN, RW)]
    assert diagnose(arms, 1e-4, ON_USB).cause is cause


def test_diagnose_clean_with_exposure_is_not_reproduced_and_without_cannot_tell():
    assert diagnose([_arm(BASE), _arm(RW)], 1e-4).cause is Cause.NOT_REPRODUCED
    assert diagnose([_arm(BASE, control_found=8)], 1e-4).cause is Cause.CANNOT_TELL
    assert diagnose([_arm(BASE, lines=10)], 1e-4).cause is Cause.CANNOT_TELL


def test_diagnose_only_lost_time_is_an_xrun():
    assert diagnose([_arm(BASE, transport=3, xruns=2)], 1e-4).cause is Cause.XRUN


def test_diagnose_an_xrun_in_every_second_burst_is_an_xrun_and_a_rare_one_is_not():
    found = diagnose([_arm(BASE, xruns=1, lines=10)], 1e-4)
    assert found.cause is Cause.XRUN
    assert found.evidence[0] == "1 xrun in 2 bursts"
    assert diagnose([_arm(BASE, xruns=1, lines=10, bursts=3)], 1e-4).cause is Cause.CANNOT_TELL


def test_diagnose_without_a_burst_names_no_cause():
    found = diagnose([_arm(BASE, bursts=0, lines=0, control_found=0, planted=0)], 1e-4)
    assert found.cause is Cause.CANNOT_TELL


def test_diagnose_losses_in_rw_are_told_beside_an_alias():
    lossy = _arm(RW, 2, {("drop", None, None): 2}, {"drop": 2})
    found = diagnose([_alias(BASE, 60), _arm(CLEAN), lossy], 1e-4, ON_USB)
    assert found.cause is Cause.CACHE_ALIAS
    assert found.also == (Cause.USB_LOSS.value,)


def test_every_cause_has_advice_and_every_wrong_kind_a_cause():
    for cause in Cause:
        assert advice(cause, TransportRecord(USB))
        assert against(cause)
    spoken = {kind.value for kind in Kind if cause_of(kind.value, ON_USB) is not Cause.CANNOT_TELL}
    assert {kind.value for kind in Kind} - spoken == {"unknown"}


@pytest.mark.parametrize(
    ("carries", "cause"),
    [
        (TransportRecord(indexing=VIPT_ALIASING, core="MIPS 24Kc", colours=2), Cause.COLOUR_ALIAS),
        (TransportRecord(indexing=COHERENT, core="Cortex-A72"), Cause.DRIVER_MMAP),
        (TransportRecord(indexing=COHERENT, core="x86_64", snooped=True), Cause.LOST_LAPS),
        (TransportRecord(), Cause.CACHE_ALIAS),
    ],
)
def test_two_copies_of_a_ring_are_named_by_what_the_core_can_do(carries, cause):
    found = diagnose([_alias(BASE), _arm(CLEAN), _arm(RW)], 1e-4, Context(carries))
    assert found.cause is cause
    assert bool(found.sides) is (cause is not Cause.LOST_LAPS)
    assert not carries.core or any(carries.core in line for line in found.evidence)
    assert found.to_json()["transport"] == carries.kind


def _words(found):
    return " ".join([found.headline(), found.advice, found.against, *found.evidence, *found.also])


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != USB])
@pytest.mark.parametrize("wrong", [one.value for one in Kind])
def test_words_of_a_bus_are_never_said_of_a_card_that_is_not_on_it(kind, wrong):
    for symptoms in (Symptoms(), Symptoms(bursts=4, lasting=4), Symptoms(bursts=4, whole=4, old_rw=3)):
        context = Context(TransportRecord(kind, cpus=4), symptoms)
        sites = {(wrong, None, None): 20}
        for entries in ([_arm(arm, 10, sites, {wrong: 20}) for arm in (BASE, CLEAN, RW)],
                        [_alias(BASE), _arm(CLEAN), _arm(RW)]):  # fmt: skip
            text = _words(diagnose(entries, 1e-4, context))
            for word in ("USB", "usb", "URB", "xHCI", "hub", "cable", "usbmon"):
                assert word not in text


def test_cache_is_never_blamed_on_a_machine_that_snoops():
    context = Context(TransportRecord(USB, indexing=COHERENT, core="x86_64", snooped=True, cpus=4))
    for entries in ([_alias(BASE), _arm(CLEAN), _arm(RW)], [_alias(BASE), _alias(RW)], [_alias(BASE, 3)]):
        assert "alias" not in diagnose(entries, 1e-4, context).cause.value


def test_advice_on_vmalloc_is_for_usb_and_follows_the_kernel():
    old, new = (TransportRecord(USB, kernel=release) for release in ("5.4.111", "6.1.0"))
    assert "does not work in 5.x before 5.10.20" in advice(Cause.CACHE_ALIAS, old)
    assert "use_vmalloc=0 of snd-usb-audio" in advice(Cause.CACHE_ALIAS, new)
    assert "vmalloc" not in advice(Cause.CACHE_ALIAS, TransportRecord("aloop"))


def test_silence_behind_a_right_bus_is_a_device_that_gets_nothing():
    symptoms = Symptoms(bursts=2, silent=2, out_frames=96000)
    unheard = [_arm(BASE, lines=0, checked_frames=0, unlocked=2, silent=2)]
    assert diagnose(unheard, 1e-4, Context(TransportRecord(USB), symptoms)).cause is Cause.NOTHING_ARRIVES
    wrong = dataclasses.replace(symptoms, out_wrong=5)
    assert diagnose(unheard, 1e-4, Context(TransportRecord(USB), wrong)).cause is not Cause.NOTHING_ARRIVES
    assert diagnose(unheard, 1e-4).cause is Cause.CANNOT_TELL


def test_contrasts_are_adjusted_for_their_number():
    few = contrasts([_alias(BASE, 8), _arm(CLEAN)])
    many = contrasts([_alias(BASE, 8), _arm(CLEAN), _arm(RW), _arm(FLUSH)])
    assert many[0].p == pytest.approx(3 * few[0].p)


def test_contrast_with_a_load_is_no_base_and_says_what_ran():
    loaded = dataclasses.replace(BASE, name="loaded", load="memory")
    (found,) = contrasts([_arm(loaded), _alias(BASE)])
    assert (found.base.arm.name, found.lever) == ("player", "load")
    assert "with load memory beside it 0 in 20 s" in found.text()


def test_dose_response_of_a_group_gives_the_exposure_time():
    arms = []
    for dose, wrong in ((0, 497_000), (30, 395_000), (100, 241_000), (300, 40_200)):
        arm = dataclasses.replace(BASE, name=f"d{dose}", switches_per_s=float(dose))
        samples = [(wrong // 2, 480_000)] * 2
        arms.append(_arm(arm, 10, STALE, {"stale": 90}, samples=samples))
    found = dose_response(arms, "player")
    assert found.exposure_s == pytest.approx(0.008, rel=0.1)


def test_dispersion_of_a_base_is_told_and_kept():
    found = diagnose([_arm(BASE, 40, STALE, {"stale": 90}, tiles=100, tile_runs=90, tile_squares=900)], 1e-4)
    assert dict(found.dispersion) == {"player": pytest.approx((900 - 81) / 99 / 0.9)}
    assert any("index of dispersion" in line and "player 9.19" in line for line in found.evidence)
    assert found.to_json()["dispersion"]["player"] == pytest.approx(9.19, abs=0.01)


def test_decidable_asks_for_enough_episodes_in_every_pair_that_has_any():
    other = dataclasses.replace(BASE, name="silent", group="other")
    silent = [_arm(other), _arm(dataclasses.replace(other, name="silent-rw", access="rw"))]
    assert not decidable([_arm(BASE, 6), _arm(RW), *silent])
    assert decidable([_arm(BASE, 7), _arm(RW), *silent])
    assert decidable([_arm(BASE, 0), _arm(RW, 7), *silent])
    assert decidable(silent)


def _spoilt(arm, episodes, stale=0):
    # Gaps in every arm, at a rate that hides what else is there.
    counts = {"zero": 40, **({"stale": stale} if stale else {})}
    return _arm(arm, episodes, {("stale", "playback", 1): stale} if stale else {}, counts)


@pytest.mark.parametrize(
    ("old", "cause"),
    [
        ({"player": 40}, Cause.CACHE_ALIAS),
        ({"player": 40, "clean": 38, "rw": 41}, Cause.CANNOT_TELL),
        ({"player": 3}, Cause.CANNOT_TELL),
        ({}, Cause.CANNOT_TELL),
    ],
)
def test_diagnose_alias_beside_other_damage_is_proven_by_old_data_alone(old, cause):
    context = Context(TransportRecord(USB), Symptoms(old_bins=Counter(old)))
    arms = [_spoilt(BASE, 40, 900), _spoilt(CLEAN, 38), _spoilt(RW, 40)]
    found = diagnose(arms, 1e-4, context)
    assert found.cause is cause
    if cause is Cause.CACHE_ALIAS:
        assert any(line.startswith("other damage is in every arm") for line in found.evidence)
        assert found.also == (Cause.USB_LOSS.value,)
    else:
        assert "other damage hides the contrasts" in found.evidence[0]


def test_diagnose_old_data_counts_for_nothing_where_no_other_damage_is():
    context = Context(TransportRecord(USB), Symptoms(old_bins=Counter({"player": 40})))
    found = diagnose([_alias(BASE, 3), _arm(CLEAN), _arm(RW)], 1e-4, context)
    assert found.cause is Cause.CANNOT_TELL
