# nooelint: oelint.var.mandatoryvar.HOMEPAGE
# The project publishes no address.
SUMMARY = "Find corruption of mmapped ALSA PCM rings"
DESCRIPTION = "Plays a test pattern, records it over a loopback and reports whether samples were corrupted in the mmapped ring"
SECTION = "multimedia"
LICENSE = "MIT"
LIC_FILES_CHKSUM = "file://LICENSE;md5=b61c7334dce7f383400653508b0f36f8"

# The checkout that this layer lies in.
PCMSTRESS_TREE ?= "${@os.path.realpath(d.getVar('THISDIR') + '/../../../..')}"

# The version is set in one place, stress/__init__.py, and the recipe is parsed again when that changes.
def pcmstress_version(d):
    import re
    place = os.path.join(d.getVar("PCMSTRESS_TREE"), "stress", "__init__.py")
    bb.parse.mark_dependency(d, place)
    with open(place, encoding="utf-8") as file:
        return re.search(r'^__version__ = "(.*)"', file.read(), re.MULTILINE).group(1)

PV = "${@pcmstress_version(d)}"

SRC_URI = "file://run-ptest"

inherit externalsrc python_setuptools_build_meta ptest

EXTERNALSRC = "${PCMSTRESS_TREE}"

CVE_PRODUCT = "pcmstress"

# The tests of the pattern, and two simulated boards: no card, below 30 s.
do_install_ptest() {
    install -d ${D}${PTEST_PATH}/tests
    install -m 0644 ${S}/setup.cfg ${D}${PTEST_PATH}/
    install -m 0644 ${S}/tests/conftest.py ${D}${PTEST_PATH}/tests/
    cp -r ${S}/tests/patterns ${D}${PTEST_PATH}/tests/
}

RDEPENDS:${PN} += "\
    libasound \
    python3-modules \
    python3-numpy \
"
RDEPENDS:${PN}-ptest += "\
    python3-hypothesis \
    python3-pytest \
    python3-unittest-automake-output \
"
