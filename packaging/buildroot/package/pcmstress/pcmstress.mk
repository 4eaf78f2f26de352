################################################################################
#
# pcmstress
#
################################################################################

# The checkout that this external tree lies in.
PCMSTRESS_VERSION = 0.1.0
PCMSTRESS_SITE = $(BR2_EXTERNAL_PCMSTRESS_PATH)/../..
PCMSTRESS_SITE_METHOD = local
PCMSTRESS_SETUP_TYPE = setuptools
PCMSTRESS_LICENSE = MIT
PCMSTRESS_LICENSE_FILES = LICENSE

$(eval $(python-package))
