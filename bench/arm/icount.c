// A plugin for qemu-user's translator (its plugin API 1: qemu 4.2 and newer) that counts the instructions which a
// program executes on 64-bit ARM, by object file, function and class:
//   qemu-aarch64 -plugin ./icount.so,out=FILE PROGRAM
// FILE has a line for each function: object, function ("-" outside the program itself, whose symbols alone are known),
// then how many instructions multiply and add vectors, do other vector or floating-point work, load or store, compute
// with integers, branch.
//
// A block of instructions is sorted into classes once, when it is translated; each time it runs, a callback adds its
// counts. The additions are atomic, so threads may run at once.
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// What is used of qemu-plugin.h, which few distributions ship.
typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum { QEMU_PLUGIN_CB_NO_REGS = 0 };
extern void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, void (*)(qemu_plugin_id_t, struct qemu_plugin_tb*));
extern void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb*, void (*)(unsigned vcpu, void* data), int flags,
                                                 void* data);
extern void qemu_plugin_register_atexit_cb(qemu_plugin_id_t, void (*)(qemu_plugin_id_t, void*), void* data);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb*);
extern struct qemu_plugin_insn* qemu_plugin_tb_get_insn(const struct qemu_plugin_tb*, size_t);
extern const void* qemu_plugin_insn_data(const struct qemu_plugin_insn*);
extern uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn*);
extern const char* qemu_plugin_insn_symbol(const struct qemu_plugin_insn*);

#define EXPORTED __attribute__((visibility("default")))
EXPORTED int qemu_plugin_version = 1;

enum Class { kMultiplyAdd, kVector, kMemory, kInteger, kBranch, kClasses };

struct Function {
  const char* object;
  const char* name;
  uint64_t counts[kClasses];
  struct Function* next;
};
enum { kBuckets = 4096 };
static struct Function* functions[kBuckets];

// A run of instructions of one function within a block.
struct Part {
  struct Function* function;
  unsigned counts[kClasses];
  struct Part* next;
};

struct Mapping {
  uint64_t begin, end;
  char* object;
};
static struct Mapping* mappings;
static size_t mapping_count;

static char output[4096];

// Translation may happen in several threads.
static bool busy;
static void lock(void) {
  while (__atomic_test_and_set(&busy, __ATOMIC_ACQUIRE)) {}
}
static void unlock(void) { __atomic_clear(&busy, __ATOMIC_RELEASE); }

// By the groups of the A64 encoding (bits 28 to 25) and, for multiply-adds, the encodings of FMLA and FMLS by element
// and by vector, of single and half precision.
static enum Class class_of(uint32_t code) {
  const bool by_element = (code & 0xbf80b400) == 0x0f801000 || (code & 0xbfc0b400) == 0x0f001000;
  const bool by_vector = (code & 0xbf20fc00) == 0x0e20cc00 || (code & 0xbf60fc00) == 0x0e400c00;
  if (by_element || by_vector) return kMultiplyAdd;
  const uint32_t group = (code >> 25) & 15;
  if ((group & 7) == 7) return kVector;
  if ((group & 5) == 4) return kMemory;
  if ((group & 14) == 10) return kBranch;
  return kInteger;
}

// A 64-bit guest has the host's addresses, so the host's list of mappings says what lies where.
static void read_mappings(void) {
  FILE* const file = fopen("/proc/self/maps", "r");
  char line[4352], path[4096];
  mapping_count = 0;
  while (file && fgets(line, sizeof line, file)) {
    uint64_t begin, end;
    path[0] = '\0';
    if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %*s %*s %*s %4095[^\n]", &begin, &end, path) < 2) continue;
    const char* const slash = strrchr(path, '/');
    mappings = realloc(mappings, (mapping_count + 1) * sizeof *mappings);
    mappings[mapping_count++] = (struct Mapping){begin, end, strdup(slash ? slash + 1 : "-")};
  }
  if (file) fclose(file);
}

static const char* find_object(uint64_t address) {
  for (size_t i = 0; i < mapping_count; ++i)
    if (address >= mappings[i].begin && address < mappings[i].end) return mappings[i].object;
  return NULL;
}

static struct Function* function_of(const char* object, const char* name) {
  uint64_t hash = 14695981039346656037u;
  for (const char* c = object; *c; ++c) hash = (hash ^ (unsigned char)*c) * 1099511628211u;
  for (const char* c = name; *c; ++c) hash = (hash ^ (unsigned char)*c) * 1099511628211u;
  struct Function** at = &functions[hash % kBuckets];
  while (*at && (strcmp((*at)->object, object) != 0 || strcmp((*at)->name, name) != 0)) at = &(*at)->next;
  if (!*at) {
    *at = calloc(1, sizeof **at);
    (*at)->object = strdup(object);
    (*at)->name = strdup(name);
  }
  return *at;
}

static void executed(unsigned vcpu, void* data) {
  (void)vcpu;
  for (const struct Part* part = data; part; part = part->next)
    for (int c = 0; c < kClasses; ++c)
      if (part->counts[c]) __atomic_fetch_add(&part->function->counts[c], part->counts[c], __ATOMIC_RELAXED);
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb* block) {
  (void)id;
  lock();
  struct Part* first = NULL;
  const size_t count = qemu_plugin_tb_n_insns(block);
  const char* object = NULL;
  for (size_t i = 0; i < count; ++i) {
    const struct qemu_plugin_insn* const instruction = qemu_plugin_tb_get_insn(block, i);
    if (!object) {
      const uint64_t address = qemu_plugin_insn_vaddr(instruction);
      object = find_object(address);
      if (!object) {
        read_mappings();
        object = find_object(address);
      }
      if (!object) object = "-";
    }
    const char* const symbol = qemu_plugin_insn_symbol(instruction);
    struct Function* const function = function_of(object, symbol && *symbol ? symbol : "-");
    if (!first || first->function != function) {
      struct Part* const part = calloc(1, sizeof *part);
      *part = (struct Part){.function = function, .next = first};
      first = part;
    }
    uint32_t code;
    memcpy(&code, qemu_plugin_insn_data(instruction), sizeof code);
    ++first->counts[class_of(code)];
  }
  unlock();
  qemu_plugin_register_vcpu_tb_exec_cb(block, executed, QEMU_PLUGIN_CB_NO_REGS, first);
}

static void finished(qemu_plugin_id_t id, void* data) {
  (void)id;
  (void)data;
  FILE* const file = fopen(output, "w");
  if (!file) {
    perror(output);
    return;
  }
  for (size_t b = 0; b < kBuckets; ++b) {
    for (const struct Function* f = functions[b]; f; f = f->next) {
      fprintf(file, "%s\t%s", f->object, f->name);
      for (int c = 0; c < kClasses; ++c) fprintf(file, "\t%" PRIu64, f->counts[c]);
      fputc('\n', file);
    }
  }
  fclose(file);
}

EXPORTED int qemu_plugin_install(qemu_plugin_id_t id, const void* info, int count, char** arguments) {
  (void)info;
  for (int i = 0; i < count; ++i)
    if (strncmp(arguments[i], "out=", 4) == 0) snprintf(output, sizeof output, "%s", arguments[i] + 4);
  if (!*output) {
    fprintf(stderr, "icount: say where to write: -plugin icount.so,out=FILE\n");
    return 1;
  }
  qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
  qemu_plugin_register_atexit_cb(id, finished, NULL);
  return 0;
}
