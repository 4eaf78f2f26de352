################################################################################
#
# pcmstress
#
################################################################################

# The checkout that this external tree lies in, with the version that it gives itself.
PCMSTRESS_SITE = $(BR2_EXTERNAL_PCMSTRESS_PATH)/../..
PCMSTRESS_VERSION = $(shell sed -n 's/^__version__ = "\(.*\)"/\1/p' $(PCMSTRESS_SITE)/stress/__init__.py)
PCMSTRESS_SITE_METHOD = local
PCMSTRESS_SETUP_TYPE = setuptools
PCMSTRESS_LICENSE = MIT
PCMSTRESS_LICENSE_FILES = LICENSE

$(eval $(python-package))
