/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What QEMU calls of the VIVT data cache model (target/arm/vivt.c).
 *
 * A page that goes through the model carries TLB_VIVT in the addresses of its
 * TLB entry, so generated code leaves the fast path for every access to it.
 * Targets without the model see empty functions and compile unchanged.
 */
#ifndef EXEC_VIVT_H
#define EXEC_VIVT_H

#if defined(TARGET_ARM) && !defined(CONFIG_USER_ONLY)

/* CPUTLBEntryFull.vivt: bits 3:2 of the v5 descriptor, then our own. */
enum {
    VIVT_B = 1,                 /* write-back (with C); without it write-through */
    VIVT_C = 2,
    VIVT_LOOKUP = 4,            /* accesses go through the model */
    VIVT_TRACKED = 8,           /* two aliases exist: loads are judged */
};

static inline bool vivt_page(const CPUTLBEntryFull *full)
{
    return full->vivt & VIVT_LOOKUP;
}

/* Where a load of @size aligned bytes at @va finds them: @host or a line. */
const void *vivt_load(CPUArchState *env, target_ulong va, const void *host,
                      size_t size, const CPUTLBEntryFull *full,
                      uintptr_t retaddr);
/* Store @size aligned bytes at @va, into memory (@host), a line, or both. */
void vivt_store(CPUArchState *env, target_ulong va, void *host,
                const void *bytes, size_t size, const CPUTLBEntryFull *full);
/* A v5 page walk for @va ended in @desc: decide what the TLB entry carries. */
void vivt_walked(CPUARMState *env, uint32_t va, uint32_t desc,
                 CPUTLBEntryFull *full);
/* Define the CP15 registers of the model, if QEMU_VIVT asks for it. */
void vivt_define_regs(ARMCPU *cpu);

#else

static inline bool vivt_page(const CPUTLBEntryFull *full)
{
    return false;
}

static inline const void *vivt_load(CPUArchState *env, target_ulong va,
                                    const void *host, size_t size,
                                    const CPUTLBEntryFull *full,
                                    uintptr_t retaddr)
{
    return host;
}

static inline void vivt_store(CPUArchState *env, target_ulong va, void *host,
                              const void *bytes, size_t size,
                              const CPUTLBEntryFull *full)
{
}

#ifdef TARGET_ARM
static inline void vivt_define_regs(ARMCPU *cpu)
{
}
#endif

#endif
#endif
