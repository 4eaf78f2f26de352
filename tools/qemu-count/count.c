/* SPDX-License-Identifier: MIT */
/*
 * Count guest instructions between marks, as a plugin of QEMU's user emulation.
 *
 * Every getppid() of the guest writes "mark N", N instructions executed so far,
 * to QEMU's log (-d plugin).  Instructions whose condition fails count: the
 * core fetched and decoded them.
 *
 * The few declarations used are stated here, because distributions package the
 * emulator without its header; the interface is that of every plugin version
 * since the first.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifndef PLUGIN_VERSION
#define PLUGIN_VERSION 1
#endif
/* getppid in the EABI of 32-bit ARM */
#ifndef MARK_SYSCALL
#define MARK_SYSCALL 64
#endif

#define EXPORT __attribute__((visibility("default")))
typedef uint64_t plugin_id;
struct qemu_plugin_tb;

extern void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, void (*cb)(plugin_id, struct qemu_plugin_tb *));
extern void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, void (*cb)(unsigned int, void *),
                                                 int flags, void *data);
extern void qemu_plugin_register_vcpu_syscall_cb(plugin_id id,
                                                 void (*cb)(plugin_id, unsigned int, int64_t, uint64_t, uint64_t,
                                                            uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                                                            uint64_t));
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
extern void qemu_plugin_outs(const char *text);

EXPORT int qemu_plugin_version = PLUGIN_VERSION;
EXPORT int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv);

/* One thread counts: what is measured starts none. */
static uint64_t executed;

static void on_block(unsigned int cpu, void *data)
{
    executed += (uintptr_t)data;
}

static void on_translation(plugin_id id, struct qemu_plugin_tb *tb)
{
    qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, 0, (void *)(uintptr_t)qemu_plugin_tb_n_insns(tb));
}

static void on_syscall(plugin_id id, unsigned int cpu, int64_t number, uint64_t a1, uint64_t a2, uint64_t a3,
                       uint64_t a4, uint64_t a5, uint64_t a6, uint64_t a7, uint64_t a8)
{
    if (number == MARK_SYSCALL) {
        char line[48];
        snprintf(line, sizeof(line), "mark %" PRIu64 "\n", executed);
        qemu_plugin_outs(line);
    }
}

int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv)
{
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    qemu_plugin_register_vcpu_syscall_cb(id, on_syscall);
    return 0;
}
