/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A virtually indexed, virtually tagged data cache for the ARM926EJ-S.
 *
 * QEMU itself has no data cache: a load always sees the newest store.  Here
 * cacheable pages are looked up by virtual address, so two mappings of one
 * physical page have lines of their own and see each other only through
 * memory, as on the hardware.  The CP15 c7 operations act on the model; page
 * walks, instruction fetches and devices see memory.  README.md lists the
 * options, the log, the guest's registers and what is not modelled.
 *
 * One CPU only: nothing here is locked against a second vCPU thread.
 */
#include "qemu/osdep.h"
#include "qemu/cutils.h"
#include "qemu/error-report.h"
#include "qemu/host-utils.h"
#include "qemu/timer.h"
#include "sysemu/cpu-timers.h"
#include "sysemu/reset.h"
#include "cpu.h"
#include "internals.h"
#include "cpregs.h"
#include "exec/exec-all.h"
#include "exec/ram_addr.h"
#include "exec/vivt.h"

#define MAX_LINE 32u
/* One dirty bit each: the 926 and 920 write back half lines of 16 bytes. */
#define GRANULE 16u
#define NO_TAG 0xffffffffu
/* Tags of lines that noise brought in: above every va / 16. */
#define FOREIGN_TAG 0x80000000u
/* The versatile boards have at most 256 MB, from physical address 0. */
#define TRACKABLE_PAGES 0x10000u
#define GUEST_PAGE 4096u
/* A stream is over when nobody was at a ring for so long: drivers wait less. */
#define STREAMING_MS 50u
/* Linux with a 3G/1G split: modules, then the linear map, then vmalloc. */
#define KERNEL_BASE 0xbf000000u
#define LINEAR_BASE 0xc0000000u

enum { MODE_OFF, MODE_ALIAS, MODE_TAGS, MODE_FULL };
enum { REPL_RANDOM, REPL_ROUND_ROBIN, REPL_ROUND_ROBIN_GLOBAL };
enum { INVALID_ANY, INVALID_FIRST };
enum { VICTIM_FIRST, VICTIM_LAST };
enum { TYPE_VIVT, TYPE_VIPT };
enum { VIA_USER, VIA_KERNEL, VIA_LINEAR };

enum {
    N_NS, N_USER_LOADS, N_KERNEL_LOADS, N_USER_STORES, N_KERNEL_STORES,
    N_USER_FILLS, N_KERNEL_FILLS, N_USER_RING_FILLS, N_KERNEL_RING_FILLS,
    N_STORE_MISSES, N_EVICTIONS, N_WRITTEN_BACK, N_WHOLE_OPS, N_LINE_OPS,
    N_STALE_USER, N_STALE_KERNEL, N_STALE_LINEAR,
    N_STALE_USER_BYTES, N_STALE_KERNEL_BYTES,
    N_INCOHERENT, N_TRACKED, N_UNLOGGED,
    N_INSTRUCTIONS, N_USER_UNCACHED, N_KERNEL_UNCACHED, N_COUNTERS
};

static const char *const counter_names[N_COUNTERS] = {
    "ns", "user_loads", "kernel_loads", "user_stores", "kernel_stores",
    "user_fills", "kernel_fills", "user_ring_fills", "kernel_ring_fills",
    "store_misses", "evictions", "written_back", "whole_ops", "line_ops",
    "stale_user", "stale_kernel", "stale_linear",
    "stale_user_bytes", "stale_kernel_bytes",
    "incoherent", "tracked", "unlogged",
    "instructions", "user_uncached", "kernel_uncached",
};

typedef struct Line {
    uint8_t *host;             /* memory behind the line, NULL: a foreign line */
    ram_addr_t ram;
    uint32_t pa;
    bool has_data;             /* false: only the place is taken (mode tags) */
    uint8_t dirty;             /* a bit per granule */
    int64_t filled_ns;
    uint32_t window;           /* last millisecond in which it was loaded from */
    uint8_t data[MAX_LINE];
} Line;

typedef struct Touch {
    uint32_t window;           /* the millisecond that was counted last */
    uint32_t kernel, user;     /* milliseconds with a load, by who came first */
    uint32_t fills;
} Touch;

typedef struct Page {
    uint32_t kernel_va;        /* last kernel address outside the linear map */
    uint8_t *truth;            /* newest bytes stored by anybody; NULL: untracked */
    bool declared;             /* the guest named it a ring: judged however mapped */
} Page;

typedef struct Options {
    unsigned mode, type, size, ways, line, stride, repl, invalid, victim, wa;
    unsigned noise, seed, check, ops, logmax, touches;
    const char *log;
} Options;

static Options opt = {
    .size = 16384, .ways = 4, .line = 32, .seed = 1, .ops = 1,
    .logmax = 1000000,
};

static struct {
    unsigned sets, offset_bits;
    uint32_t *tag;             /* [sets * ways], apart from the lines: a scan */
    Line *line;                /* touches one host cache line */
    uint8_t *next;             /* round robin pointer per set */
    unsigned global_next, last_hit, last_set, dirty_lines, clean_cursor;
    uint32_t random, noise_due;
    Page *page;
    bool walking;
    FILE *log;
    uint64_t count[N_COUNTERS];
    int64_t reset_ns, reset_instructions;
    uint64_t selected;
    GHashTable *touched;       /* tag -> Touch, outside tracked pages */
    uint32_t window, ring_window, windows, window_due;
} vivt;

