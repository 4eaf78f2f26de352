/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The emulator's own test: a bare-metal program for versatilepb that maps one
 * piece of RAM under several addresses and checks what each of them sees.
 * It reads the geometry from the model, so one binary tests every option.
 * Output is TAP on the first UART; semihosting ends the run with 0 or 1.
 *
 * Its own code and data are mapped uncached: what the cache does during a
 * test is done by the test alone.
 */
#include <stdint.h>

typedef volatile uint32_t word;

enum { MB = 1 << 20, PAGE = 4096 };

#define TEST_PA 0x00800000u     /* one section of RAM, seen as: */
#define USER 0x40000000u        /* write-back, a user's address */
#define KERNEL 0xd0000000u      /* write-back, where Linux has its vmalloc area */
#define LINEAR 0xc0800000u      /* write-back, Linux's linear map */
#define BARE 0x50000000u        /* uncached: memory itself */
#define THROUGH 0x60000000u     /* write-through */
#define COLOURED 0x70001000u    /* write-back, the first page alone, a page off */
#define AREA (256 * 1024u)      /* what the tests use of it */

#define L1_TABLE ((word *)0x4000)
#define L2_TABLE ((word *)0x8000)
#define UART ((word *)0x101f1000)

enum { UNCACHED = 0xc02, WRITE_THROUGH = 0xc0a, WRITE_BACK = 0xc0e };
enum { USER_FILLS = 5, WHOLE_OPS = 12, STALE_USER = 14, STALE_KERNEL = 15,
       STALE_LINEAR = 16 };

#define MCR(value, crn, crm, op2) \
    __asm__ volatile("mcr p15, 0, %0, c" #crn ", c" #crm ", " #op2 \
                     : : "r"(value) : "memory")
#define MRC(crn, crm, op2) ({ uint32_t v_; \
    __asm__ volatile("mrc p15, 0, %0, c" #crn ", c" #crm ", " #op2 \
                     : "=r"(v_) : : "memory"); v_; })

static struct { uint32_t ways, way_size, line, repl, wa, invalid; } cache;
static int number, failures;

/* libgcc's division calls this for a zero divisor, and its own wants raise(). */
int __aeabi_idiv0(int quotient) { return quotient; }

/* Output */

static void put(const char *s)
{
    while (*s) {
        *UART = *s++;
    }
}

static void put_number(uint32_t n)
{
    char text[12], *p = text + 11;

    *p = 0;
    do {
        *--p = '0' + n % 10;
        n /= 10;
    } while (n);
    put(p);
}

static void check(int good, const char *what)
{
    failures += !good;
    put(good ? "ok " : "not ok ");
    put_number(++number);
    put(" - ");
    put(what);
    put("\n");
}

__attribute__((noreturn)) static void leave(int failed)
{
    /* Semihosting SYS_EXIT: ApplicationExit is success, RunTimeError is 1. */
    register uint32_t r0 __asm__("r0") = 0x18;
    register uint32_t r1 __asm__("r1") = failed ? 0x20023 : 0x20026;

    __asm__ volatile("svc 0x123456" : : "r"(r0), "r"(r1) : "memory");
    for (;;) {
    }
}

/* The machine */

static uint32_t counter(uint32_t n)
{
    MCR(n, 15, 14, 6);
    return MRC(15, 14, 6);
}

static word *at(uint32_t alias, uint32_t offset)
{
    return (word *)(alias + offset);
}

static void map(uint32_t va, uint32_t pa, uint32_t kind)
{
    L1_TABLE[va >> 20] = (pa & ~(MB - 1)) | kind;
    MCR(0, 8, 7, 0);
}

static void map_page(uint32_t va, uint32_t pa)
{
    for (uint32_t n = 0; n < 256; n++) {
        L2_TABLE[n] = 0;
    }
    /* A small page, readable and writable in all four quarters, C and B. */
    L2_TABLE[va >> 12 & 0xff] = pa | 0xff0 | 0xc | 2;
    L1_TABLE[va >> 20] = (uint32_t)L2_TABLE | 0x11;
    MCR(0, 8, 7, 0);
}

static uint32_t test_clean(void) { return MRC(7, 10, 3) >> 30 & 1; }
static uint32_t test_clean_invalidate(void) { return MRC(7, 14, 3) >> 30 & 1; }

static void clean_invalidate_all(void)
{
    while (!test_clean_invalidate()) {
    }
}

