// On which core a thread runs. Threads are never pinned: beside other work the system's scheduler knows better.
#pragma once

#include <vector>

namespace ghostnet {

/// The calling thread's; -1 where the system does not tell.
int current_core();

/// That the calling thread may run on now; 0 where the system does not tell.
int allowed_core_count();

/// Moves the calling thread away from these cores if it may run on another one. Its affinity mask is afterwards as it
/// was. Does nothing where the system gives no such power.
void leave_cores(const std::vector<int>& cores);

}  // namespace ghostnet