/* Options */

typedef struct Choice { const char *word; unsigned value; } Choice;

static const Choice modes[] = {
    { "off", MODE_OFF }, { "alias", MODE_ALIAS }, { "tags", MODE_TAGS },
    { "full", MODE_FULL }, { }
};
static const Choice policies[] = {
    { "rnd", REPL_RANDOM }, { "rr", REPL_ROUND_ROBIN },
    { "rrg", REPL_ROUND_ROBIN_GLOBAL }, { }
};
static const Choice lines[] = { { "16", 16 }, { "32", 32 }, { } };
static const Choice types[] = {
    { "vivt", TYPE_VIVT }, { "vipt", TYPE_VIPT }, { }
};
static const Choice strides[] = { { "16", 16 }, { "32", 32 }, { } };
static const Choice switches[] = { { "0", 0 }, { "1", 1 }, { } };
static const Choice invalids[] = {
    { "any", INVALID_ANY }, { "first", INVALID_FIRST }, { }
};
static const Choice victims[] = {
    { "first", VICTIM_FIRST }, { "last", VICTIM_LAST }, { }
};

static const struct Option {
    const char *name;
    unsigned *value;
    const Choice *choices;     /* NULL: a number between min and max */
    unsigned min, max;
} option_list[] = {
    { "mode", &opt.mode, modes }, { "repl", &opt.repl, policies },
    { "type", &opt.type, types }, { "stride", &opt.stride, strides },
    { "line", &opt.line, lines }, { "wa", &opt.wa, switches },
    { "invalid", &opt.invalid, invalids }, { "victim", &opt.victim, victims },
    { "check", &opt.check, switches }, { "ops", &opt.ops, switches },
    { "touches", &opt.touches, switches },
    { "size", &opt.size, NULL, 512, 1048576 }, { "ways", &opt.ways, NULL, 1, 64 },
    { "noise", &opt.noise, NULL, 0, 1000000 },
    { "seed", &opt.seed, NULL, 1, UINT32_MAX },
    { "logmax", &opt.logmax, NULL, 0, UINT32_MAX },
};

static void G_NORETURN refuse(const char *text, const char *allowed)
{
    error_report("QEMU_VIVT: %s is not allowed (%s)", text, allowed);
    exit(1);
}

static void set_option(const struct Option *o, const char *text,
                       const char *value)
{
    g_autofree char *range = NULL;
    GString *words;

    if (!o->choices) {
        if (qemu_strtoui(value, NULL, 10, o->value) ||
            *o->value < o->min || *o->value > o->max) {
            range = g_strdup_printf("%u to %u", o->min, o->max);
            refuse(text, range);
        }
        return;
    }
    words = g_string_new(NULL);
    for (const Choice *c = o->choices; c->word; c++) {
        if (!strcmp(c->word, value)) {
            *o->value = c->value;
            g_string_free(words, true);
            return;
        }
        g_string_append_printf(words, "%s%s", words->len ? ", " : "", c->word);
    }
    refuse(text, words->str);
}

static void parse_option(const char *text)
{
    const char *value = strchr(text, '=');
    GString *names = g_string_new("log");

    if (value && g_str_has_prefix(text, "log=") && value[1]) {
        opt.log = g_strdup(value + 1);
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(option_list); i++) {
        const char *name = option_list[i].name;
        if (value && strlen(name) == value - text &&
            g_str_has_prefix(text, name)) {
            set_option(&option_list[i], text, value + 1);
            return;
        }
        g_string_append_printf(names, ", %s", name);
    }
    refuse(text, names->str);
}

static void parse_options(const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);

    for (char **part = parts; *part; part++) {
        parse_option(*part);
    }
    vivt.sets = opt.size / (opt.line * opt.ways);
    if (vivt.sets * opt.line * opt.ways != opt.size ||
        !is_power_of_2(vivt.sets)) {
        error_report("QEMU_VIVT: size=%u,ways=%u,line=%u is not allowed"
                     " (size / (ways * line) must be a power of two)",
                     opt.size, opt.ways, opt.line);
        exit(1);
    }
    vivt.offset_bits = ctz32(opt.line);
    vivt.random = opt.seed;
}

/* Time and log */

static int64_t guest_ns(void)
{
    /* With -icount a helper in mid-block may not ask; a block's error is fine. */
    uint32_t can_do_io = current_cpu ? current_cpu->can_do_io : 0;
    int64_t ns;

    if (current_cpu) {
        current_cpu->can_do_io = 1;
    }
    ns = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
    if (current_cpu) {
        current_cpu->can_do_io = can_do_io;
    }
    return ns;
}

/* Executed by the guest so far; 0 without -icount, which counts them. */
static int64_t guest_instructions(void)
{
    uint32_t can_do_io = current_cpu ? current_cpu->can_do_io : 0;
    int64_t n;

    if (!icount_enabled()) {
        return 0;
    }
    if (current_cpu) {
        current_cpu->can_do_io = 1;
    }
    n = icount_get_raw();
    if (current_cpu) {
        current_cpu->can_do_io = can_do_io;
    }
    return n;
}