/* Memory holds @value in every word of the area, the cache nothing of it. */
static void prepare(uint32_t value)
{
    clean_invalidate_all();
    for (uint32_t o = 0; o < AREA; o += 4) {
        *at(BARE, o) = value;
    }
    /* Through an alias too: the model's own idea of the newest bytes. */
    for (uint32_t o = 0; o < AREA; o += 4) {
        *at(KERNEL, o) = value;
    }
    clean_invalidate_all();
}

/* Tests */

/*
 * Where the victim is chosen at random a load may throw out the very line the
 * test is about, so tests on two lines of a set may try again.
 */
enum { ATTEMPTS = 16 };

static int store_miss_is_hidden(void)
{
    uint32_t stale;

    prepare(1);
    stale = counter(STALE_USER);
    (void)*at(USER, 64);
    *at(KERNEL, 64) = 2;
    return *at(BARE, 64) == (cache.wa ? 1 : 2) && *at(USER, 64) == 1 &&
           counter(STALE_USER) == stale + 1;
}

static void test_aliases(void)
{
    int hidden = 0;
    uint32_t stale;

    for (int n = 0; n < ATTEMPTS && !hidden; n++) {
        hidden = store_miss_is_hidden();
    }
    check(hidden || (cache.wa && cache.ways == 1), cache.wa
          ? "a store that misses allocates, the other alias is stale, counted"
          : "a store that misses goes to memory, the other alias is stale, counted");
    stale = counter(STALE_USER);
    clean_invalidate_all();
    check(*at(USER, 64) == 2 && counter(STALE_USER) == stale,
          "after clean and invalidate both agree and nothing is counted");
}

static int dirty_line_is_hidden(uint32_t alias, uint32_t stale_counter)
{
    uint32_t stale;

    prepare(1);
    stale = counter(stale_counter);
    (void)*at(USER, 128);
    *at(USER, 128) = 2;
    return *at(BARE, 128) == 1 && *at(alias, 128) == 1 &&
           counter(stale_counter) == stale + 1 && *at(USER, 128) == 2;
}

static void test_dirty_line(void)
{
    int kernel = 0, linear = 0;

    for (int n = 0; n < ATTEMPTS && !(kernel && linear); n++) {
        kernel |= dirty_line_is_hidden(KERNEL, STALE_KERNEL);
        linear |= dirty_line_is_hidden(LINEAR, STALE_LINEAR);
    }
    if (cache.ways > 1) {
        check(kernel, "a store that hits stays unseen by the kernel alias, counted");
        check(linear, "and by the linear map, counted");
    }
}

static void test_by_address(void)
{
    prepare(1);
    (void)*at(USER, 0);
    *at(USER, 0) = 2;
    MCR(USER + 12, 7, 10, 1);
    check(*at(BARE, 0) == 2, "clean by address writes the line back");
    *at(BARE, 0) = 3;
    check(*at(USER, 0) == 2, "and keeps the line");
    MCR(USER, 7, 6, 1);
    check(*at(USER, 0) == 3, "invalidate by address drops the line");
    *at(USER, 0) = 4;
    MCR(USER, 7, 6, 1);
    check(*at(BARE, 0) == 3 && *at(USER, 0) == 3, "even a dirty one, unwritten");
    *at(USER, 0) = 5;
    MCR(USER, 7, 14, 1);
    check(*at(BARE, 0) == 5, "clean and invalidate by address writes back");
    *at(BARE, 0) = 6;
    check(*at(USER, 0) == 6, "and drops the line");
    MCR(KERNEL, 7, 6, 1);
    *at(BARE, 0) = 7;
    check(*at(USER, 0) == 6, "an operation on one alias leaves the other alone");
}

static void test_half_lines(void)
{
    if (cache.line < 32) {
        return;
    }
    prepare(1);
    (void)*at(USER, 32);
    *at(USER, 32) = 2;
    *at(BARE, 36) = 8;
    *at(BARE, 48) = 9;
    MCR(USER + 32, 7, 10, 1);
    check(*at(BARE, 32) == 2 && *at(BARE, 36) == 1,
          "a dirty half line is written back whole");
    check(*at(BARE, 48) == 9, "its clean half is not");
}

static void test_set_and_way(void)
{
    uint32_t shift = 32;

    for (uint32_t w = cache.ways - 1; w; w >>= 1) {
        shift--;
    }
    prepare(1);
    (void)*at(USER, 96);
    *at(USER, 96) = 2;
    for (uint32_t w = 0; w < cache.ways; w++) {
        MCR((shift < 32 ? w << shift : 0) | ((USER + 96) & (cache.way_size - 1)),
            7, 10, 2);
    }
    check(*at(BARE, 96) == 2, "clean by set and way writes back");
    *at(BARE, 96) = 3;
    check(*at(USER, 96) == 2, "and keeps the line");
    for (uint32_t w = 0; w < cache.ways; w++) {
        MCR((shift < 32 ? w << shift : 0) | ((USER + 96) & (cache.way_size - 1)),
            7, 14, 2);
    }
    check(*at(USER, 96) == 3, "clean and invalidate by set and way drops it");
}

