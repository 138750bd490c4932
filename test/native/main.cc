#include "check.h"
#include "tests.h"

int main() {
  ghostnet::network_tests();
  return ghostnet::Checks::finish();
}