static uint64_t counter(unsigned n)
{
    switch (n) {
    case N_NS:
        return guest_ns() - vivt.reset_ns;
    case N_INSTRUCTIONS:
        return guest_instructions() - vivt.reset_instructions;
    default:
        return n < N_COUNTERS ? vivt.count[n] : 0;
    }
}

static void log_counters(void)
{
    if (!vivt.log) {
        return;
    }
    fprintf(vivt.log, "counters %" PRId64, guest_ns());
    for (unsigned n = 0; n < N_COUNTERS; n++) {
        fprintf(vivt.log, " %s=%" PRIu64, counter_names[n], counter(n));
    }
    fputc('\n', vivt.log);
    fflush(vivt.log);
}

static void open_log(void)
{
    vivt.log = fopen(opt.log, "w");
    if (!vivt.log) {
        error_report("QEMU_VIVT: log=%s: %s", opt.log, strerror(errno));
        exit(1);
    }
    fprintf(vivt.log, "vivt-log 1 mode=%s,type=%s,size=%u,ways=%u,line=%u,repl=%s,"
            "wa=%u,invalid=%s,victim=%s,noise=%u,seed=%u\n",
            modes[opt.mode].word, types[opt.type].word, opt.size, opt.ways, opt.line,
            policies[opt.repl].word, opt.wa, invalids[opt.invalid].word,
            victims[opt.victim].word, opt.noise, opt.seed);
    fprintf(vivt.log, "# stale ns pc via va pa bytes observed newest memory"
            " source newest_in filled_ns\n");
    atexit(log_counters);
}

static void log_touched(void)
{
    GHashTableIter entries;
    void *tag, *value;

    if (!opt.touches) {
        return;
    }
    fprintf(vivt.log, "touching %" PRId64 " %u\n", guest_ns(), vivt.windows);
    g_hash_table_iter_init(&entries, vivt.touched);
    while (g_hash_table_iter_next(&entries, &tag, &value)) {
        const Touch *t = value;
        fprintf(vivt.log, "touched %" PRId64 " %08x %u %u %u\n", guest_ns(),
                GPOINTER_TO_UINT(tag) << vivt.offset_bits, t->kernel, t->user,
                t->fills);
    }
}

static char via_letter(unsigned via)
{
    return "ukl"[via];
}

/* Lines */

static uint32_t random_word(void)
{
    /* xorshift32 (Marsaglia 2003): cheap, and reproducible from the seed */
    vivt.random ^= vivt.random << 13;
    vivt.random ^= vivt.random >> 17;
    vivt.random ^= vivt.random << 5;
    return vivt.random;
}

static unsigned line_count(void)
{
    return vivt.sets * opt.ways;
}

static void set_dirty(Line *l, uint8_t dirty)
{
    vivt.dirty_lines += (dirty != 0) - (l->dirty != 0);
    l->dirty = dirty;
}

static void write_back(Line *l)
{
    for (unsigned g = 0; g < opt.line / GRANULE; g++) {
        if (!(l->dirty & (1 << g))) {
            continue;
        }
        vivt.count[N_WRITTEN_BACK]++;
        if (l->has_data) {
            memcpy(l->host + g * GRANULE, l->data + g * GRANULE, GRANULE);
        }
    }
    if (l->dirty && l->has_data) {
        /* Translated code of this page was made from the bytes before. */
        if (!cpu_physical_memory_get_dirty_flag(l->ram, DIRTY_MEMORY_CODE)) {
            tb_invalidate_phys_range(l->ram, l->ram + opt.line);
        }
        cpu_physical_memory_set_dirty_range(l->ram, opt.line,
                                            DIRTY_CLIENTS_NOCODE);
    }
    set_dirty(l, 0);
}

static void drop(unsigned i, bool clean)
{
    if (clean) {
        write_back(&vivt.line[i]);
    }
    set_dirty(&vivt.line[i], 0);
    vivt.tag[i] = NO_TAG;
}

/* A VIPT cache finds the set by virtual address, and the line in it by physical. */
static inline uint32_t tag_of(uint32_t va, uint32_t pa)
{
    return (opt.type == TYPE_VIPT ? pa : va) >> vivt.offset_bits;
}

static inline unsigned set_of(uint32_t va)
{
    return (va >> vivt.offset_bits) & (vivt.sets - 1);
}

/* Index of the line that holds @va, mapped to @pa, or -1. */
static inline int look_up(uint32_t va, uint32_t pa)
{
    uint32_t tag = tag_of(va, pa);
    unsigned set = set_of(va), base;

    if (vivt.tag[vivt.last_hit] == tag && vivt.last_set == set) {
        return vivt.last_hit;
    }
    base = set * opt.ways;
    for (unsigned w = 0; w < opt.ways; w++) {
        if (vivt.tag[base + w] == tag) {
            vivt.last_hit = base + w;
            vivt.last_set = set;
            return base + w;
        }
    }
    return -1;
}

