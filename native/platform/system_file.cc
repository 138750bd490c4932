#include "system_file.h"

#include <cstdio>
#include <cstring>
#include <memory>

namespace ghostnet {
namespace {

// C's files: C++'s would put half a megabyte of locales into the addon.
using File = std::unique_ptr<FILE, int (*)(FILE*)>;

File open(const std::string& path) { return File(std::fopen(path.c_str(), "r"), std::fclose); }

bool next_line(FILE* file, std::string* line) {
  line->clear();
  char piece[256];
  while (std::fgets(piece, sizeof piece, file)) {
    const size_t length = std::strcspn(piece, "\n");
    line->append(piece, length);
    if (piece[length] == '\n') return true;
  }
  return !line->empty();
}

}  // namespace

std::string read_line(const std::string& path) {
  const File file = open(path);
  std::string line;
  if (file) next_line(file.get(), &line);
  return line;
}

std::vector<std::string> read_lines(const std::string& path) {
  const File file = open(path);
  std::vector<std::string> lines;
  for (std::string line; file && next_line(file.get(), &line);) lines.push_back(line);
  return lines;
}

}  // namespace ghostnet