static void test_whole_cache(void)
{
    uint32_t whole, steps = 0, written = 0, kept = 0;

    prepare(1);
    for (uint32_t l = 0; l < 5; l++) {
        (void)*at(USER, l * cache.line);
        *at(USER, l * cache.line) = 2;
    }
    whole = counter(WHOLE_OPS);
    do {
        steps++;
    } while (!test_clean());
    for (uint32_t l = 0; l < 5; l++) {
        written += *at(BARE, l * cache.line) == 2;
        *at(BARE, l * cache.line) = 3;
        kept += *at(USER, l * cache.line) == 2;
    }
    check(steps >= 5 && counter(WHOLE_OPS) == whole + 1,
          "test and clean takes a step per dirty line");
    check(written == 5 && kept == 5, "writes them back and keeps them");
    *at(USER, 0) = 4;
    clean_invalidate_all();
    check(*at(BARE, 0) == 4 && *at(USER, cache.line) == 3,
          "test, clean and invalidate writes back and drops");
    (void)*at(USER, 0);
    *at(USER, 0) = 5;
    MCR(0, 7, 6, 0);
    check(*at(BARE, 0) == 4 && *at(USER, 0) == 4,
          "invalidate all drops dirty lines unwritten");
}

static void test_write_through(void)
{
    prepare(1);
    (void)*at(THROUGH, 0);
    *at(THROUGH, 0) = 2;
    check(*at(BARE, 0) == 2 && *at(THROUGH, 0) == 2,
          "a write-through hit updates line and memory");
    MCR(THROUGH, 7, 6, 1);
    check(*at(THROUGH, 0) == 2, "and leaves nothing to write back");
    (void)*at(USER, 0);
    *at(USER, 0) = 3;
    map(USER, TEST_PA, WRITE_THROUGH);
    *at(USER, 4) = 4;
    check(*at(BARE, 0) == 3 && *at(BARE, 4) == 4,
          "a line dirty from write-back times goes out before the hit");
    *at(BARE, 0) = 5;
    clean_invalidate_all();
    check(*at(BARE, 0) == 5, "and does not overwrite memory later");
    map(USER, TEST_PA, WRITE_BACK);
}

static void test_lost_data(void)
{
    prepare(1);
    (void)*at(KERNEL, 0);
    *at(KERNEL, 0) = 2;
    *at(BARE, 0) = 3;
    MCR(KERNEL, 7, 10, 1);
    check(*at(BARE, 0) == 2, "a late write-back overwrites newer memory");
}

static void test_access_sizes(void)
{
    uint64_t pair = 0x200000001;
    uint32_t old;

    prepare(0x11223344);
    check(*(volatile uint8_t *)(USER + 1) == 0x33, "a byte load");
    check(*(volatile uint16_t *)(USER + 2) == 0x1122, "a halfword load");
    *(volatile uint8_t *)(USER + 3) = 0xaa;
    *(volatile uint16_t *)(USER) = 0xbbcc;
    check(*at(USER, 0) == 0xaa22bbcc && *at(BARE, 0) == 0x11223344,
          "byte and halfword stores stay in the line");
    __asm__ volatile("strd %0, %H0, [%1]\n\tmov %Q0, #0\n\tldrd %0, %H0, [%1]"
                     : "+r"(pair) : "r"(USER + 8) : "memory");
    check(pair == 0x200000001 && *at(BARE, 8) == 0x11223344, "a doubleword");
    __asm__ volatile("swp %0, %1, [%2]" : "=&r"(old)
                     : "r"(7), "r"(USER + 4) : "memory");
    check(old == 0x11223344 && *at(USER, 4) == 7 && *at(BARE, 4) == 0x11223344,
          "a swap");
}

/* Whether a load of this line finds it; brings it in if not. */
static int hits(uint32_t offset)
{
    uint32_t before = counter(USER_FILLS + 1) + counter(USER_FILLS + 3);

    (void)*at(USER, offset);
    return counter(USER_FILLS + 1) + counter(USER_FILLS + 3) == before;
}