static unsigned choose_way(unsigned set)
{
    unsigned way;

    if (opt.invalid == INVALID_FIRST) {
        for (way = 0; way < opt.ways; way++) {
            if (vivt.tag[set * opt.ways + way] == NO_TAG) {
                return way;
            }
        }
    }
    switch (opt.repl) {
    case REPL_ROUND_ROBIN:
        way = vivt.next[set];
        vivt.next[set] = (way + 1) % opt.ways;
        return way;
    case REPL_ROUND_ROBIN_GLOBAL:
        way = vivt.global_next;
        vivt.global_next = (way + 1) % opt.ways;
        return way;
    default:
        return random_word() % opt.ways;
    }
}

/* Bring a line in; @host NULL: by somebody whose data nobody will ask for. */
static unsigned fill(unsigned set, uint32_t tag, uint8_t *host, uint32_t pa,
                     ram_addr_t ram, bool has_data)
{
    unsigned i = set * opt.ways + choose_way(set);
    Line *l = &vivt.line[i];
    uint8_t read_first[MAX_LINE];

    if (has_data && opt.victim == VICTIM_LAST) {
        memcpy(read_first, host, opt.line);
    }
    if (vivt.tag[i] != NO_TAG) {
        vivt.count[N_EVICTIONS]++;
        write_back(l);
    }
    vivt.tag[i] = tag;
    l->host = host;
    l->ram = ram;
    l->pa = pa;
    l->has_data = has_data;
    if (has_data) {
        memcpy(l->data, opt.victim == VICTIM_LAST ? read_first : host, opt.line);
    }
    if (vivt.log) {
        l->filled_ns = guest_ns();
    }
    return i;
}

static inline void make_noise(void)
{
    if (likely(!opt.noise)) {
        return;
    }
    for (vivt.noise_due += opt.noise; vivt.noise_due >= 1000;
         vivt.noise_due -= 1000) {
        uint32_t tag = FOREIGN_TAG | (random_word() & ~FOREIGN_TAG);
        fill(tag & (vivt.sets - 1), tag, NULL, 0, 0, false);
    }
}

/* Pages with two cacheable aliases */

static Page *page_of(uint32_t pa)
{
    uint32_t n = pa / GUEST_PAGE;

    return n < TRACKABLE_PAGES ? &vivt.page[n] : NULL;
}

static unsigned via_of(uint32_t va, uint32_t pa)
{
    return va < KERNEL_BASE ? VIA_USER
         : va - LINEAR_BASE == pa ? VIA_LINEAR : VIA_KERNEL;
}

static bool is_line_of(unsigned i, uint32_t pa, uint32_t size)
{
    return vivt.tag[i] != NO_TAG && vivt.line[i].host &&
           vivt.line[i].pa / size == pa / size;
}

/* A line of mode tags becomes one of mode full: so far memory had its bytes. */
static void give_data(Line *l)
{
    if (!l->has_data) {
        l->has_data = true;
        memcpy(l->data, l->host, opt.line);
    }
}

static void track(CPUState *cs, Page *p, uint32_t pa, uint32_t user_va)
{
    uint32_t base = pa & ~(GUEST_PAGE - 1);

    p->truth = g_malloc(GUEST_PAGE);
    cpu_physical_memory_read(base, p->truth, GUEST_PAGE);
    for (unsigned i = 0; i < line_count(); i++) {
        Line *l = &vivt.line[i];
        if (!is_line_of(i, base, GUEST_PAGE)) {
            continue;
        }
        give_data(l);
        for (unsigned g = 0; g < opt.line / GRANULE; g++) {
            if (l->dirty & (1 << g)) {
                memcpy(p->truth + (l->pa - base) + g * GRANULE,
                       l->data + g * GRANULE, GRANULE);
            }
        }
    }
    vivt.count[N_TRACKED]++;
    tlb_flush(cs);
    if (vivt.log) {
        fprintf(vivt.log, "track %" PRId64 " %08x %08x %08x\n", guest_ns(),
                base, p->kernel_va, user_va & ~(GUEST_PAGE - 1));
    }
}

static void release(CPUState *cs, Page *p, uint32_t pa)
{
    g_free(p->truth);
    p->truth = NULL;
    p->declared = false;
    p->kernel_va = 0;
    vivt.count[N_TRACKED]--;
    for (unsigned i = 0; opt.mode != MODE_FULL && i < line_count(); i++) {
        if (is_line_of(i, pa, GUEST_PAGE)) {
            drop(i, true);
        }
    }
    tlb_flush(cs);
    if (vivt.log) {
        fprintf(vivt.log, "release %" PRId64 " %08x\n", guest_ns(),
                pa & ~(GUEST_PAGE - 1));
    }
}

/*
 * Whether the kernel address seen last for this page still leads to it.  A
 * page that vfree gave back may be read into by a device and mapped by a
 * process; nothing but the page table tells that its kernel alias is gone.
 */
static bool translate(CPUARMState *env, uint32_t va, uint32_t *pa)
{
    GetPhysAddrResult res = {};
    ARMMMUFaultInfo fi = {};
    bool fault;

    vivt.walking = true;
    fault = get_phys_addr(env, va, MMU_DATA_LOAD, ARMMMUIdx_E10_1, &res, &fi);
    vivt.walking = false;
    *pa = res.f.phys_addr;
    return !fault;
}

