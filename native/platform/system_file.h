// The small text files by which Linux tells about the machine.
#pragma once

#include <string>
#include <vector>

namespace ghostnet {

/// The first line without its end; empty where there is no such file.
std::string read_line(const std::string& path);
/// All lines without their ends; none where there is no such file.
std::vector<std::string> read_lines(const std::string& path);

}  // namespace ghostnet
