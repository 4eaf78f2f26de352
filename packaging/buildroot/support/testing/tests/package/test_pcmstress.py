# SPDX-License-Identifier: MIT
"""Runtime test in the form of Buildroot's support/testing: copy it to tests/package/ there.

    PCMSTRESS_EXTERNAL=/path/to/pcmstress/packaging/buildroot \
        support/testing/run-tests -o output -d dl tests.package.test_pcmstress
"""

import os

import infra.basetest

EXTERNAL = os.environ.get("PCMSTRESS_EXTERNAL", "")
DEFCONFIG = os.path.join(EXTERNAL, "configs", "pcmstress_qemu_arm_versatile_defconfig")
# Emulated seconds are slow ones: the simulated boards take a minute or two there.
TIMEOUT_S = 600


def _config():
    with open(DEFCONFIG, encoding="utf-8") as file:
        return file.read()


class TestPcmstress(infra.basetest.BRTest):
    br2_external = [EXTERNAL]
    config = _config() if EXTERNAL else ""

    def boot(self):
        images = os.path.join(self.builddir, "images")
        self.emulator.boot(
            arch="armv5",
            kernel=os.path.join(images, "zImage"),
            kernel_cmdline=["rootwait", "root=/dev/sda", "console=ttyAMA0"],
            options=[
                *("-M", "versatilepb", "-m", "256", "-dtb", os.path.join(images, "versatile-pb.dtb")),
                *("-drive", f"file={images}/rootfs.ext2,if=scsi,format=raw"),
                # The guest's clock follows its instructions: a busy builder causes no xrun.
                *("-icount", "shift=3,sleep=off"),
            ],
        )
        self.emulator.login()

    def expect(self, status, command):
        output, exit_code = self.emulator.run(command, timeout=TIMEOUT_S)
        self.assertEqual(exit_code, status, "\n".join([command, *output]))

    def simulated(self):
        self.expect(0, "pcmstress --version")
        self.expect(0, "pcmstress probe")
        # A board whose cache corrupts the ring, and one whose cache cannot.
        run = "pcmstress run --backend virtual --plan smoke --seed 1 --quiet"
        self.expect(1, f"{run} --board arm926 --out /tmp/arm926")
        self.expect(0, f"{run} --board cortex-a --out /tmp/cortex-a")

    def loopback(self):
        # QEMU models no cache: the real ring of a real driver is clean.
        self.expect(0, "modprobe snd-aloop")
        self.expect(0, "pcmstress run --card Loopback --plan lab --seed 1 --quiet --out /tmp/loopback")

    def test_run(self):
        self.boot()
        self.simulated()
        self.loopback()