static bool kernel_alias_lives(CPUARMState *env, const Page *p, uint32_t pa)
{
    uint32_t found;

    return p->kernel_va && translate(env, p->kernel_va, &found) &&
           found / GUEST_PAGE == pa / GUEST_PAGE;
}

/*
 * The guest names a page of a ring by its user address.  From then on every
 * access to it is judged and counted: through the linear map, which no rule
 * here takes for a ring's alias, and through mappings that are not cached.
 */
static void declare(CPUARMState *env, uint32_t va)
{
    uint32_t pa;
    Page *p = translate(env, va, &pa) ? page_of(pa) : NULL;

    if (!p || !opt.mode) {
        return;
    }
    if (!p->truth) {
        track(env_cpu(env), p, pa, va);
    }
    p->declared = true;
    tlb_flush(env_cpu(env));
}

static void end_declarations(CPUARMState *env)
{
    for (uint32_t n = 0; n < TRACKABLE_PAGES; n++) {
        Page *p = &vivt.page[n];
        if (p->declared) {
            p->declared = false;
            if (!kernel_alias_lives(env, p, n * GUEST_PAGE)) {
                release(env_cpu(env), p, n * GUEST_PAGE);
            }
        }
    }
    tlb_flush(env_cpu(env));
}

void vivt_walked(CPUARMState *env, uint32_t va, uint32_t desc,
                 CPUTLBEntryFull *full)
{
    uint32_t pa = full->phys_addr;
    unsigned via = via_of(va, pa);
    CPUState *cs = env_cpu(env);
    Page *p;

    if (!opt.mode || vivt.walking || !(env->cp15.sctlr_el[1] & SCTLR_C)) {
        return;
    }
    p = page_of(pa);
    if (!((desc >> 2) & VIVT_C)) {
        if (p && p->declared) {
            full->vivt = ((desc >> 2) & 3) | VIVT_LOOKUP | VIVT_TRACKED;
        }
        return;
    }
    if (p && p->truth && !p->declared && !kernel_alias_lives(env, p, pa)) {
        release(cs, p, pa);
    }
    if (p && via == VIA_KERNEL) {
        uint32_t page = va & ~(GUEST_PAGE - 1);
        if (p->declared && p->kernel_va != page && vivt.log) {
            fprintf(vivt.log, "alias %" PRId64 " %08x %08x\n", guest_ns(),
                    pa & ~(GUEST_PAGE - 1), page);
        }
        p->kernel_va = page;
    } else if (p && via == VIA_USER && p->kernel_va && !p->truth) {
        if (kernel_alias_lives(env, p, pa)) {
            track(cs, p, pa, va);
        } else {
            p->kernel_va = 0;
        }
    }
    if (p && p->truth) {
        full->vivt = ((desc >> 2) & 3) | VIVT_LOOKUP | VIVT_TRACKED;
        if (via == VIA_LINEAR) {
            /* Walk again each time: a recycled page is met here first. */
            full->lg_page_size = TARGET_PAGE_BITS - 1;
        }
    } else if (opt.mode >= MODE_TAGS) {
        full->vivt = ((desc >> 2) & 3) | VIVT_LOOKUP;
    }
}

/* Loads and stores */

static inline void copy_small(void *to, const void *from, size_t size)
{
    switch (size) {
    case 1:
        memcpy(to, from, 1);
        break;
    case 2:
        memcpy(to, from, 2);
        break;
    case 4:
        memcpy(to, from, 4);
        break;
    default:
        memcpy(to, from, size);
    }
}

static inline bool same_small(const void *a, const void *b, size_t size)
{
    switch (size) {
    case 1:
        return !memcmp(a, b, 1);
    case 2:
        return !memcmp(a, b, 2);
    case 4:
        return !memcmp(a, b, 4);
    default:
        return !memcmp(a, b, size);
    }
}

static inline uint32_t pa_of(uint32_t va, const CPUTLBEntryFull *full)
{
    return full->phys_addr | (va & ~TARGET_PAGE_MASK);
}

static unsigned fill_for(CPUARMState *env, uint32_t va, void *host,
                         const CPUTLBEntryFull *full)
{
    uint32_t in_line = va & (opt.line - 1), pa = pa_of(va, full);
    bool tracked = full->vivt & VIVT_TRACKED;
    bool user = (env->uncached_cpsr & CPSR_M) == ARM_CPU_MODE_USR;

    vivt.count[tracked ? (user ? N_USER_RING_FILLS : N_KERNEL_RING_FILLS)
                       : (user ? N_USER_FILLS : N_KERNEL_FILLS)]++;
    return fill(set_of(va), tag_of(va, pa), (uint8_t *)host - in_line,
                pa - in_line, va + full->xlat_section - in_line,
                tracked || opt.mode == MODE_FULL);
}

static uint64_t as_number(const void *bytes, size_t size)
{
    uint64_t n = 0;

    memcpy(&n, bytes, size);
    return le64_to_cpu(n);
}