static uint32_t residents(uint32_t first, uint32_t n)
{
    uint32_t found = 0;

    for (uint32_t l = first; l < first + n; l++) {
        *at(BARE, l * cache.way_size) = 5;
    }
    for (uint32_t l = first; l < first + n; l++) {
        found += *at(USER, l * cache.way_size) != 5;
    }
    return found;
}

static void test_round_robin(void)
{
    prepare(1);
    for (uint32_t l = 0; l < cache.ways; l++) {
        hits(l * cache.way_size);
    }
    check(residents(0, cache.ways) == cache.ways, "as many lines as ways fit");
    check(!hits(cache.ways * cache.way_size) &&
          (cache.ways == 1 || hits(cache.way_size)) && !hits(0),
          "one more takes the place of the first");
    prepare(1);
    hits(0);
    for (uint32_t l = 1; l < cache.ways; l++) {
        hits(l * cache.way_size + cache.line);
    }
    hits(cache.ways * cache.way_size);
    check(hits(0) == (cache.repl == 1 && cache.ways > 1),
          cache.repl == 1 ? "each set has its own pointer"
                          : "all sets share one pointer");
}

static void test_random(void)
{
    uint32_t kept = 0, trials = 4000, expected = trials * (cache.ways - 1);

    for (uint32_t t = 0; t < trials; t++) {
        clean_invalidate_all();
        hits(0);
        hits(cache.way_size);
        kept += hits(0);
    }
    /* 5 standard deviations of a fair choice are under 140 for 4000 trials. */
    check(kept * cache.ways + 140 * cache.ways > expected &&
          kept * cache.ways < expected + 140 * cache.ways,
          "a random victim is any way alike");
}

/*
 * A player that streams from memory into a ring, a kernel that reads the ring a
 * lap later: with round robin the share of stale lines follows from counting
 * the fills of a set per lap.
 */
static uint32_t stale_lines(uint32_t ring, uint32_t laps)
{
    const uint32_t source = AREA / 4, source_bytes = AREA - source;
    uint32_t from = 0, wrong = 0;

    prepare(0);
    for (uint32_t lap = 0; lap <= laps; lap++) {
        for (uint32_t o = 0; o < ring; o += cache.line) {
            wrong += lap && *at(KERNEL, o) != lap;
            (void)*at(USER, source + from);
            from = from + cache.line < source_bytes ? from + cache.line : 0;
            *at(USER, o) = lap + 1;
        }
    }
    return wrong;
}

static void test_closed_forms(void)
{
    static const struct { uint32_t ways, ring, wrong, of; } known[] = {
        { 4, 4096, 3, 4 }, { 4, 8192, 1, 2 }, { 4, 16384, 0, 1 },
        { 32, 4096, 7, 8 }, { 32, 16384, 1, 2 },
    };
    const uint32_t laps = 64;

    for (uint32_t n = 0; n < sizeof(known) / sizeof(*known); n++) {
        uint32_t lines = laps * known[n].ring / 32;
        if (known[n].ways == cache.ways &&
            cache.way_size * cache.ways == (cache.ways == 4 ? 16384 : 32768)) {
            check(stale_lines(known[n].ring, laps) * known[n].of ==
                  lines * known[n].wrong,
                  "a streaming player's share of stale lines is the computed one");
        }
    }
}

static void test_noise(void)
{
    prepare(1);
    (void)*at(USER, 0);
    *at(BARE, 0) = 2;
    MCR(1000000, 15, 14, 3);
    for (uint32_t n = 0; n < 2000; n++) {
        (void)*at(USER, AREA - 4);
    }
    MCR(0, 15, 14, 3);
    check(*at(USER, 0) == 2, "noise drives a line out");
}

static void test_switching_off(void)
{
    uint32_t mode = MRC(15, 14, 0);

    prepare(1);
    (void)*at(USER, 0);
    *at(USER, 0) = 2;
    MCR(0, 15, 14, 0);
    check(*at(BARE, 0) == 2, "switching off writes everything back");
    *at(KERNEL, 0) = 3;
    check(*at(USER, 0) == 3, "and all aliases agree");
    MCR(mode, 15, 14, 0);
    (void)*at(KERNEL, 0);
    (void)*at(USER, 0);
    *at(BARE, 0) = 4;
    check(*at(USER, 0) == 3, "switched on again they do not");
}

