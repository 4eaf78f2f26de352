# SPDX-License-Identifier: GPL-2.0-or-later
# The devices of the lab's board: versatilepb, 9p shares, usb-audio on OHCI.
CONFIG_VERSATILE=y
CONFIG_VIRTIO_PCI=y
CONFIG_VIRTIO_9P=y
CONFIG_VIRTIO_RNG=y
CONFIG_USB_OHCI_PCI=y
CONFIG_USB_AUDIO=y
# QEMU's ARM target does not link without these.
CONFIG_ARM_V7M=y
CONFIG_SEMIHOSTING=y
CONFIG_ARM_COMPATIBLE_SEMIHOSTING=y