/* Whether a line under another address holds these newest bytes. */
static bool other_line_has(int i, uint32_t pa, const uint8_t *newest,
                           size_t size)
{
    for (unsigned j = 0; j < line_count(); j++) {
        if ((int)j != i && is_line_of(j, pa, opt.line) && vivt.line[j].has_data &&
            same_small(vivt.line[j].data + (pa & (opt.line - 1)), newest,
                       size)) {
            return true;
        }
    }
    return false;
}

static void log_stale(CPUARMState *env, uint32_t va, uint32_t pa, size_t size,
                      const uint8_t *observed, const uint8_t *newest,
                      const uint8_t *memory, int i, bool missed,
                      uintptr_t retaddr)
{
    const Line *l = i < 0 ? NULL : &vivt.line[i];
    bool dirty = l && l->dirty & (1 << ((va & (opt.line - 1)) / GRANULE));
    uint64_t data[TARGET_INSN_START_WORDS] = { env->regs[15] };
    uint32_t pc = env->regs[15];

    if (!opt.logmax) {
        vivt.count[N_UNLOGGED]++;
        return;
    }
    opt.logmax--;
    if (cpu_unwind_state_data(env_cpu(env), retaddr, data)) {
        /* Blocks are compiled position independent: data has the page offset */
        pc = (pc & TARGET_PAGE_MASK) | (data[0] & ~TARGET_PAGE_MASK);
    }
    fprintf(vivt.log, "stale %" PRId64 " %08x %c %08x %08x %zu %" PRIx64
            " %" PRIx64 " %" PRIx64 " %s %s %" PRId64 "\n",
            guest_ns(), pc, via_letter(via_of(va, pa)), va, pa, size,
            as_number(observed, size), as_number(newest, size),
            as_number(memory, size),
            missed ? "memory" : dirty ? "dirty" : "clean",
            same_small(memory, newest, size) ? "memory"
            : other_line_has(i, pa, newest, size) ? "alias" : "lost",
            l ? l->filled_ns : guest_ns());
}

/* Line @i was loaded from; -1: memory itself, by a mapping that is not cached. */
static void judge_load(CPUARMState *env, uint32_t va, size_t size,
                       const void *host, const CPUTLBEntryFull *full,
                       int i, bool missed, uintptr_t retaddr)
{
    uint32_t pa = pa_of(va, full);
    const uint8_t *newest = page_of(pa)->truth + (pa & (GUEST_PAGE - 1));
    const uint8_t *observed = i < 0 ? host
                            : vivt.line[i].data + (va & (opt.line - 1));
    unsigned via = via_of(va, pa);

    if (likely(same_small(observed, newest, size))) {
        return;
    }
    vivt.count[N_STALE_USER + via]++;
    if (via != VIA_LINEAR) {
        vivt.count[N_STALE_USER_BYTES + via] += size;
    }
    if (vivt.log) {
        log_stale(env, va, pa, size, observed, newest, host, i, missed, retaddr);
    }
}

/*
 * Who loads from which lines how often while a stream runs, whatever the
 * cache's size: the working set that a model of the cache needs.
 */
static void note_touch(unsigned i, uint32_t va, bool user, bool missed,
                       bool ring)
{
    void *tag = GUINT_TO_POINTER(va >> vivt.offset_bits);
    Touch *t;

    /* Asking for the time costs more than a load. */
    if (++vivt.window_due >= 16) {
        uint32_t now = guest_ns() / SCALE_MS;
        if (now - vivt.ring_window <= STREAMING_MS) {
            vivt.windows += now - vivt.window;
        }
        vivt.window_due = 0;
        vivt.window = now;
    }
    if (ring) {
        vivt.ring_window = vivt.window;
        return;
    }
    if (vivt.window - vivt.ring_window > STREAMING_MS ||
        (!missed && vivt.line[i].window == vivt.window)) {
        return;
    }
    vivt.line[i].window = vivt.window;
    t = g_hash_table_lookup(vivt.touched, tag);
    if (!t) {
        t = g_new0(Touch, 1);
        g_hash_table_insert(vivt.touched, tag, t);
    }
    t->fills += missed;
    if (t->window != vivt.window) {
        t->window = vivt.window;
        *(user ? &t->user : &t->kernel) += 1;
    }
}

const void *vivt_load(CPUArchState *env, target_ulong va, const void *host,
                      size_t size, const CPUTLBEntryFull *full,
                      uintptr_t retaddr)
{
    bool user = (env->uncached_cpsr & CPSR_M) == ARM_CPU_MODE_USR;
    bool missed;
    Line *l;
    int i;

    vivt.count[user ? N_USER_LOADS : N_KERNEL_LOADS]++;
    if (unlikely(!(full->vivt & VIVT_C))) {
        vivt.count[user ? N_USER_UNCACHED : N_KERNEL_UNCACHED]++;
        judge_load(env, va, size, host, full, -1, true, retaddr);
        return host;
    }
    make_noise();
    i = look_up(va, pa_of(va, full));
    missed = i < 0;
    if (missed) {
        i = fill_for(env, va, (void *)host, full);
    }
    if (unlikely(opt.touches)) {
        note_touch(i, va, user, missed, full->vivt & VIVT_TRACKED);
    }
    l = &vivt.line[i];
    if (!l->has_data) {
        return host;
    }
    if (unlikely(full->vivt & VIVT_TRACKED)) {
        judge_load(env, va, size, host, full, i, missed, retaddr);
    } else if (unlikely(opt.check) &&
               !(l->dirty & (1 << ((va & (opt.line - 1)) / GRANULE))) &&
               !same_small(host, l->data + (va & (opt.line - 1)), size)) {
        vivt.count[N_INCOHERENT]++;
    }
    return l->data + (va & (opt.line - 1));
}

