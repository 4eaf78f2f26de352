#!/bin/sh
# SPDX-License-Identifier: MIT
# pcmstress in the layout of Linaro's test-definitions: output/result.txt has one line "id pass|fail|skip [value unit]" per result.

# shellcheck disable=SC1091
. ../../lib/sh-test-lib
OUTPUT="$(pwd)/output"
RESULT_FILE="${OUTPUT}/result.txt"
export RESULT_FILE

CARD="0"
PLAN="ci"
DURATION=""
OPTIONS=""
PCMSTRESS="pcmstress"

usage() {
    echo "Usage: $0 [-c card] [-p plan] [-d duration] [-o options of pcmstress run] [-x program]" 1>&2
    exit 1
}

while getopts "c:p:d:o:x:h" opt; do
    case "${opt}" in
        c) CARD="${OPTARG}" ;;
        p) PLAN="${OPTARG}" ;;
        d) DURATION="${OPTARG}" ;;
        o) OPTIONS="${OPTARG}" ;;
        x) PCMSTRESS="${OPTARG}" ;;
        *) usage ;;
    esac
done

create_out_dir "${OUTPUT}"

# A file made by tools/pack is given to Python: it may have lost its x bit, and there may be no env.
case "${PCMSTRESS}" in
    *.pyz) set -- python3 "${PCMSTRESS}" ;;
    *) set -- "${PCMSTRESS}" ;;
esac
# Not `command -v`: python3 may be there and the file not, and a program may be another machine's.
"$@" --version > "${OUTPUT}/version.txt"
exit_on_fail "pcmstress-present" "pcmstress-judged"
cat "${OUTPUT}/version.txt"
"$@" probe > "${OUTPUT}/probe.txt" 2>&1

set -- "$@" run --plan "${PLAN}" --out "${OUTPUT}/record" --lava
[ -z "${CARD}" ] || set -- "$@" --card "${CARD}"
[ -z "${DURATION}" ] || set -- "$@" --duration "${DURATION}"
# shellcheck disable=SC2086 # options are words
"$@" ${OPTIONS} > "${OUTPUT}/lava.txt" 2> "${OUTPUT}/stderr.txt"
status=$?
cat "${OUTPUT}/stderr.txt" >&2

# The signals become lines for send-to-lava.sh, which knows pass, fail and skip: an arm that could not vouch is a skip.
sed -n 's/^<LAVA_SIGNAL_TESTCASE \(.*\)>$/\1/p' "${OUTPUT}/lava.txt" | while read -r line; do
    id=""
    result=""
    value=""
    unit=""
    for word in ${line}; do
        case "${word}" in
            TEST_CASE_ID=*) id="${word#*=}" ;;
            RESULT=unknown) result="skip" ;;
            RESULT=*) result="${word#*=}" ;;
            MEASUREMENT=*) value="${word#*=}" ;;
            UNITS=*) unit="${word#*=}" ;;
        esac
    done
    if [ -n "${value}" ]; then
        add_metric "${id}" "${result}" "${value}" "${unit}"
    else
        echo "${id} ${result}" | tee -a "${RESULT_FILE}"
    fi
done

# 0 PASS and 1 FAIL are judgements of the card; anything else means that the run has to be looked at.
case "${status}" in
    0 | 1) report_pass "pcmstress-judged" ;;
    *)
        warn_msg "pcmstress ended with status ${status}, so nothing is proven: see ${OUTPUT}/stderr.txt"
        report_fail "pcmstress-judged"
        ;;
esac