/* A VIPT cache: mappings of one colour share their lines, others do not. */
static void test_colours(void)
{
    uint32_t stale = counter(STALE_USER);
    int hidden = 0;

    prepare(1);
    (void)*at(USER, 64);
    *at(KERNEL, 64) = 2;
    check(*at(USER, 64) == 2 && *at(LINEAR, 64) == 2 && *at(BARE, 64) == 1 &&
          counter(STALE_USER) == stale,
          "mappings of one colour share a line, nothing is stale");
    MCR(KERNEL + 64, 7, 10, 1);
    check(*at(BARE, 64) == 2, "clean by either address writes it back");
    *at(BARE, 64) = 3;
    MCR(LINEAR + 64, 7, 6, 1);
    check(*at(USER, 64) == 3, "invalidate by either address drops it");
    map_page(COLOURED, TEST_PA);
    for (int n = 0; n < ATTEMPTS && !hidden; n++) {
        prepare(1);
        stale = counter(STALE_USER);
        (void)*at(COLOURED, 64);
        *at(KERNEL, 64) = 2;
        hidden = *at(COLOURED, 64) == 1 && counter(STALE_USER) == stale + 1;
    }
    check(hidden == (cache.way_size > PAGE), cache.way_size > PAGE
          ? "a mapping of another colour is stale, counted"
          : "there is one colour only: a mapping a page off is coherent");
    MCR(COLOURED + 64, 7, 14, 1);
    MCR(KERNEL + 64, 7, 14, 1);
    check(*at(COLOURED, 64) == 2, "cleaned and invalidated by both, they agree");
}

/* Start */

__attribute__((noreturn)) static void bail_out(void)
{
    put("Bail out! exception\n");
    leave(1);
}

static void set_vectors(void)
{
    word *vector = (word *)0;

    /* Hides from the compiler that the table is at address 0. */
    __asm__("" : "+r"(vector));
    for (uint32_t n = 0; n < 8; n++) {
        vector[n] = 0xe59ff018;         /* ldr pc, [pc, #24] */
        vector[n + 8] = (uint32_t)bail_out;
    }
}

static void start_mmu(void)
{
    for (uint32_t n = 0; n < 4096; n++) {
        L1_TABLE[n] = 0;
    }
    map(0, 0, UNCACHED);
    map(0x10100000, 0x10100000, UNCACHED);
    map(USER, TEST_PA, WRITE_BACK);
    map(KERNEL, TEST_PA, WRITE_BACK);
    map(LINEAR, TEST_PA, WRITE_BACK);
    map(BARE, TEST_PA, UNCACHED);
    map(THROUGH, TEST_PA, WRITE_THROUGH);
    MCR(L1_TABLE, 2, 0, 0);
    MCR(0xffffffff, 3, 0, 0);
    MCR(0, 7, 7, 0);
    MCR(MRC(1, 0, 0) | 5, 1, 0, 0);
}

static void read_geometry(void)
{
    uint32_t g = MRC(15, 14, 2);

    cache.ways = g >> 12 & 0x7f;
    cache.way_size = ((g & 0xfff) << 9) / cache.ways;
    cache.line = g >> 20 & 0x3f;
    cache.repl = g >> 28 & 3;
    cache.wa = g >> 30 & 1;
    cache.invalid = g >> 31;
}

/* Every page becomes one with two aliases, kernel first as Linux does it. */
static void touch_aliases(void)
{
    for (uint32_t o = 0; o < AREA; o += PAGE) {
        (void)*at(KERNEL, o);
        (void)*at(USER, o);
    }
}

__attribute__((noreturn)) static void finish(void)
{
    put("1..");
    put_number(number);
    put("\n");
    leave(failures);
}

__attribute__((used)) static void run(void)
{
    int vipt;

    set_vectors();
    start_mmu();
    vipt = MRC(15, 14, 1) == 0x56495054;
    check(vipt || MRC(15, 14, 1) == 0x56495654, "the model answers");
    read_geometry();
    touch_aliases();
    if (vipt) {
        test_colours();
        finish();
    }
    test_aliases();
    test_dirty_line();
    test_by_address();
    test_half_lines();
    test_set_and_way();
    test_whole_cache();
    test_write_through();
    test_lost_data();
    test_access_sizes();
    if (cache.repl && !cache.invalid) {
        test_round_robin();
    }
    if (cache.repl == 1 && !cache.invalid && !cache.wa && cache.line == 32) {
        test_closed_forms();
    }
    if (!cache.repl && !cache.invalid && cache.ways > 1) {
        test_random();
    }
    if (cache.invalid) {
        prepare(1);
        for (uint32_t l = 0; l < cache.ways; l++) {
            hits(l * cache.way_size);
        }
        check(residents(0, cache.ways) == cache.ways, "an empty way is taken first");
    }
    test_noise();
    test_switching_off();
    finish();
}

__asm__(".text\n"
        ".global _start\n"
        "_start: mov sp, #0x00100000\n"
        "        b run\n");