void vivt_store(CPUArchState *env, target_ulong va, void *host,
                const void *bytes, size_t size, const CPUTLBEntryFull *full)
{
    bool user = (env->uncached_cpsr & CPSR_M) == ARM_CPU_MODE_USR;
    uint32_t in_line = va & (opt.line - 1);
    Line *l;
    int i;

    vivt.count[user ? N_USER_STORES : N_KERNEL_STORES]++;
    if (unlikely(full->vivt & VIVT_TRACKED)) {
        uint32_t pa = pa_of(va, full);
        copy_small(page_of(pa)->truth + (pa & (GUEST_PAGE - 1)), bytes, size);
    }
    if (unlikely(!(full->vivt & VIVT_C))) {
        vivt.count[user ? N_USER_UNCACHED : N_KERNEL_UNCACHED]++;
        copy_small(host, bytes, size);
        return;
    }
    make_noise();
    i = look_up(va, pa_of(va, full));
    if (i < 0) {
        vivt.count[N_STORE_MISSES]++;
        if (!opt.wa || !(full->vivt & VIVT_B)) {
            copy_small(host, bytes, size);
            return;
        }
        i = fill_for(env, va, host, full);
    }
    l = &vivt.line[i];
    if (!(full->vivt & VIVT_B)) {
        /*
         * The line may be dirty from a time when this address was mapped
         * write-back (boot with cachepolicy=writethrough): out with that
         * first, or it overwrites this store later.
         */
        write_back(l);
        copy_small(host, bytes, size);
        copy_small(l->data + in_line, bytes, size);
        return;
    }
    set_dirty(l, l->dirty | (1 << (in_line / GRANULE)));
    copy_small(l->has_data ? l->data + in_line : host, bytes, size);
}

/* Maintenance operations */

static void whole_cache(bool clean, bool invalidate)
{
    vivt.count[N_WHOLE_OPS]++;
    for (unsigned i = 0; i < line_count(); i++) {
        if (invalidate) {
            drop(i, clean);
        } else {
            write_back(&vivt.line[i]);
        }
    }
}

static void one_line(int i, bool clean, bool invalidate)
{
    if (i < 0) {
        return;
    }
    if (invalidate) {
        drop(i, clean);
    } else {
        write_back(&vivt.line[i]);
    }
}

/* Way in the top bits, set above the offset: ARM926EJ-S TRM, register c7. */
static int by_set_and_way(uint32_t value)
{
    unsigned way_bits = opt.ways > 1 ? 32 - clz32(opt.ways - 1) : 0;
    unsigned way = way_bits ? value >> (32 - way_bits) : 0;
    unsigned set = (value >> vivt.offset_bits) & (vivt.sets - 1);

    return way < opt.ways ? (int)(set * opt.ways + way) : -1;
}

/*
 * A kernel for lines of 32 bytes steps over an address range in 32; with
 * shorter lines and stride=32 each of its steps acts on both of them.
 */
static void by_address(CPUARMState *env, uint32_t va, bool clean,
                       bool invalidate)
{
    uint32_t step = MAX(opt.stride, opt.line), pa = 0;

    va &= ~(step - 1);
    if (opt.type == TYPE_VIPT && !translate(env, va, &pa)) {
        return;
    }
    for (uint32_t at = 0; at < step; at += opt.line) {
        one_line(look_up(va + at, pa + at), clean, invalidate);
    }
}

static void maintain(CPUARMState *env, const ARMCPRegInfo *ri, uint64_t value)
{
    bool clean = ri->crm == 10 || ri->crm == 14;
    bool invalidate = ri->crm != 10;

    if (!opt.ops) {
        return;
    }
    switch (ri->opc2) {
    case 0:
        whole_cache(clean, invalidate);
        break;
    case 1:
        vivt.count[N_LINE_OPS]++;
        by_address(env, value, clean, invalidate);
        break;
    case 2:
        vivt.count[N_LINE_OPS]++;
        one_line(by_set_and_way(value), clean, invalidate);
        break;
    }
}

/*
 * Test and clean: one dirty line goes out per instruction, and the Z flag the
 * guest loops on comes when none is left.  The invalidating form drops the
 * whole cache at that point.  ARM926EJ-S TRM, "test and clean operations".
 */
static uint64_t test_and_clean(CPUARMState *env, const ARMCPRegInfo *ri)
{
    if (!opt.ops) {
        return 1 << 30;
    }
    while (vivt.dirty_lines) {
        Line *l = &vivt.line[vivt.clean_cursor];
        vivt.clean_cursor = (vivt.clean_cursor + 1) % line_count();
        if (l->dirty) {
            write_back(l);
            break;
        }
    }
    if (vivt.dirty_lines) {
        return 0;
    }
    whole_cache(true, ri->crm == 14);
    return 1 << 30;
}

/* The guest's own registers: not hardware, see README.md */

