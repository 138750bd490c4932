// The parts of the test program.
#pragma once

namespace ghostnet {

void kernel_tests();
void network_tests();

}  // namespace ghostnet
