SUMMARY = "Find corruption of mmapped ALSA PCM rings"
DESCRIPTION = "Plays a test pattern, records it over a loopback and reports whether samples were corrupted in the mmapped ring"
SECTION = "multimedia"
LICENSE = "MIT"
LIC_FILES_CHKSUM = "file://LICENSE;md5=b61c7334dce7f383400653508b0f36f8"

# git archive --prefix=pcmstress-0.1.0/ -o files/pcmstress-0.1.0.tar.gz HEAD
SRC_URI = "file://pcmstress-${PV}.tar.gz"

inherit python_setuptools_build_meta

RDEPENDS:${PN} += "\
    libasound \
    python3-modules \
    python3-numpy \
"