static void forget_everything(CPUState *cs)
{
    whole_cache(true, true);
    for (uint32_t n = 0; n < TRACKABLE_PAGES; n++) {
        if (vivt.page[n].truth) {
            release(cs, &vivt.page[n], n * GUEST_PAGE);
        }
        vivt.page[n].kernel_va = 0;
    }
    tlb_flush(cs);
}

static void reset_counters(void)
{
    uint64_t tracked = vivt.count[N_TRACKED];

    memset(vivt.count, 0, sizeof(vivt.count));
    vivt.count[N_TRACKED] = tracked;
    vivt.reset_ns = guest_ns();
    vivt.reset_instructions = guest_instructions();
    g_hash_table_remove_all(vivt.touched);
    vivt.windows = 0;
}

static void control_write(CPUARMState *env, const ARMCPRegInfo *ri,
                          uint64_t value)
{
    switch (ri->opc2) {
    case 0:
        forget_everything(env_cpu(env));
        opt.mode = MIN(value, MODE_FULL);
        break;
    case 1:
        reset_counters();
        break;
    case 2:
        whole_cache(true, true);
        break;
    case 3:
        opt.noise = MIN(value, 1000000);
        break;
    case 4:
        if (vivt.log) {
            fprintf(vivt.log, "mark %" PRId64 " %08x\n", guest_ns(),
                    (uint32_t)value);
            log_touched();
            fflush(vivt.log);
        }
        break;
    case 5:
        declare(env, value);
        break;
    case 6:
        vivt.selected = counter(value);
        break;
    case 7:
        end_declarations(env);
        break;
    }
}

static uint64_t control_read(CPUARMState *env, const ARMCPRegInfo *ri)
{
    switch (ri->opc2) {
    case 0:
        return opt.mode;
    case 1:
        return opt.type == TYPE_VIPT ? 0x56495054 : 0x56495654; /* "VIPT" */
    case 2:
        return (opt.size >> 9) | opt.ways << 12 | opt.line << 20 |
               opt.repl << 28 | opt.wa << 30 | opt.invalid << 31;
    case 3:
        return opt.noise;
    case 5:
        return N_COUNTERS;
    case 6:
        return vivt.selected & UINT32_MAX;
    case 7:
        return vivt.selected >> 32;
    }
    return 0;
}

#define MAINTAIN(NAME, CRM, OPC2)                                            \
    { .name = NAME, .cp = 15, .crn = 7, .crm = CRM, .opc1 = 0, .opc2 = OPC2, \
      .access = PL1_W, .writefn = maintain,                                  \
      .type = ARM_CP_NO_RAW | ARM_CP_OVERRIDE | ARM_CP_SUPPRESS_TB_END }
#define TEST(NAME, CRM)                                                      \
    { .name = NAME, .cp = 15, .crn = 7, .crm = CRM, .opc1 = 0, .opc2 = 3,    \
      .access = PL0_R, .readfn = test_and_clean,                             \
      .type = ARM_CP_NO_RAW | ARM_CP_OVERRIDE }

static const ARMCPRegInfo registers[] = {
    MAINTAIN("VIVT_INV_ALL", 6, 0), MAINTAIN("VIVT_INV_MVA", 6, 1),
    MAINTAIN("VIVT_INV_SW", 6, 2), MAINTAIN("VIVT_INV_BOTH", 7, 0),
    MAINTAIN("VIVT_CLEAN_MVA", 10, 1), MAINTAIN("VIVT_CLEAN_SW", 10, 2),
    MAINTAIN("VIVT_CI_MVA", 14, 1), MAINTAIN("VIVT_CI_SW", 14, 2),
    TEST("VIVT_TC", 10), TEST("VIVT_TCI", 14),
    { .name = "VIVT_CONTROL", .cp = 15, .crn = 15, .crm = 14, .opc1 = 0,
      .opc2 = CP_ANY, .access = PL0_RW, .readfn = control_read,
      .writefn = control_write, .type = ARM_CP_NO_RAW | ARM_CP_OVERRIDE },
};

/* A restarted guest finds an empty cache, not the lines of the one before. */
static void machine_reset(void *opaque)
{
    for (unsigned i = 0; i < line_count(); i++) {
        drop(i, false);
    }
}

void vivt_define_regs(ARMCPU *cpu)
{
    const char *text = getenv("QEMU_VIVT");

    if (!text) {
        return;
    }
    if (!arm_feature(&cpu->env, ARM_FEATURE_CACHE_TEST_CLEAN)) {
        error_report("QEMU_VIVT: this CPU has no such cache"
                     " (-cpu arm926 or arm1026)");
        exit(1);
    }
    parse_options(text);
    vivt.tag = g_new(uint32_t, line_count());
    memset(vivt.tag, 0xff, line_count() * sizeof(*vivt.tag));
    vivt.line = g_new0(Line, line_count());
    vivt.next = g_new0(uint8_t, vivt.sets);
    vivt.page = g_new0(Page, TRACKABLE_PAGES);
    vivt.touched = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    if (opt.log) {
        open_log();
    }
    qemu_register_reset(machine_reset, NULL);
    define_arm_cp_regs(cpu, registers);
}
