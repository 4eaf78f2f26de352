# SPDX-License-Identifier: MIT
"""What alsa-lib put between an application and a card: read from its own dump of a PCM.

Source: alsa-lib src/pcm/pcm.c:snd_pcm_dump and the dump of each plugin: a line that
names the plugin, ``Its setup is:``, and ``Slave: `` with the next one.
"""

from __future__ import annotations

import re

# A softvol tells the name of its control as well, which may hold "PCM".
_STAGE = re.compile(r"(?!Control: )(?:Slave: |Plug PCM: )*(\S.*?) PCM\b")
_SETUP = re.compile(r"  (format|channels|rate) +: (\S+)")
# Plugins that change the loudness, by what their dump calls them.
_VOLUME = "Soft volume"


def described(dump: str) -> str:
    """Return the plugins of a dump and what they change, "" where it holds none.

    Examples: ``through Rate conversion, Null: rate 44100 to 48000``.
    """
    stages: list[str] = []
    setups: list[dict[str, str]] = []
    for line in dump.splitlines():
        stage, value = _STAGE.match(line), _SETUP.match(line)
        if stage and not line.startswith(" "):
            stages.append(stage[1])
        elif line.startswith("Its setup is"):
            setups.append({})
        elif value and setups:
            setups[-1].setdefault(value[1], value[2])
    if not stages or not setups:
        return ""
    first, last = setups[0], setups[-1]
    changed = [
        f"{name} {first[name]} to {last[name]}"
        for name in ("rate", "format", "channels")
        if name in first and first[name] != last.get(name, first[name])
    ]
    changed += ["a volume of its own"] if any(stage.startswith(_VOLUME) for stage in stages) else []
    return f"through {', '.join(stages)}: {', '.join(changed) or 'rate, format and channels stay'}"
