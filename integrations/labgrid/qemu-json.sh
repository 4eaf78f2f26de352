#!/bin/sh
# SPDX-License-Identifier: MIT
# QEMU for labgrid's QEMUDriver: the arguments are QEMU's, PCMSTRESS_QEMU is the program (default qemu-system-arm).
# The driver reads QEMU's standard output as JSON. The model of versatilepb prints there too ("vpb_sic_write: Bad register
# offset", hw/arm/versatilepb.c), and the driver then breaks when it switches the board off. Such lines go to standard error.
qemu=${PCMSTRESS_QEMU:-qemu-system-arm}
case " $* " in
    *" -qmp stdio "*) ;;
    *) exec "$qemu" "$@" ;;
esac
folder=$(mktemp -d) && mkfifo "$folder/out" || exit 70
{
    rm -r "$folder"
    while IFS= read -r line; do
        case "$line" in
            "{"*) printf '%s\n' "$line" ;;
            *) printf '%s\n' "$line" >&2 ;;
        esac
    done
} < "$folder/out" &
# The process that labgrid started becomes QEMU: it is the one that is waited for, or killed.
exec "$qemu" "$@" > "$folder/out"
